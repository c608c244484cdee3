// Threefry-2x32 in uint32 operators.
import { primitives as p, scalar, sizeOf, type Tensor } from "@keras-ts/core/backend";

const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;
const PARITY = 0x1bd11bda;

// A product and a sum in the places of a shift and a logical or: those run on vectors, these do not.
const rotate = (x: Tensor, by: number): Tensor =>
  p.add(p.mul(x, scalar(2 ** by, "uint32")), p.shiftRightLogical(x, 32 - by));

/**
 * Twenty rounds of the cipher with `key` over the counters `(0, i)`, five groups of four with a key word injected after each.
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
 */
export function randomBits([key]: readonly Tensor[], { shape, words }: p.BitsParams): Tensor {
  const word = (i: number): Tensor =>
    p.reshape(p.slice(key as Tensor, { starts: [i], limits: [i + 1], strides: [1] }), { shape: [] });
  const [k0, k1] = [word(0), word(1)];
  const keys = [k0, k1, p.xor(p.xor(k0, k1), scalar(PARITY, "uint32"))] as const;
  const size = sizeOf(shape);
  let low = p.add(p.iota({ shape: [size], axis: 0, dtype: "uint32" }), k1);
  let high: Tensor = p.broadcastTo(k0, { shape: [size] });
  for (let group = 0; group < 5; group++) {
    for (const by of rotations[group % 2] as readonly number[]) {
      high = p.add(high, low);
      low = p.xor(rotate(low, by), high);
    }
    high = p.add(high, keys[(group + 1) % 3] as Tensor);
    low = p.add(low, p.add(keys[(group + 2) % 3] as Tensor, group + 1));
  }
  if (words === 1) return p.reshape(p.xor(high, low), { shape });
  const column = (x: Tensor): Tensor => p.reshape(x, { shape: [...shape, 1] });
  return p.concat([column(high), column(low)], { axis: shape.length });
}
