// The cipher behind all random numbers.

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/**
 * Threefry-2x32 with 20 rounds: the two words of the counter encrypted with the key, as unsigned numbers.
 * Source: Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (2011).
 */
export function threefry(k0: number, k1: number, c0: number, c1: number): readonly [number, number] {
  const keys = [k0, k1, k0 ^ k1 ^ 0x1bd11bda] as const;
  let x = (c0 + k0) | 0;
  let y = (c1 + k1) | 0;
  for (let group = 0; group < 5; group++) {
    for (const by of ROTATIONS[(group % 2) as 0 | 1]) {
      x = (x + y) | 0;
      y = ((y << by) | (y >>> (32 - by))) ^ x;
    }
    x = (x + (keys[((group + 1) % 3) as 0 | 1 | 2] as number)) | 0;
    y = (y + (keys[((group + 2) % 3) as 0 | 1 | 2] as number) + group + 1) | 0;
  }
  return [x >>> 0, y >>> 0];
}
