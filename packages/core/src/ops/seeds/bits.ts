// From random bits to numbers, as jax.random does it: same key, same numbers, on every engine. Source: jax/_src/random.
import type { DType, Shape } from "../../aval/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { castTo as cast } from "../arithmetic-core.ts";
import { convertToTensor } from "../convert-core.ts";
import { erfInv32 } from "./erf-inv.ts";

const f32 = Math.fround;
/** uint32 words. */
export const bits32 = (key: Tensor, shape: Shape): Tensor => p.randomBits(key, { shape, words: 1 });

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

// The number of the dtype next to -1, towards 0.
const aboveMinusOne: Readonly<Partial<Record<DType, number>>> = {
  float32: -(1 - 2 ** -24),
  float16: -(1 - 2 ** -11),
  bfloat16: -(1 - 2 ** -8),
  float64: -(1 - 2 ** -53),
};
/** The root of 2 as the dtype has it. */
export const root2 = (dtype: DType): number => (dtype === "float64" ? Math.SQRT2 : f32(Math.SQRT2));

/** Standard normal numbers: `sqrt(2) erfInv(u)` of uniform `u` in `(-1, 1)`. */
export function normalBits(key: Tensor, shape: Shape, dtype: DType): Tensor {
  const u = uniformBits(key, shape, aboveMinusOne[dtype] as number, 1, dtype);
  return p.mul(erfInv(u), root2(dtype));
}
/** The inverse of erf; halves are computed in float32 and rounded. */
export function erfInv(u: Tensor): Tensor {
  return u.dtype === "float64" ? p.erfInv(u) : cast(erfInv32(cast(u, "float32")), u.dtype);
}
