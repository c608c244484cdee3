// One tensor in, one of the same shape out. Integers and bool become the default float where the result is not whole.
import { isFloat, resultType } from "../aval/index.ts";
import { complain, DtypeError, showAval } from "../errors/index.ts";
import { scalar, type Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { absCore, castTo, invertCore, negativeCore, toBool } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike, toFloat, weakTypeOf } from "./convert-core.ts";
import { type Op, op } from "./op.ts";

/** An op of one tensor. */
export type UnaryOp = Op<(x: TensorLike) => Tensor>;
const onFloats = (name: string, f: (x: Tensor) => Tensor): UnaryOp => op(name, (x: TensorLike) => f(toFloat(x)));
const onTensors = (name: string, f: (x: Tensor) => Tensor): UnaryOp =>
  op(name, (x: TensorLike) => f(convertToTensor(x)));
// Whole numbers are what they would be rounded to, but in floats, as Keras gives them.
const rounding = (name: string, f: (x: Tensor) => Tensor): UnaryOp => onFloats(name, f);

/** `|x|`. @example abs([-1, 2]) // [1, 2] */
export const abs: UnaryOp = /* @__PURE__ */ op("abs", absCore);
/** `|x|`, the same as `abs`. */
export const absolute: UnaryOp = /* @__PURE__ */ op("absolute", absCore);
/** `|x|` as a float. */
export const fabs: UnaryOp = /* @__PURE__ */ onFloats("fabs", (x) => p.abs(x));
/** `-x`. */
export const negative: UnaryOp = /* @__PURE__ */ op("negative", negativeCore);
/** -1, 0 or 1. */
export const sign: UnaryOp = /* @__PURE__ */ onTensors("sign", (x) => (x.dtype === "bool" ? x : p.sign(x)));
/** `x^2`. */
export const square: UnaryOp = /* @__PURE__ */ onTensors("square", (x) =>
  x.dtype === "bool" ? p.mul(castTo(x, "int32"), castTo(x, "int32")) : p.mul(x, x),
);
/** `1 / x`. */
export const reciprocal: UnaryOp = /* @__PURE__ */ onFloats("reciprocal", (x) => p.div(1, x));
/** The square root. */
export const sqrt: UnaryOp = /* @__PURE__ */ onFloats("sqrt", p.sqrt);
/** `1 / sqrt(x)`. */
export const rsqrt: UnaryOp = /* @__PURE__ */ onFloats("rsqrt", p.rsqrt);
/** The cube root, of negative numbers too. */
export const cbrt: UnaryOp = /* @__PURE__ */ onFloats("cbrt", (x) => {
  const root = p.pow(p.abs(x), 1 / 3);
  return p.mul(p.sign(x), root);
});
/** `e^x`. */
export const exp: UnaryOp = /* @__PURE__ */ onFloats("exp", p.exp);
/** `2^x`. */
export const exp2: UnaryOp = /* @__PURE__ */ onFloats("exp2", (x) => p.exp(p.mul(x, Math.LN2)));
/** `e^x - 1`, exact near 0. */
export const expm1: UnaryOp = /* @__PURE__ */ onFloats("expm1", p.expm1);
/** The natural logarithm. */
export const log: UnaryOp = /* @__PURE__ */ onFloats("log", p.log);
/** The logarithm to base 10. */
export const log10: UnaryOp = /* @__PURE__ */ onFloats("log10", (x) => p.div(p.log(x), Math.LN10));
/** The logarithm to base 2. */
export const log2: UnaryOp = /* @__PURE__ */ onFloats("log2", (x) => p.div(p.log(x), Math.LN2));
/** `log(1 + x)`, exact near 0. */
export const log1p: UnaryOp = /* @__PURE__ */ onFloats("log1p", p.log1p);
export const sin: UnaryOp = /* @__PURE__ */ onFloats("sin", p.sin);
export const cos: UnaryOp = /* @__PURE__ */ onFloats("cos", p.cos);
export const tan: UnaryOp = /* @__PURE__ */ onFloats("tan", p.tan);
export const arcsin: UnaryOp = /* @__PURE__ */ onFloats("arcsin", p.asin);
export const arccos: UnaryOp = /* @__PURE__ */ onFloats("arccos", p.acos);
export const arctan: UnaryOp = /* @__PURE__ */ onFloats("arctan", p.atan);
export const sinh: UnaryOp = /* @__PURE__ */ onFloats("sinh", p.sinh);
export const cosh: UnaryOp = /* @__PURE__ */ onFloats("cosh", p.cosh);
export const tanh: UnaryOp = /* @__PURE__ */ onFloats("tanh", p.tanh);
export const arcsinh: UnaryOp = /* @__PURE__ */ onFloats("arcsinh", p.asinh);
export const arccosh: UnaryOp = /* @__PURE__ */ onFloats("arccosh", p.acosh);
export const arctanh: UnaryOp = /* @__PURE__ */ onFloats("arctanh", p.atanh);
/** `sin(pi x) / (pi x)`, 1 at 0. */
export const sinc: UnaryOp = /* @__PURE__ */ onFloats("sinc", (x) => {
  const zero = p.equal(x, 0);
  const scaled = p.mul(p.where(zero, 1, x), Math.PI);
  return p.where(zero, 1, p.div(p.sin(scaled), scaled));
});
/** The error function, `2/sqrt(pi)` times the integral of `e^(-t^2)` from 0 to x. */
export const erf: UnaryOp = /* @__PURE__ */ onFloats("erf", p.erf);
/** The inverse of `erf`. */
export const erfinv: UnaryOp = /* @__PURE__ */ onFloats("erfinv", p.erfInv);
/** Degrees to radians. */
export const deg2rad: UnaryOp = /* @__PURE__ */ onFloats("deg2rad", (x) => p.mul(x, Math.PI / 180));
/** Radians to degrees. */
export const rad2deg: UnaryOp = /* @__PURE__ */ onFloats("rad2deg", (x) => p.mul(x, 180 / Math.PI));

/** The next whole number below. */
export const floor: UnaryOp = /* @__PURE__ */ rounding("floor", p.floor);
/** The next whole number above. */
export const ceil: UnaryOp = /* @__PURE__ */ rounding("ceil", p.ceil);
/** The next whole number toward 0. */
export const trunc: UnaryOp = /* @__PURE__ */ onTensors("trunc", (x) => (isFloat(x.dtype) ? p.trunc(x) : x));
export interface RoundOptions {
  /** Digits to keep after the point; negative: before it. */
  readonly decimals?: number;
}
/** The nearest number with `decimals` digits, ties to even. @example round([0.5, 1.5, 1.25], { decimals: 1 }) // [0.5, 1.5, 1.2] */
export const round: Op<(x: TensorLike, options?: RoundOptions) => Tensor> = /* @__PURE__ */ op(
  "round",
  (x: TensorLike, { decimals = 0 }: RoundOptions = {}): Tensor => {
    const t = convertToTensor(x);
    if (!isFloat(t.dtype)) {
      if (decimals >= 0) return t;
      const factor = 10 ** decimals;
      return castTo(p.div(p.round(p.mul(castTo(t, "float32"), factor)), factor), t.dtype);
    }
    if (decimals === 0) return p.round(t);
    return p.div(p.round(p.mul(t, 10 ** decimals)), 10 ** decimals);
  },
);

export const isfinite: UnaryOp = /* @__PURE__ */ onTensors("isfinite", (x) =>
  isFloat(x.dtype) ? p.isFinite(x) : p.equal(x, x),
);
export const isnan: UnaryOp = /* @__PURE__ */ onTensors("isnan", (x) =>
  isFloat(x.dtype) ? p.isNan(x) : p.notEqual(x, x),
);
export const isinf: UnaryOp = /* @__PURE__ */ onTensors("isinf", (x) =>
  isFloat(x.dtype) ? p.equal(p.abs(x), Number.POSITIVE_INFINITY) : p.notEqual(x, x),
);
export const isposinf: UnaryOp = /* @__PURE__ */ onTensors("isposinf", (x) =>
  isFloat(x.dtype) ? p.equal(x, Number.POSITIVE_INFINITY) : p.notEqual(x, x),
);
export const isneginf: UnaryOp = /* @__PURE__ */ onTensors("isneginf", (x) =>
  isFloat(x.dtype) ? p.equal(x, Number.NEGATIVE_INFINITY) : p.notEqual(x, x),
);
/** True where the imaginary part is 0: everywhere, for real dtypes. */
export const isreal: UnaryOp = /* @__PURE__ */ onTensors("isreal", (x) => p.or(p.equal(x, x), p.notEqual(x, x)));
/** True where the sign bit is set, of -0 too. */
export const signbit: UnaryOp = /* @__PURE__ */ onTensors("signbit", (x) => {
  if (!isFloat(x.dtype)) return p.less(x.dtype === "bool" ? castTo(x, "int32") : x, 0);
  return hasSign(x);
});
// 1 / -0 is -inf: the only way to see the sign of a zero.
function hasSign(x: Tensor): Tensor {
  return p.less(p.where(p.equal(x, 0), p.div(1, x), x), 0);
}

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
/** Replaces nan and infinities by numbers. */
export const nanToNum: Op<(x: TensorLike, options?: NanToNumOptions) => Tensor> = /* @__PURE__ */ op(
  "nanToNum",
  (x: TensorLike, { nan = 0, posinf = null, neginf = null }: NanToNumOptions = {}): Tensor => {
    const t = convertToTensor(x);
    if (!isFloat(t.dtype)) return t;
    const most = largest[t.dtype] as number;
    const clean = p.where(p.isNan(t), nan, t);
    const low = p.where(p.equal(clean, Number.NEGATIVE_INFINITY), neginf ?? -most, clean);
    return p.where(p.equal(t, Number.POSITIVE_INFINITY), posinf ?? most, low);
  },
);

export const logicalNot: UnaryOp = /* @__PURE__ */ op("logicalNot", (x: TensorLike) => p.not(toBool(x)));
/** Every bit flipped; for bool, not. */
export const bitwiseInvert: UnaryOp = /* @__PURE__ */ op("bitwiseInvert", invertCore);
/** The same as `bitwiseInvert`. */
export const bitwiseNot: UnaryOp = /* @__PURE__ */ op("bitwiseNot", invertCore);

/** The complex conjugate; for real dtypes, `x`. */
export const conjugate: UnaryOp = /* @__PURE__ */ onTensors("conjugate", (x) => real("conjugate", x));
/** The same as `conjugate`. */
export const conj: UnaryOp = /* @__PURE__ */ onTensors("conj", (x) => real("conj", x));
/** The angle in the complex plane: 0, or pi where negative, -0 too. */
export const angle: UnaryOp = /* @__PURE__ */ onFloats("angle", (x) => {
  return p.where(p.isNan(x), x, p.where(hasSign(real("angle", x)), scalar(Math.PI, x.dtype), 0));
});
function real(where: string, x: Tensor): Tensor {
  if (x.dtype !== "complex64") return x;
  throw new DtypeError(
    complain(where, { must: "the input must be real", got: showAval(x), todo: "Keep the two parts as two tensors" }),
  );
}

/** The same values as a new tensor. */
export const copy: UnaryOp = /* @__PURE__ */ onTensors("copy", (x) => x);

/** `x` limited to `[xMin, xMax]`. @example clip([-3, 0.5, 9], -1, 1) // [-1, 0.5, 1] */
export const clip: Op<(x: TensorLike, xMin: TensorLike, xMax: TensorLike) => Tensor> = /* @__PURE__ */ op(
  "clip",
  (x: TensorLike, xMin: TensorLike, xMax: TensorLike): Tensor => {
    const given = convertToTensor(x);
    const t = given.dtype === "bool" ? castTo(given, "int32") : given;
    const own = typeof x === "number" ? weakTypeOf(x) : t.dtype;
    const dtype = resultType(own, weakTypeOf(xMin), weakTypeOf(xMax));
    const [low, high] = [xMin, xMax].map((limit) => convertToTensor(limit, { dtype })) as [Tensor, Tensor];
    return p.min(p.max(castTo(t, dtype), low), high);
  },
);
