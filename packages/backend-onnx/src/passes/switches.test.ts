import { readFileSync } from "node:fs";
import { input, layers, Sequential, setBackend, setRandomSeed } from "@keras-ts/core";
import { afterAll, describe, expect, test } from "vitest";
import { type OnnxBackend, onnx } from "../index.ts";
import { passNames } from "./index.ts";

const models: Readonly<Record<string, { readonly shape: readonly number[]; readonly body: () => layers.Dense[] }>> = {
  dense: {
    shape: [12],
    body: () => [
      new layers.Dense({ units: 16, activation: "relu" }),
      new layers.BatchNormalization(),
      new layers.Dropout({ rate: 0.3 }),
      new layers.Dense({ units: 3, activation: "softmax" }),
    ],
  },
  convolutions: {
    shape: [9, 9, 3],
    body: () => [
      new layers.Conv2D({ filters: 4, kernelSize: 3, activation: "relu", padding: "same" }),
      new layers.MaxPooling2D({ poolSize: 2 }),
      // A bias before a batch normalisation has a gradient of rounding errors only, which Adam makes steps of.
      new layers.DepthwiseConv2D({ kernelSize: 3, padding: "same", useBias: false }),
      new layers.BatchNormalization(),
      new layers.Conv2D({ filters: 4, kernelSize: 2, dilationRate: 2, activation: "relu" }),
      new layers.AveragePooling2D({ poolSize: 2, strides: 1 }),
      new layers.Conv2D({ filters: 4, kernelSize: 1, strides: 2, groups: 2, activation: "tanh" }),
      new layers.GlobalAveragePooling2D(),
      new layers.Dense({ units: 3, activation: "softmax" }),
    ],
  },
  sequence: {
    shape: [10, 4],
    body: () => [
      new layers.Conv1D({ filters: 6, kernelSize: 3, dilationRate: 2, padding: "causal" }),
      new layers.LayerNormalization(),
      new layers.LSTM({ units: 5 }),
      new layers.Dense({ units: 3, activation: "softmax" }),
    ],
  },
} as never;

/** Losses of four steps with Adam, and the weights after them. */
async function train(backend: OnnxBackend, name: string): Promise<number[]> {
  const { shape, body } = models[name] as (typeof models)[string];
  setBackend(backend);
  setRandomSeed(3);
  const model = new Sequential([input({ shape }), ...body()]);
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
  const rows = 16;
  const size = shape.reduce((n, s) => n * s, rows);
  const x = {
    shape: [rows, ...shape],
    dtype: "float32",
    data: Float32Array.from({ length: size }, (_, i) => Math.sin(i * i)),
  };
  const y = { shape: [rows], dtype: "int32", data: Int32Array.from({ length: rows }, (_, i) => i % 3) };
  const history = await model.fit(x as never, y as never, { batchSize: 8, epochs: 2, verbose: 0, shuffle: false });
  const weights = await Promise.all(model.weights.map((w) => w.value.data()));
  return [...(history.history.loss as number[]), ...weights.flatMap((w) => Array.from(w as Float32Array))];
}

const off = Object.fromEntries(passNames.map((name) => [name, false]));
const [on, plain] = await Promise.all([onnx({ threads: 1 }), onnx({ threads: 1, passes: off })]);

describe("a training step with all passes off is the same to rounding", () => {
  afterAll(() => Promise.all([on.dispose?.(), plain.dispose?.()]));
  test.each(Object.keys(models))("%s", async (name) => {
    const [got, want] = [await train(on, name), await train(plain, name)];
    expect(got.length).toBe(want.length);
    const far = got.filter((value, i) => !(Math.abs(value - (want[i] as number)) < 2e-5));
    expect(far).toEqual([]);
  });
});

test("a pass that does not exist is refused", async () => {
  await expect(onnx({ passes: { layouts: false } })).rejects.toThrow(
    /onnx: passes must be some of joinPads, mergeScans, .* got layouts/,
  );
});

test("the page about the engine has every pass", () => {
  const page = readFileSync(new URL("../../../../docs/onnx-engine.md", import.meta.url), "utf8");
  expect(passNames.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
