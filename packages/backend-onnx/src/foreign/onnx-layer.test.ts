import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  input,
  type KerasTensor,
  layers,
  Model,
  ops,
  optimizers,
  Sequential,
  saving,
  setBackend,
  setRandomSeed,
  type Tensor,
  tensor,
} from "@keras-ts/core";
import { reference } from "@keras-ts/core/backend";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { bytesOf as littleEndian } from "../builder.ts";
import { exportOnnx, OnnxLayer, onnx, onnxBytes } from "../index.ts";
import { encodeModel, type GraphData, type OnnxType } from "../proto.ts";
import { readSignature } from "./read-model.ts";

const folder = mkdtempSync(join(tmpdir(), "keras-ts-foreign-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const backbone = (): Sequential =>
  new Sequential([
    input({ shape: [6, 6, 2], name: "images" }),
    new layers.Conv2D({ filters: 3, kernelSize: 3, activation: "relu" }),
    new layers.BatchNormalization(),
    new layers.Flatten({ name: "features" }),
  ]);
const images = (samples: number) => ({
  shape: [samples, 6, 6, 2],
  dtype: "float32",
  data: Float32Array.from({ length: samples * 72 }, (_, i) => Math.sin(i)),
});
const listOf = async (y: unknown): Promise<number[]> => Array.from((await (y as Tensor).data()) as Float32Array);

/** A model of an old operator set, which the operators of this engine would not go with: `Squeeze` has its axes as an attribute. */
function oldModel(type: OnnxType = "int64", shape: readonly (number | string)[] = ["n", 1, 3]): Uint8Array {
  const value = (name: string, sizes: readonly (number | string)[]) => ({ name, type, shape: sizes });
  const graph: GraphData = {
    name: "old",
    nodes: [
      {
        op: "Squeeze",
        domain: "",
        inputs: ["x"],
        outputs: ["flat"],
        attributes: { axes: { kind: "ints", value: [1] } },
        name: "a",
      },
      { op: "Add", domain: "", inputs: ["flat", "one"], outputs: ["y"], attributes: {}, name: "b" },
      { op: "Add", domain: "", inputs: ["flat", "flat"], outputs: ["z"], attributes: {}, name: "c" },
    ],
    initializers: [{ name: "one", type, shape: [], data: littleEndian(type, [1]) }],
    inputs: [value("x", shape)],
    outputs: [value("y", [shape[0] as string, 3]), value("z", ["somehow", "else"])],
  };
  return encodeModel({ graph, opsets: { "": 11 } });
}

const engines = await Promise.all((["node", "web"] as const).map((engine) => onnx({ engine, threads: 2 })));
describe.each(engines)("$name", (engine) => {
  afterAll(() => engine.dispose?.());
  beforeEach(() => {
    setBackend(engine);
    setRandomSeed(1);
  });

  test("computes what the model computed, in Sequential and functional models, and in what is saved", async () => {
    const original = backbone();
    const path = join(folder, `backbone-${engine.name}.onnx`);
    await exportOnnx(original, path);
    const wanted = await listOf(await original.predict(images(4), { verbose: 0 }));
    const layer = new OnnxLayer({ filepath: path, name: "backbone" });
    const inputs = input({ shape: [6, 6, 2] });
    const features = layer.apply<KerasTensor>(inputs);
    expect(features.shape).toEqual([null, 48]);
    const model = new Model({ inputs, outputs: [features, ops.multiply(features, 2)] });
    const [plain, twice] = await model.predict<Tensor[]>(images(4), { verbose: 0 });
    expect((await listOf(plain)).map((x, i) => Math.abs(x - (wanted[i] as number)))).toSatisfy((gaps: number[]) =>
      gaps.every((gap) => gap < 1e-5),
    );
    expect(await listOf(twice)).toEqual((await listOf(plain)).map((x) => 2 * x));

    const head = new Sequential([input({ shape: [6, 6, 2] }), layer, new layers.Dense({ units: 2 })]);
    const bytes = await saving.modelToBytes(head);
    const loaded = await saving.loadModel(bytes, { customObjects: { OnnxLayer } });
    expect(loaded.layers[0]?.getConfig()).toMatchObject({ filepath: path, trainable: false });
    expect(await listOf(await loaded.predict(images(3), { verbose: 0 }))).toEqual(
      await listOf(await head.predict(images(3), { verbose: 0 })),
    );
  });

  test("stays as it is while layers after it are trained, steps in one program or not", async () => {
    const layer = new OnnxLayer({ model: await onnxBytes(backbone()) });
    const model = new Sequential([input({ shape: [6, 6, 2] }), layer, new layers.Dense({ units: 2 })]);
    model.compile({ optimizer: new optimizers.Adam({ learningRate: 0.01 }), loss: "mse" });
    const before = await listOf(layer.apply<Tensor>(tensor(images(2).data, { shape: [2, 6, 6, 2] })));
    const y = ops.ones([12, 2]);
    const { history } = await model.fit(images(12), y, { epochs: 20, batchSize: 2, verbose: 0 });
    expect(history["loss"]?.at(-1)).toBeLessThan((history["loss"]?.[0] as number) / 2);
    expect(await listOf(layer.apply<Tensor>(tensor(images(2).data, { shape: [2, 6, 6, 2] })))).toEqual(before);
    expect(layer.weights).toEqual([]);
    await model.evaluate(images(12), y, { verbose: 0 });
    const predict = await model.predictor();
    expect((await predict(images(1))).shape).toEqual([1, 2]);
  });

  test("weights before it cannot be trained", async () => {
    const layer = new OnnxLayer({ model: await onnxBytes(backbone()), name: "frozen" });
    const first = new layers.Conv2D({ filters: 2, kernelSize: 1 });
    const model = new Sequential([input({ shape: [6, 6, 2] }), first, layer, new layers.Dense({ units: 2 })]);
    model.compile({ optimizer: "adam", loss: "mse" });
    await expect(model.fit(images(2), ops.ones([2, 2]), { verbose: 0 })).rejects.toThrow(
      'OnnxLayer "frozen": nothing before it may be trained: no gradient goes through, got trained weights before it.',
    );
    first.trainable = false;
    model.compile({ optimizer: "adam", loss: "mse" });
    await model.fit(images(2), ops.ones([2, 2]), { verbose: 0 });
  });

  test("models of old operator sets, int64, several outputs, shapes that the file does not tell", async () => {
    const layer = new OnnxLayer({ model: oldModel(), outputShapes: { z: [null, 3] } });
    const x = tensor([[[1, 2, 3]], [[4, 5, 6]]], { dtype: "int32" });
    const { y, z } = layer.apply<{ y: Tensor; z: Tensor }>(x);
    expect([y.dtype, y.shape, z.shape]).toEqual(["int32", [2, 3], [2, 3]]);
    expect(await y.array()).toEqual([
      [2, 3, 4],
      [5, 6, 7],
    ]);
    expect(await z.array()).toEqual([
      [2, 4, 6],
      [8, 10, 12],
    ]);
    const handles = engine.memory?.().handles as number;
    for (let i = 0; i < 5; i++) await layer.apply<{ y: Tensor }>(x).y.array();
    expect(engine.memory?.().handles).toBeLessThan(handles + 40);
  });

  test("files that ONNX Runtime does not take are told", async () => {
    const good = oldModel("float32");
    const text = new TextDecoder("latin1").decode(good).replace("Squeeze", "Squooze");
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
    const layer = new OnnxLayer({ model: bytes, outputShapes: { z: [null, 3] }, name: "odd" });
    await expect(layer.apply<{ y: Tensor }>(ops.ones([2, 1, 3])).y.array()).rejects.toThrow(
      /^OnnxLayer "odd": ONNX Runtime must take the model, got .*Squooze/,
    );
    const lies = new OnnxLayer({ model: good, outputShapes: { z: [null, 4] }, name: "lies" });
    await expect(lies.apply<{ y: Tensor }>(ops.ones([2, 1, 3])).y.array()).rejects.toThrow(
      'OnnxLayer "lies": output "z" must have shape [2, 4], got [2, 3].',
    );
  });
});

test("reads signatures, weights left out", async () => {
  setBackend(reference());
  const { inputs, outputs } = readSignature(await onnxBytes(backbone()));
  expect(inputs).toEqual([{ name: "images", type: 1, shape: ["batch", 6, 6, 2] }]);
  expect(outputs).toEqual([{ name: "features", type: 1, shape: ["batch", 48] }]);
});

test("says what is wrong with files, inputs and engines", async () => {
  const whole = oldModel("float32");
  const make =
    (model: Uint8Array | string, more: object = {}) =>
    () =>
      new OnnxLayer({ model, name: "foreign", ...more });
  const known = new OnnxLayer({ model: whole, name: "foreign", outputShapes: { z: [null, 3] } });
  const failures: (() => unknown)[] = [
    () => new OnnxLayer({ name: "foreign" }),
    () => new OnnxLayer({ name: "foreign", filepath: join(folder, "missing.onnx") }),
    make(new Uint8Array()),
    make(new TextEncoder().encode("<!DOCTYPE html><html></html>")),
    make(whole.slice(0, 60)),
    make(whole.slice(0, whole.length - 3)),
    make(oldModel("uint64")),
    () => new OnnxLayer({ model: whole, name: "foreign" }).apply(ops.ones([2, 1, 3])),
    () => known.apply(ops.ones([2, 1, 4])),
    () => known.apply([ops.ones([2, 1, 3]), ops.ones([2, 1, 3])]),
  ];
  const messages = failures.map((run) => {
    try {
      run();
      return "none";
    } catch (error) {
      return (error as Error).message.replaceAll(folder, "");
    }
  });
  expect(messages).toMatchInlineSnapshot(`
    [
      "OnnxLayer "foreign": there must be a filepath that can be read, or the bytes of a model, got neither. Pass filepath: "model.onnx", or model: bytes. [docs/errors.md#configerror]",
      "OnnxLayer "foreign": there must be a filepath that can be read, or the bytes of a model, got "/missing.onnx": ENOENT: no such file or directory, open '/missing.onnx'. Check the path. [docs/errors.md#configerror]",
      "OnnxLayer "foreign": the file must be a whole ONNX model, got an empty file: no graph. Check the file; a download may have been cut short. [docs/errors.md#configerror]",
      "OnnxLayer "foreign": the file must be a whole ONNX model, got an HTML page (a failed download?) (28 bytes): a file that ends too early. Check the file; a download may have been cut short. [docs/errors.md#configerror]",
      "OnnxLayer "foreign": the file must be a whole ONNX model, got perhaps an ONNX model (60 bytes): a file that ends too early. Check the file; a download may have been cut short. [docs/errors.md#configerror]",
      "OnnxLayer "foreign": the file must be a whole ONNX model, got perhaps an ONNX model (206 bytes): a file that ends too early. Check the file; a download may have been cut short. [docs/errors.md#configerror]",
      "OnnxLayer "foreign": inputs and outputs must be tensors of floats, integers or bool, got "x" of element type 13. Export the model in float32, without text or sequences. [docs/errors.md#backenderror]",
      "OnnxLayer "foreign": the shape of output "z" must be known, got [somehow, else]. Pass outputShapes: { "z": [null, ...] }, null for the number of samples. (in foreign) [docs/errors.md#shapeerror]",
      "OnnxLayer "foreign": input "x" must have shape [n, 1, 3], got [2, 1, 4]. Change the input's shape. (in foreign) [docs/errors.md#shapeerror]",
      "OnnxLayer "foreign": there must be 1 inputs: x, got 2. Pass them by name, or as an array in this order. (in foreign) [docs/errors.md#configerror]",
    ]
  `);
  setBackend(reference());
  await expect(known.apply<{ y: Tensor }>(ops.ones([2, 1, 3])).y.array()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError: OnnxLayer "foreign": the ONNX engine must be in use, and the layer must not be called in a loop or branch, got another engine, or a loop. Use setBackend(await onnx()) of "@keras-ts/backend-onnx". [docs/errors.md#backenderror]]`,
  );
});
