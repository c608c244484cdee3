import {
  type Aval,
  bitsOf,
  type DType,
  type HostArray,
  isComplex,
  type Shape,
  sizeOf,
  type TypedArray,
} from "../aval/index.ts";
import { complain, StateError } from "../errors/index.ts";
import type { Definition } from "./primitive.ts";

/** One application of a primitive: what is computed from what. */
export interface Node {
  readonly definition: Definition;
  readonly inputs: readonly Tensor[];
  readonly params: Params;
  readonly outs: readonly Aval[];
}

/** Static arguments of a primitive: plain data, or graphs for control flow. */
export type Params = Readonly<Record<string, unknown>>;

/** The part of a value that outlives it, so that the engine's memory can be released after the value is garbage. */
export interface Holding {
  handle: unknown;
  released: boolean;
  readonly bytes: number;
}

/** Values that an engine holds, or will hold when the work queued before it is done. */
export class Value {
  /** The engine. */
  readonly owner: object;
  readonly aval: Aval;
  readonly holding: Holding;
  /** Set while the values are still being computed. */
  ready: Promise<void> | undefined;
  /** Set when computing them failed; reading them throws it. */
  failure: unknown;

  constructor(owner: object, aval: Aval) {
    this.owner = owner;
    this.aval = { shape: aval.shape, dtype: aval.dtype };
    this.holding = { handle: undefined, released: false, bytes: (sizeOf(aval.shape) * bitsOf(aval.dtype)) / 8 };
  }
}

export type Source =
  | { readonly kind: "op"; readonly node: Node; readonly index: number }
  | { readonly kind: "literal"; readonly value: HostArray }
  | { readonly kind: "input" }
  | { readonly kind: "value"; readonly value: Value };

export type Operand = Tensor | number | boolean;

/** What an index of `x.at(...)` may be: position, slice `[start, stop, step?]` with nulls for "open", `"..."`, `"newaxis"`, or an index array. */
export type Index =
  | number
  | readonly [start: number | null, stop: number | null, step?: number | null]
  | "..."
  | "newaxis"
  | Tensor;

/** What `Tensor`'s methods do; supplied by rooms above this one (ops for operators, transforms for reading). */
export interface TensorMethods {
  readonly binary: (name: BinaryOperator, a: Tensor, b: Operand, reflected?: boolean) => Tensor;
  readonly unary: (name: "negative" | "abs" | "invert", a: Tensor) => Tensor;
  readonly at: (x: Tensor, indices: readonly Index[]) => Tensor;
  readonly read: (x: Tensor) => Promise<HostArray>;
  readonly dispose: (x: Tensor) => void;
}

export type BinaryOperator =
  | "add"
  | "subtract"
  | "multiply"
  | "trueDivide"
  | "floorDivide"
  | "mod"
  | "power"
  | "matmul"
  | "equal"
  | "notEqual"
  | "less"
  | "lessEqual"
  | "greater"
  | "greaterEqual"
  | "logicalAnd"
  | "logicalOr"
  | "logicalXor";

let methods: TensorMethods | undefined;
export function provideTensorMethods(table: TensorMethods): void {
  methods = table;
}
function supplied(): TensorMethods {
  if (methods !== undefined) return methods;
  const must = "the ops must be loaded before tensors are used";
  throw new StateError(complain("Tensor", { must, got: "a bare graph node", todo: 'Import from "@keras-ts/core"' }));
}

let created = 0;
/** The id that the next tensor will get: everything made from now on has at least this id. */
export const nextTensorId = (): number => created;

/** A complex number. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}
/** Nested arrays of numbers (booleans for dtype bool, `{ re, im }` for complex64), as `array()` gives them. */
export type NestedArray = number | boolean | Complex | NestedArray[];

/**
 * An immutable node of a computation: a shape, a dtype, and how to compute the values. Nothing runs until a value is read.
 * Operators are methods named as `keras.ops` names them.
 * @example
 * const x = tensor([1, 2, 3]);
 * await x.multiply(2).add(1).array(); // [3, 5, 7]
 */
export class Tensor implements Aval {
  readonly id: number = created++;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Where the values come from; becomes `value` once an engine was asked for them. Internal. */
  source: Source;
  /** How it was computed, kept after values exist if a tracked input (a torch-style parameter) can be reached. Internal. */
  history: { readonly node: Node; readonly index: number } | undefined;
  /** True once user code may hold on to it: its buffer is never overwritten in place. Internal. */
  pinned = false;
  /** True if gradients will be asked for after values were read. Internal. */
  readonly tracked: boolean;

  constructor(aval: Aval, source: Source, tracked = false) {
    this.shape = aval.shape;
    this.dtype = aval.dtype;
    this.source = source;
    this.tracked = tracked;
    this.history = tracked && source.kind === "op" ? source : undefined;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }
  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((n, s) => n * s, 1);
  }

  add(other: Operand): Tensor {
    return supplied().binary("add", this, other);
  }
  subtract(other: Operand): Tensor {
    return supplied().binary("subtract", this, other);
  }
  multiply(other: Operand): Tensor {
    return supplied().binary("multiply", this, other);
  }
  /** True division. Python's `/`. */
  divide(other: Operand): Tensor {
    return supplied().binary("trueDivide", this, other);
  }
  floorDivide(other: Operand): Tensor {
    return supplied().binary("floorDivide", this, other);
  }
  /** Remainder with the sign of the divisor. Python's `%`. */
  mod(other: Operand): Tensor {
    return supplied().binary("mod", this, other);
  }
  power(other: Operand): Tensor {
    return supplied().binary("power", this, other);
  }
  matmul(other: Tensor): Tensor {
    return supplied().binary("matmul", this, other);
  }
  equal(other: Operand): Tensor {
    return supplied().binary("equal", this, other);
  }
  notEqual(other: Operand): Tensor {
    return supplied().binary("notEqual", this, other);
  }
  less(other: Operand): Tensor {
    return supplied().binary("less", this, other);
  }
  lessEqual(other: Operand): Tensor {
    return supplied().binary("lessEqual", this, other);
  }
  greater(other: Operand): Tensor {
    return supplied().binary("greater", this, other);
  }
  greaterEqual(other: Operand): Tensor {
    return supplied().binary("greaterEqual", this, other);
  }
  logicalAnd(other: Operand): Tensor {
    return supplied().binary("logicalAnd", this, other);
  }
  logicalOr(other: Operand): Tensor {
    return supplied().binary("logicalOr", this, other);
  }
  logicalXor(other: Operand): Tensor {
    return supplied().binary("logicalXor", this, other);
  }
  negative(): Tensor {
    return supplied().unary("negative", this);
  }
  abs(): Tensor {
    return supplied().unary("abs", this);
  }
  /** Logical or bitwise not. Python's `~`. */
  invert(): Tensor {
    return supplied().unary("invert", this);
  }
  /**
   * Basic and array indexing, Python's `x[...]`.
   * @example
   * const x = tensor([[1, 2, 3], [4, 5, 6]]);
   * await x.at(0, [1, null]).array(); // [2, 3]
   */
  at(...indices: readonly Index[]): Tensor {
    return supplied().at(this, indices);
  }

  /** The values, row-major; real and imaginary parts in turn for complex64. */
  async data(): Promise<TypedArray> {
    return (await supplied().read(this)).data;
  }
  /** The values with shape and dtype. */
  host(): Promise<HostArray> {
    return supplied().read(this);
  }
  /** The values as nested arrays; a plain number (boolean for dtype bool, `{ re, im }` for complex64) for a scalar. */
  async array(): Promise<NestedArray> {
    return nest(await supplied().read(this));
  }
  /** The value of a tensor with one real element. @throws StateError if there are more or fewer, or it is complex. */
  async item(): Promise<number> {
    if (isComplex(this.dtype)) {
      const todo = "Use array(), or ops.real and ops.imag";
      throw new StateError(complain("Tensor.item", { must: "the element must be real", got: this.dtype, todo }));
    }
    if (this.size !== 1) {
      const must = "item() needs exactly one element";
      throw new StateError(
        complain("Tensor.item", { must, got: `shape [${this.shape.join(", ")}]`, todo: "Use array() or data()" }),
      );
    }
    return (await supplied().read(this)).data[0] as number;
  }
  /** Frees the engine's memory now rather than when the garbage collector gets to it. Optional, ever. */
  [Symbol.dispose](): void {
    supplied().dispose(this);
  }

  toString(): string {
    return `Tensor(${this.dtype} [${this.shape.join(", ")}])`;
  }
}

/** Host values as nested arrays. */
export function nest({ shape, dtype, data }: HostArray): NestedArray {
  let next = 0;
  const read = (depth: number): NestedArray => {
    if (depth < shape.length) return Array.from({ length: shape[depth] as number }, () => read(depth + 1));
    const value = data[next++] as number;
    if (isComplex(dtype)) return { re: value, im: data[next++] as number };
    return dtype === "bool" ? value !== 0 : value;
  };
  return read(0);
}

/** A tensor whose values are written into the graph. */
export function literal(value: HostArray): Tensor {
  return new Tensor(value, { kind: "literal", value });
}

/** A placeholder: an input of a graph being traced. */
export function placeholder(aval: Aval): Tensor {
  return new Tensor({ shape: aval.shape, dtype: aval.dtype }, { kind: "input" });
}

/** The node that computes `x`, if that is still known. */
export function nodeOf(x: Tensor): { readonly node: Node; readonly index: number } | undefined {
  return x.source.kind === "op" ? x.source : x.history;
}
