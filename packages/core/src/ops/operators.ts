// What the methods of tensors do: Python's operators with Keras' promotion, indexing, and reading.
import { KerasError } from "../errors/index.ts";
import type { BinaryOperator, Tensor, TensorMethods } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { dispose, read } from "../transforms/index.ts";
import {
  absCore,
  addCore,
  type BinaryCore,
  comparison,
  divideCore,
  floorDivideCore,
  invertCore,
  logical,
  modCore,
  multiplyCore,
  negativeCore,
  powerCore,
  subtractCore,
} from "./arithmetic-core.ts";
import { matmulCore } from "./contraction-core.ts";
import { getItemCore } from "./get-item.ts";

export const binaryCores: Readonly<Record<BinaryOperator, BinaryCore>> = {
  add: addCore,
  subtract: subtractCore,
  multiply: multiplyCore,
  trueDivide: divideCore,
  floorDivide: floorDivideCore,
  mod: modCore,
  power: powerCore,
  matmul: matmulCore,
  equal: comparison(p.equal),
  notEqual: comparison(p.notEqual),
  less: comparison(p.less),
  lessEqual: comparison(p.lessEqual),
  greater: comparison(p.greater),
  greaterEqual: comparison(p.greaterEqual),
  logicalAnd: logical(p.and),
  logicalOr: logical(p.or),
  logicalXor: logical(p.xor),
};

/** The unary operators by name. */
export const unaryCores: Readonly<Record<"negative" | "abs" | "invert", (x: Tensor) => Tensor>> = {
  negative: negativeCore,
  abs: absCore,
  invert: invertCore,
};

/** Errors from within say the operator's name, not that of the primitive that noticed. */
function under<T>(name: string, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    throw error instanceof KerasError ? error.from(name) : error;
  }
}

export const tensorMethods: TensorMethods = {
  binary: (name, a, b, reflected = false) =>
    under(`Tensor.${name}`, () => (reflected ? binaryCores[name](b, a) : binaryCores[name](a, b))),
  unary: (name, a) => under(`Tensor.${name}`, () => unaryCores[name](a)),
  at: (x, indices) => getItemCore(x, indices),
  read,
  dispose,
};
