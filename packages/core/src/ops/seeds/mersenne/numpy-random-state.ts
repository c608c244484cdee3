import { complain, ValueError } from "../../../errors/index.ts";
import { Mt19937 } from "./mt19937.ts";

/**
 * NumPy's legacy generator (`np.random.seed`, `np.random.permutation`): the same draws in the same order.
 *
 * Keras' `fit` shuffles arrays with `np.random.permutation(n)`, so equal batches in two languages need exactly this.
 *
 * @example
 * const state = new NumpyRandomState(0);
 * state.permutation(5); // [2, 0, 1, 3, 4], as `np.random.seed(0); np.random.permutation(5)` gives in Python
 */
export class NumpyRandomState {
  readonly #twister: Mt19937 = new Mt19937();

  /** @param seed as for {@link NumpyRandomState.seed}. */
  constructor(seed: number) {
    this.seed(seed);
  }

  /**
   * Starts the stream anew.
   * @param seed an integer in [0, 2^32).
   * @throws ValueError if `seed` is not an integer in that range, as NumPy does.
   */
  seed(seed: number): void {
    if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
      throw new ValueError(
        complain("NumpyRandomState.seed", {
          must: "seed must be an integer in [0, 2^32)",
          got: `${seed}`,
          todo: "Take it modulo 2^32.",
        }),
      );
    }
    this.#twister.seedByNumber(seed);
  }

  /**
   * Draws an order of the integers below `size`: a Fisher-Yates shuffle from the last place down.
   * @param size how many, in [0, 2^32).
   * @returns `[size]` integers, each of 0 .. size - 1 once.
   * @throws ValueError if `size` is not an integer in that range.
   */
  permutation(size: number): Uint32Array {
    if (!Number.isInteger(size) || size < 0 || size >= 2 ** 32) {
      throw new ValueError(
        complain("NumpyRandomState.permutation", {
          must: "size must be an integer in [0, 2^32)",
          got: `${size}`,
          todo: "Pass the number of rows.",
        }),
      );
    }
    const order = Uint32Array.from({ length: size }, (_, index) => index);
    for (let last = size - 1; last > 0; last--) {
      const chosen = this.#atMost(last);
      const kept = order[last] as number; // both places are below `size`
      order[last] = order[chosen] as number;
      order[chosen] = kept;
    }
    return order;
  }

  /**
   * Draws a double with 53 random bits (`np.random.random_sample()`).
   * @returns a number in [0, 1).
   */
  randomSample(): number {
    return this.#twister.nextDouble();
  }

  /** The legacy bounded draw: the bits that `bound` needs, drawn again while they exceed it. */
  #atMost(bound: number): number {
    const mask = 0xffffffff >>> Math.clz32(bound);
    let drawn = (this.#twister.nextUint32() & mask) >>> 0;
    while (drawn > bound) drawn = (this.#twister.nextUint32() & mask) >>> 0;
    return drawn;
  }
}
