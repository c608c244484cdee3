// `onnx({ random: "fast" })`: its bits are as random as numbers for training must be, and the same on all builds.
import { input, jit, layers, random, Sequential, setBackend, setRandomSeed, type Tensor } from "@keras-ts/core";
import { compileGraph, Graph, type HostArray, primitives as p, placeholder, range } from "@keras-ts/core/backend";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { type OnnxBackend, onnx } from "./index.ts";

const [node, web, plain] = await Promise.all([
  onnx({ engine: "node", threads: 2, random: "fast" }),
  onnx({ engine: "web", threads: 1, random: "fast" }),
  onnx({ engine: "node", threads: 2 }),
]);
afterAll(() => Promise.all([node.dispose?.(), web.dispose?.(), plain.dispose?.()]));
beforeEach(() => setBackend(node));

type Draw = (seed: number, call: number) => Promise<Uint32Array>;
async function drawing(backend: OnnxBackend, shape: readonly number[], words: 1 | 2 = 1): Promise<Draw> {
  const key = placeholder({ shape: [2], dtype: "uint32" });
  const program = await compileGraph(new Graph([key], [p.randomBits(key, { shape, words })]), backend);
  return async (seed, call) => {
    const given: HostArray = { shape: [2], dtype: "uint32", data: Uint32Array.of(seed, call) };
    const [out] = await program.run([backend.upload(given)]);
    return (await backend.download(out as never)).data as Uint32Array;
  };
}

const N = 40_000;
const draw = await drawing(node, [N]);
const keys = [
  [0, 0],
  [1337, 0],
  [1337, 1],
  [2 ** 32 - 1, 2 ** 31],
] as const;
const unit = (bits: Uint32Array): number[] => [...bits].map((x) => (x >>> 9) * 2 ** -23);
const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
/** Of numbers even in [0, 1), in standard deviations of what chance gives. */
const correlation = (a: readonly number[], b: readonly number[]): number =>
  mean(a.map((x, i) => 12 * (x - 0.5) * ((b[i] as number) - 0.5))) * Math.sqrt(a.length);
/** How far the number of ones in each of the 32 bits is from half, at most, in standard deviations. */
function imbalance(bits: Uint32Array): number {
  return Math.max(
    ...range(32).map((bit) => {
      const ones = bits.reduce((n, x) => n + ((x >>> bit) & 1), 0);
      return Math.abs(ones - bits.length / 2) / Math.sqrt(bits.length / 4);
    }),
  );
}
const differences = (a: Uint32Array, b: Uint32Array): Uint32Array => a.map((x, i) => x ^ (b[i] as number));
/** Chance passes it once in 30,000 tries of 32 bits: the draws are fixed, so tests pass always or never. */
const FAR = 4.9;

describe.each(keys)("the stream of seed %d, call %d", (seed, call) => {
  test("is even in [0, 1)", async () => {
    const u = unit(await draw(seed, call));
    const deviation = Math.sqrt(1 / 12 / N);
    expect(Math.abs(mean(u) - 0.5)).toBeLessThan(4 * deviation);
    expect(Math.abs(mean(u.map((x) => (x - 0.5) ** 2)) - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / N));
    expect(Math.abs(mean(u.map((x) => (x - 0.5) ** 3)))).toBeLessThan(4 * Math.sqrt(1 / 448 / N));
    const gaps = u.sort((a, b) => a - b).map((x, i) => Math.max(x - i / N, (i + 1) / N - x));
    // Kolmogorov-Smirnov: more in 1 of 1,000 samples.
    expect(Math.max(...gaps)).toBeLessThan(1.95 / Math.sqrt(N));
  });
  test("has as many ones as zeros in each bit, and so has what changes from one counter to the next", async () => {
    const bits = await draw(seed, call);
    expect(imbalance(bits)).toBeLessThan(FAR);
    for (const lag of [1, 2, 3, 64, 256, 1024]) {
      expect(imbalance(differences(bits.subarray(lag), bits.subarray(0, N - lag)))).toBeLessThan(FAR);
    }
  });
  test("pairs of numbers side by side fill the square", async () => {
    const bits = await draw(seed, call);
    const counts = new Float64Array(256);
    for (let i = 0; i < N; i += 2) {
      const at = ((bits[i] as number) >>> 28) * 16 + ((bits[i + 1] as number) >>> 28);
      counts[at] = (counts[at] as number) + 1;
    }
    const wanted = N / 2 / 256;
    const chiSquare = counts.reduce((sum, n) => sum + (n - wanted) ** 2 / wanted, 0);
    expect(Math.abs(chiSquare - 255)).toBeLessThan(4 * Math.sqrt(2 * 255));
  });
});

describe("streams beside each other", () => {
  const far = async (a: readonly [number, number], b: readonly [number, number]): Promise<void> => {
    const [x, y] = await Promise.all([draw(...a), draw(...b)]);
    expect(Math.abs(correlation(unit(x), unit(y)))).toBeLessThan(4);
    expect(imbalance(differences(x, y))).toBeLessThan(FAR);
    // Nor is one the other, moved on by a few counters.
    for (const lag of [1, 2, 7]) {
      expect(Math.abs(correlation(unit(x.subarray(lag)), unit(y.subarray(0, N - lag))))).toBeLessThan(4);
    }
    const known = new Set(x);
    const shared = y.filter((value) => known.has(value)).length;
    expect(shared).toBeLessThan(5 + (4 * N * N) / 2 ** 32);
  };
  test("of seeds", async () => {
    for (const seed of [0, 1, 2, 1337, 2 ** 31 - 1]) await far([seed, 0], [seed + 1, 0]);
  });
  test("of calls", async () => {
    for (const call of [0, 1, 2, 999]) await far([1337, call], [1337, call + 1]);
  });
  test("of a seed and a call that change places", () => far([5, 6], [6, 5]));
  test("every bit of a key changes every bit in half of the numbers", async () => {
    const before = await draw(42, 7);
    for (const bit of range(32)) {
      expect(imbalance(differences(before, await draw((42 ^ (1 << bit)) >>> 0, 7)))).toBeLessThan(FAR);
      expect(imbalance(differences(before, await draw(42, (7 ^ (1 << bit)) >>> 0)))).toBeLessThan(FAR);
    }
  });
  test("one number of each of many steps is a stream like any other", async () => {
    const one = await drawing(node, []);
    const bits = Uint32Array.from(
      await Promise.all(range(4000).map(async (step) => (await one(1337, step))[0] as number)),
    );
    expect(imbalance(bits)).toBeLessThan(FAR);
    const u = unit(bits);
    expect(Math.abs(correlation(u.slice(1), u.slice(0, -1)))).toBeLessThan(4);
  });
});

test("new keys are two words each, and no two are alike", async () => {
  const split = await drawing(node, [1000], 2);
  const words = await split(3, 0);
  expect(words.length).toBe(2000);
  expect(new Set(words).size).toBe(2000);
  expect(imbalance(words)).toBeLessThan(FAR);
});

test("the same seed gives the same numbers, on both builds, inside of a program and outside", async () => {
  const numbers = (): Tensor[] => [
    random.uniform([5], { seed: 7 }),
    random.normal([3000], { seed: 8 }),
    random.randint([4], 0, 100, { seed: 9 }),
    random.dropout(random.uniform([40], { seed: 10 }), 0.5, { seed: 11 }),
  ];
  const values = async (xs: readonly Tensor[]): Promise<unknown[]> => Promise.all(xs.map((x) => x.array()));
  const eager = await values(numbers());
  expect(await values(jit(numbers)())).toEqual(eager);
  setBackend(web);
  expect(await values(numbers())).toEqual(eager);
  setBackend(plain);
  const keras = await values(numbers());
  expect(keras.filter((x, i) => JSON.stringify(x) === JSON.stringify(eager[i]))).toEqual([]);
});

test("joined draws are those that each would be alone", async () => {
  const apart = await onnx({ engine: "node", threads: 1, random: "fast", passes: { draws: false } });
  const k = placeholder({ shape: [2], dtype: "uint32" });
  const other = p.add(k, 1);
  const graph = new Graph(
    [k],
    [
      p.randomBits(k, { shape: [40, 3], words: 1 }),
      p.randomBits(other, { shape: [3], words: 2 }),
      p.randomBits(other, { shape: [500], words: 1 }),
    ],
  );
  const run = async (backend: OnnxBackend): Promise<number[][]> => {
    const program = await compileGraph(graph, backend);
    const outs = await program.run([backend.upload({ shape: [2], dtype: "uint32", data: Uint32Array.of(3, 4) })]);
    return Promise.all(outs.map(async (x) => [...(await backend.download(x)).data].map(Number)));
  };
  expect(await run(node)).toEqual(await run(apart));
  await apart.dispose?.();
});

/** Two dropouts, so that their masks can be compared, before a layer that learns to tell even from odd rows. */
function model(): Sequential {
  setRandomSeed(5);
  const net = new Sequential([
    input({ shape: [20] }),
    new layers.Dense({ units: 64, activation: "relu" }),
    new layers.Dropout({ rate: 0.3 }),
    new layers.Dense({ units: 64, activation: "relu" }),
    new layers.Dropout({ rate: 0.3 }),
    new layers.Dense({ units: 2, activation: "softmax" }),
  ]);
  net.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  return net;
}
const rows = 256;
const y = Int32Array.from({ length: rows }, (_, i) => i % 2);
const x = Float32Array.from({ length: rows * 20 }, (_, i) => {
  const [at, column] = [Math.floor(i / 20), i % 20];
  return Math.sin(i * i) + (at % 2 === 0 ? 0.5 : -0.5) * Math.cos(column);
});
const data = [
  { shape: [rows, 20], dtype: "float32", data: x },
  { shape: [rows], dtype: "int32", data: y },
] as never as [Tensor, Tensor];

test("training with dropout learns, and twice the same", async () => {
  const train = async (): Promise<number[]> => {
    const { history } = await model().fit(...data, { batchSize: 32, epochs: 12, verbose: 0 });
    expect((history["accuracy"] as number[]).at(-1)).toBeGreaterThan(0.9);
    return history["loss"] as number[];
  };
  const losses = await train();
  expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] as number));
  expect(await train()).toEqual(losses);
});

test("two layers drop different things, a part of all as large as the rate", async () => {
  const [a, b] = [new layers.Dropout({ rate: 0.3, seed: 1 }), new layers.Dropout({ rate: 0.3, seed: 2 })];
  const ones = new Float32Array(N).fill(1);
  const masks = await Promise.all(
    [a, b, a].map(async (layer) => {
      const dropped = layer.apply({ shape: [N], dtype: "float32", data: ones } as never, { training: true });
      return [...((await (dropped as unknown as Tensor).data()) as Float32Array)].map(
        (v) => (v === 0 ? 1 : 0) as number,
      );
    }),
  );
  const chance = 0.3 * 0.7;
  for (const mask of masks) expect(Math.abs(mean(mask) - 0.3)).toBeLessThan(4 * Math.sqrt(chance / N));
  for (const [i, j] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const [left, right] = [masks[i] as number[], masks[j] as number[]];
    const together = mean(left.map((v, k) => (v - 0.3) * ((right[k] as number) - 0.3))) / chance;
    expect(Math.abs(together)).toBeLessThan(4 / Math.sqrt(N));
  }
});

test("an unknown kind is refused", async () => {
  await expect(onnx({ random: "quick" as never })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError: onnx: random must be one of "threefry", "fast", got "quick". Leave it out for the numbers of Keras, or pass "fast". [docs/errors.md#backenderror]]`,
  );
});
