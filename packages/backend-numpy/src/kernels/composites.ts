import { type Kernels, primitives } from "../core.ts";
import { bool, dtypeName, tuple } from "./text.ts";

/** The composites that are shorter, or spare a pass over memory, in NumPy; the others are written as their bodies. */
export type WholeComposite =
  | "bitcast"
  | "encrypt"
  | "relu"
  | "softmax"
  | "logSoftmax"
  | "normalize"
  | "multiplyAdd"
  | "barrier"
  | "separateZeros"
  | "oneHot"
  | "solve";

export const composites: Required<Pick<Kernels<string>, WholeComposite>> = {
  bitcast: ([x], { dtype }) => `${x}.view(${dtypeName(dtype)})`,
  encrypt: ([keys], { count }) => `kt.encrypt(${keys}, ${count})`,
  relu: ([x]) => `np.maximum(${x}, 0)`,
  softmax: ([x], { axes }) => `kt.softmax(${x}, ${tuple(axes)})`,
  logSoftmax: ([x], { axes }) => `kt.log_softmax(${x}, ${tuple(axes)})`,
  separateZeros: ([x]) => `kt.separate_zeros(${x}, ${primitives.NEGATIVE_ZERO})`,
  oneHot: ([x], { axis, size, dtype }) => `kt.one_hot(${x}, ${axis}, ${size}, ${dtypeName(dtype)})`,
  solve: ([a, b], { transposeA }) => `kt.solve(${a}, ${b}, ${bool(transposeA)})`,
  barrier: ([x]) => `${x}`,
  multiplyAdd: ([a, b, c]) => `kt.multiply_add(${a}, ${b}, ${c})`,
  normalize: ([x], { axes, epsilon }) => `kt.normalize(${x}, ${tuple(axes)}, ${epsilon})`,
};
