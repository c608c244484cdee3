// State of the random numbers: a key for each call, never the same twice.
import type { DType, Shape } from "../../aval/index.ts";
import { ConfigError, complain } from "../../errors/index.ts";
import { literal, Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { readCell, realise, type StateCell, writeCell } from "../../transforms/index.ts";
import { convertToTensor } from "../convert-core.ts";
import { uniqueName } from "../naming.ts";
import { drawPythonSeed, whenSeeded } from "./python-state.ts";

export interface SeedGeneratorOptions {
  /** A whole number; drawn as Python would by default. */
  readonly seed?: number | null;
  readonly name?: string | null;
}

class SeedState implements StateCell {
  readonly shape: Shape = [2];
  readonly dtype: DType = "uint32";
  readonly name = "seed_generator_state";
  tensor: Tensor;
  constructor(seed: number) {
    this.tensor = keyOf(seed, 0);
  }
}
const wrap = (n: number): number => Number(BigInt.asUintN(32, BigInt(n)));
const keyOf = (seed: number, counter: number): Tensor =>
  literal({ shape: [2], dtype: "uint32", data: Uint32Array.of(wrap(seed), wrap(counter)) });

/**
 * A source of keys: `[seed, 0]`, `[seed, 1]`, ... Hand it as `seed` to random functions, so that each call gives other numbers.
 * Its state is a variable: inside `jit` and `fit` it is carried along. Source: keras/src/random/seed_generator.py.
 * @throws ConfigError unless the seed is a whole number.
 * @example const generator = new SeedGenerator({ seed: 1337 });
 */
export class SeedGenerator {
  readonly name: string;
  /** uint32 `[seed, counter]`. */
  readonly state: StateCell;
  readonly #initialSeed: number | null;

  constructor(options: SeedGeneratorOptions | number = {}) {
    const { seed = null, name = null } = typeof options === "number" ? { seed: options } : options;
    this.name = name ?? uniqueName("seed_generator");
    this.#initialSeed = seed;
    this.state = new SeedState(checkedSeed(seed ?? drawPythonSeed()));
  }

  /** The seed that was given; null if it was drawn. */
  get seed(): number | null {
    return this.#initialSeed;
  }

  /** The current key; the state moves on by one. Unordered: by the near-random steps of Keras' global generator. */
  next({ ordered = true }: { readonly ordered?: boolean } = {}): Tensor {
    const { tensor, scoped } = readCell(this.state);
    if (!scoped) tensor.pinned = true;
    const following = ordered ? count(tensor) : scramble(tensor);
    if (!writeCell(this.state, following)) {
      this.state.tensor = following;
      if (following.source.kind === "op") realise([following]);
    }
    return tensor;
  }

  getConfig(): { readonly seed: number | null; readonly name: string } {
    return { seed: this.#initialSeed, name: this.name };
  }
  static fromConfig(config: SeedGeneratorOptions): SeedGenerator {
    return new SeedGenerator(config);
  }
}

function checkedSeed(seed: number): number {
  if (Number.isSafeInteger(seed)) return seed;
  throw new ConfigError(
    complain("SeedGenerator", {
      must: "seed must be a whole number",
      got: String(seed),
      todo: "Pass for example 1337",
    }),
  );
}

// Known states are counted on the host, so that eager code does not run a program for it.
function onHost(state: Tensor, f: (word: number, index: number) => number): Tensor | undefined {
  if (state.source.kind !== "literal") return undefined;
  const [seed, counter] = state.source.value.data as unknown as [number, number];
  return keyOf(f(seed, 0), f(counter, 1));
}
const count = (state: Tensor): Tensor => onHost(state, (word, i) => word + i) ?? p.add(state, keyOf(0, 1));
const scramble = (state: Tensor): Tensor =>
  onHost(state, (word) => wrap(wrap(word + 1) * 5387) % 933199) ?? p.rem(p.mul(p.add(state, 1), 5387), 933199);

let globalGenerator: SeedGenerator | undefined;
whenSeeded(() => {
  globalGenerator = undefined;
});

/** What a random function takes as `seed`: a number (the same numbers each time), a generator, a key, or nothing (the global generator). */
export type Seed = number | SeedGenerator | Tensor | null | undefined;

/** The uint32 key `[2]` for one call. @throws ConfigError for anything that is no seed. */
export function drawSeed(seed?: Seed): Tensor {
  if (seed instanceof SeedGenerator) return seed.next();
  if (seed instanceof Tensor) return seed.dtype === "uint32" ? seed : convertToTensor(seed, { dtype: "uint32" });
  if (typeof seed === "number" && Number.isInteger(seed)) return keyOf(seed, 0);
  if (seed === null || seed === undefined) {
    globalGenerator ??= new SeedGenerator();
    return globalGenerator.next({ ordered: false });
  }
  const must = "seed must be a whole number, a SeedGenerator, or nothing";
  throw new ConfigError(
    complain("drawSeed", { must, got: String(seed), todo: "Pass new SeedGenerator({ seed: 1337 })" }),
  );
}

/** `count` new keys `[count, 2]` from one. */
export const splitKey = (key: Tensor, count = 2): Tensor[] => {
  const words = p.randomBits(key, { shape: [count], words: 2 });
  return Array.from({ length: count }, (_, i) => {
    const row = p.slice(words, { starts: [i, 0], limits: [i + 1, 2], strides: [1, 1] });
    return p.reshape(row, { shape: [2] });
  });
};
