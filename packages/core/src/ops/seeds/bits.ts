// From random words to uniform and normal numbers of a dtype, as JAX does it: exact, on every engine. Source: jax/_src/random.
import type { DType, Shape } from "../../aval/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { convertToTensor } from "../convert-core.ts";
import { erfInv32 } from "./erf-inv.ts";

const cast = (x: Tensor, dtype: DType): Tensor => p.cast(x, { dtype });
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
/** Uniform numbers in `[low, high)` of a dtype, one for each word; the bounds are rounded to it first. */
export function uniformOf(word: Tensor, low: Tensor | number, high: Tensor | number, dtype: DType): Tensor {
  const [from, to] = [low, high].map((x) =>
    typeof x === "number" ? convertToTensor(x, { dtype }) : cast(x, dtype),
  ) as [Tensor, Tensor];
  const unit = fractions(word, dtype);
  if (low === 0 && high === 1) return unit;
  if (dtype === "float32" && typeof low === "number" && typeof high === "number") {
    const range = f32(f32(high) - f32(low));
    // XLA fuses the multiplication with the addition; by a power of two it is exact anyway.
    const isExact = Number.isInteger(Math.log2(range));
    return p.max(from, isExact ? p.add(p.mul(unit, range), low) : p.multiplyAdd(unit, range, low));
  }
  return p.max(from, p.add(p.mul(unit, p.sub(to, from)), from));
}
/** `uniformOf` the words that a key gives for a shape. */
export const uniformBits = (
  key: Tensor,
  shape: Shape,
  low: Tensor | number,
  high: Tensor | number,
  dtype: DType,
): Tensor => uniformOf(bits32(key, shape), low, high, dtype);

// The largest number of the dtype above -1, seen from 0.
const aboveMinusOne: Readonly<Partial<Record<DType, number>>> = {
  float32: -(1 - 2 ** -24),
  float16: -(1 - 2 ** -11),
  bfloat16: -(1 - 2 ** -8),
  float64: -(1 - 2 ** -53),
};
const root2 = (dtype: DType): number => (dtype === "float64" ? Math.SQRT2 : f32(Math.SQRT2));

/** Numbers `y` of a normal distribution for their places `u` in `(-1, 1)`: `sqrt(2) erfInv(u)`; halves are computed in float32 and rounded. */
export function normalAt(u: Tensor): Tensor {
  const y = u.dtype === "float64" ? p.erfInv(u) : cast(erfInv32(cast(u, "float32")), u.dtype);
  return p.mul(y, root2(u.dtype));
}
/** Standard normal numbers, one for each word. */
export const normalOf = (word: Tensor, dtype: DType): Tensor =>
  normalAt(uniformOf(word, aboveMinusOne[dtype] as number, 1, dtype));
/** `normalOf` the words that a key gives for a shape. */
export const normalBits = (key: Tensor, shape: Shape, dtype: DType): Tensor => normalOf(bits32(key, shape), dtype);
