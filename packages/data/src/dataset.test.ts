import { input, layers, Sequential, setRandomSeed, Tensor, tensor } from "@keras-ts/core";
import { expect, test } from "vitest";
import { DataLoader, Dataset, stack } from "./index.ts";

const arrays = async (dataset: AsyncIterable<unknown>): Promise<unknown[]> => {
  const out: unknown[] = [];
  const read = async (x: unknown): Promise<unknown> =>
    x instanceof Tensor ? x.array() : Array.isArray(x) ? Promise.all(x.map(read)) : x;
  for await (const item of dataset) out.push(await read(item));
  return out;
};

test("arrays are cut into rows and batched again", async () => {
  const data = await Dataset.fromArrays(
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    tensor([0, 1, 1], { dtype: "int32" }),
  );
  expect(data.cardinality).toBe(3);
  const batches = data.batch(2);
  expect(batches.numBatches).toBe(2);
  expect(await arrays(batches)).toEqual([
    [
      [
        [1, 2],
        [3, 4],
      ],
      [0, 1],
    ],
    [[[5, 6]], [1]],
  ]);
  expect(data.batch(2, { dropRemainder: true }).cardinality).toBe(1);
  expect(await arrays(data.batch(2, { dropRemainder: true }))).toHaveLength(1);
  const [first] = await data.batch(2).take(1).toArray();
  expect((first as Tensor[])[1]?.dtype).toBe("int32");
});

test("structure is kept", async () => {
  const data = await Dataset.fromTensorSlices<{ a: Tensor; b: Tensor }>({ a: [[1], [2]], b: Float32Array.of(3, 4) });
  const [batch] = await data.batch(2).toArray();
  expect(await batch?.a.array()).toEqual([[1], [2]]);
  expect(await batch?.b.array()).toEqual([3, 4]);
});

test("map, filter, take, skip, repeat, concatenate and their sizes", async () => {
  const ten = Dataset.range(0, 10);
  expect(
    await ten
      .map(async (n) => n * n)
      .take(3)
      .toArray(),
  ).toEqual([0, 1, 4]);
  expect(await ten.filter((n) => tensor(n % 3).equal(0)).toArray()).toEqual([0, 3, 6, 9]);
  expect(ten.filter(() => true).cardinality).toBeUndefined();
  expect(await ten.skip(8).repeat(2).toArray()).toEqual([8, 9, 8, 9]);
  expect(ten.skip(8).repeat(2).cardinality).toBe(4);
  expect(ten.repeat().cardinality).toBe(Number.POSITIVE_INFINITY);
  expect(await ten.repeat().skip(5).take(7).toArray()).toEqual([5, 6, 7, 8, 9, 0, 1]);
  expect(await ten.take(1).concatenate(ten.skip(9)).toArray()).toEqual([0, 9]);
  expect(ten.take(1).concatenate(ten.skip(9)).cardinality).toBe(2);
  expect(
    await Dataset.from<number>([])
      .repeat()
      .toArray()
      .catch(() => "endless"),
  ).toEqual([]);
});

test("mapped tensors are computed for the whole batch", async () => {
  const data = await Dataset.fromArrays([[2], [4]], [1, 2]);
  const scaled = data.map(([x, y]) => [(x as Tensor).divide(2), y as Tensor]);
  expect(await arrays(scaled.batch(2))).toEqual([
    [
      [[1], [2]],
      [1, 2],
    ],
  ]);
});

test("a seed fixes the order; each epoch has another one unless told otherwise", async () => {
  const order = (options: object): Dataset<number> => Dataset.range(0, 20).shuffle(20, { seed: 7, ...options });
  const a = order({});
  const [first, second] = [await a.toArray(), await a.toArray()];
  expect(first).not.toEqual(second);
  expect([...first].sort((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  const b = order({});
  expect([await b.toArray(), await b.toArray()]).toEqual([first, second]);
  const same = order({ reshuffleEachIteration: false });
  expect(await same.toArray()).toEqual(await same.toArray());
  const small = await Dataset.range(0, 100).shuffle(5, { seed: 1 }).toArray();
  expect(small.every((n, i) => n <= i + 4)).toBe(true);
});

test("prefetch keeps order, passes errors on and stops early", async () => {
  let made = 0;
  let closed = false;
  const source = Dataset.fromGenerator(async function* () {
    try {
      for (;;) yield made++;
    } finally {
      closed = true;
    }
  });
  expect(await source.prefetch(3).take(4).toArray()).toEqual([0, 1, 2, 3]);
  expect(made).toBeLessThanOrEqual(8);
  expect(closed).toBe(true);
  const broken = Dataset.range(0, 3).map((n) => {
    if (n === 1) throw new Error("no 1");
    return n;
  });
  await expect(broken.prefetch(2).toArray()).rejects.toThrow("no 1");
});

test("cache generates once", async () => {
  let runs = 0;
  const data = Dataset.fromGenerator(function* () {
    runs++;
    yield 1;
    yield 2;
  }).cache();
  await data.toArray();
  expect(await data.toArray()).toEqual([1, 2]);
  expect(runs).toBe(1);
});

test("errors say what to do", async () => {
  function* once(): Generator<number> {
    yield 1;
  }
  const data = Dataset.from(once());
  await data.toArray();
  await expect(data.toArray()).rejects.toThrowErrorMatchingSnapshot("generator twice");
  await expect(Dataset.fromArrays([[1], [2]], [1])).rejects.toThrowErrorMatchingSnapshot("rows differ");
  await expect(
    Dataset.from([[1, 2], [3]])
      .batch(2)
      .toArray(),
  ).rejects.toThrowErrorMatchingSnapshot("ragged batch");
  expect(() => Dataset.range(0, 3).batch(0)).toThrowErrorMatchingSnapshot("batch 0");
  await expect(Dataset.range(0, 3).repeat().toArray()).rejects.toThrowErrorMatchingSnapshot("endless");
  expect(() => Dataset.fromGenerator(once() as never)).toThrowErrorMatchingSnapshot("generator for function");
  await expect(stack([{ a: 1 }, { b: 1 }])).rejects.toThrowErrorMatchingSnapshot("structures differ");
  expect(() => new DataLoader(new Set([1]), { shuffle: true })).toThrowErrorMatchingSnapshot("iterable shuffled");
  expect(() => new DataLoader(3 as never)).toThrowErrorMatchingSnapshot("no dataset");
});

test("DataLoader: torch's defaults, shuffling, dropping, collating", async () => {
  const squares = { length: 5, get: async (i: number) => [[i], i * i] };
  const loader = new DataLoader(squares, { batchSize: 2 });
  expect(loader.length).toBe(3);
  expect(await arrays(loader)).toEqual([
    [
      [[0], [1]],
      [0, 1],
    ],
    [
      [[2], [3]],
      [4, 9],
    ],
    [[[4]], [16]],
  ]);
  expect(await arrays(new DataLoader([1, 2]))).toEqual([[1], [2]]);
  const numbers = Array.from({ length: 10 }, (_, i) => i);
  const collate = (rows: readonly number[]): readonly number[] => rows;
  const shuffled = (): DataLoader<number, readonly number[]> =>
    new DataLoader(numbers, { batchSize: 4, shuffle: true, seed: 0, dropLast: true, collate });
  const a = shuffled();
  expect(a.numBatches).toBe(2);
  const first = await arrays(a);
  expect(first).toEqual(await arrays(shuffled()));
  expect(await arrays(a)).not.toEqual(first);
  expect(await arrays(new DataLoader(numbers, { sampler: [3, 1], batchSize: 2, collate }))).toEqual([[3, 1]]);
  expect(await arrays(new DataLoader(new Set([1, 2, 3]), { batchSize: 2 }))).toEqual([[1, 2], [3]]);
});

test("fit, evaluate and predict take datasets and loaders, with the losses of arrays", async () => {
  const x = Array.from({ length: 10 }, (_, i) => [Math.sin(i), Math.cos(i)]);
  const y = x.map(([a = 0, b = 0]) => [a - 2 * b]);
  const make = (): Sequential => {
    setRandomSeed(3);
    const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    return model;
  };
  const plain = make();
  const expected = await plain.fit(x, y, { batchSize: 4, epochs: 2, shuffle: false, verbose: 0 });
  const rows = await Dataset.fromArrays(x, y);
  const loader = new DataLoader({ length: 10, get: (i) => [tensor(x[i] ?? []), tensor(y[i] ?? [])] }, { batchSize: 4 });
  for (const data of [rows.batch(4), rows.batch(4).prefetch(), rows.batch(4).filter(() => true), loader]) {
    const model = make();
    const history = await model.fit(data, undefined, { epochs: 2, verbose: 0 });
    expect(history.history.loss).toEqual(expected.history.loss);
    expect(await model.evaluate(data, undefined, { verbose: 0 })).toBeCloseTo(
      (await plain.evaluate(x, y, { verbose: 0 })) as number,
      6,
    );
    expect((await model.predict(data, { verbose: 0 })).shape).toEqual([10, 1]);
  }
  const endless = make();
  const history = await endless.fit(rows.batch(5).repeat(), undefined, { stepsPerEpoch: 3, epochs: 2, verbose: 0 });
  expect(history.history.loss).toHaveLength(2);
});
