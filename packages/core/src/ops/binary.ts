// Two tensors of shapes that broadcast, promoted to one dtype.
import { isFloat } from "../aval/index.ts";
import { complain, DtypeError, showAval } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import {
  addCore,
  castTo,
  comparison,
  divideCore,
  floorDivideCore,
  logical,
  modCore,
  multiplyCore,
  powerCore,
  promoteFloat,
  remainderCore,
  subtractCore,
} from "./arithmetic-core.ts";
import { convertToTensor, promote, type TensorLike } from "./convert-core.ts";
import { type Op, op } from "./op.ts";

/** An op of two tensors. */
export type BinaryOp = Op<(x1: TensorLike, x2: TensorLike) => Tensor>;
const promoted = (name: string, f: (a: Tensor, b: Tensor) => Tensor): BinaryOp =>
  op(name, (x1: TensorLike, x2: TensorLike) => f(...(promote(x1, x2) as [Tensor, Tensor])));
const onFloats = (name: string, f: (a: Tensor, b: Tensor) => Tensor): BinaryOp =>
  op(name, (x1: TensorLike, x2: TensorLike) => f(...(promoteFloat(x1, x2) as [Tensor, Tensor])));
// Keras makes tensors of the numbers first: a fraction beside a half gives float32.
const strong = (x: TensorLike): TensorLike => (typeof x === "number" && !Number.isInteger(x) ? convertToTensor(x) : x);
const onStrongFloats = (name: string, f: (a: Tensor, b: Tensor) => Tensor): BinaryOp =>
  op(name, (x1: TensorLike, x2: TensorLike) => f(...(promoteFloat(strong(x1), strong(x2)) as [Tensor, Tensor])));

/** `x1 + x2`; or, for bool. @example add([1, 2], 3) // [4, 5] */
export const add: BinaryOp = /* @__PURE__ */ op("add", addCore);
/** `x1 - x2`. @throws DtypeError for two bools. */
export const subtract: BinaryOp = /* @__PURE__ */ op("subtract", subtractCore);
/** `x1 x2`; and, for bool. */
export const multiply: BinaryOp = /* @__PURE__ */ op("multiply", multiplyCore);
/** `x1 / x2`, always a float. */
export const divide: BinaryOp = /* @__PURE__ */ op("divide", divideCore);
/** The same as `divide`. */
export const trueDivide: BinaryOp = /* @__PURE__ */ op("trueDivide", divideCore);
/** `x1 / x2`, 0 where `x2` is 0. */
export const divideNoNan: BinaryOp = /* @__PURE__ */ onFloats("divideNoNan", (a, b) => {
  const zero = p.equal(b, 0);
  return p.where(zero, 0, p.div(a, p.where(zero, 1, b)));
});
/** `x1 / x2` rounded down, Python's `//`. */
export const floorDivide: BinaryOp = /* @__PURE__ */ op("floorDivide", floorDivideCore);
/** Remainder with the sign of `x2`, Python's `%`. */
export const mod: BinaryOp = /* @__PURE__ */ op("mod", modCore);
/** Remainder with the sign of `x1`, C's `fmod`. */
export const fmod: BinaryOp = /* @__PURE__ */ promoted("fmod", (a, b) =>
  a.dtype === "bool" ? p.rem(castTo(a, "int32"), castTo(b, "int32")) : remainderCore(a, b),
);
/** `x1^x2`. */
export const power: BinaryOp = /* @__PURE__ */ op("power", powerCore);
/** The larger of both; nan if one is. */
export const maximum: BinaryOp = /* @__PURE__ */ promoted("maximum", p.max);
/** The smaller of both; nan if one is. */
export const minimum: BinaryOp = /* @__PURE__ */ promoted("minimum", p.min);
// Of equal ones the second: it has all of the gradient, and its sign of zero counts.
const ignoringNan =
  (wins: (a: Tensor, b: Tensor) => Tensor) =>
  (a: Tensor, b: Tensor): Tensor =>
    p.where(isFloat(a.dtype) ? p.or(wins(a, b), p.isNan(b)) : wins(a, b), a, b);
/** The larger of both; where one is nan, the other. */
export const fmax: BinaryOp = /* @__PURE__ */ promoted("fmax", /* @__PURE__ */ ignoringNan(p.greater));
/** The smaller of both; where one is nan, the other. */
export const fmin: BinaryOp = /* @__PURE__ */ promoted("fmin", /* @__PURE__ */ ignoringNan(p.less));
/** The angle of the point `(x2, x1)`, in `[-pi, pi]`. */
export const arctan2: BinaryOp = /* @__PURE__ */ onStrongFloats("arctan2", p.atan2);
/** `sqrt(x1^2 + x2^2)`, without overflow. */
export const hypot: BinaryOp = /* @__PURE__ */ onFloats("hypot", (a, b) => {
  const [x, y] = [p.abs(a), p.abs(b)];
  const [small, large] = [p.min(x, y), p.max(x, y)];
  const zero = p.equal(large, 0);
  const ratio = p.div(small, p.where(zero, 1, large));
  // Infinite beside nan, too.
  const infinite = p.or(p.equal(x, Number.POSITIVE_INFINITY), p.equal(y, Number.POSITIVE_INFINITY));
  return p.where(
    zero,
    large,
    p.where(infinite, Number.POSITIVE_INFINITY, p.mul(large, p.sqrt(p.add(p.mul(ratio, ratio), 1)))),
  );
});
// max + log(1 + e^(min - max)), in which equal ones share the gradient; equal infinities must not be subtracted.
const logAdd = (a: Tensor, b: Tensor, unit: number): Tensor => {
  const larger = p.max(a, b);
  const gap = p.sub(p.min(a, b), larger);
  const tail = p.log1p(p.exp(p.mul(gap, unit)));
  return p.where(p.isNan(gap), p.add(a, b), p.add(larger, unit === 1 ? tail : p.mul(tail, 1 / unit)));
};
/** `log(e^x1 + e^x2)`. */
export const logaddexp: BinaryOp = /* @__PURE__ */ onStrongFloats("logaddexp", (a, b) => logAdd(a, b, 1));
/** `log2(2^x1 + 2^x2)`. */
export const logaddexp2: BinaryOp = /* @__PURE__ */ onStrongFloats("logaddexp2", (a, b) => logAdd(a, b, Math.LN2));
/** 0 where `x1 < 0`, `x2` where it is 0, else 1. */
export const heaviside: BinaryOp = /* @__PURE__ */ onFloats("heaviside", (a, b) => {
  const step = p.where(p.less(a, 0), 0, p.where(p.greater(a, 0), 1, b));
  return p.where(p.isNan(a), a, step);
});
/** `x1 2^x2` with whole `x2`. @throws DtypeError if `x2` is not an integer tensor. */
export const ldexp: BinaryOp = /* @__PURE__ */ op("ldexp", (x1: TensorLike, x2: TensorLike): Tensor => {
  const exponent =
    typeof x2 === "number" && Number.isInteger(x2) ? convertToTensor(x2, { dtype: "int32" }) : convertToTensor(x2);
  if (isFloat(exponent.dtype) || exponent.dtype === "bool") {
    throw new DtypeError(
      complain("ldexp", { must: "the exponent must be an integer", got: showAval(exponent), todo: "Cast x2 to int32" }),
    );
  }
  const [a, b] = promoteFloat(x1, exponent) as [Tensor, Tensor];
  // In two halves, so that 2^x2 itself need not be representable.
  const limited = p.max(p.min(b, 4000), -4000);
  const half = p.floor(p.mul(limited, 0.5));
  const power2 = (e: Tensor): Tensor => p.pow(2, e);
  const scaled = p.mul(p.mul(a, power2(half)), power2(p.sub(limited, half)));
  // 0 and infinities stay, whatever the power overflows to.
  return p.where(p.or(p.equal(a, 0), p.not(p.isFinite(a))), a, scaled);
});

/** `x1 == x2`. */
export const equal: BinaryOp = /* @__PURE__ */ op("equal", /* @__PURE__ */ comparison(p.equal));
/** `x1 != x2`. */
export const notEqual: BinaryOp = /* @__PURE__ */ op("notEqual", /* @__PURE__ */ comparison(p.notEqual));
/** `x1 < x2`. */
export const less: BinaryOp = /* @__PURE__ */ op("less", /* @__PURE__ */ comparison(p.less));
/** `x1 <= x2`. */
export const lessEqual: BinaryOp = /* @__PURE__ */ op("lessEqual", /* @__PURE__ */ comparison(p.lessEqual));
/** `x1 > x2`. */
export const greater: BinaryOp = /* @__PURE__ */ op("greater", /* @__PURE__ */ comparison(p.greater));
/** `x1 >= x2`. */
export const greaterEqual: BinaryOp = /* @__PURE__ */ op("greaterEqual", /* @__PURE__ */ comparison(p.greaterEqual));
export const logicalAnd: BinaryOp = /* @__PURE__ */ op("logicalAnd", /* @__PURE__ */ logical(p.and));
export const logicalOr: BinaryOp = /* @__PURE__ */ op("logicalOr", /* @__PURE__ */ logical(p.or));
export const logicalXor: BinaryOp = /* @__PURE__ */ op("logicalXor", /* @__PURE__ */ logical(p.xor));

export const bitwiseAnd: BinaryOp = /* @__PURE__ */ promoted("bitwiseAnd", p.and);
export const bitwiseOr: BinaryOp = /* @__PURE__ */ promoted("bitwiseOr", p.or);
export const bitwiseXor: BinaryOp = /* @__PURE__ */ promoted("bitwiseXor", p.xor);
const shift =
  (f: (a: Tensor, b: Tensor) => Tensor) =>
  (a: Tensor, b: Tensor): Tensor =>
    a.dtype === "bool" ? f(castTo(a, "int32"), castTo(b, "int32")) : f(a, b);
const shiftLeft = shift(p.shiftLeft);
const shiftRight = shift((a, b) =>
  a.dtype.startsWith("uint") ? p.shiftRightLogical(a, b) : p.shiftRightArithmetic(a, b),
);
/** `x 2^y` in integers. */
export const bitwiseLeftShift: BinaryOp = /* @__PURE__ */ promoted("bitwiseLeftShift", shiftLeft);
/** The same as `bitwiseLeftShift`. */
export const leftShift: BinaryOp = /* @__PURE__ */ promoted("leftShift", shiftLeft);
/** `x / 2^y` rounded down. */
export const bitwiseRightShift: BinaryOp = /* @__PURE__ */ promoted("bitwiseRightShift", shiftRight);
/** The same as `bitwiseRightShift`. */
export const rightShift: BinaryOp = /* @__PURE__ */ promoted("rightShift", shiftRight);

export interface CloseOptions {
  readonly rtol?: number;
  readonly atol?: number;
  readonly equalNan?: boolean;
}
function close(
  x1: TensorLike,
  x2: TensorLike,
  { rtol = 1e-5, atol = 1e-8, equalNan = false }: CloseOptions = {},
): Tensor {
  const [a, b] = promote(x1, x2) as [Tensor, Tensor];
  if (!isFloat(a.dtype)) return close(castTo(a, "float32"), castTo(b, "float32"), { rtol, atol });
  const near = p.lessEqual(p.abs(p.sub(a, b)), p.add(p.mul(p.abs(b), rtol), atol));
  const finite = p.and(p.isFinite(a), p.isFinite(b));
  const result = p.or(p.and(finite, near), p.equal(a, b));
  return equalNan ? p.or(result, p.and(p.isNan(a), p.isNan(b))) : result;
}
/** `|x1 - x2| <= atol + rtol |x2|`, elementwise. */
export const isclose: Op<(x1: TensorLike, x2: TensorLike, options?: CloseOptions) => Tensor> = /* @__PURE__ */ op(
  "isclose",
  close,
);
/** True if `isclose` holds everywhere. */
export const allclose: Op<(x1: TensorLike, x2: TensorLike, options?: CloseOptions) => Tensor> = /* @__PURE__ */ op(
  "allclose",
  (x1: TensorLike, x2: TensorLike, options: CloseOptions = {}): Tensor => {
    const each = close(x1, x2, options);
    return p.reduceAnd(each, { axes: each.shape.map((_, i) => i) });
  },
);
