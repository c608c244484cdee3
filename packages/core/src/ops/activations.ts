// Activation functions on tensors.
import {
  bitsOf,
  isDifferentiable,
  isFloat,
  isUnsigned,
  keepAxes,
  normalizeAxes,
  normalizeAxis,
} from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo, comparison } from "./arithmetic-core.ts";
import { convertToTensor, promote, type TensorLike, toFloat } from "./convert-core.ts";
import type { UnaryOp } from "./elementwise.ts";
import { sliceAxis } from "./get-item.ts";
import type { AxisOption } from "./joining.ts";
import { type Op, op } from "./op.ts";

const onFloats = (name: string, f: (x: Tensor) => Tensor): UnaryOp => op(name, (x: TensorLike) => f(toFloat(x)));
// bool counts as int32.
const number = (x: TensorLike): Tensor => {
  const t = convertToTensor(x);
  return t.dtype === "bool" ? castTo(t, "int32") : t;
};

/**
 * `max(x, 0)`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.relu.
 * @example await ops.relu([-1, 2]).array(); // [0, 2]
 */
export const relu: UnaryOp = /* @__PURE__ */ op("relu", (x: TensorLike): Tensor => {
  const t = number(x);
  return isFloat(t.dtype) ? p.relu(t) : p.max(t, 0);
});
// max(min(x, 6), 0) with no gradient at either edge.
const relu6Of = (x: Tensor): Tensor => p.where(p.less(x, 6), p.relu(x), p.where(p.isNan(x), x, 6));
/**
 * `min(max(x, 0), 6)`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.relu6.
 * @example await ops.relu6([-1, 2, 9]).array(); // [0, 2, 6]
 */
export const relu6: UnaryOp = /* @__PURE__ */ onFloats("relu6", relu6Of);
/**
 * `1 / (1 + e^-x)`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.sigmoid.
 * @example await ops.sigmoid([-1, 0, 1]).array(); // [0.2689, 0.5, 0.7311]
 */
export const sigmoid: UnaryOp = /* @__PURE__ */ onFloats("sigmoid", p.logistic);
/**
 * `log(1 + e^x)`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.softplus.
 * @example await ops.softplus([-1, 0, 1]).array(); // [0.3133, 0.6931, 1.3133]
 */
export const softplus: UnaryOp = /* @__PURE__ */ onFloats("softplus", p.softplus);
/**
 * `x / (1 + |x|)`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.softsign.
 * @example await ops.softsign([-1, 0, 3]).array(); // [-0.5, 0, 0.75]
 */
export const softsign: UnaryOp = /* @__PURE__ */ op("softsign", (x: TensorLike): Tensor => {
  // The magnitude of integers before they become floats: that of the least one wraps, as in Keras.
  const t = number(x);
  return p.div(toFloat(t), toFloat(p.add(isUnsigned(t.dtype) ? t : p.abs(t), 1)));
});
/**
 * `x sigmoid(x)`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.silu.
 * @example await ops.silu([-1, 0, 1]).array(); // [-0.2689, 0, 0.7311]
 */
export const silu: UnaryOp = /* @__PURE__ */ onFloats("silu", p.silu);
/**
 * The same as `silu`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.swish.
 * @example await ops.swish([-1, 0, 1]).array(); // [-0.2689, 0, 0.7311]
 */
export const swish: UnaryOp = /* @__PURE__ */ onFloats("swish", p.silu);
/**
 * `log sigmoid(x)`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.log_sigmoid.
 * @example await ops.logSigmoid([-1, 0, 1]).array(); // [-1.3133, -0.6931, -0.3133]
 */
export const logSigmoid: UnaryOp = /* @__PURE__ */ op("logSigmoid", (x: TensorLike) =>
  // Negated before it becomes a float: unsigned integers wrap, as in Keras.
  p.neg(p.softplus(toFloat(p.neg(number(x))))),
);
// Times a sixth, as XLA divides by constants: halves show it.
const hardSigmoidOf = (x: Tensor): Tensor => p.mul(relu6Of(p.add(x, 3)), 1 / 6);
/**
 * `relu6(x + 3) / 6`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.hard_sigmoid.
 * @example await ops.hardSigmoid([-4, 0, 1.5]).array(); // [0, 0.5, 0.75]
 */
export const hardSigmoid: UnaryOp = /* @__PURE__ */ onFloats("hardSigmoid", hardSigmoidOf);
/**
 * `x hardSigmoid(x)`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.hard_silu.
 * @example await ops.hardSilu([-4, 0, 1.5]).array(); // [0, 0, 1.125]
 */
export const hardSilu: UnaryOp = /* @__PURE__ */ onFloats("hardSilu", (x) => p.mul(x, hardSigmoidOf(x)));
/**
 * The same as `hardSilu`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.hard_swish.
 * @example await ops.hardSwish([-4, 0, 1.5]).array(); // [0, 0, 1.125]
 */
export const hardSwish: UnaryOp = /* @__PURE__ */ onFloats("hardSwish", (x) => p.mul(x, hardSigmoidOf(x)));
/**
 * `x` limited to `[-1, 1]`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.hard_tanh.
 * @example await ops.hardTanh([-2, 0.5, 2]).array(); // [-1, 0.5, 1]
 */
export const hardTanh: UnaryOp = /* @__PURE__ */ op("hardTanh", (x: TensorLike): Tensor => {
  const t = number(x);
  // In unsigned dtypes -1 is the largest number, as in JAX.
  const minusOne = isUnsigned(t.dtype) ? 2 ** bitsOf(t.dtype) - 1 : -1;
  return p.where(p.greater(t, 1), 1, p.where(p.less(t, minusOne), minusOne, t));
});
/**
 * `x - tanh(x)`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.tanh_shrink.
 * @example await ops.tanhShrink([-1, 0, 1]).array(); // [-0.2384, 0, 0.2384]
 */
export const tanhShrink: UnaryOp = /* @__PURE__ */ onFloats("tanhShrink", (x) => p.sub(x, p.tanh(x)));
/**
 * 0 below -1, `x` above 1, `(x + 1)^2 / 4` between.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.sparse_plus.
 * @example await ops.sparsePlus([-2, 0, 2]).array(); // [0, 0.25, 2]
 */
export const sparsePlus: UnaryOp = /* @__PURE__ */ onFloats("sparsePlus", (x) => {
  const shifted = p.add(x, 1);
  return p.where(p.lessEqual(x, -1), 0, p.where(p.greaterEqual(x, 1), x, p.div(p.mul(shifted, shifted), 4)));
});
/**
 * 0 below -1, 1 above 1, `(x + 1) / 2` between.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.sparse_sigmoid.
 * @example await ops.sparseSigmoid([-2, 0.5, 2]).array(); // [0, 0.75, 1]
 */
export const sparseSigmoid: UnaryOp = /* @__PURE__ */ onFloats("sparseSigmoid", (x) =>
  p.mul(p.min(p.max(p.add(x, 1), 0), 2), 0.5),
);

/** An activation with one option. */
type With<O> = Op<(x: TensorLike, options?: O) => Tensor>;
export interface AlphaOption {
  readonly alpha?: number;
}
function eluOf(x: Tensor, alpha: number): Tensor {
  const positive = p.greater(x, 0);
  // The inner where keeps e^x of large x, and its gradient, out of the other branch.
  return p.where(positive, x, p.mul(p.expm1(p.where(positive, 0, x)), alpha));
}
/**
 * `x` above 0, `alpha (e^x - 1)` below.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.elu.
 * @example await ops.elu([-1, 2], { alpha: 0.5 }).array(); // [-0.3161, 2]
 */
export const elu: With<AlphaOption> = /* @__PURE__ */ op("elu", (x: TensorLike, { alpha = 1 }: AlphaOption = {}) =>
  eluOf(toFloat(x), alpha),
);
/**
 * `1.0507 elu(x, 1.6733)`: keeps mean 0 and variance 1 through layers. Source: Klambauer et al. 2017; keras.ops.selu.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * @example await ops.selu([-1, 0, 1]).array(); // [-1.1113, 0, 1.0507]
 */
export const selu: UnaryOp = /* @__PURE__ */ onFloats("selu", (x) =>
  p.mul(eluOf(x, 1.6732632423543772), 1.0507009873554805),
);
/**
 * `max(x, 0) + min(0, alpha (e^(x / alpha) - 1))`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.celu.
 * @example await ops.celu([-1, 2], { alpha: 2 }).array(); // [-0.7869, 2]
 */
export const celu: With<AlphaOption> = /* @__PURE__ */ op(
  "celu",
  (x: TensorLike, { alpha = 1 }: AlphaOption = {}): Tensor => {
    const t = toFloat(x);
    return p.add(p.max(t, 0), p.mul(p.expm1(p.div(p.min(t, 0), alpha)), alpha));
  },
);
export interface SlopeOption {
  /** The slope below 0. */
  readonly negativeSlope?: number;
}
/**
 * `x` above 0, `negativeSlope x` below.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.leaky_relu.
 * @example await ops.leakyRelu([-1, 2], { negativeSlope: 0.1 }).array(); // [-0.1, 2]
 */
export const leakyRelu: With<SlopeOption> = /* @__PURE__ */ op(
  "leakyRelu",
  (x: TensorLike, { negativeSlope = 0.2 }: SlopeOption = {}): Tensor => {
    const t = toFloat(x);
    return p.where(p.greaterEqual(t, 0), t, p.mul(t, negativeSlope));
  },
);
export interface GeluOptions {
  /** Use the tanh approximation. */
  readonly approximate?: boolean;
}
/**
 * `x Phi(x)` with the normal distribution function. Source: Hendrycks and Gimpel 2016; keras.ops.gelu.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * @example await ops.gelu([-1, 0, 1], { approximate: false }).array(); // [-0.1587, 0, 0.8413]
 */
export const gelu: With<GeluOptions> = /* @__PURE__ */ op(
  "gelu",
  (x: TensorLike, { approximate = true }: GeluOptions = {}) => (approximate ? p.geluTanh : p.gelu)(toFloat(x)),
);
export interface ThresholdOption {
  readonly threshold?: number;
}
/**
 * `x` where `|x| > threshold`, else 0.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.hard_shrink.
 * @example await ops.hardShrink([-1, 0.2, 1]).array(); // [-1, 0, 1]
 */
export const hardShrink: With<ThresholdOption> = /* @__PURE__ */ op(
  "hardShrink",
  (x: TensorLike, { threshold: limit = 0.5 }: ThresholdOption = {}): Tensor => {
    const t = number(x);
    return p.where(p.greater(toFloat(isUnsigned(t.dtype) ? t : p.abs(t)), limit), toFloat(t), 0);
  },
);
/**
 * `x` moved toward 0 by `threshold`, 0 within it.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.soft_shrink.
 * @example await ops.softShrink([-1, 0.2, 1]).array(); // [-0.5, 0, 0.5]
 */
export const softShrink: With<ThresholdOption> = /* @__PURE__ */ op(
  "softShrink",
  (x: TensorLike, { threshold: limit = 0.5 }: ThresholdOption = {}): Tensor => {
    const t = toFloat(x);
    return p.where(p.greater(t, limit), p.sub(t, limit), p.where(p.less(t, -limit), p.add(t, limit), 0));
  },
);
/**
 * `x` where it is above `threshold`, else `defaultValue`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.threshold.
 * @example await ops.threshold([-1, 0.2, 1], 0.5, 0).array(); // [0, 0, 1]
 */
export const threshold: Op<(x: TensorLike, threshold: number, defaultValue: number) => Tensor> = /* @__PURE__ */ op(
  "threshold",
  (x: TensorLike, limit: number, defaultValue: number): Tensor => {
    const [t, other] = promote(convertToTensor(x), defaultValue) as [Tensor, Tensor];
    return p.where(comparison(p.greater)(x, limit), t, other);
  },
);
/**
 * `(x + sqrt(x^2 + b)) / 2`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.squareplus.
 * @example await ops.squareplus([-1, 0, 1], { b: 3 }).array(); // [0.5, 0.866, 1.5]
 */
export const squareplus: With<{ readonly b?: number }> = /* @__PURE__ */ op(
  "squareplus",
  (x: TensorLike, { b = 4 }: { readonly b?: number } = {}): Tensor => {
    // Integers are squared as such, and wrap.
    const t = number(x);
    return p.div(p.add(toFloat(t), p.sqrt(p.add(toFloat(p.mul(t, t)), b))), 2);
  },
);
/**
 * The first half along `axis` times the sigmoid of the second.
 * Source: keras.ops.glu.
 * @throws ShapeError if the axis is odd.
 * @example await ops.glu([1, 2, 0, 0]).array(); // [0.5, 1]
 */
export const glu: With<AxisOption> = /* @__PURE__ */ op(
  "glu",
  (x: TensorLike, { axis = -1 }: AxisOption = {}): Tensor => {
    const t = toFloat(x);
    const at = normalizeAxis(axis, t.ndim, "glu");
    const n = t.shape[at] as number;
    if (n % 2 !== 0) {
      const got = `${showShape(t.shape)}, axis ${axis}`;
      throw new ShapeError(
        complain("glu", { must: "the axis must have an even size", got, todo: "Choose another axis" }),
      );
    }
    return p.mul(sliceAxis(t, at, 0, n / 2, 1), p.logistic(sliceAxis(t, at, n / 2, n / 2, 1)));
  },
);

export interface AxesOption {
  /** One axis or several; `null` for all. */
  readonly axis?: number | readonly number[] | null;
}
/**
 * `e^x / sum e^x` over `axis`.
 * Source: keras.ops.softmax.
 * @example await ops.softmax([0, 0]).array(); // [0.5, 0.5]
 */
export const softmax: With<AxesOption> = /* @__PURE__ */ op(
  "softmax",
  (x: TensorLike, { axis = -1 }: AxesOption = {}): Tensor => {
    const t = number(x);
    const axes = normalizeAxes(axis, t.ndim, "softmax");
    if (isDifferentiable(t.dtype)) return p.softmax(t, { axes });
    // The largest is taken off integers as such, where differences may wrap, as in Keras.
    const kept = { shape: keepAxes(t.shape, axes) };
    const powers = p.exp(toFloat(p.sub(t, p.reshape(p.reduceMax(t, { axes }), kept))));
    return p.div(powers, p.reshape(p.reduceSum(powers, { axes }), kept));
  },
);
/**
 * `x - log sum e^x` over `axis`.
 * Source: keras.ops.log_softmax.
 * @example await ops.logSoftmax([0, 0]).array(); // [-0.6931, -0.6931]
 */
export const logSoftmax: With<AxesOption> = /* @__PURE__ */ op(
  "logSoftmax",
  (x: TensorLike, { axis = -1 }: AxesOption = {}): Tensor => {
    const t = toFloat(x);
    return p.logSoftmax(t, { axes: normalizeAxes(axis, t.ndim, "logSoftmax") });
  },
);
/**
 * The nearest point of the simplex: like softmax, but with exact zeros. Source: Martins and Astudillo 2016; keras.ops.sparsemax.
 * @example await ops.sparsemax([0.1, 0.2, 3]).array(); // [0, 0, 1]
 */
export const sparsemax: With<AxisOption> = /* @__PURE__ */ op(
  "sparsemax",
  (x: TensorLike, { axis = -1 }: AxisOption = {}): Tensor => {
    const t = toFloat(x);
    const at = normalizeAxis(axis, t.ndim, "sparsemax");
    const descending = p.neg(p.sort(p.neg(t), { axis: at }));
    const sums = p.cumSum(descending, { axis: at, reverse: false });
    const ranks = p.add(p.iota({ shape: t.shape, axis: at, dtype: t.dtype }), 1);
    const support = p.greater(p.sub(descending, p.div(p.sub(sums, 1), ranks)), 0);
    const kept = t.shape.map((n, i) => (i === at ? 1 : n));
    const total = (y: Tensor): Tensor => p.reshape(p.reduceSum(y, { axes: [at] }), { shape: kept });
    const count = castTo(total(castTo(support, "int32")), t.dtype);
    // Keras sums all running sums inside the support; the golden values are its own.
    const tau = p.div(p.sub(total(p.where(support, sums, 0)), 1), count);
    return p.max(p.sub(t, tau), 0);
  },
);
