import { complain, ValueError } from "../../../errors/index.ts";
import { Mt19937 } from "./mt19937.ts";

/**
 * CPython's `random.Random` seeded with an integer: the same draws in the same order.
 *
 * Keras takes the seed of every unseeded initializer and layer from `random.randint(1, 10**9)`, so equal initial
 * weights in two languages need exactly this generator.
 *
 * @example
 * const random = new PythonRandom(42);
 * random.randint(1, 1_000_000_000); // 686579304, as `random.seed(42); random.randint(1, 10**9)` gives in Python
 */
export class PythonRandom {
  readonly #twister: Mt19937 = new Mt19937();

  /** @param seed as for {@link PythonRandom.seed}. */
  constructor(seed: number | bigint) {
    this.seed(seed);
  }

  /**
   * Starts the stream anew from an integer; its sign does not count, as in Python.
   * @param seed a safe integer, or a bigint of any size.
   * @throws ValueError if `seed` is a number but not a safe integer.
   */
  seed(seed: number | bigint): void {
    if (typeof seed === "number" && !Number.isInteger(seed)) {
      throw new ValueError(
        complain("PythonRandom.seed", {
          must: "seed must be an integer",
          got: `${seed}`,
          todo: "Round it, or pass a bigint.",
        }),
      );
    }
    if (typeof seed === "number" && !Number.isSafeInteger(seed)) {
      throw new ValueError(
        complain("PythonRandom.seed", {
          must: "a number must be within 2^53",
          got: `${seed}`,
          todo: "Pass it as a bigint.",
        }),
      );
    }
    this.#twister.seedByArray(wordsOf(BigInt(seed)));
  }

  /**
   * Draws an integer of `bits` random bits.
   * @param bits in [0, 53], so that the result is exact.
   * @throws ValueError if `bits` is not an integer in that range.
   */
  getrandbits(bits: number): number {
    if (!Number.isInteger(bits) || bits < 0 || bits > 53) {
      throw new ValueError(
        complain("PythonRandom.getrandbits", {
          must: "bits must be an integer in [0, 53]",
          got: `${bits}`,
          todo: "Draw several times for more.",
        }),
      );
    }
    if (bits === 0) return 0;
    if (bits <= 32) return this.#twister.nextUint32() >>> (32 - bits);
    const low = this.#twister.nextUint32();
    const high = this.#twister.nextUint32() >>> (64 - bits);
    return high * 2 ** 32 + low;
  }

  /**
   * Draws an integer between two bounds, both included: as many bits as the width needs, drawn again while too large.
   * @param low smallest value.
   * @param high largest value, at least `low`.
   * @throws ValueError if a bound is not a safe integer, or the range is empty or wider than 2^53.
   */
  randint(low: number, high: number): number {
    const width = high - low + 1;
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || !Number.isSafeInteger(width) || width < 1) {
      throw new ValueError(
        complain("PythonRandom.randint", {
          must: "low <= high must be safe integers",
          got: `${low} and ${high}`,
          todo: "Swap or narrow them.",
        }),
      );
    }
    const bits = width < 2 ** 32 ? 32 - Math.clz32(width) : 64 - Math.clz32(Math.floor(width / 2 ** 32));
    let drawn = this.getrandbits(bits);
    while (drawn >= width) drawn = this.getrandbits(bits);
    return low + drawn;
  }

  /**
   * Draws a double with 53 random bits.
   * @returns a number in [0, 1).
   */
  random(): number {
    return this.#twister.nextDouble();
  }
}

function wordsOf(seed: bigint): number[] {
  const words: number[] = [];
  let rest = seed < 0n ? -seed : seed;
  do {
    words.push(Number(rest & 0xffffffffn));
    rest >>= 32n;
  } while (rest > 0n);
  return words;
}
