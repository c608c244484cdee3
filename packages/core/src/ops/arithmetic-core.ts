// Binary arithmetic with promotion, as plain functions: the operators and the public ops both stand on these.
import { type DType, isComplex, isDifferentiable, isFloat, isUnsigned, resultType } from "../aval/index.ts";
import { complain, DtypeError, showAval } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { convertToTensor, promote, type TensorLike, weakTypeOf } from "./convert-core.ts";

export type BinaryCore = (x1: TensorLike, x2: TensorLike) => Tensor;
type Pair = readonly [Tensor, Tensor];
const pair = (x1: TensorLike, x2: TensorLike): Pair => promote(x1, x2) as unknown as Pair;

/** Both as tensors of their common dtype, a float one at that. */
export function promoteFloat(...xs: readonly TensorLike[]): Tensor[] {
  const ready = xs.map((x) => (typeof x === "number" || typeof x === "boolean" ? x : convertToTensor(x)));
  const dtype = resultType(...ready.map(weakTypeOf), "float");
  return ready.map((x) => convertToTensor(x, { dtype }));
}

// For ops that know no bool: it counts as int32.
function numbers(x1: TensorLike, x2: TensorLike): Pair {
  const [a, b] = pair(x1, x2);
  return a.dtype === "bool" ? [p.cast(a, { dtype: "int32" }), p.cast(b, { dtype: "int32" })] : [a, b];
}

export const addCore: BinaryCore = (x1, x2) => {
  const [a, b] = pair(x1, x2);
  return a.dtype === "bool" ? p.or(a, b) : p.add(a, b);
};

export const subtractCore: BinaryCore = (x1, x2) => {
  const [a, b] = pair(x1, x2);
  if (a.dtype !== "bool") return p.sub(a, b);
  const todo = "Use logicalXor, or cast one of them to int32";
  throw new DtypeError(
    complain("subtract", { must: "at least one input must be a number", got: "bool and bool", todo }),
  );
};

export const multiplyCore: BinaryCore = (x1, x2) => {
  const [a, b] = pair(x1, x2);
  return a.dtype === "bool" ? p.and(a, b) : p.mul(a, b);
};

export const divideCore: BinaryCore = (x1, x2) => {
  const [a, b] = promoteFloat(x1, x2) as unknown as Pair;
  return p.div(a, b);
};

/** Quotient rounded down. Floats: from the remainder, as Python's `divmod`, so that it is exact where the quotient is. */
export const floorDivideCore: BinaryCore = (x1, x2) => {
  const [a, b] = numbers(x1, x2);
  const rest = p.rem(a, b);
  if (isFloat(a.dtype)) {
    const quotient = p.div(p.where(p.equal(b, 0), a, p.sub(a, rest)), b);
    const down = p.and(p.notEqual(rest, 0), p.notEqual(p.sign(b), p.sign(rest)));
    return p.round(p.where(down, p.sub(quotient, 1), quotient));
  }
  const quotient = p.div(a, b);
  if (isUnsigned(a.dtype)) return quotient;
  const down = p.and(p.notEqual(p.sign(a), p.sign(b)), p.notEqual(rest, 0));
  return p.where(down, p.sub(quotient, 1), quotient);
};

/** Remainder with the sign of `a`; that of integers by 0 is 0. */
export const remainderCore = (a: Tensor, b: Tensor): Tensor =>
  isFloat(a.dtype) ? p.rem(a, b) : p.where(p.equal(b, 0), 0, p.rem(a, b));

export const modCore: BinaryCore = (x1, x2) => {
  const [a, b] = numbers(x1, x2);
  const rest = remainderCore(a, b);
  const plus = p.and(p.notEqual(p.less(rest, 0), p.less(b, 0)), p.notEqual(rest, 0));
  return p.where(plus, p.add(rest, b), rest);
};

export const powerCore: BinaryCore = (x1, x2) => {
  const [a, b] = numbers(x1, x2);
  // Small whole powers of floats are products, as XLA simplifies them.
  if (isDifferentiable(a.dtype) && typeof x2 === "number") {
    if (x2 === 1) return a;
    if (x2 === 2) return p.mul(a, a);
    if (x2 === 3) return p.mul(p.mul(a, a), a);
  }
  return isDifferentiable(a.dtype) || typeof x2 === "number" ? p.pow(a, b) : integerPower(a, b);
};

// By squaring, with six bits of the exponent, whatever its sign, as JAX; in 32 bits, from which narrower ones wrap alike.
function integerPower(a: Tensor, b: Tensor): Tensor {
  let base = castTo(a, "int32");
  const exponent = castTo(b, "int32");
  let result = p.where(p.and(p.equal(base, 0), p.notEqual(exponent, 0)), 0, p.full([], 1, "int32"));
  for (let bit = 1; bit < 64; bit *= 2) {
    result = p.where(p.notEqual(p.and(exponent, bit), 0), p.mul(result, base), result);
    base = p.mul(base, base);
  }
  return castTo(result, a.dtype);
}

/** A comparison of operands of any dtypes. */
export const comparison =
  (compare: (a: Tensor, b: Tensor) => Tensor): BinaryCore =>
  (x1, x2) =>
    compare(...pair(x1, x2));

/** `x != 0`: of a complex number either part, where a cast sees the real one only. */
export function toBool(x: TensorLike): Tensor {
  const t = convertToTensor(x);
  return isComplex(t.dtype) ? p.notEqual(t, 0) : p.cast(t, { dtype: "bool" });
}
/** A logical op: operands count as `!= 0`. */
export const logical =
  (combine: (a: Tensor, b: Tensor) => Tensor): BinaryCore =>
  (x1, x2) =>
    combine(toBool(x1), toBool(x2));

export const negativeCore = (x: TensorLike): Tensor => p.neg(convertToTensor(x));
export const absCore = (x: TensorLike): Tensor => {
  const t = convertToTensor(x);
  return t.dtype === "bool" || t.dtype.startsWith("uint") ? t : p.abs(t);
};
export const invertCore = (x: TensorLike): Tensor => p.not(convertToTensor(x));

/** `x` in `dtype`. */
export const castTo = (x: Tensor, dtype: DType): Tensor => p.cast(x, { dtype });

/** Where a float is negative or -0: 1 / -0 is -inf, the only way to see the sign of a zero. */
export const hasSign = (x: Tensor): Tensor => p.less(p.where(p.equal(x, 0), p.div(1, x), x), 0);

/** The input as a real float32 tensor. @throws DtypeError if it is complex. */
export function realOperand(where: string, x: TensorLike): Tensor {
  const t = convertToTensor(x);
  if (!isComplex(t.dtype)) return castTo(t, "float32");
  const todo = "Use ops.real and ops.imag of it";
  throw new DtypeError(complain(where, { must: "the input must be real", got: showAval(t), todo }));
}
