// Means and variances taken out.
import { isFloat, isHalf, keepAxes, normalizeAxes, normalizeAxis } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { epsilon as defaultEpsilon } from "./config.ts";
import { convertToTensor, promote, type TensorLike, toFloat } from "./convert-core.ts";
import { type Op, op } from "./op.ts";
import { meanOver, varianceOver } from "./reduction-core.ts";

export interface MomentsOptions {
  readonly keepdims?: boolean;
  /** Only `false`: statistics over several devices do not exist here. */
  readonly synchronized?: boolean;
}

function momentsOf(x: Tensor, axes: readonly number[], keepdims: boolean): [mean: Tensor, variance: Tensor] {
  const wide = isHalf(x.dtype) ? castTo(x, "float32") : x;
  const finish = (y: Tensor): Tensor => {
    // Halves are limited to what float16 holds, as Keras does for bfloat16 too.
    const kept = keepdims ? p.reshape(y, { shape: keepAxes(x.shape, axes) }) : y;
    return isHalf(x.dtype) ? castTo(p.min(p.max(kept, -65504), 65504), x.dtype) : kept;
  };
  return [finish(meanOver(wide, axes)), finish(varianceOver(wide, axes))];
}
/**
 * Mean and variance over `axes`.
 * Source: keras.ops.moments.
 * @example await ops.moments([1, 3], [0])[1].item(); // 1
 */
export const moments: Op<
  (x: TensorLike, axes: number | readonly number[], options?: MomentsOptions) => [Tensor, Tensor]
> = /* @__PURE__ */ op(
  "moments",
  (
    x: TensorLike,
    axes: number | readonly number[],
    { keepdims = false, synchronized = false }: MomentsOptions = {},
  ): [Tensor, Tensor] => {
    if (synchronized) {
      const todo = "Leave it out";
      throw new ConfigError(complain("moments", { must: "synchronized must be false", got: "true", todo }));
    }
    const t = toFloat(x);
    return momentsOf(t, normalizeAxes(axes, t.ndim, "moments"), keepdims);
  },
);

export interface BatchNormalizationOptions {
  /** Added: `beta`. */
  readonly offset?: TensorLike | null;
  /** Multiplied: `gamma`. */
  readonly scale?: TensorLike | null;
  /** Added to the variance under the root. */
  readonly epsilon?: number;
}
/**
 * `(x - mean) / sqrt(variance + epsilon) scale + offset` with one number for each place of `axis`.
 * Source: keras.ops.batch_normalization.
 * @example await ops.batchNormalization([[1, 3]], [1, 2], [1, 4], -1, { epsilon: 0 }).array(); // [[0, 0.5]]
 */
export const batchNormalization: Op<
  (x: TensorLike, mean: TensorLike, variance: TensorLike, axis: number, options?: BatchNormalizationOptions) => Tensor
> = /* @__PURE__ */ op(
  "batchNormalization",
  (
    x: TensorLike,
    mean: TensorLike,
    variance: TensorLike,
    axis: number,
    { offset = null, scale = null, epsilon = 1e-3 }: BatchNormalizationOptions = {},
  ): Tensor => {
    const given = [x, mean, variance, ...(offset === null ? [] : [offset]), ...(scale === null ? [] : [scale])];
    const [t, m, v, ...rest] = promote(...given.map((y) => toFloat(y))) as [Tensor, Tensor, Tensor, ...Tensor[]];
    const at = normalizeAxis(axis, t.ndim, "batchNormalization");
    const n = t.shape[at] as number;
    const along = (y: Tensor): Tensor => {
      if (y.size !== n) {
        const must = `mean, variance, offset and scale must have the size of axis ${axis} (${n})`;
        const got = `${showShape(y.shape)} for ${showShape(t.shape)}`;
        throw new ShapeError(complain("batchNormalization", { must, got, todo: "Check axis" }));
      }
      return p.reshape(y, { shape: t.shape.map((_, i) => (i === at ? n : 1)) });
    };
    const gamma = scale === null ? null : (rest[offset === null ? 0 : 1] as Tensor);
    const inverse = p.rsqrt(p.add(along(v), epsilon));
    const factor = gamma === null ? inverse : p.mul(inverse, along(gamma));
    const shift = p.mul(p.neg(along(m)), factor);
    return p.add(p.mul(t, factor), offset === null ? shift : p.add(shift, along(rest[0] as Tensor)));
  },
);

export interface LayerNormalizationOptions {
  readonly gamma?: TensorLike | null;
  readonly beta?: TensorLike | null;
  readonly axis?: number | readonly number[];
  /** Added under the root; 1e-7 by default. */
  readonly epsilon?: number | null;
  /** Divide by the standard deviation only, without subtracting the mean. */
  readonly rmsScaling?: boolean;
}
const widened = (x: Tensor): Tensor => (isHalf(x.dtype) || !isFloat(x.dtype) ? castTo(x, "float32") : x);

/**
 * `(x - mean) / sqrt(variance + epsilon) gamma + beta`, each sample on its own over `axis`. Source: Ba et al. 2016;
 * keras.ops.layer_normalization.
 * @example await ops.layerNormalization([1, 3]).array(); // [-1, 1]
 */
export const layerNormalization: Op<(x: TensorLike, options?: LayerNormalizationOptions) => Tensor> =
  /* @__PURE__ */ op(
    "layerNormalization",
    (
      x: TensorLike,
      { gamma = null, beta = null, axis = -1, epsilon = null, rmsScaling = false }: LayerNormalizationOptions = {},
    ): Tensor => {
      const given = convertToTensor(x);
      const t = widened(given);
      const axes = normalizeAxes(axis, t.ndim, "layerNormalization");
      const small = epsilon ?? defaultEpsilon();
      // Parameters are shaped as the normalised axes; only for the last axis alone that is already right.
      const alone = axes.length === 1 && axes[0] === t.ndim - 1;
      const spreadOut = (v: TensorLike): Tensor => {
        const own = convertToTensor(v, { dtype: t.dtype });
        const shape = t.shape.map((n, i) => (axes.includes(i) ? n : 1));
        return own.ndim !== t.ndim && !alone ? p.reshape(own, { shape }) : own;
      };
      const kept = { shape: keepAxes(t.shape, axes) };
      let y: Tensor;
      if (rmsScaling) y = p.mul(t, p.rsqrt(p.add(p.reshape(varianceOver(t, axes), kept), small)));
      else y = p.normalize(t, { axes, epsilon: small });
      if (gamma !== null) y = p.mul(y, spreadOut(gamma));
      if (beta !== null && !rmsScaling) y = p.add(y, spreadOut(beta));
      return castTo(y, given.dtype);
    },
  );

export interface RmsNormalizationOptions {
  readonly scale?: TensorLike | null;
  readonly axis?: number | readonly number[];
  readonly epsilon?: number | null;
}
/**
 * `x / sqrt(mean(x^2) + epsilon) scale`. Source: Zhang and Sennrich 2019; keras.ops.rms_normalization.
 * @example await ops.rmsNormalization([3, 4]).array(); // [0.8485, 1.1314]
 */
export const rmsNormalization: Op<(x: TensorLike, options?: RmsNormalizationOptions) => Tensor> = /* @__PURE__ */ op(
  "rmsNormalization",
  (x: TensorLike, { scale = null, axis = -1, epsilon = null }: RmsNormalizationOptions = {}): Tensor => {
    const given = convertToTensor(x);
    const t = widened(given.ndim === 0 ? p.reshape(given, { shape: [1] }) : given);
    const axes = normalizeAxes(axis, t.ndim, "rmsNormalization");
    const mean = p.reshape(meanOver(p.mul(t, t), axes), { shape: keepAxes(t.shape, axes) });
    const y = p.mul(t, p.rsqrt(p.add(mean, epsilon ?? defaultEpsilon())));
    const scaled = scale === null ? y : p.mul(y, convertToTensor(scale, { dtype: t.dtype }));
    return castTo(scaled, given.dtype);
  },
);

export interface NormalizeOptions {
  readonly axis?: number | readonly number[] | null;
  /** Which norm: 1, 2, ... */
  readonly order?: number;
  /** The least norm to divide by; 1e-7 by default. */
  readonly epsilon?: number | null;
}
/**
 * `x / max(norm(x), epsilon)` over `axis`.
 * Source: keras.ops.normalize.
 * @throws ShapeError unless `order` is a whole number, at least 1.
 * @example await ops.normalize([3, 4]).array(); // [0.6, 0.8]
 */
export const normalize: Op<(x: TensorLike, options?: NormalizeOptions) => Tensor> = /* @__PURE__ */ op(
  "normalize",
  (x: TensorLike, { axis = -1, order = 2, epsilon = null }: NormalizeOptions = {}): Tensor => {
    if (!Number.isInteger(order) || order < 1) {
      throw new ShapeError(
        complain("normalize", {
          must: "order must be a whole number, at least 1",
          got: String(order),
          todo: "Use 1 or 2",
        }),
      );
    }
    const given = toFloat(x);
    const t = given.ndim === 0 ? p.reshape(given, { shape: [1] }) : given;
    const axes = normalizeAxes(axis, t.ndim, "normalize");
    const kept = { shape: keepAxes(t.shape, axes) };
    const small = epsilon ?? defaultEpsilon();
    if (order === 2) {
      const inverse = p.rsqrt(p.reshape(p.reduceSum(p.mul(t, t), { axes }), kept));
      return p.mul(t, p.min(inverse, 1 / small));
    }
    const powers = order === 1 ? p.abs(t) : p.pow(p.abs(t), order);
    const total = p.reshape(p.reduceSum(powers, { axes }), kept);
    return p.div(t, p.max(order === 1 ? total : p.pow(total, 1 / order), small));
  },
);
