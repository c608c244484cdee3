import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  callbacks,
  input,
  KerasTensor,
  layers,
  type Model,
  optimizers,
  Sequential,
  setBackend,
  setRandomSeed,
} from "@keras-ts/core";
import { reference } from "@keras-ts/core/backend";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { afterAll, beforeEach, expect, test } from "vitest";
import { enableOnnxExport, OnnxLayer, onnx, onnxBytes } from "../index.ts";
import type { TrainingStepLayout } from "./training-step.ts";

const folder = mkdtempSync(join(tmpdir(), "keras-ts-step-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  setBackend(reference());
  setRandomSeed(4);
  enableOnnxExport();
});

const make = (): Sequential => {
  const model = new Sequential(
    [
      input({ shape: [6, 6, 1], name: "images" }),
      new layers.Conv2D({ filters: 3, kernelSize: 3, name: "conv" }),
      new layers.BatchNormalization({ name: "norm" }),
      new layers.ReLU(),
      new layers.MaxPooling2D(),
      new layers.Dropout({ rate: 0.25, name: "drop" }),
      new layers.Flatten(),
      new layers.Dense({ units: 3, activation: "softmax", name: "classes" }),
    ],
    { name: "net" },
  );
  model.compile({
    optimizer: new optimizers.Adam({ name: "adam" }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
  return model;
};
const [BATCH, STEPS] = [8, 5];
const pixels = Float32Array.from({ length: BATCH * STEPS * 36 }, (_, i) => Math.sin(i * 0.37));
const labels = Int32Array.from({ length: BATCH * STEPS }, (_, i) => i % 3);

/** The layout in a file, as its metadata has it. */
function layoutOf(path: string): TrainingStepLayout {
  const text = readFileSync(path).toString("latin1");
  return JSON.parse(/\{"inputs":\["images"\].*?\]\}/.exec(text)?.[0] as string) as TrainingStepLayout;
}

/** Logs of each step of an epoch by the file alone. */
async function runFile(path: string, batch: number): Promise<Record<string, number>[]> {
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  const layout = layoutOf(path);
  const start = await InferenceSession.create(path.replace(/onnx$/, "start.onnx"), { logSeverityLevel: 3 });
  let state: Record<string, OrtTensor> = { ...(await start.run({})) };
  const logs: Record<string, number>[] = [];
  for (let from = 0; from < labels.length; from += batch) {
    const n = Math.min(batch, labels.length - from);
    const results = await session.run({
      images: new OrtTensor("float32", pixels.slice(from * 36, (from + n) * 36), [n, 6, 6, 1]),
      classes_target: new OrtTensor("int32", labels.slice(from, from + n), [n]),
      ...state,
    });
    state = Object.fromEntries(
      layout.state.map(({ input: name, output }) => [
        name,
        (output === null ? state : results)[output ?? name] as OrtTensor,
      ]),
    );
    logs.push(Object.fromEntries(layout.logs.map((name) => [name, Number((results[name] as OrtTensor).data[0])])));
  }
  await session.release();
  return logs;
}

async function fitted(model: Model, batchSize: number): Promise<Record<string, number>[]> {
  const logs: Record<string, number>[] = [];
  const x = { shape: [BATCH * STEPS, 6, 6, 1], dtype: "float32", data: pixels };
  const keep = new callbacks.LambdaCallback({ onTrainBatchEnd: (_, read) => void logs.push({ ...read }) });
  await model.fit(x, { shape: [BATCH * STEPS], dtype: "int32", data: labels } as never, {
    batchSize,
    shuffle: false,
    verbose: 0,
    callbacks: [keep],
  });
  return logs;
}

test.each([
  ["a fixed number of samples", BATCH, BATCH],
  ["any number", null, 16],
])("the file trains as fit does, dropout and all: %s", async (_, batchSize, size) => {
  const model = make();
  const path = join(folder, `step-${batchSize}.onnx`);
  await model.exportTrainingStep(path, { batchSize, verbose: false });
  const [wanted, found] = [await fitted(model, size), await runFile(path, size)];
  expect(found.length).toBe(Math.ceil((BATCH * STEPS) / size));
  expect(found.map((log) => Object.keys(log).sort())).toEqual(wanted.map((log) => Object.keys(log).sort()));
  found.forEach((log, i) => {
    for (const [name, value] of Object.entries(log)) expect(value).toBeCloseTo(wanted[i]?.[name] as number, 4);
  });
  const session = await InferenceSession.create(path);
  expect(session.inputNames.slice(0, 2)).toEqual(["images", "classes_target"]);
  await session.release();
});

test("a frozen model from elsewhere is a part of the step; what stands after it is trained", async () => {
  const engine = await onnx({ engine: "node", threads: 1 });
  try {
    setBackend(engine);
    const features = new Sequential([
      input({ shape: [6, 6, 1], name: "x" }),
      new layers.Conv2D({ filters: 3, kernelSize: 3, activation: "relu" }),
      new layers.Flatten({ name: "y" }),
    ]);
    const backbone = new OnnxLayer({ model: await onnxBytes(features, { opsetVersion: 18 }), name: "backbone" });
    const model = new Sequential(
      [
        input({ shape: [6, 6, 1], name: "images" }),
        backbone,
        new layers.Dropout({ rate: 0.25 }),
        new layers.Dense({ units: 3, activation: "softmax", name: "classes" }),
      ],
      { name: "tuned" },
    );
    model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
    const path = join(folder, "tuned.onnx");
    await model.exportTrainingStep(path, { verbose: false });
    const [wanted, found] = [await fitted(model, BATCH), await runFile(path, BATCH)];
    expect(found.length).toBe(STEPS);
    found.forEach((log, i) => {
      for (const [name, value] of Object.entries(log)) expect(value).toBeCloseTo(wanted[i]?.[name] as number, 4);
    });
    const first = new layers.Conv2D({ filters: 1, kernelSize: 1 });
    const before = new Sequential([input({ shape: [6, 6, 1] }), first, backbone, new layers.Dense({ units: 3 })]);
    before.compile({ loss: "mse" });
    await expect(before.exportTrainingStep(path, { verbose: false })).rejects.toThrow(
      'OnnxLayer "backbone": nothing before it may be trained',
    );
  } finally {
    await engine.dispose?.();
  }
});

test("tells what each variable is for", async () => {
  const path = join(folder, "layout.onnx");
  await make().exportTrainingStep(path, { batchSize: 4, verbose: false });
  const { state, ...names } = layoutOf(path);
  expect(names).toMatchInlineSnapshot(`
    {
      "inputs": [
        "images",
      ],
      "logs": [
        "loss",
        "accuracy",
      ],
      "targets": [
        "classes_target",
      ],
    }
  `);
  const kinds = Object.fromEntries(state.map(({ input: name, kind }) => [name, kind]));
  expect(kinds).toMatchInlineSnapshot(`
    {
      "accuracy/count": "metric",
      "accuracy/total": "metric",
      "adam/iteration": "optimizer",
      "adam/learning_rate": "optimizer",
      "adam/net_classes_bias_momentum": "optimizer",
      "adam/net_classes_bias_velocity": "optimizer",
      "adam/net_classes_kernel_momentum": "optimizer",
      "adam/net_classes_kernel_velocity": "optimizer",
      "adam/net_conv_bias_momentum": "optimizer",
      "adam/net_conv_bias_velocity": "optimizer",
      "adam/net_conv_kernel_momentum": "optimizer",
      "adam/net_conv_kernel_velocity": "optimizer",
      "adam/net_norm_beta_momentum": "optimizer",
      "adam/net_norm_beta_velocity": "optimizer",
      "adam/net_norm_gamma_momentum": "optimizer",
      "adam/net_norm_gamma_velocity": "optimizer",
      "loss/count": "metric",
      "loss/total": "metric",
      "net/classes/bias": "weight",
      "net/classes/kernel": "weight",
      "net/conv/bias": "weight",
      "net/conv/kernel": "weight",
      "net/norm/beta": "weight",
      "net/norm/gamma": "weight",
      "net/norm/moving_mean": "weight",
      "net/norm/moving_variance": "weight",
      "state": "state",
    }
  `);
  expect(state.filter(({ output }) => output === null).map(({ input: name }) => name)).toMatchInlineSnapshot(`
    [
      "adam/learning_rate",
    ]
  `);
});

test("refuses models that are not compiled, and targets nobody can know", async () => {
  const path = join(folder, "none.onnx");
  const plain = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })], { name: "plain" });
  await expect(plain.exportTrainingStep(path)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[StateError: plain.exportTrainingStep: the model must be compiled, got an uncompiled model. Call model.compile({ optimizer: "adam", loss: "mse" }). [docs/errors.md#stateerror]]`,
  );
  plain.compile({ loss: (_: unknown, y: unknown) => y as never });
  await expect(plain.exportTrainingStep(path)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: plain.exportTrainingStep: the shapes of the targets must be given, got none. Pass targetSignature: new KerasTensor([null, 1], { dtype: "float32" }). [docs/errors.md#configerror]]`,
  );
  plain.compile({ loss: "mse" });
  await expect(plain.exportTrainingStep(path, { batchSize: 0 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: plain.exportTrainingStep: batchSize must be a whole number from 1 up, or null for any, got 0. Use for example 32. [docs/errors.md#configerror]]`,
  );
  await plain.exportTrainingStep(path, { targetSignature: new KerasTensor([null, 1]), verbose: false });
});
