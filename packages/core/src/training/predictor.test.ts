import { expect, test } from "vitest";
import { input, layers, Model, ops, Sequential, setRandomSeed, type Tensor } from "../index.ts";

const net = (): Sequential =>
  new Sequential([
    input({ shape: [6, 6, 2] }),
    new layers.Conv2D({ filters: 3, kernelSize: 3, activation: "relu" }),
    new layers.BatchNormalization(),
    new layers.Dropout({ rate: 0.5 }),
    new layers.Flatten(),
    new layers.Dense({ units: 2, activation: "softmax" }),
  ]);
const data = (samples: number) => ({
  shape: [samples, 6, 6, 2],
  dtype: "float32" as const,
  data: Float32Array.from({ length: samples * 72 }, (_, i) => Math.cos(i * 0.7)),
});
const listOf = async (y: Tensor): Promise<number[]> => Array.from((await y.data()) as Float32Array);
function close(a: readonly number[], b: readonly number[]): void {
  expect(a.length).toBe(b.length);
  for (const [i, x] of a.entries()) expect(x).toBeCloseTo(b[i] as number, 5);
}

test("gives what predict gives, for any number of samples", async () => {
  const model = net();
  const predict = await model.predictor(data(1));
  for (const samples of [1, 3, 1]) {
    const y = await predict(data(samples));
    expect([y.shape, y.dtype]).toEqual([[samples, 2], "float32"]);
    close(await listOf(y), await listOf(await model.predict(data(samples), { verbose: 0 })));
  }
  predict.dispose();
});

test("keeps the weights that it was made with", async () => {
  setRandomSeed(1);
  const model = net();
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
  const predict = await model.predictor();
  const before = await listOf(await model.predict(data(4), { verbose: 0 }));
  await model.fit(data(4), [0, 1, 0, 1], { epochs: 2, verbose: 0 });
  const after = await listOf(await model.predict(data(4), { verbose: 0 }));
  expect(after).not.toEqual(before);
  close(await listOf(await predict(data(4))), before);
  const again = await model.predictor();
  close(await listOf(await again(data(4))), after);
});

test("several calls at once, several inputs and outputs", async () => {
  const [a, b] = [input({ shape: [2], name: "a" }), input({ shape: [2], name: "b" })];
  const model = new Model({ inputs: { a, b }, outputs: { sum: ops.add(a, b), twice: ops.multiply(a, 2) } });
  const predict = await model.predictor<{ sum: Tensor; twice: Tensor }>();
  const calls = [1, 2, 3].map((n) => predict({ a: [[n, 0]], b: [[1, n]] }));
  const found = await Promise.all(
    (await Promise.all(calls)).map(async (y) => [await y.sum.array(), await y.twice.array()]),
  );
  expect(found).toEqual([1, 2, 3].map((n) => [[[n + 1, n]], [[2 * n, 0]]]));
});

test("refuses calls after dispose, and models without weights", async () => {
  const predict = await net().predictor(data(1));
  predict.dispose();
  await expect(predict(data(1))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[StateError: sequential_2.predictor: it must not be used after dispose(), got a call. Make another with model.predictor(). [docs/errors.md#stateerror]]`,
  );
  await expect(new Sequential([new layers.Dense({ units: 1 })]).predictor()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[StateError: sequential_3.predictor: the model must be built, got a model without weights yet. Start it with input({ shape }), or call it once, for example by model.predict(x). [docs/errors.md#stateerror]]`,
  );
});
