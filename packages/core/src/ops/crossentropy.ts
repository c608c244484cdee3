// Cross-entropies of single predictions. Source: keras/src/backend/jax/nn.py.
import { isFloat, normalizeAxis, resultType, sameShape } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { epsilon } from "./config.ts";
import { convertToTensor, floatx, promote, type TensorLike, toFloat } from "./convert-core.ts";
import { oneHotOf } from "./encoding-core.ts";
import { type Op, op } from "./op.ts";

export interface CrossentropyOptions {
  /** True if `output` is raw scores rather than probabilities. */
  readonly fromLogits?: boolean;
  /** Where the classes are. */
  readonly axis?: number;
}
function requireSame(where: string, target: Tensor, output: Tensor): void {
  if (sameShape(target.shape, output.shape)) return;
  const got = `${showShape(target.shape)} and ${showShape(output.shape)}`;
  const todo = "Check the last layer's units, or use sparseCategoricalCrossentropy for integer targets";
  throw new ShapeError(complain(where, { must: "target and output must have one shape", got, todo }));
}
const limited = (x: Tensor): Tensor => p.min(p.max(x, epsilon()), 1 - epsilon());
// Probabilities need not add up to 1: they are made to, and kept away from 0.
function logProbabilities(output: Tensor, axis: number, fromLogits: boolean): Tensor {
  if (fromLogits) return p.logSoftmax(output, { axes: [axis] });
  const total = p.spread(p.reduceSum(output, { axes: [axis] }), [axis], output.shape);
  return p.log(limited(p.div(output, total)));
}

/**
 * `-sum target log(output)` along `axis`. `target` and `output` `[..., C]` give `[...]`.
 * Source: keras.ops.categorical_crossentropy.
 * @throws ShapeError if shapes differ.
 * @example await ops.categoricalCrossentropy([[0, 1]], [[0.25, 0.75]]).array(); // [0.2877]
 */
export const categoricalCrossentropy: Op<
  (target: TensorLike, output: TensorLike, options?: CrossentropyOptions) => Tensor
> = /* @__PURE__ */ op(
  "categoricalCrossentropy",
  (target: TensorLike, output: TensorLike, { fromLogits = false, axis = -1 }: CrossentropyOptions = {}): Tensor => {
    const y = toFloat(output);
    const [t, logs] = promote(convertToTensor(target), y) as [Tensor, Tensor];
    requireSame("categoricalCrossentropy", t, y);
    const at = normalizeAxis(axis, y.ndim, "categoricalCrossentropy");
    const log = castTo(logProbabilities(y, at, fromLogits), logs.dtype);
    return p.neg(p.reduceSum(p.mul(t, log), { axes: [at] }));
  },
);

/**
 * `-log(output[target])`: integer `target` `[...]` (or `[..., 1]`) and `output` `[..., C]` give `[...]`.
 * Source: keras.ops.sparse_categorical_crossentropy.
 * @throws ShapeError if they do not fit.
 * @example await ops.sparseCategoricalCrossentropy([1], [[0.25, 0.75]]).array(); // [0.2877]
 */
export const sparseCategoricalCrossentropy: Op<
  (target: TensorLike, output: TensorLike, options?: CrossentropyOptions) => Tensor
> = /* @__PURE__ */ op(
  "sparseCategoricalCrossentropy",
  (target: TensorLike, output: TensorLike, { fromLogits = false, axis = -1 }: CrossentropyOptions = {}): Tensor => {
    const y = toFloat(output);
    const given = convertToTensor(target, { dtype: "int32" });
    const extra = given.ndim === y.ndim && given.shape[given.ndim - 1] === 1;
    const t = extra ? p.reshape(given, { shape: given.shape.slice(0, -1) }) : given;
    if (y.ndim < 1 || !sameShape(t.shape, y.shape.slice(0, -1))) {
      const must = "target must have the shape of output without its last axis";
      const got = `${showShape(given.shape)} and ${showShape(y.shape)}`;
      const todo = "Use categoricalCrossentropy for one-hot targets";
      throw new ShapeError(complain("sparseCategoricalCrossentropy", { must, got, todo }));
    }
    const at = normalizeAxis(axis, y.ndim, "sparseCategoricalCrossentropy");
    const log = logProbabilities(y, at, fromLogits);
    const hot = oneHotOf(t, y.shape[at] as number, { axis: at, dtype: y.dtype });
    // Keras' one-hot targets are of the default float dtype, and so is what comes of halves.
    return castTo(p.neg(p.reduceSum(p.mul(hot, log), { axes: [at] })), resultType(y.dtype, floatx()));
  },
);

/**
 * `-(target log(output) + (1 - target) log(1 - output))`, elementwise.
 * Source: keras.ops.binary_crossentropy.
 * @throws ShapeError if shapes differ.
 * @example await ops.binaryCrossentropy([0, 1], [0.25, 0.75]).array(); // [0.2877, 0.2877]
 */
export const binaryCrossentropy: Op<
  (target: TensorLike, output: TensorLike, options?: { readonly fromLogits?: boolean }) => Tensor
> = /* @__PURE__ */ op(
  "binaryCrossentropy",
  (target: TensorLike, output: TensorLike, { fromLogits = false }: { readonly fromLogits?: boolean } = {}): Tensor => {
    const raw = convertToTensor(output);
    const [t, y] = promote(convertToTensor(target), isFloat(raw.dtype) ? raw : toFloat(raw)) as [Tensor, Tensor];
    requireSame("binaryCrossentropy", t, y);
    const rest = p.sub(1, t);
    if (fromLogits) {
      const logSigmoid = (x: Tensor): Tensor => p.neg(p.softplus(p.neg(x)));
      return p.sub(p.neg(p.mul(t, logSigmoid(y))), p.mul(rest, logSigmoid(p.neg(y))));
    }
    const kept = limited(y);
    return p.neg(p.add(p.mul(t, p.log(kept)), p.mul(rest, p.log(p.sub(1, kept)))));
  },
);
