import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  input,
  KerasTensor,
  layers,
  Model,
  ops,
  Sequential,
  setBackend,
  setRandomSeed,
  type Tensor,
} from "@keras-ts/core";
import { reference } from "@keras-ts/core/backend";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { enableOnnxExport, exportOnnx, OnnxLayer, onnx, onnxBytes } from "../index.ts";
import { version } from "../version.ts";

const folder = mkdtempSync(join(tmpdir(), "keras-ts-export-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  setBackend(reference());
  setRandomSeed(3);
});

const convnet = (): Sequential =>
  new Sequential(
    [
      input({ shape: [8, 8, 1], name: "images" }),
      new layers.Conv2D({ filters: 4, kernelSize: 3, name: "conv" }),
      new layers.BatchNormalization({ name: "norm" }),
      new layers.Activation({ activation: "silu" }),
      new layers.Dropout({ rate: 0.5 }),
      new layers.Flatten(),
      new layers.Dense({ units: 3, activation: "softmax", name: "classes" }),
    ],
    { name: "convnet" },
  );
const images = (samples: number): Float32Array =>
  Float32Array.from({ length: samples * 64 }, (_, i) => Math.sin(i * 1.7));

async function classesOf(source: Uint8Array | string, samples: number): Promise<number[]> {
  const session = await InferenceSession.create(source as string, { logSeverityLevel: 3 });
  const { classes } = await session.run({ images: new OrtTensor("float32", images(samples), [samples, 8, 8, 1]) });
  await session.release();
  return [...((classes as OrtTensor).data as Float32Array)];
}
async function predicted(model: Model, samples: number): Promise<number[]> {
  const x = { shape: [samples, 8, 8, 1], dtype: "float32", data: images(samples) };
  const y: Tensor = await model.predict(ops.convertToTensor(x as never), { verbose: 0 });
  return [...((await y.data()) as Float32Array)];
}
const far = (a: readonly number[], b: readonly number[]): number =>
  a.length === b.length ? Math.max(...a.map((x, i) => Math.abs(x - (b[i] as number)))) : Number.NaN;

const textOf = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);

describe("a file", () => {
  test("has names, an open number of samples, and metadata", async () => {
    const model = convnet();
    const bytes = await onnxBytes(model);
    const session = await InferenceSession.create(bytes);
    expect(session.inputMetadata).toEqual([
      { name: "images", isTensor: true, type: "float32", shape: ["batch", 8, 8, 1] },
    ]);
    expect(session.outputMetadata).toEqual([{ name: "classes", isTensor: true, type: "float32", shape: ["batch", 3] }]);
    await session.release();
    const text = textOf(bytes);
    for (const part of [
      "keras-ts",
      version,
      "keras_version",
      "3.15.1",
      "keras_config",
      "Sequential",
      "conv/kernel_folded",
      "classes/kernel",
    ])
      expect(text).toContain(part);
    expect(version).toBe(packageJson.version);
  });

  test("has standard operators only, unless asked", async () => {
    const model = convnet();
    expect(textOf(await onnxBytes(model))).not.toContain("com.microsoft");
    const own = await onnxBytes(model, { contribOps: true });
    expect(textOf(own)).toContain("com.microsoft");
    expect(far(await classesOf(own, 5), await predicted(model, 5))).toBeLessThan(1e-6);
  });

  test.each([18, 19, 20])("of operator set %i", async (opsetVersion) => {
    const model = new Sequential([
      input({ shape: [8, 8, 1] }),
      convnet(),
      new layers.Activation({ activation: "gelu", name: "classes" }),
    ]);
    const bytes = await onnxBytes(model, { opsetVersion });
    const session = await InferenceSession.create(bytes);
    const feeds = { [session.inputNames[0] as string]: new OrtTensor("float32", images(2), [2, 8, 8, 1]) };
    const { classes } = await session.run(feeds);
    await session.release();
    expect(far([...((classes as OrtTensor).data as Float32Array)], await predicted(model, 2))).toBeLessThan(1e-6);
  });

  test("takes a fixed number of samples if told so", async () => {
    const bytes = await onnxBytes(convnet(), { inputSignature: new KerasTensor([1, 8, 8, 1]) });
    const session = await InferenceSession.create(bytes);
    expect(session.inputMetadata[0]).toMatchObject({ shape: [1, 8, 8, 1] });
    await session.release();
  });

  test("of a subclassed model", async () => {
    class Two extends Model {
      readonly inner = new layers.Dense({ units: 2 });
      override call(x: unknown): unknown {
        return { a: this.inner.apply(x as Tensor), b: ops.relu(x as Tensor) };
      }
    }
    const model = new Two();
    await expect(onnxBytes(model)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: onnxBytes: the model must be built, got a model without weights yet. Start it with input({ shape }), or call it once, for example by model.predict(x). [docs/errors.md#configerror]]`,
    );
    await model.predict([[1, 2]], { verbose: 0 });
    await expect(onnxBytes(model)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: onnxBytes: the shapes of a subclassed model's inputs must be given, got none. Pass inputSignature: new KerasTensor([null, 28, 28, 1], { name: "images" }). [docs/errors.md#configerror]]`,
    );
    const bytes = await onnxBytes(model, { inputSignature: new KerasTensor([null, 2], { name: "pairs" }) });
    const session = await InferenceSession.create(bytes);
    expect([...session.inputNames, ...session.outputNames]).toEqual(["pairs", "output_0", "output_1"]);
    await session.release();
  });
});

describe("exportOnnx", () => {
  test("writes one file, or one for weights beside it", async () => {
    const model = convnet();
    const [whole, split] = [join(folder, "whole.onnx"), join(folder, "split.onnx")];
    await exportOnnx(model, whole);
    await exportOnnx(model, split, { externalData: true });
    expect(readdirSync(folder).sort()).toEqual(["split.onnx", "split.onnx.data", "whole.onnx"]);
    // The kernel of the last layer has 432 numbers; smaller weights stay inside.
    expect(statSync(`${split}.data`).size).toBe(432 * 4);
    const wanted = await predicted(model, 7);
    expect(far(await classesOf(whole, 7), wanted)).toBeLessThan(1e-6);
    expect(far(await classesOf(split, 7), wanted)).toBeLessThan(1e-6);
    expect(new Uint8Array(readFileSync(whole))).toEqual(await onnxBytes(model));
  });

  test("has the weights of now", async () => {
    const model = convnet();
    model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
    const before = await onnxBytes(model);
    const x = ops.reshape(ops.convertToTensor(images(4)), [4, 8, 8, 1]);
    await model.fit(x, [0, 1, 2, 0], { epochs: 2, verbose: 0 });
    const wanted = await predicted(model, 4);
    expect(far(await classesOf(before, 4), wanted)).toBeGreaterThan(1e-4);
    expect(far(await classesOf(await onnxBytes(model), 4), wanted)).toBeLessThan(1e-6);
  });

  test("is what model.export calls", async () => {
    const model = convnet();
    enableOnnxExport();
    const path = join(folder, "model.onnx");
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    await model.export(path, { format: "onnx" });
    expect(log.mock.calls).toEqual([[`convnet is exported to ${path}`]]);
    await model.export(path, { verbose: false });
    expect(log).toHaveBeenCalledTimes(1);
    log.mockRestore();
    expect(far(await classesOf(path, 3), await predicted(model, 3))).toBeLessThan(1e-6);
  });

  test("of a model with a model from elsewhere inside", async () => {
    const engine = await onnx({ engine: "node", threads: 1 });
    try {
      setBackend(engine);
      const backbone = new OnnxLayer({ model: await onnxBytes(convnet(), { opsetVersion: 18 }), name: "backbone" });
      const model = new Sequential(
        [
          input({ shape: [8, 8, 1], name: "images" }),
          backbone,
          new layers.Dense({ units: 2, name: "classes", activation: "softmax" }),
        ],
        { name: "tuned" },
      );
      const path = join(folder, "tuned.onnx");
      for (const samples of [1, 5]) {
        await model.export(path, { verbose: false });
        expect(far(await classesOf(path, samples), await predicted(model, samples))).toBeLessThan(1e-5);
      }
      const session = await InferenceSession.create(path);
      expect(session.inputMetadata).toMatchObject([{ name: "images", shape: ["batch", 8, 8, 1] }]);
      await session.release();
      expect(textOf(new Uint8Array(readFileSync(path)))).toContain("backbone/convnet/classes/kernel");
    } finally {
      await engine.dispose?.();
    }
  });

  test("refuses what cannot be exported", async () => {
    const model = convnet();
    const anyLength = new Sequential([input({ shape: [null, 3], name: "words" }), new layers.LSTM({ units: 2 })], {
      name: "steps",
    });
    class Odd extends layers.Layer {
      override call(x: Tensor): Tensor {
        return x.multiply(Math.sqrt(x.shape[0] as number));
      }
    }
    const odd = new Sequential([input({ shape: [4] }), new Odd()], { name: "odd" });
    const failures = [
      exportOnnx(model, "model.keras"),
      exportOnnx(model, "model.onnx", { opsetVersion: 12 }),
      model.export("model.onnx", { format: "saved_model" }),
      model.export("model.onnx", { opset: 12 } as never),
      model.export(3 as never),
      onnxBytes(anyLength),
      onnxBytes(odd),
      onnxBytes(model, { inputSignature: [new KerasTensor([1, 2]), new KerasTensor([1, 2])] }),
    ];
    const messages = (await Promise.allSettled(failures)).map((x) =>
      x.status === "rejected" ? x.reason.message : "none",
    );
    expect(messages).toMatchInlineSnapshot(`
      [
        "convnet.export: the name of an ONNX file must end in .onnx, got "model.keras". Name it for example "model.onnx". [docs/errors.md#backenderror]",
        "convnet.export: opsetVersion must be a whole number from 18 to 21, got 12. Leave it out for the newest. [docs/errors.md#configerror]",
        "convnet.export: the format must be one that a package has brought (onnx), got "saved_model". Use format: "onnx". [docs/errors.md#configerror]",
        "convnet.export: options must be ones that it has, got "opset". It takes format, verbose, inputSignature, opsetVersion, externalData, contribOps. [docs/errors.md#configerror]",
        "convnet.export: the path must be a string, got number. Name the file: export("model.onnx"). [docs/errors.md#configerror]",
        "onnxBytes: only the number of samples may stay open, got input "words" of shape [null, null, 3]. Fix the sizes: inputSignature: new KerasTensor([null, 32, 3]). [docs/errors.md#configerror]",
        "onnxBytes: the program must be the same for any number of samples, got the constant c1 that depends on it in an irregular way. Fix the number: inputSignature: new KerasTensor([1, ...], { name }). [docs/errors.md#backenderror]",
        "onnxBytes: inputSignature must have 1 inputs, as the model, got 2. Give one KerasTensor for each. [docs/errors.md#configerror]",
      ]
    `);
  });
});
