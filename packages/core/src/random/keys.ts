// Keys of their own for many elements: both words first, uint32 [2, S].
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";

/** `count` new keys for each. */
export function splitEach(keys: Tensor, count: number): Tensor[] {
  const words = p.encrypt(keys, { count });
  return Array.from({ length: count }, (_, i) => p.reshape(part(words, 0, i, i + 1), { shape: keys.shape }));
}

/** One word for each key, as `randomBits` gives it for the shape []. */
export function wordOf(keys: Tensor): Tensor {
  const words = p.encrypt(keys, { count: 1 });
  const word = (i: number): Tensor => p.reshape(part(words, 1, i, i + 1), { shape: keys.shape.slice(1) });
  return p.xor(word(0), word(1));
}

/** Keys for `size` elements, from one. */
export const keysFor = (key: Tensor, size: number): Tensor =>
  p.transpose(p.randomBits(key, { shape: [size], words: 2 }), { permutation: [1, 0] });

/** From `start` up to `limit` along an axis. */
export function part(x: Tensor, axis: number, start: number, limit: number): Tensor {
  const starts = x.shape.map((_, i) => (i === axis ? start : 0));
  const limits = x.shape.map((n, i) => (i === axis ? limit : n));
  return p.slice(x, { starts, limits, strides: x.shape.map(() => 1) });
}
