// Numbers as bits in memory.
import { bitsOf, type DType, isFloat, isInteger, type Shape, standardizeDtype } from "../aval/index.ts";
import { complain, DtypeError, ShapeError, showAval } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo, promoteFloat } from "./arithmetic-core.ts";
import type { BinaryOp } from "./binary.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { type Op, op } from "./op.ts";

// float16's fraction is 13 bits shorter than float32's, and its exponent starts 112 later.
const SHORTER = 13;
const LATER = 112 << 10;
const bitcast = (x: Tensor, dtype: DType): Tensor => p.bitcast(x, { dtype });

/** The bits of each element in an int32, those above the dtype's width 0. */
function bitsIn(x: Tensor): Tensor {
  if (x.dtype === "float32") return bitcast(x, "int32");
  if (x.dtype === "bfloat16") return p.shiftRightLogical(bitcast(castTo(x, "float32"), "int32"), 16);
  if (x.dtype === "float16") {
    const wide = castTo(x, "float32");
    const bits = bitcast(wide, "int32");
    const size = p.abs(wide);
    const normal = p.sub(p.shiftRightLogical(p.and(bits, 0x7fffffff), SHORTER), LATER);
    const tiny = castTo(p.mul(p.where(p.less(size, 2 ** -14), size, 0), 2 ** 24), "int32");
    const finite = p.where(p.less(size, 2 ** -14), tiny, normal);
    const special = p.where(p.isNan(wide), p.full([], 0x7e00, "int32"), 0x7c00);
    const sign = p.and(p.shiftRightLogical(bits, 16), 0x8000);
    return p.or(p.where(p.isFinite(wide), finite, special), sign);
  }
  const whole = castTo(x, "int32");
  const width = x.dtype === "bool" ? 8 : bitsOf(x.dtype);
  return width === 32 ? whole : p.and(whole, 2 ** width - 1);
}

/** Elements of `dtype` from bits as `bitsIn` gives them. */
function fromBits(bits: Tensor, dtype: DType): Tensor {
  if (dtype === "float32") return bitcast(bits, "float32");
  if (dtype === "bfloat16") return castTo(bitcast(p.shiftLeft(bits, 16), "float32"), dtype);
  if (dtype === "float16") {
    const size = p.and(bits, 0x7fff);
    const tiny = p.mul(castTo(size, "float32"), 2 ** -24);
    const normal = bitcast(p.shiftLeft(p.add(size, LATER), SHORTER), "float32");
    const special = p.where(p.equal(size, 0x7c00), Number.POSITIVE_INFINITY, Number.NaN);
    const finite = p.where(p.less(size, 0x400), tiny, normal);
    const magnitude = p.where(p.less(size, 0x7c00), finite, special);
    return castTo(p.where(p.equal(p.and(bits, 0x8000), 0), magnitude, p.neg(magnitude)), dtype);
  }
  return castTo(bits, dtype);
}

const widthOf = (dtype: DType): number => (dtype === "bool" ? 8 : bitsOf(dtype));
const isViewable = (dtype: DType): boolean =>
  dtype === "bool" || (widthOf(dtype) <= 32 && (isFloat(dtype) || isInteger(dtype)));

// The last axis divided by (or multiplied with) how many elements of one dtype make one of the other.
function viewedShape(x: Tensor, from: number, to: number): Shape {
  const last = x.shape[x.ndim - 1];
  if (last === undefined) {
    const must = "a scalar can only be viewed as a dtype of the same width";
    throw new ShapeError(complain("view", { must, got: `${from} and ${to} bits`, todo: "Use ops.expandDims first" }));
  }
  if ((last * from) % to !== 0) {
    const must = "the bytes of the last axis must divide into whole elements";
    const got = `${showAval(x)} for elements of ${to} bits`;
    throw new ShapeError(complain("view", { must, got, todo: "Pad the last axis, or choose a narrower dtype" }));
  }
  return [...x.shape.slice(0, -1), (last * from) / to];
}

export interface ViewOptions {
  /** What the bits mean; as before by default. */
  readonly dtype?: string | null;
}
/**
 * The bits of `x` read as another dtype. If the widths differ, the last axis shrinks or grows: `[..., n]` float32 is `[..., 4n]` uint8,
 * lowest byte first. Nothing flows back. @throws ShapeError if the bytes do not fit. @throws DtypeError for complex64 and 64 bits.
 * Source: keras.ops.view.
 * @example await view(tensor([1]), { dtype: "int32" }).array(); // [1065353216]
 */
export const view: Op<(x: TensorLike, options?: ViewOptions) => Tensor> = /* @__PURE__ */ op(
  "view",
  (x: TensorLike, { dtype = null }: ViewOptions = {}): Tensor => {
    const t = convertToTensor(x);
    const target = dtype === null ? t.dtype : standardizeDtype(dtype);
    if (target === t.dtype) return t;
    if (![t.dtype, target].every(isViewable)) {
      const must = "both dtypes must be real and of at most 32 bits";
      throw new DtypeError(complain("view", { must, got: `${showAval(t)} to ${target}`, todo: "Use ops.cast" }));
    }
    const [from, to] = [widthOf(t.dtype), widthOf(target)];
    if (from === to) return fromBits(bitsIn(t), target);
    const shape = viewedShape(t, from, to);
    const bits = bitsIn(t);
    const many = Math.max(from, to) / Math.min(from, to);
    const offsets = p.mul(p.iota({ shape: [many], axis: 0, dtype: "int32" }), Math.min(from, to));
    if (from > to) {
      const parts = p.shiftRightLogical(p.reshape(bits, { shape: [...t.shape, 1] }), offsets);
      return fromBits(p.reshape(p.and(parts, 2 ** to - 1), { shape }), target);
    }
    const parts = p.shiftLeft(p.reshape(bits, { shape: [...shape, many] }), offsets);
    return fromBits(p.reduceSum(parts, { axes: [shape.length] }), target);
  },
);

// Ordered as numbers are: the negative ones' magnitudes count down.
const ordered = (bits: Tensor, sign: number): Tensor => {
  const magnitude = p.and(bits, sign - 1);
  return p.where(p.equal(magnitude, bits), magnitude, p.neg(magnitude));
};
/**
 * The next number after `x1` in the direction of `x2` in their common float dtype; `x2` where they are equal, nan where one is nan.
 * Nothing flows back. Source: keras.ops.nextafter.
 * @example await nextafter(1, 2).array(); // 1.0000001192092896
 */
export const nextafter: BinaryOp = /* @__PURE__ */ op("nextafter", (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = promoteFloat(x1, x2).map(p.stopGradient) as [Tensor, Tensor];
  const { dtype } = a;
  const width = bitsOf(dtype);
  if (width > 32) {
    const todo = "Cast to float32";
    throw new DtypeError(complain("nextafter", { must: "floats must have at most 32 bits", got: dtype, todo }));
  }
  const sign = 2 ** (width - 1);
  const place = ordered(bitsIn(a), sign);
  const moved = p.add(place, p.where(p.greater(b, a), p.full([], 1, "int32"), -1));
  const magnitude = fromBits(p.abs(moved), dtype);
  // From 0 downwards the sign is negative; a number that becomes 0 keeps its own.
  const negative = p.or(p.less(moved, 0), p.and(p.equal(moved, 0), p.less(a, 0)));
  const next = p.where(negative, p.neg(magnitude), magnitude);
  return p.where(p.or(p.isNan(a), p.isNan(b)), Number.NaN, p.where(p.equal(a, b), b, next));
});
