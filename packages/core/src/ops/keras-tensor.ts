import { type DType, type SymbolicShape, standardizeDtype } from "../aval/index.ts";
import { complain, StateError, showShape } from "../errors/index.ts";
import type { BinaryOperator, Index, Operand } from "../graph/index.ts";
import { uniqueName } from "./naming.ts";
import type { Operation } from "./operation.ts";

/** Which call made a symbolic tensor. */
export interface KerasHistory {
  readonly operation: Operation;
  readonly nodeIndex: number;
  readonly tensorIndex: number;
}

/** What a symbolic tensor's operators do; supplied by the module of operators. */
export interface SymbolicMethods {
  readonly binary: (name: BinaryOperator, a: KerasTensor, b: KerasTensor | Operand) => KerasTensor;
  readonly unary: (name: "negative" | "abs" | "invert", a: KerasTensor) => KerasTensor;
  readonly at: (x: KerasTensor, indices: readonly Index[]) => KerasTensor;
}
let methods: SymbolicMethods | undefined;
export function provideSymbolicMethods(table: SymbolicMethods): void {
  methods = table;
}
function supplied(): SymbolicMethods {
  if (methods !== undefined) return methods;
  const must = "the ops must be loaded before symbolic tensors are used";
  throw new StateError(complain("KerasTensor", { must, got: "none", todo: 'Import from "@keras-ts/core"' }));
}

/**
 * A tensor of the Functional API: a shape (with `null` for sizes not known yet) and a dtype, no values.
 * Source: keras/src/backend/common/keras_tensor.py.
 * @example const x = new KerasTensor([null, 28, 28, 1]);
 */
export class KerasTensor {
  readonly shape: SymbolicShape;
  readonly dtype: DType;
  readonly name: string;
  /** The call that made it; undefined if it was made directly. Internal. */
  history: KerasHistory | undefined;
  /** The mask that travels with it, if a layer below made one. Internal. */
  kerasMask: KerasTensor | undefined;

  constructor(shape: SymbolicShape, { dtype = "float32", name }: { dtype?: string; name?: string | undefined } = {}) {
    this.shape = shape;
    this.dtype = standardizeDtype(dtype);
    this.name = name ?? uniqueName("keras_tensor");
  }

  get ndim(): number {
    return this.shape.length;
  }

  add(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("add", this, other);
  }
  subtract(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("subtract", this, other);
  }
  multiply(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("multiply", this, other);
  }
  divide(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("trueDivide", this, other);
  }
  floorDivide(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("floorDivide", this, other);
  }
  mod(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("mod", this, other);
  }
  power(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("power", this, other);
  }
  matmul(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("matmul", this, other);
  }
  greater(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("greater", this, other);
  }
  greaterEqual(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("greaterEqual", this, other);
  }
  less(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("less", this, other);
  }
  lessEqual(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("lessEqual", this, other);
  }
  notEqual(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("notEqual", this, other);
  }
  logicalAnd(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("logicalAnd", this, other);
  }
  logicalOr(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("logicalOr", this, other);
  }
  logicalXor(other: KerasTensor | Operand): KerasTensor {
    return supplied().binary("logicalXor", this, other);
  }
  negative(): KerasTensor {
    return supplied().unary("negative", this);
  }
  abs(): KerasTensor {
    return supplied().unary("abs", this);
  }
  invert(): KerasTensor {
    return supplied().unary("invert", this);
  }
  at(...indices: readonly Index[]): KerasTensor {
    return supplied().at(this, indices);
  }

  /** @throws StateError always: there are no values. */
  data(): never {
    const must = "a symbolic tensor has no values";
    throw new StateError(complain("KerasTensor", { must, got: String(this), todo: "Build a Model and call predict" }));
  }
  toString(): string {
    return `KerasTensor(${this.dtype} ${showShape(this.shape)}, name=${this.name})`;
  }
}

export const isSymbolic = (value: unknown): value is KerasTensor => value instanceof KerasTensor;
