// Threefry-2x32 with a key of its own for each element; `randomBits` has one key for all.
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;
const PARITY = 0x1bd11bda;
const rotate = (x: Tensor, by: number): Tensor => p.or(p.shiftLeft(x, by), p.shiftRightLogical(x, 32 - by));

/** Keys of any shape, in two words. */
export interface Keys {
  readonly high: Tensor;
  readonly low: Tensor;
}

/**
 * Both words of the cipher for each key and the counter `(0, counter)`, which broadcasts: what JAX's `split` makes new keys of.
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
 */
export function encrypt({ high: k0, low: k1 }: Keys, counter: Tensor | number): Keys {
  const schedule = [k0, k1, p.xor(p.xor(k0, k1), PARITY)] as const;
  let [high, low] = [k0, p.add(k1, counter)];
  for (let group = 0; group < 5; group++) {
    for (const by of ROTATIONS[group % 2] as readonly number[]) {
      high = p.add(high, low);
      low = p.xor(rotate(low, by), high);
    }
    high = p.add(high, schedule[(group + 1) % 3] as Tensor);
    low = p.add(low, p.add(schedule[(group + 2) % 3] as Tensor, group + 1));
  }
  return { high, low };
}
/** One word for each key, as `randomBits` gives it for the shape []. */
export function wordOf(keys: Keys): Tensor {
  const { high, low } = encrypt(keys, 0);
  return p.xor(high, low);
}
/** `count` new keys for each. */
export const splitEach = (keys: Keys, count: number): Keys[] =>
  Array.from({ length: count }, (_, i) => encrypt(keys, i));

/** Keys for `size` elements, from one. */
export function keysFor(key: Tensor, size: number): Keys {
  const words = p.randomBits(key, { shape: [size], words: 2 });
  const column = (i: number): Tensor =>
    p.reshape(p.slice(words, { starts: [0, i], limits: [size, i + 1], strides: [1, 1] }), { shape: [size] });
  return { high: column(0), low: column(1) };
}
/** `yes` where the condition holds, else `no`. */
export const whereKeys = (condition: Tensor, yes: Keys, no: Keys): Keys => ({
  high: p.where(condition, yes.high, no.high),
  low: p.where(condition, yes.low, no.low),
});
