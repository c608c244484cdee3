// Two tensors of shapes that broadcast, promoted to one dtype.
import { isDifferentiable, isFloat } from "../aval/index.ts";
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

/**
 * `x1 + x2`; or, for bool.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.add.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.add([1, 2], 3).array(); // [4, 5]
 */
export const add: BinaryOp = /* @__PURE__ */ op("add", addCore);
/**
 * `x1 - x2`.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.subtract.
 * @throws DtypeError for two bools.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.subtract([1, 2], 3).array(); // [-2, -1]
 */
export const subtract: BinaryOp = /* @__PURE__ */ op("subtract", subtractCore);
/**
 * `x1 x2`; and, for bool.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.multiply.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.multiply([1, 2], 3).array(); // [3, 6]
 */
export const multiply: BinaryOp = /* @__PURE__ */ op("multiply", multiplyCore);
/**
 * `x1 / x2`, always a float.
 * `x1` and `x2` broadcast; the result has their common float dtype.
 * Source: keras.ops.divide.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.divide([1, 2], 4).array(); // [0.25, 0.5]
 */
export const divide: BinaryOp = /* @__PURE__ */ op("divide", divideCore);
/**
 * The same as `divide`.
 * `x1` and `x2` broadcast; the result has their common float dtype.
 * Source: keras.ops.true_divide.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.trueDivide([1, 2], 4).array(); // [0.25, 0.5]
 */
export const trueDivide: BinaryOp = /* @__PURE__ */ op("trueDivide", divideCore);
/**
 * `x1 / x2`, 0 where `x2` is 0.
 * `x1` and `x2` broadcast; the result has their common float dtype.
 * Source: keras.ops.divide_no_nan.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.divideNoNan([1, 2], [0, 4]).array(); // [0, 0.5]
 */
export const divideNoNan: BinaryOp = /* @__PURE__ */ onFloats("divideNoNan", (a, b) => {
  const zero = p.equal(b, 0);
  return p.where(zero, 0, p.div(a, p.where(zero, 1, b)));
});
/**
 * `x1 / x2` rounded down, Python's `//`.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.floor_divide.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.floorDivide([7, -7], 2).array(); // [3, -4]
 */
export const floorDivide: BinaryOp = /* @__PURE__ */ op("floorDivide", floorDivideCore);
/**
 * Remainder with the sign of `x2`, Python's `%`.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.mod.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.mod([7, -7], 3).array(); // [1, 2]
 */
export const mod: BinaryOp = /* @__PURE__ */ op("mod", modCore);
/**
 * Remainder with the sign of `x1`, C's `fmod`.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.fmod.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.fmod([7, -7], 3).array(); // [1, -1]
 */
export const fmod: BinaryOp = /* @__PURE__ */ promoted("fmod", (a, b) =>
  a.dtype === "bool" ? p.rem(castTo(a, "int32"), castTo(b, "int32")) : remainderCore(a, b),
);
/**
 * `x1^x2`.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.power.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.power([2, 3], 2).array(); // [4, 9]
 */
export const power: BinaryOp = /* @__PURE__ */ op("power", powerCore);
/**
 * The larger of both; nan if one is.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.maximum.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.maximum([1, 5], 3).array(); // [3, 5]
 */
export const maximum: BinaryOp = /* @__PURE__ */ promoted("maximum", p.max);
/**
 * The smaller of both; nan if one is.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.minimum.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.minimum([1, 5], 3).array(); // [1, 3]
 */
export const minimum: BinaryOp = /* @__PURE__ */ promoted("minimum", p.min);
// Of equal ones the second: it has all of the gradient, and its sign of zero counts.
const ignoringNan =
  (wins: (a: Tensor, b: Tensor) => Tensor) =>
  (a: Tensor, b: Tensor): Tensor =>
    p.where(isFloat(a.dtype) ? p.or(wins(a, b), p.isNan(b)) : wins(a, b), a, b);
/**
 * The larger of both; where one is nan, the other.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.fmax.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.fmax([1, Number.NaN], 3).array(); // [3, 3]
 */
export const fmax: BinaryOp = /* @__PURE__ */ promoted("fmax", /* @__PURE__ */ ignoringNan(p.greater));
/**
 * The smaller of both; where one is nan, the other.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.fmin.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.fmin([1, Number.NaN], 3).array(); // [1, 3]
 */
export const fmin: BinaryOp = /* @__PURE__ */ promoted("fmin", /* @__PURE__ */ ignoringNan(p.less));
/**
 * The angle of the point `(x2, x1)`, in `[-pi, pi]`.
 * `x1` and `x2` broadcast; the result has their common float dtype.
 * Source: keras.ops.arctan2.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.arctan2([0, 1], [-1, 1]).array(); // [3.1416, 0.7854]
 */
export const arctan2: BinaryOp = /* @__PURE__ */ onStrongFloats("arctan2", p.atan2);
/**
 * `sqrt(x1^2 + x2^2)`, without overflow.
 * `x1` and `x2` broadcast; the result has their common float dtype.
 * Source: keras.ops.hypot.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.hypot([3, 5], [4, 12]).array(); // [5, 13]
 */
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
/**
 * `log(e^x1 + e^x2)`.
 * `x1` and `x2` broadcast; the result has their common float dtype.
 * Source: keras.ops.logaddexp.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.logaddexp([0, 1], [0, 2]).array(); // [0.6931, 2.3133]
 */
export const logaddexp: BinaryOp = /* @__PURE__ */ onStrongFloats("logaddexp", (a, b) => logAdd(a, b, 1));
/**
 * `log2(2^x1 + 2^x2)`.
 * `x1` and `x2` broadcast; the result has their common float dtype.
 * Source: keras.ops.logaddexp2.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.logaddexp2([0, 1], [0, 1]).array(); // [1, 2]
 */
export const logaddexp2: BinaryOp = /* @__PURE__ */ onStrongFloats("logaddexp2", (a, b) => logAdd(a, b, Math.LN2));
/**
 * 0 where `x1 < 0`, `x2` where it is 0, else 1.
 * `x1` and `x2` broadcast; the result has their common float dtype.
 * Source: keras.ops.heaviside.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.heaviside([-1, 0, 2], 0.5).array(); // [0, 0.5, 1]
 */
export const heaviside: BinaryOp = /* @__PURE__ */ onFloats("heaviside", (a, b) => {
  const step = p.where(p.less(a, 0), 0, p.where(p.greater(a, 0), 1, b));
  return p.where(p.isNan(a), a, step);
});
/**
 * `x1 2^x2` with whole `x2`.
 * `x1` and `x2` broadcast; the result has their common float dtype.
 * Source: keras.ops.ldexp.
 * @throws DtypeError if `x2` is not an integer tensor.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.ldexp([1, 3], tensor([2, 3], { dtype: "int32" })).array(); // [4, 24]
 */
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

/**
 * `x1 == x2`.
 * `x1` and `x2` broadcast; the result is bool.
 * Source: keras.ops.equal.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.equal([1, 2], [1, 3]).array(); // [true, false]
 */
export const equal: BinaryOp = /* @__PURE__ */ op("equal", /* @__PURE__ */ comparison(p.equal));
/**
 * `x1 != x2`.
 * `x1` and `x2` broadcast; the result is bool.
 * Source: keras.ops.not_equal.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.notEqual([1, 2], [1, 3]).array(); // [false, true]
 */
export const notEqual: BinaryOp = /* @__PURE__ */ op("notEqual", /* @__PURE__ */ comparison(p.notEqual));
/**
 * `x1 < x2`.
 * `x1` and `x2` broadcast; the result is bool.
 * Source: keras.ops.less.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.less([1, 2], [1, 3]).array(); // [false, true]
 */
export const less: BinaryOp = /* @__PURE__ */ op("less", /* @__PURE__ */ comparison(p.less));
/**
 * `x1 <= x2`.
 * `x1` and `x2` broadcast; the result is bool.
 * Source: keras.ops.less_equal.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.lessEqual([1, 2], [1, 1]).array(); // [true, false]
 */
export const lessEqual: BinaryOp = /* @__PURE__ */ op("lessEqual", /* @__PURE__ */ comparison(p.lessEqual));
/**
 * `x1 > x2`.
 * `x1` and `x2` broadcast; the result is bool.
 * Source: keras.ops.greater.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.greater([1, 2], [1, 1]).array(); // [false, true]
 */
export const greater: BinaryOp = /* @__PURE__ */ op("greater", /* @__PURE__ */ comparison(p.greater));
/**
 * `x1 >= x2`.
 * `x1` and `x2` broadcast; the result is bool.
 * Source: keras.ops.greater_equal.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.greaterEqual([1, 2], [1, 3]).array(); // [true, false]
 */
export const greaterEqual: BinaryOp = /* @__PURE__ */ op("greaterEqual", /* @__PURE__ */ comparison(p.greaterEqual));
/**
 * True where both operands are not 0.
 * `x1` and `x2` broadcast; the result is bool.
 * Source: keras.ops.logical_and.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.logicalAnd([true, true], [true, false]).array(); // [true, false]
 */
export const logicalAnd: BinaryOp = /* @__PURE__ */ op("logicalAnd", /* @__PURE__ */ logical(p.and));
/**
 * True where at least one operand is not 0.
 * `x1` and `x2` broadcast; the result is bool.
 * Source: keras.ops.logical_or.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.logicalOr([true, false], [false, false]).array(); // [true, false]
 */
export const logicalOr: BinaryOp = /* @__PURE__ */ op("logicalOr", /* @__PURE__ */ logical(p.or));
/**
 * True where exactly one operand is not 0.
 * `x1` and `x2` broadcast; the result is bool.
 * Source: keras.ops.logical_xor.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.logicalXor([true, true], [true, false]).array(); // [false, true]
 */
export const logicalXor: BinaryOp = /* @__PURE__ */ op("logicalXor", /* @__PURE__ */ logical(p.xor));

/**
 * Bits that are set in both integers.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.bitwise_and.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.bitwiseAnd(tensor([6, 5], { dtype: "int32" }), tensor([3, 4], { dtype: "int32" })).array(); // [2, 4]
 */
export const bitwiseAnd: BinaryOp = /* @__PURE__ */ promoted("bitwiseAnd", p.and);
/**
 * Bits that are set in at least one integer.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.bitwise_or.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.bitwiseOr(tensor([6, 5], { dtype: "int32" }), tensor([3, 4], { dtype: "int32" })).array(); // [7, 5]
 */
export const bitwiseOr: BinaryOp = /* @__PURE__ */ promoted("bitwiseOr", p.or);
/**
 * Bits that are set in exactly one integer.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.bitwise_xor.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.bitwiseXor(tensor([6, 5], { dtype: "int32" }), tensor([3, 4], { dtype: "int32" })).array(); // [5, 1]
 */
export const bitwiseXor: BinaryOp = /* @__PURE__ */ promoted("bitwiseXor", p.xor);
const shift =
  (f: (a: Tensor, b: Tensor) => Tensor) =>
  (a: Tensor, b: Tensor): Tensor =>
    a.dtype === "bool" ? f(castTo(a, "int32"), castTo(b, "int32")) : f(a, b);
const shiftLeft = shift(p.shiftLeft);
const shiftRight = shift((a, b) =>
  a.dtype.startsWith("uint") ? p.shiftRightLogical(a, b) : p.shiftRightArithmetic(a, b),
);
/**
 * `x 2^y` in integers.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.bitwise_left_shift.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * await ops.bitwiseLeftShift(tensor([1, 3], { dtype: "int32" }), tensor([2, 1], { dtype: "int32" })).array(); // [4, 6]
 */
export const bitwiseLeftShift: BinaryOp = /* @__PURE__ */ promoted("bitwiseLeftShift", shiftLeft);
/**
 * The same as `bitwiseLeftShift`.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.left_shift.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.leftShift(tensor([1, 3], { dtype: "int32" }), tensor([2, 1], { dtype: "int32" })).array(); // [4, 6]
 */
export const leftShift: BinaryOp = /* @__PURE__ */ promoted("leftShift", shiftLeft);
/**
 * `x / 2^y` rounded down.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.bitwise_right_shift.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * await ops.bitwiseRightShift(tensor([8, -3], { dtype: "int32" }), tensor([2, 1], { dtype: "int32" })).array(); // [2, -2]
 */
export const bitwiseRightShift: BinaryOp = /* @__PURE__ */ promoted("bitwiseRightShift", shiftRight);
/**
 * The same as `bitwiseRightShift`.
 * `x1` and `x2` broadcast; the result has their common dtype.
 * Source: keras.ops.right_shift.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.rightShift(tensor([8, -3], { dtype: "int32" }), tensor([2, 1], { dtype: "int32" })).array(); // [2, -2]
 */
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
  if (!isDifferentiable(a.dtype)) return close(castTo(a, "float32"), castTo(b, "float32"), { rtol, atol });
  const near = p.lessEqual(p.abs(p.sub(a, b)), p.add(p.mul(p.abs(b), rtol), atol));
  const finite = p.and(p.isFinite(a), p.isFinite(b));
  const result = p.or(p.and(finite, near), p.equal(a, b));
  return equalNan ? p.or(result, p.and(p.isNan(a), p.isNan(b))) : result;
}
/**
 * `|x1 - x2| <= atol + rtol |x2|`, elementwise.
 * `x1` and `x2` broadcast; the result is bool.
 * Source: keras.ops.isclose.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.isclose([1, 2], [1.000001, 2.1]).array(); // [true, false]
 */
export const isclose: Op<(x1: TensorLike, x2: TensorLike, options?: CloseOptions) => Tensor> = /* @__PURE__ */ op(
  "isclose",
  close,
);
/**
 * True if `isclose` holds everywhere.
 * `x1` and `x2` broadcast; the result is bool.
 * Source: keras.ops.allclose.
 * @throws ShapeError if the shapes do not broadcast.
 * @example await ops.allclose([1, 2], [1, 2]).item(); // 1
 */
export const allclose: Op<(x1: TensorLike, x2: TensorLike, options?: CloseOptions) => Tensor> = /* @__PURE__ */ op(
  "allclose",
  (x1: TensorLike, x2: TensorLike, options: CloseOptions = {}): Tensor => {
    const each = close(x1, x2, options);
    return p.reduceAnd(each, { axes: each.shape.map((_, i) => i) });
  },
);
