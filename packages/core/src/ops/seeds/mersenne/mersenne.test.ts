import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Mt19937, NumpyRandomState, PythonRandom } from "./index.ts";

interface Draw {
  readonly call: "randint" | "random" | "getrandbits" | "permutation" | "random_sample";
  readonly generator?: "python" | "numpy";
  readonly args: readonly number[];
  readonly values: readonly number[];
}
interface Stream<S> {
  readonly seed: S;
  readonly draws: readonly Draw[];
}
interface Golden {
  readonly python: readonly Stream<number | string>[];
  readonly numpy: readonly Stream<number>[];
  readonly both: readonly Stream<number>[];
}

const file = new URL("../../../../../conformance/goldens/mt19937.json", import.meta.url);
const golden = JSON.parse(readFileSync(file, "utf8")) as Golden;

function pythonDraw(random: PythonRandom, { call, args: [a = 0, b = 0], values }: Draw): number[] {
  return values.map(() => {
    if (call === "randint") return random.randint(a, b);
    return call === "getrandbits" ? random.getrandbits(a) : random.random();
  });
}

function numpyDraw(state: NumpyRandomState, { call, args: [size = 0], values }: Draw): number[] {
  return call === "permutation" ? [...state.permutation(size)] : values.map(() => state.randomSample());
}

test("the twister gives the published first words for its default seed", () => {
  const twister = new Mt19937();
  twister.seedByNumber(5489);
  expect([twister.nextUint32(), twister.nextUint32()]).toEqual([3499211612, 581869302]);
});

test.each(golden.python.map((stream, index) => [index, stream.seed, stream.draws] as const))(
  "stream %i: random.seed(%s) draws as CPython",
  (_, seed, draws) => {
    const random = new PythonRandom(typeof seed === "string" ? BigInt(seed) : seed);
    for (const draw of draws) expect(pythonDraw(random, draw), `${draw.call}(${draw.args})`).toEqual(draw.values);
  },
);

test.each(golden.numpy.map((stream) => [stream.seed, stream.draws] as const))(
  "np.random.seed(%i) draws as NumPy",
  (seed, draws) => {
    const state = new NumpyRandomState(seed);
    for (const draw of draws) expect(numpyDraw(state, draw), `${draw.call}(${draw.args})`).toEqual(draw.values);
  },
);

test.each(golden.both.map((stream) => [stream.seed, stream.draws] as const))(
  "seed %i: neither generator disturbs the other",
  (seed, draws) => {
    const random = new PythonRandom(seed);
    const state = new NumpyRandomState(seed);
    for (const draw of draws) {
      expect(draw.generator === "python" ? pythonDraw(random, draw) : numpyDraw(state, draw)).toEqual(draw.values);
    }
  },
);

test("seeding again starts the stream anew", () => {
  const random = new PythonRandom(7);
  const first = [random.random(), random.randint(1, 6)];
  random.seed(7);
  expect([random.random(), random.randint(1, 6)]).toEqual(first);
  const state = new NumpyRandomState(7);
  const order = state.permutation(9);
  state.seed(7);
  expect(state.permutation(9)).toEqual(order);
});

test("what the generators cannot draw is refused with what to do", () => {
  const random = new PythonRandom(0);
  const state = new NumpyRandomState(0);
  expect(() => new PythonRandom(1.5)).toThrow("PythonRandom.seed: seed must be an integer, got 1.5.");
  expect(() => new PythonRandom(2 ** 53)).toThrow("Pass it as a bigint.");
  expect(() => random.getrandbits(54)).toThrow("bits must be an integer in [0, 53], got 54.");
  expect(() => random.randint(3, 2)).toThrow("got 3 and 2.");
  expect(() => state.seed(-1)).toThrow("seed must be an integer in [0, 2^32), got -1.");
  expect(() => state.permutation(2.5)).toThrow("size must be an integer in [0, 2^32), got 2.5.");
});
