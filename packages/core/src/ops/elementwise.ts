// One tensor in, one of the same shape out. Integers and bool become the default float where the result is not whole.
import { isComplex, isDifferentiable, isFloat, resultType } from "../aval/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { absCore, castTo, hasSign, invertCore, negativeCore, toBool } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike, toFloat, weakTypeOf } from "./convert-core.ts";
import { type Op, op } from "./op.ts";

/** An op of one tensor. */
export type UnaryOp = Op<(x: TensorLike) => Tensor>;
const onFloats = (name: string, f: (x: Tensor) => Tensor): UnaryOp => op(name, (x: TensorLike) => f(toFloat(x)));
const onTensors = (name: string, f: (x: Tensor) => Tensor): UnaryOp =>
  op(name, (x: TensorLike) => f(convertToTensor(x)));
// Complex numbers have no order, no sign bit and no whole part.
function ordered(name: string, x: Tensor): Tensor {
  p.requireOrdered(name, x);
  return x;
}
// Whole numbers are what they would be rounded to, but in floats, as Keras gives them.
const rounding = (name: string, f: (x: Tensor) => Tensor): UnaryOp => onFloats(name, f);

/**
 * `|x|`.
 * Elementwise: `[...]` to `[...]`, in the dtype of `x`.
 * Source: keras.ops.abs.
 * @example await ops.abs([-1, 2]).array(); // [1, 2]
 */
export const abs: UnaryOp = /* @__PURE__ */ op("abs", absCore);
/**
 * `|x|`, the same as `abs`.
 * Elementwise: `[...]` to `[...]`, in the dtype of `x`.
 * Source: keras.ops.absolute.
 * @example await ops.absolute([-1, 2]).array(); // [1, 2]
 */
export const absolute: UnaryOp = /* @__PURE__ */ op("absolute", absCore);
/**
 * `|x|` as a float.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.fabs.
 * @example await ops.fabs([-1, 2]).array(); // [1, 2]
 */
export const fabs: UnaryOp = /* @__PURE__ */ onFloats("fabs", (x) => p.abs(ordered("fabs", x)));
/**
 * `-x`.
 * Elementwise: `[...]` to `[...]`, in the dtype of `x`.
 * Source: keras.ops.negative.
 * @example await ops.negative([-1, 2]).array(); // [1, -2]
 */
export const negative: UnaryOp = /* @__PURE__ */ op("negative", negativeCore);
/**
 * -1, 0 or 1.
 * Elementwise: `[...]` to `[...]`, in the dtype of `x`.
 * Source: keras.ops.sign.
 * @example await ops.sign([-3, 0, 2]).array(); // [-1, 0, 1]
 */
export const sign: UnaryOp = /* @__PURE__ */ onTensors("sign", (x) => (x.dtype === "bool" ? x : p.sign(x)));
/**
 * `x^2`.
 * Elementwise: `[...]` to `[...]`, in the dtype of `x`.
 * Source: keras.ops.square.
 * @example await ops.square([-3, 2]).array(); // [9, 4]
 */
export const square: UnaryOp = /* @__PURE__ */ onTensors("square", (x) =>
  x.dtype === "bool" ? p.mul(castTo(x, "int32"), castTo(x, "int32")) : p.mul(x, x),
);
/**
 * `1 / x`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.reciprocal.
 * @example await ops.reciprocal([2, 4]).array(); // [0.5, 0.25]
 */
export const reciprocal: UnaryOp = /* @__PURE__ */ onFloats("reciprocal", (x) => p.div(1, x));
/**
 * The square root.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.sqrt.
 * @example await ops.sqrt([4, 9]).array(); // [2, 3]
 */
export const sqrt: UnaryOp = /* @__PURE__ */ onFloats("sqrt", p.sqrt);
/**
 * `1 / sqrt(x)`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.rsqrt.
 * @example await ops.rsqrt([4, 0.25]).array(); // [0.5, 2]
 */
export const rsqrt: UnaryOp = /* @__PURE__ */ onFloats("rsqrt", p.rsqrt);
/**
 * The cube root, of negative numbers too.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.cbrt.
 * @example await ops.cbrt([8, -27]).array(); // [2, -3]
 */
export const cbrt: UnaryOp = /* @__PURE__ */ onFloats("cbrt", (x) => {
  const root = p.pow(p.abs(ordered("cbrt", x)), 1 / 3);
  return p.mul(p.sign(x), root);
});
/**
 * `e^x`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.exp.
 * @example await ops.exp([0, 1]).array(); // [1, 2.7183]
 */
export const exp: UnaryOp = /* @__PURE__ */ onFloats("exp", p.exp);
/**
 * `2^x`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.exp2.
 * @example await ops.exp2([0, 3]).array(); // [1, 8]
 */
export const exp2: UnaryOp = /* @__PURE__ */ onFloats("exp2", (x) => p.exp(p.mul(x, Math.LN2)));
/**
 * `e^x - 1`, exact near 0.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.expm1.
 * @example await ops.expm1([0, 1]).array(); // [0, 1.7183]
 */
export const expm1: UnaryOp = /* @__PURE__ */ onFloats("expm1", p.expm1);
/**
 * The natural logarithm.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.log.
 * @example await ops.log([1, 10]).array(); // [0, 2.3026]
 */
export const log: UnaryOp = /* @__PURE__ */ onFloats("log", p.log);
/**
 * The logarithm to base 10.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.log10.
 * @example await ops.log10([1, 100]).array(); // [0, 2]
 */
export const log10: UnaryOp = /* @__PURE__ */ onFloats("log10", (x) => p.div(p.log(x), Math.LN10));
/**
 * The logarithm to base 2.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.log2.
 * @example await ops.log2([1, 8]).array(); // [0, 3]
 */
export const log2: UnaryOp = /* @__PURE__ */ onFloats("log2", (x) => p.div(p.log(x), Math.LN2));
/**
 * `log(1 + x)`, exact near 0.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.log1p.
 * @example await ops.log1p([0, 1]).array(); // [0, 0.6931]
 */
export const log1p: UnaryOp = /* @__PURE__ */ onFloats("log1p", p.log1p);
/**
 * The sine of an angle in radians.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.sin.
 * @example await ops.sin([0, 1]).array(); // [0, 0.8415]
 */
export const sin: UnaryOp = /* @__PURE__ */ onFloats("sin", p.sin);
/**
 * The cosine of an angle in radians.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.cos.
 * @example await ops.cos([0, 1]).array(); // [1, 0.5403]
 */
export const cos: UnaryOp = /* @__PURE__ */ onFloats("cos", p.cos);
/**
 * The tangent of an angle in radians.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.tan.
 * @example await ops.tan([0, 1]).array(); // [0, 1.5574]
 */
export const tan: UnaryOp = /* @__PURE__ */ onFloats("tan", p.tan);
/**
 * The angle in `[-pi/2, pi/2]` whose sine is `x`; nan outside of `[-1, 1]`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.arcsin.
 * @example await ops.arcsin([0, 1]).array(); // [0, 1.5708]
 */
export const arcsin: UnaryOp = /* @__PURE__ */ onFloats("arcsin", p.asin);
/**
 * The angle in `[0, pi]` whose cosine is `x`; nan outside of `[-1, 1]`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.arccos.
 * @example await ops.arccos([0, 1]).array(); // [1.5708, 0]
 */
export const arccos: UnaryOp = /* @__PURE__ */ onFloats("arccos", p.acos);
/**
 * The angle in `(-pi/2, pi/2)` whose tangent is `x`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.arctan.
 * @example await ops.arctan([0, 1]).array(); // [0, 0.7854]
 */
export const arctan: UnaryOp = /* @__PURE__ */ onFloats("arctan", p.atan);
/**
 * `(e^x - e^-x) / 2`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.sinh.
 * @example await ops.sinh([0, 1]).array(); // [0, 1.1752]
 */
export const sinh: UnaryOp = /* @__PURE__ */ onFloats("sinh", p.sinh);
/**
 * `(e^x + e^-x) / 2`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.cosh.
 * @example await ops.cosh([0, 1]).array(); // [1, 1.5431]
 */
export const cosh: UnaryOp = /* @__PURE__ */ onFloats("cosh", p.cosh);
/**
 * `(e^x - e^-x) / (e^x + e^-x)`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.tanh.
 * @example await ops.tanh([0, 1]).array(); // [0, 0.7616]
 */
export const tanh: UnaryOp = /* @__PURE__ */ onFloats("tanh", p.tanh);
/**
 * `log(x + sqrt(x^2 + 1))`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.arcsinh.
 * @example await ops.arcsinh([0, 1]).array(); // [0, 0.8814]
 */
export const arcsinh: UnaryOp = /* @__PURE__ */ onFloats("arcsinh", p.asinh);
/**
 * `log(x + sqrt(x^2 - 1))`; nan below 1.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.arccosh.
 * @example await ops.arccosh([1, 2]).array(); // [0, 1.317]
 */
export const arccosh: UnaryOp = /* @__PURE__ */ onFloats("arccosh", p.acosh);
/**
 * `log((1 + x) / (1 - x)) / 2`; nan outside of `[-1, 1]`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.arctanh.
 * @example await ops.arctanh([0, 0.5]).array(); // [0, 0.5493]
 */
export const arctanh: UnaryOp = /* @__PURE__ */ onFloats("arctanh", p.atanh);
/**
 * `sin(pi x) / (pi x)`, 1 at 0.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.sinc.
 * @example await ops.sinc([0, 0.5]).array(); // [1, 0.6366]
 */
export const sinc: UnaryOp = /* @__PURE__ */ onFloats("sinc", (x) => {
  const zero = p.equal(x, 0);
  const scaled = p.mul(p.where(zero, 1, x), Math.PI);
  return p.where(zero, 1, p.div(p.sin(scaled), scaled));
});
/**
 * The error function, `2/sqrt(pi)` times the integral of `e^(-t^2)` from 0 to x.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.erf.
 * @example await ops.erf([0, 1]).array(); // [0, 0.8427]
 */
export const erf: UnaryOp = /* @__PURE__ */ onFloats("erf", p.erf);
/**
 * The inverse of `erf`.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.erfinv.
 * @example await ops.erfinv([0, 0.5]).array(); // [0, 0.4769]
 */
export const erfinv: UnaryOp = /* @__PURE__ */ onFloats("erfinv", p.erfInv);
/**
 * Degrees to radians.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.deg2rad.
 * @example await ops.deg2rad([0, 180]).array(); // [0, 3.1416]
 */
export const deg2rad: UnaryOp = /* @__PURE__ */ onFloats("deg2rad", (x) => p.mul(x, Math.PI / 180));
/**
 * Radians to degrees.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.rad2deg.
 * @example await ops.rad2deg([0, Math.PI]).array(); // [0, 180]
 */
export const rad2deg: UnaryOp = /* @__PURE__ */ onFloats("rad2deg", (x) => p.mul(x, 180 / Math.PI));

/**
 * The next whole number below.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.floor.
 * @example await ops.floor([1.5, -1.5]).array(); // [1, -2]
 */
export const floor: UnaryOp = /* @__PURE__ */ rounding("floor", p.floor);
/**
 * The next whole number above.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.ceil.
 * @example await ops.ceil([1.5, -1.5]).array(); // [2, -1]
 */
export const ceil: UnaryOp = /* @__PURE__ */ rounding("ceil", p.ceil);
/**
 * The next whole number toward 0.
 * Elementwise: `[...]` to `[...]`; integers and bool become the default float.
 * Source: keras.ops.trunc.
 * @example await ops.trunc([1.5, -1.5]).array(); // [1, -1]
 */
export const trunc: UnaryOp = /* @__PURE__ */ onTensors("trunc", (x) =>
  isFloat(ordered("trunc", x).dtype) ? p.trunc(x) : x,
);
export interface RoundOptions {
  /** Digits to keep after the point; negative: before it. */
  readonly decimals?: number;
}
/**
 * The nearest number with `decimals` digits, ties to even.
 * Elementwise: `[...]` to `[...]`, in the dtype of `x`.
 * Source: keras.ops.round.
 * @example await ops.round([0.5, 1.5, 1.25], { decimals: 1 }).array(); // [0.5, 1.5, 1.2]
 */
export const round: Op<(x: TensorLike, options?: RoundOptions) => Tensor> = /* @__PURE__ */ op(
  "round",
  (x: TensorLike, { decimals = 0 }: RoundOptions = {}): Tensor => {
    const t = convertToTensor(x);
    if (!isDifferentiable(t.dtype)) {
      if (decimals >= 0) return t;
      const factor = 10 ** decimals;
      return castTo(p.div(p.round(p.mul(castTo(t, "float32"), factor)), factor), t.dtype);
    }
    if (decimals === 0) return p.round(t);
    return p.div(p.round(p.mul(t, 10 ** decimals)), 10 ** decimals);
  },
);

/**
 * True where `x` is neither infinite nor nan.
 * Elementwise: `[...]` to bool `[...]`.
 * Source: keras.ops.isfinite.
 * @example await ops.isfinite([1, Infinity, Number.NaN]).array(); // [true, false, false]
 */
export const isfinite: UnaryOp = /* @__PURE__ */ onTensors("isfinite", (x) =>
  isDifferentiable(x.dtype) ? p.isFinite(x) : p.equal(x, x),
);
/**
 * True where `x` is nan.
 * Elementwise: `[...]` to bool `[...]`.
 * Source: keras.ops.isnan.
 * @example await ops.isnan([1, Infinity, Number.NaN]).array(); // [false, false, true]
 */
export const isnan: UnaryOp = /* @__PURE__ */ onTensors("isnan", (x) =>
  isDifferentiable(x.dtype) ? p.isNan(x) : p.notEqual(x, x),
);
/**
 * True where `x` is infinite, of either sign.
 * Elementwise: `[...]` to bool `[...]`.
 * Source: keras.ops.isinf.
 * @example await ops.isinf([1, -Infinity, Number.NaN]).array(); // [false, true, false]
 */
export const isinf: UnaryOp = /* @__PURE__ */ onTensors("isinf", (x) =>
  isDifferentiable(x.dtype) ? p.equal(p.abs(x), Number.POSITIVE_INFINITY) : p.notEqual(x, x),
);
/**
 * True where `x` is `+inf`.
 * Elementwise: `[...]` to bool `[...]`.
 * Source: keras.ops.isposinf.
 * @example await ops.isposinf([1, Infinity, -Infinity]).array(); // [false, true, false]
 */
export const isposinf: UnaryOp = /* @__PURE__ */ onTensors("isposinf", (x) =>
  isFloat(ordered("isposinf", x).dtype) ? p.equal(x, Number.POSITIVE_INFINITY) : p.notEqual(x, x),
);
/**
 * True where `x` is `-inf`.
 * Elementwise: `[...]` to bool `[...]`.
 * Source: keras.ops.isneginf.
 * @example await ops.isneginf([1, Infinity, -Infinity]).array(); // [false, false, true]
 */
export const isneginf: UnaryOp = /* @__PURE__ */ onTensors("isneginf", (x) =>
  isFloat(ordered("isneginf", x).dtype) ? p.equal(x, Number.NEGATIVE_INFINITY) : p.notEqual(x, x),
);
/**
 * True where the sign bit is set, of -0 too.
 * Elementwise: `[...]` to bool `[...]`.
 * Source: keras.ops.signbit.
 * @example await ops.signbit([-1, 2]).array(); // [true, false]
 */
export const signbit: UnaryOp = /* @__PURE__ */ onTensors("signbit", (x) => {
  ordered("signbit", x);
  if (!isFloat(x.dtype)) return p.less(x.dtype === "bool" ? castTo(x, "int32") : x, 0);
  return hasSign(x);
});

export interface NanToNumOptions {
  readonly nan?: number;
  /** What +inf becomes; the largest number of the dtype by default. */
  readonly posinf?: number | null;
  readonly neginf?: number | null;
}
const largest: Readonly<Record<string, number>> = {
  float16: 65504,
  bfloat16: 3.3895313892515355e38,
  float32: 3.4028234663852886e38,
  float64: Number.MAX_VALUE,
};
/**
 * Replaces nan and infinities by numbers.
 * Elementwise: `[...]` to `[...]`, in the dtype of `x`.
 * Source: keras.ops.nan_to_num.
 * @example await ops.nanToNum([1, Number.NaN], { nan: 7 }).array(); // [1, 7]
 */
export const nanToNum: Op<(x: TensorLike, options?: NanToNumOptions) => Tensor> = /* @__PURE__ */ op(
  "nanToNum",
  (x: TensorLike, { nan = 0, posinf = null, neginf = null }: NanToNumOptions = {}): Tensor => {
    const t = convertToTensor(x);
    if (isComplex(t.dtype)) {
      const parts = [p.real(t), p.imag(t)].map((part) => finite(part, nan, posinf, neginf)) as [Tensor, Tensor];
      return p.complex(...parts);
    }
    return isFloat(t.dtype) ? finite(t, nan, posinf, neginf) : t;
  },
);
function finite(t: Tensor, nan: number, posinf: number | null, neginf: number | null): Tensor {
  const most = largest[t.dtype] as number;
  const clean = p.where(p.isNan(t), nan, t);
  const low = p.where(p.equal(clean, Number.NEGATIVE_INFINITY), neginf ?? -most, clean);
  return p.where(p.equal(t, Number.POSITIVE_INFINITY), posinf ?? most, low);
}

/**
 * True where `x` is 0.
 * Elementwise: `[...]` to bool `[...]`.
 * Source: keras.ops.logical_not.
 * @example await ops.logicalNot([true, false]).array(); // [false, true]
 */
export const logicalNot: UnaryOp = /* @__PURE__ */ op("logicalNot", (x: TensorLike) => p.not(toBool(x)));
/**
 * Every bit flipped; for bool, not.
 * Elementwise: `[...]` to `[...]`, in the dtype of `x`.
 * Source: keras.ops.bitwise_invert.
 * @example await ops.bitwiseInvert(tensor([0, 5], { dtype: "int32" })).array(); // [-1, -6]
 */
export const bitwiseInvert: UnaryOp = /* @__PURE__ */ op("bitwiseInvert", invertCore);
/**
 * The same as `bitwiseInvert`.
 * Elementwise: `[...]` to `[...]`, in the dtype of `x`.
 * Source: keras.ops.bitwise_not.
 * @example await ops.bitwiseNot(tensor([0, 5], { dtype: "int32" })).array(); // [-1, -6]
 */
export const bitwiseNot: UnaryOp = /* @__PURE__ */ op("bitwiseNot", invertCore);

/**
 * The same values as a new tensor.
 * Elementwise: `[...]` to `[...]`, in the dtype of `x`.
 * Source: keras.ops.copy.
 * @example await ops.copy([1, 2]).array(); // [1, 2]
 */
export const copy: UnaryOp = /* @__PURE__ */ onTensors("copy", (x) => x);

/**
 * `x` limited to `[xMin, xMax]`.
 * Elementwise: `[...]` to `[...]`, in the dtype of `x`.
 * Source: keras.ops.clip.
 * @example await ops.clip([-3, 0.5, 9], -1, 1).array(); // [-1, 0.5, 1]
 */
export const clip: Op<(x: TensorLike, xMin: TensorLike, xMax: TensorLike) => Tensor> = /* @__PURE__ */ op(
  "clip",
  (x: TensorLike, xMin: TensorLike, xMax: TensorLike): Tensor => {
    const given = ordered("clip", convertToTensor(x));
    const t = given.dtype === "bool" ? castTo(given, "int32") : given;
    const own = typeof x === "number" ? weakTypeOf(x) : t.dtype;
    const dtype = resultType(own, weakTypeOf(xMin), weakTypeOf(xMax));
    const [low, high] = [xMin, xMax].map((limit) => convertToTensor(limit, { dtype })) as [Tensor, Tensor];
    return p.min(p.max(castTo(t, dtype), low), high);
  },
);
