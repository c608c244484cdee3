import { input, layers, Sequential, setBackend, setRandomSeed } from "@keras-ts/core";
import {
  compileGraph,
  Graph,
  type HostArray,
  type Node,
  primitives as p,
  placeholder,
  type Tensor,
  throughBodies,
} from "@keras-ts/core/backend";
import { afterAll, describe, expect, test } from "vitest";
import { onnx } from "../index.ts";
import { rowLayout } from "../kernels/random.ts";
import { hashDraws, joinDraws } from "./draws.ts";

const key = (): Tensor => placeholder({ shape: [2], dtype: "uint32" });
const names = (graph: Graph): string[] => graph.nodes.map((node) => node.definition.name);
const bits = (k: Tensor, shape: readonly number[], words: 1 | 2 = 1): Tensor => p.randomBits(k, { shape, words });
const row = (words: Tensor, i: number): Tensor =>
  p.reshape(p.slice(words, { starts: [i, 0], limits: [i + 1, 2], strides: [1, 1] }), { shape: [2] });

/** Draws of sizes that have nothing in common, keys for others, and a size of none. */
function mixed(): Graph {
  const keys = [key(), key(), key(), key()] as const;
  const [a, b, c, d] = keys;
  return new Graph(
    [...keys],
    [bits(a, [32, 128]), bits(b, [7, 11]), bits(c, [5], 2), bits(d, [300]), bits(a, []), bits(b, [0])],
  );
}
/** Two draws with keys that are drawn themselves, and one beside them. */
function chained(): Graph {
  const [k, other] = [key(), key()];
  const keys = bits(k, [2], 2);
  return new Graph([k, other], [bits(row(keys, 0), [9, 3]), bits(row(keys, 1), [40]), bits(other, [6])]);
}
/** One draw of bits and one of keys that are larger than the cache. */
function large(): Graph {
  const [k, other] = [key(), key()];
  return new Graph([k, other], [bits(k, [2 ** 18 + 77]), bits(other, [2, 2 ** 17 + 5], 2)]);
}
/** A draw in each step of a loop, and another one. */
function looped(): Graph {
  const [k, state] = [key(), key()];
  const one = p.full([2], 1, "uint32");
  const body = new Graph([k, state], [p.add(k, one), state, bits(k, [4]), bits(state, [3])]);
  return new Graph([k, state], p.scan([k, state], { body, numConsts: 0, numCarry: 2, length: 3, reverse: false }));
}

test("draws: those that do not depend on each other are one computation", () => {
  expect(names(mixed()).filter((name) => name === "randomBits").length).toBe(6);
  const after = joinDraws(mixed());
  // What has no elements has nothing to join.
  expect(names(after).toSorted()).toEqual(["randomBits", "randomStreams"]);
  expect(after.outputs.map((x) => x.shape)).toEqual([[32, 128], [7, 11], [5, 2], [300], [], [0]]);
});

test("draws: keys are drawn before what is drawn with them", () => {
  const after = joinDraws(chained());
  const draws = after.nodes.filter((node) => /^random/.test(node.definition.name));
  expect(draws.map((node) => node.inputs.length)).toEqual([2, 2]);
  expect(draws.map((node) => node.outs.map(({ shape }) => shape))).toEqual([
    [[2, 2], [6]],
    [[9, 3], [40]],
  ]);
});

test("draws: those of a loop's body are joined in each step", () => {
  const [loop] = throughBodies(looped(), joinDraws).nodes as readonly [Node];
  expect(names((loop.params as unknown as p.ScanParams).body).filter((name) => /^random/.test(name))).toEqual([
    "randomStreams",
  ]);
});

test("draws: one alone stays as it is", () => {
  const k = key();
  expect(names(joinDraws(new Graph([k], [bits(k, [8])])))).toEqual(["randomBits"]);
});

/** How many draws each computation has. */
function joined(sizes: readonly number[], random: "threefry" | "fast" = "threefry"): number[] {
  const keys = sizes.map(key);
  const graph = new Graph(
    keys,
    keys.map((k, i) => bits(k, [sizes[i] as number])),
  );
  const after = joinDraws(random === "fast" ? hashDraws(graph) : graph);
  return after.nodes.map((node) => node.inputs.length).toSorted((a, b) => a - b);
}

test("draws: the choice flips where copies and filled-up rows cost more than another computation", () => {
  expect(joined([28_000, 28_000])).toEqual([2]);
  expect(joined([29_000, 29_000])).toEqual([1, 1]);
  expect(joined([10, 8192])).toEqual([2]);
  expect(joined([10, 30_000])).toEqual([1, 1]);
  expect(joined([200_000, 10, 300, 200_000, 4096])).toEqual([1, 1, 3]);
  // Beside a hash, copies weigh more.
  expect(joined([28_000, 28_000], "fast")).toEqual([1, 1]);
  expect(joined([19_000, 19_000], "fast")).toEqual([2]);
  // A computation stays in the cache.
  expect(joined(new Array<number>(10).fill(20_000))).toEqual([4, 6]);
});

test("draws: what is larger than the cache is drawn in parts", () => {
  const k = key();
  const parts = (size: number): unknown =>
    joinDraws(new Graph([k], [bits(k, [size])])).nodes.map(({ params }) => (params as { part?: number }).part);
  expect(parts(2 ** 18)).toEqual([undefined]);
  expect(parts(2 ** 18 + 1)).toEqual([2 ** 17]);
});

test("rows: equal sizes are a row each, others are split so that little is filled up", () => {
  expect(rowLayout([4096, 4096, 4096])).toMatchObject({ width: 4096, counts: [1, 1, 1] });
  expect(rowLayout([1000])).toMatchObject({ width: 1000, counts: [1] });
  const { width, counts } = rowLayout([4096, 77, 10, 300]);
  expect(counts.map((n) => n * width).reduce((a, b) => a + b)).toBeLessThan(1.2 * 4483);
});

const engines = await Promise.all(
  (["node", "web"] as const).flatMap((engine) =>
    [true, false].map(async (on) => onnx({ engine, threads: 2, passes: { draws: on } })),
  ),
);
afterAll(() => Promise.all(engines.map((engine) => engine.dispose?.())));

async function run(engine: (typeof engines)[number], graph: Graph): Promise<Uint32Array[]> {
  const program = await compileGraph(graph, engine);
  const inputs = graph.inputs.map(
    ({ shape }, i): HostArray => ({ shape, dtype: "uint32", data: Uint32Array.of(1337 + 7919 * i, 2 ** 31 + i) }),
  );
  const outs = await program.run(inputs.map((x) => engine.upload(x)));
  return Promise.all(outs.map(async (x) => (await engine.download(x)).data as Uint32Array));
}

describe("the bits are the same with and without", () => {
  test.each(Object.entries({ mixed, chained, looped, large }))("%s", async (_, graph) => {
    const [want, ...got] = await Promise.all(engines.toReversed().map((engine) => run(engine, graph())));
    const isSame = (a: Uint32Array, b: Uint32Array): boolean => a.length === b.length && a.every((x, i) => x === b[i]);
    for (const one of got) expect(one.map((x, i) => isSame(x, want?.[i] as Uint32Array))).toEqual(one.map(() => true));
  });
});

test("a training with dropouts, several steps in one program, is the same to the last bit", async () => {
  const train = async (engine: (typeof engines)[number]): Promise<number[]> => {
    setBackend(engine);
    setRandomSeed(4);
    const dense = (): layers.Dense => new layers.Dense({ units: 9, activation: "relu" });
    const model = new Sequential([
      input({ shape: [5] }),
      ...[0.1, 0.3, 0.5].flatMap((rate) => [dense(), new layers.Dropout({ rate })]),
      new layers.Dense({ units: 1 }),
    ]);
    model.compile({ optimizer: "sgd", loss: "mse", stepsPerExecution: 3 });
    const x = { shape: [24, 5], dtype: "float32", data: Float32Array.from({ length: 120 }, (_, i) => Math.sin(i)) };
    const y = { shape: [24, 1], dtype: "float32", data: Float32Array.from({ length: 24 }, (_, i) => i % 3) };
    const { history } = await model.fit(x as never, y as never, { batchSize: 4, epochs: 3, verbose: 0 });
    return history["loss"] as number[];
  };
  const [on, off] = engines as [(typeof engines)[number], (typeof engines)[number]];
  const [joinedLosses, losses] = [await train(on), await train(off)];
  expect(joinedLosses).toEqual(losses);
  expect(losses.length).toBe(3);
});
