// The two generators of Python that Keras' results depend on, and the seed that starts everything.
import { complain, ValueError } from "../../errors/index.ts";
import { NumpyRandomState, PythonRandom } from "./mersenne/index.ts";

let python: PythonRandom | undefined;
let numpy: NumpyRandomState | undefined;
const onSeed: (() => void)[] = [];

/** What to forget when a new seed is set. Internal. */
export function whenSeeded(forget: () => void): void {
  onSeed.push(forget);
}

const fromEnvironment = (): number => crypto.getRandomValues(new Uint32Array(1))[0] as number;

/**
 * Makes everything that follows repeatable, and equal to Python: seeds that nobody gives, the order in which `fit` shuffles, and the
 * global generator. Source: keras.utils.set_random_seed.
 * @throws ValueError unless `seed` is a whole number in [0, 2^32). @example setRandomSeed(42);
 */
export function setRandomSeed(seed: number): void {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    const must = "the seed must be a whole number in [0, 2^32)";
    throw new ValueError(complain("setRandomSeed", { must, got: String(seed), todo: "Pass for example 42" }));
  }
  python = new PythonRandom(seed);
  numpy = new NumpyRandomState(seed);
  for (const forget of onSeed) forget();
}

/** The seed that an unseeded initializer or generator takes: Python's `random.randint(1, 10**9)`. */
export function drawPythonSeed(): number {
  python ??= new PythonRandom(fromEnvironment());
  return python.randint(1, 1_000_000_000);
}

/** An order of `0 .. n - 1` as `numpy.random.permutation(n)` draws it; `fit` shuffles with it. */
export function permutation(n: number): Uint32Array {
  numpy ??= new NumpyRandomState(fromEnvironment());
  return numpy.permutation(n);
}
