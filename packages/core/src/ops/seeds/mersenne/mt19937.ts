const WORDS = 624;
const SHIFT = 397;
const UPPER = 0x80000000;
const LOWER = 0x7fffffff;
const TWIST = 0x9908b0df;

/**
 * The 32-bit Mersenne Twister: 624 words of state, one linear recurrence, one tempering of each word drawn.
 *
 * CPython and NumPy share this recurrence and differ in how they fill the state and in what they make of the words,
 * so only the common part lives here.
 *
 * Source: Matsumoto and Nishimura 1998, "Mersenne Twister: a 623-dimensionally equidistributed uniform generator".
 * @example
 * const twister = new Mt19937();
 * twister.seedByNumber(5489);
 * twister.nextUint32(); // 3499211612
 */
export class Mt19937 {
  readonly #state: Uint32Array = new Uint32Array(WORDS);
  #position: number = WORDS;

  /**
   * Fills the state from one 32-bit word, as NumPy's legacy generator does.
   * @param seed an integer; only its lowest 32 bits count.
   */
  seedByNumber(seed: number): void {
    let word = seed >>> 0;
    for (let i = 0; i < WORDS; i++) {
      this.#state[i] = word;
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + i + 1) >>> 0;
    }
    this.#position = WORDS;
  }

  /**
   * Fills the state from any number of 32-bit words, as CPython does with the words of an integer, lowest first.
   * @param key at least one word.
   */
  seedByArray(key: readonly number[]): void {
    this.seedByNumber(19650218);
    const state = this.#state;
    let i = 1;
    const mix = (multiplier: number): number => {
      const before = at(state, i - 1);
      return at(state, i) ^ Math.imul(before ^ (before >>> 30), multiplier);
    };
    const advance = (): void => {
      i++;
      if (i < WORDS) return;
      state[0] = at(state, WORDS - 1);
      i = 1;
    };
    for (let step = 0, j = 0; step < Math.max(WORDS, key.length); step++, j = (j + 1) % key.length) {
      state[i] = mix(1664525) + (key[j] ?? 0) + j;
      advance();
    }
    for (let step = 1; step < WORDS; step++) {
      state[i] = mix(1566083941) - i;
      advance();
    }
    state[0] = UPPER; // whatever the key, the state cannot be all zero
    this.#position = WORDS;
  }

  /**
   * Draws the next word.
   * @returns an integer in [0, 2^32).
   */
  nextUint32(): number {
    if (this.#position === WORDS) this.#regenerate();
    let word = at(this.#state, this.#position++);
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  /**
   * Draws a double with all 53 bits of its significand, `(27 bits * 2^26 + 26 bits) / 2^53`; CPython and NumPy agree on it.
   * @returns a number in [0, 1).
   */
  nextDouble(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  #regenerate(): void {
    const state = this.#state;
    for (let i = 0; i < WORDS; i++) {
      const joined = (at(state, i) & UPPER) | (at(state, (i + 1) % WORDS) & LOWER);
      state[i] = at(state, (i + SHIFT) % WORDS) ^ (joined >>> 1) ^ (joined & 1 ? TWIST : 0);
    }
    this.#position = 0;
  }
}

function at(words: Uint32Array, index: number): number {
  return words[index] as number; // every index here is within the 624 words by construction
}
