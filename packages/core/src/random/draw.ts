// From bits to numbers, as jax.random does it: same key, same numbers, on every engine. Source: jax/_src/random.
import {
  bitsOf,
  type DType,
  isFloat,
  isInteger,
  isUnsigned,
  type Shape,
  sizeOf,
  standardizeDtype,
} from "../aval/index.ts";
import { complain, DtypeError, ShapeError, showShape, ValueError } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { convertToTensor, floatx, type Op, op, type TensorLike, toFloat, withChecks } from "../ops/index.ts";
import * as p from "../primitives/index.ts";
import { erfInv32 } from "./erf-inv.ts";
import { drawSeed, type Seed, splitKey } from "./seed-generator.ts";

export interface DrawOptions {
  readonly dtype?: string | null;
  readonly seed?: Seed;
}
const cast = (x: Tensor, dtype: DType): Tensor => p.cast(x, { dtype });
const f32 = Math.fround;

function floatDtype(where: string, dtype: string | null | undefined): DType {
  const target = dtype === null || dtype === undefined ? floatx() : standardizeDtype(dtype);
  if (isFloat(target)) return target;
  throw new DtypeError(complain(where, { must: "the dtype must be a float dtype", got: target, todo: "Use float32" }));
}
function checked(where: string, shape: Shape): Shape {
  if (Array.isArray(shape) && shape.every((n) => Number.isInteger(n) && n >= 0)) return shape;
  const got = Array.isArray(shape) ? showShape(shape) : String(shape);
  throw new ShapeError(
    complain(where, { must: "the shape must be an array of whole numbers", got, todo: "Check the shape" }),
  );
}
const bits32 = (key: Tensor, shape: Shape): Tensor => p.randomBits(key, { shape, words: 1 });

// The highest mantissa bits that the dtype holds, as a fraction: exact.
const mantissas: Readonly<Partial<Record<DType, readonly [bits: number, mantissa: number]>>> = {
  float32: [32, 23],
  float16: [16, 10],
  bfloat16: [8, 7],
  float64: [32, 32],
};
function fractions(word: Tensor, dtype: DType): Tensor {
  const [width, mantissa] = mantissas[dtype] as readonly [number, number];
  const own = width === 32 ? word : p.and(word, 2 ** width - 1);
  const kept = width === mantissa ? own : p.shiftRightLogical(own, width - mantissa);
  const wide = dtype === "float64" ? "float64" : "float32";
  return cast(p.mul(cast(kept, wide), 2 ** -mantissa), dtype);
}
/** Uniform numbers in `[low, high)` of a dtype; the bounds are rounded to it first. */
export function uniformBits(
  key: Tensor,
  shape: Shape,
  low: Tensor | number,
  high: Tensor | number,
  dtype: DType,
): Tensor {
  const [from, to] = [low, high].map((x) =>
    typeof x === "number" ? convertToTensor(x, { dtype }) : cast(x, dtype),
  ) as [Tensor, Tensor];
  const word = bits32(key, shape);
  const unit = fractions(word, dtype);
  if (low === 0 && high === 1) return unit;
  if (dtype === "float32" && typeof low === "number" && typeof high === "number") {
    return p.max(from, fusedUniform(word, unit, f32(f32(high) - f32(low)), f32(low)));
  }
  return p.max(from, p.add(p.mul(unit, p.sub(to, from)), from));
}

// `unit range + low` rounded once, as the fused multiply-add that XLA emits: the rounding error of the product is computed exactly
// from halves of both factors, and that of the sum from the sum (Dekker 1971, Knuth).
function fusedUniform(word: Tensor, unit: Tensor, range: number, low: number): Tensor {
  const product = p.mul(unit, range);
  if (Number.isInteger(Math.log2(range))) return p.add(product, low);
  const high = (x: number): number => {
    const part = 2 ** (Math.floor(Math.log2(x)) - 11);
    return Math.trunc(x / part) * part;
  };
  const [rangeHigh, rangeLow] = [high(range), range - high(range)];
  const unitHigh = p.mul(cast(p.shiftRightLogical(word, 21), "float32"), 2 ** -11);
  const unitLow = p.mul(cast(p.and(p.shiftRightLogical(word, 9), 0xfff), "float32"), 2 ** -23);
  const lost = p.add(
    p.add(p.add(p.sub(p.mul(unitHigh, rangeHigh), product), p.mul(unitHigh, rangeLow)), p.mul(unitLow, rangeHigh)),
    p.mul(unitLow, rangeLow),
  );
  const sum = p.add(product, low);
  const moved = p.sub(sum, product);
  const rest = p.add(p.sub(product, p.sub(sum, moved)), p.sub(low, moved));
  return p.add(sum, p.add(rest, lost));
}

export interface UniformOptions extends DrawOptions {
  readonly minval?: TensorLike;
  /** Not reached. */
  readonly maxval?: TensorLike;
}
/**
 * Numbers evenly spread over `[minval, maxval)`.
 * Source: keras.random.uniform.
 * @example await random.uniform([2], { seed: 42 }).array(); // [0.5667, 0.0655]
 */
export const uniform: typeof uniformOf = /* @__PURE__ */ withChecks("random.uniform", uniformOf);
function uniformOf(shape: Shape, { minval = 0, maxval = 1, dtype, seed }: UniformOptions = {}): Tensor {
  const target = floatDtype("random.uniform", dtype);
  const bound = (x: TensorLike): Tensor | number => (typeof x === "number" ? x : convertToTensor(x));
  return uniformBits(drawSeed(seed), checked("random.uniform", shape), bound(minval), bound(maxval), target);
}

export interface NormalOptions extends DrawOptions {
  readonly mean?: TensorLike;
  /** The standard deviation. */
  readonly stddev?: TensorLike;
}
// The largest number of the dtype above -1 and below 0, and 2 seen from 0.
const aboveMinusOne: Readonly<Partial<Record<DType, number>>> = {
  float32: -(1 - 2 ** -24),
  float16: -(1 - 2 ** -11),
  bfloat16: -(1 - 2 ** -8),
  float64: -(1 - 2 ** -53),
};
const belowTwo: Readonly<Partial<Record<DType, number>>> = {
  float32: 2 - 2 ** -23,
  float16: 2 - 2 ** -10,
  bfloat16: 2 - 2 ** -7,
  float64: 2 - 2 ** -52,
};
const root2 = (dtype: DType): number => (dtype === "float64" ? Math.SQRT2 : f32(Math.SQRT2));

function scaled(sample: Tensor, mean: TensorLike, stddev: TensorLike): Tensor {
  const factor =
    stddev === 1
      ? sample
      : p.mul(sample, typeof stddev === "number" ? stddev : convertToTensor(stddev, { dtype: sample.dtype }));
  return mean === 0
    ? factor
    : p.add(factor, typeof mean === "number" ? mean : convertToTensor(mean, { dtype: sample.dtype }));
}
/** Standard normal numbers: `sqrt(2) erfInv(u)` of uniform `u` in `(-1, 1)`. */
export function normalBits(key: Tensor, shape: Shape, dtype: DType): Tensor {
  const u = uniformBits(key, shape, aboveMinusOne[dtype] as number, 1, dtype);
  return p.mul(erfInv(u), root2(dtype));
}
// Halves are computed in float32 and rounded.
function erfInv(u: Tensor): Tensor {
  return u.dtype === "float64" ? p.erfInv(u) : cast(erfInv32(cast(u, "float32")), u.dtype);
}
/**
 * Numbers of a normal distribution.
 * Source: keras.random.normal.
 * @example await random.normal([2], { seed: 42 }).array(); // [0.1681, -1.5098]
 */
export const normal: typeof normalOf = /* @__PURE__ */ withChecks("random.normal", normalOf);
function normalOf(shape: Shape, { mean = 0, stddev = 1, dtype, seed }: NormalOptions = {}): Tensor {
  const target = floatDtype("random.normal", dtype);
  return scaled(normalBits(drawSeed(seed), checked("random.normal", shape), target), mean, stddev);
}
// erf(sqrt 2) as the dtype has it: the part of a normal distribution within two standard deviations.
const withinTwo: Readonly<Partial<Record<DType, number>>> = {
  float32: 0.9544997215270996,
  float16: 0.95458984375,
  bfloat16: 0.953125,
  float64: 0.9544997361036416,
};
/**
 * Numbers of a normal distribution, none farther than two standard deviations from the mean.
 * Source: keras.random.truncated_normal.
 * @example await random.truncatedNormal([2], { seed: 42 }).array(); // [0.1603, -1.3702]
 */
export const truncatedNormal: typeof truncatedNormalOf = /* @__PURE__ */ withChecks(
  "random.truncatedNormal",
  truncatedNormalOf,
);
function truncatedNormalOf(shape: Shape, { mean = 0, stddev = 1, dtype, seed }: NormalOptions = {}): Tensor {
  const target = floatDtype("random.truncatedNormal", dtype);
  const edge = withinTwo[target] as number;
  const u = uniformBits(drawSeed(seed), checked("random.truncatedNormal", shape), -edge, edge, target);
  const limit = belowTwo[target] as number;
  const sample = p.min(p.max(p.mul(erfInv(u), root2(target)), -limit), limit);
  return scaled(sample, mean, stddev);
}

/**
 * Whole numbers evenly spread over `[minval, maxval)`.
 * Source: keras.random.randint.
 * @throws DtypeError unless the dtype is an integer dtype.
 * @example await random.randint([3], 0, 10, { seed: 42 }).array(); // [9, 6, 4]
 */
export const randint: typeof randintOf = /* @__PURE__ */ withChecks("random.randint", randintOf);
function randintOf(shape: Shape, minval: number, maxval: number, { dtype = "int32", seed }: DrawOptions = {}): Tensor {
  const target = standardizeDtype(dtype ?? "int32");
  if (!isInteger(target)) {
    throw new DtypeError(
      complain("random.randint", { must: "the dtype must be an integer dtype", got: target, todo: "Use int32" }),
    );
  }
  const size = checked("random.randint", shape);
  // Narrow dtypes are drawn as int32 within their limits, so that all numbers are equally likely.
  const unsigned = target === "uint32";
  const [least, most] = isUnsigned(target)
    ? [0, 2 ** bitsOf(target) - 1]
    : [-(2 ** (bitsOf(target) - 1)), 2 ** (bitsOf(target) - 1) - 1];
  const low = Math.min(most, Math.max(least, Math.trunc(minval)));
  const high = Math.min(most + 1, Math.max(least, Math.trunc(maxval)));
  const [first, second] = splitKey(drawSeed(seed)) as [Tensor, Tensor];
  const [upper, lower] = [bits32(first, size), bits32(second, size)];
  const start = (x: Tensor): Tensor => cast(p.add(unsigned ? x : cast(x, "int32"), low), target);
  const span = high <= low ? 1 : high - low;
  if (span === 2 ** 32) return start(lower);
  // 2^32 mod span joins both words to one 64-bit number, which is less biased.
  const multiplier = Number((BigInt(2 ** 16 % span) ** 2n % 2n ** 32n) % BigInt(span));
  return start(p.rem(p.add(p.mul(p.rem(upper, span), multiplier), p.rem(lower, span)), span));
}

/**
 * Class numbers drawn with the probabilities that `logits` `[B, C]` mean: `[B, numSamples]`.
 * Source: keras.random.categorical; the Gumbel trick.
 * @example await random.categorical([[0, 1]], 4, { seed: 42 }).array(); // [[1, 1, 1, 1]]
 */
export const categorical: typeof categoricalOf = /* @__PURE__ */ withChecks("random.categorical", categoricalOf);
function categoricalOf(logits: TensorLike, numSamples: number, { dtype = "int32", seed }: DrawOptions = {}): Tensor {
  const x = toFloat(logits);
  if (x.ndim !== 2) {
    const todo = "Reshape it to [batch, classes]";
    throw new ShapeError(
      complain("random.categorical", { must: "logits must be [batch, classes]", got: showShape(x.shape), todo }),
    );
  }
  const [batch, classes] = x.shape as [number, number];
  const tiny = x.dtype === "float16" ? 2 ** -14 : 2 ** -126;
  const u = uniformBits(drawSeed(seed), [batch, classes, numSamples], tiny, 1, x.dtype);
  const gumbel = p.neg(p.log(p.neg(p.log(u))));
  const scores = p.add(gumbel, p.reshape(x, { shape: [batch, classes, 1] }));
  return cast(p.argMax(scores, { axis: 1 }), standardizeDtype(dtype ?? "int32"));
}

export interface DropoutOptions {
  /** Shape of the mask; 1 shares a decision along that axis, null is the size of the input. */
  readonly noiseShape?: readonly (number | null)[] | null;
  readonly seed?: Seed;
}
/**
 * Sets the fraction `rate` of the elements to 0 and divides the others by `1 - rate`.
 * Source: keras.random.dropout.
 * @throws ValueError unless `rate` is in [0, 1].
 * @example await random.dropout([1, 1, 1, 1], 0.5, { seed: 42 }).array(); // [0, 2, 2, 0]
 */
export const dropout: Op<(inputs: TensorLike, rate: number, options?: DropoutOptions) => Tensor> = /* @__PURE__ */ op(
  "random.dropout",
  (inputs: TensorLike, rate: number, { noiseShape = null, seed }: DropoutOptions = {}): Tensor => {
    if (!(rate >= 0 && rate <= 1)) {
      throw new ValueError(
        complain("random.dropout", { must: "rate must be in [0, 1]", got: String(rate), todo: "Pass for example 0.5" }),
      );
    }
    const x = toFloat(inputs);
    if (rate === 1) return p.full(x.shape, 0, x.dtype);
    if (rate === 0) return x;
    const keep = 1 - rate;
    const shape = noiseShape === null ? x.shape : noiseShape.map((n, i) => n ?? (x.shape[i] as number));
    const mask = p.less(uniformBits(drawSeed(seed), shape, 0, 1, "float32"), keep);
    return p.where(p.broadcastTo(mask, { shape: x.shape }), p.div(x, keep), 0);
  },
);

export interface ShuffleOptions {
  readonly axis?: number;
  readonly seed?: Seed;
}
/**
 * The elements along `axis` in a random order; each row along it in its own.
 * Source: keras.random.shuffle.
 * @example await random.shuffle([1, 2, 3, 4], { seed: 42 }).array(); // [4, 3, 1, 2]
 */
export const shuffle: Op<(x: TensorLike, options?: ShuffleOptions) => Tensor> = /* @__PURE__ */ op(
  "random.shuffle",
  (x: TensorLike, { axis = 0, seed }: ShuffleOptions = {}): Tensor => {
    let t = convertToTensor(x);
    const at = axis < 0 ? axis + t.ndim : axis;
    if (!(at >= 0 && at < t.ndim)) {
      const must = `axis must be one of the ${t.ndim} axes`;
      throw new ShapeError(
        complain("random.shuffle", { must, got: `${axis} for ${showShape(t.shape)}`, todo: "Check axis" }),
      );
    }
    let key = drawSeed(seed);
    const rounds = Math.ceil((3 * Math.log(Math.max(1, sizeOf(t.shape)))) / Math.log(2 ** 32 - 1));
    for (let i = 0; i < rounds; i++) {
      const [following, own] = splitKey(key) as [Tensor, Tensor];
      key = following;
      t = p.takeAlong(t, p.argSort(bits32(own, t.shape), { axis: at }), at);
    }
    return t;
  },
);
