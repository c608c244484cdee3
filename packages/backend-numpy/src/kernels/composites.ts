import type { Kernels } from "../core.ts";
import { dtypeName, tuple } from "./text.ts";

/** The composites that are shorter, or spare a pass over memory, in NumPy; the others are written as their bodies. */
export type WholeComposite =
  | "bitcast"
  | "encrypt"
  | "relu"
  | "softmax"
  | "logSoftmax"
  | "normalize"
  | "multiplyAdd"
  | "barrier";

export const composites: Required<Pick<Kernels<string>, WholeComposite>> = {
  bitcast: ([x], { dtype }) => `${x}.view(${dtypeName(dtype)})`,
  encrypt: ([keys], { count }) => `kt.encrypt(${keys}, ${count})`,
  relu: ([x]) => `np.maximum(${x}, 0)`,
  softmax: ([x], { axes }) => `kt.softmax(${x}, ${tuple(axes)})`,
  logSoftmax: ([x], { axes }) => `kt.log_softmax(${x}, ${tuple(axes)})`,
  barrier: ([x]) => `${x}`,
  multiplyAdd: ([a, b, c]) => `kt.multiply_add(${a}, ${b}, ${c})`,
  normalize: ([x], { axes, epsilon }) => `kt.normalize(${x}, ${tuple(axes)}, ${epsilon})`,
};
