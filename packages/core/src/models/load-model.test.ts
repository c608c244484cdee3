import { beforeEach, expect, test } from "vitest";
import type { Tensor } from "../graph/index.ts";
import * as layers from "../layers/index.ts";
import * as ops from "../ops/index.ts";
import { type KerasTensor, resetNames, tensor } from "../ops/index.ts";
import { type Config, registerKerasSerializable } from "../registry/index.ts";
import { modelToBytes, packKerasFile, unpackKerasFile } from "../saving/index.ts";
import type { Variable } from "../weights/index.ts";
import * as initializers from "../weights/initializers.ts";
import { cloneModel, loadModel, Model, modelFromJSON, Sequential } from "./index.ts";

beforeEach(() => resetNames());

class Scale extends layers.Layer {
  static override readonly className: string = "Scale";
  readonly start: number;
  factor: Variable | undefined;
  constructor({ start = 1, ...config }: layers.LayerConfig & { readonly start?: number } = {}) {
    super(config);
    this.start = start;
  }
  override build(): void {
    this.factor = this.addWeight({
      name: "factor",
      shape: [],
      initializer: new initializers.Constant({ value: this.start }),
    });
  }
  override call(x: Tensor): Tensor {
    return x.multiply((this.factor as Variable).value);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), start: this.start };
  }
}
class Registered extends Scale {
  static override readonly className: string = "Registered";
}
const halves = (yTrue: Tensor, yPred: Tensor): Tensor => ops.mean(ops.abs(yTrue.subtract(yPred)), { axis: -1 });

const valuesOf = async (model: Model, x: unknown): Promise<unknown> =>
  (await model.predict<Tensor>(x, { verbose: 0 })).array();

test("classes and functions of one's own come from customObjects", async () => {
  const model = new Sequential([layers.input({ shape: [2] }), new Scale({ start: 3 })]);
  model.compile({ optimizer: "sgd", loss: halves });
  const bytes = await modelToBytes(model);
  const { config } = await unpackKerasFile(bytes);
  expect(config).toMatchObject({
    config: { layers: [{}, { module: null, class_name: "Scale", registered_name: "Scale", config: { start: 3 } }] },
    compile_config: {
      loss: { module: "builtins", class_name: "function", config: "halves", registered_name: "function" },
    },
  });
  await expect(loadModel(bytes)).rejects.toThrow(/"Scale".*registerKerasSerializable, or pass customObjects/);
  const loaded = await loadModel(bytes, { customObjects: { Scale, halves } });
  const x = tensor([[1, 2]]);
  expect(await valuesOf(loaded, x)).toEqual([[3, 6]]);
  expect(loaded.compileOptions?.loss).toBe(halves);
});

test("jit_compile of a file is that of another machine: steps are compiled all the same", async () => {
  const model = new Sequential([layers.input({ shape: [2] }), new layers.Dense({ units: 1 })]);
  model.compile({ optimizer: "sgd", loss: "mse", jitCompile: false });
  const bytes = await modelToBytes(model);
  expect((await unpackKerasFile(bytes)).config).toMatchObject({ compile_config: { jit_compile: false } });
  expect((await loadModel(bytes)).compileOptions?.jitCompile).toBeUndefined();
});

test("registered classes need nothing, and are written under their package", async () => {
  registerKerasSerializable(Registered, { package: "mine" });
  const bytes = await modelToBytes(new Sequential([layers.input({ shape: [2] }), new Registered({ start: 2 })]));
  const loaded = await loadModel(bytes);
  expect(loaded.layers[0]).toBeInstanceOf(Registered);
  expect((await unpackKerasFile(bytes)).config).toMatchObject({
    config: { layers: [{}, { module: null, class_name: "Registered", registered_name: "mine>Registered" }] },
  });
});

test("one object in two places is one object again", async () => {
  const shared = new layers.Dense({ units: 2 });
  const inner = (): Sequential => new Sequential([layers.input({ shape: [2] }), shared]);
  const [a, b] = [inner(), inner()];
  const x = layers.input({ shape: [2] });
  const model = new Model({
    inputs: x,
    outputs: new layers.Add().apply<KerasTensor>([a.apply<KerasTensor>(x), b.apply<KerasTensor>(x)]),
  });
  const loaded = await loadModel(await modelToBytes(model));
  expect(loaded.weights.length).toBe(2);
  const data = tensor([[1, -1]]);
  expect(await valuesOf(loaded, data)).toEqual(await valuesOf(model, data));
});

test("raw ops keep their options, slices and constants", async () => {
  const x = layers.input({ shape: [4, 3] });
  const part = x.at("...", [1, null]).add(tensor([0.5, -0.5]));
  const y = ops.concatenate([ops.relu(part), ops.sum(x, { axis: -1, keepdims: true })], { axis: 2 });
  const model = new Model({ inputs: x, outputs: ops.expandDims(y, 1) });
  const loaded = await loadModel(await modelToBytes(model));
  expect(JSON.parse(await loaded.toJSON())).toEqual(JSON.parse(await model.toJSON()));
  const data = ops.reshape(ops.arange(24), [2, 4, 3]);
  expect(await valuesOf(loaded, data)).toEqual(await valuesOf(model, data));
});

test("masks and options that Python wrote with a call are honoured", async () => {
  const x = layers.input({ shape: [3], dtype: "int32" });
  const model = new Model({
    inputs: x,
    outputs: new layers.LSTM({ units: 2 }).apply<KerasTensor>(
      new layers.Embedding({ inputDim: 5, outputDim: 2, maskZero: true }).apply<KerasTensor>(x),
    ),
  });
  const file = await unpackKerasFile(await modelToBytes(model));
  // As Keras writes it: the mask is an op of its own, and an argument of the LSTM.
  const config = structuredClone(file.config) as {
    config: { layers: { name: string; inbound_nodes: { kwargs: object }[] }[] };
  };
  const history = (name: string, dtype: string): object => ({
    class_name: "__keras_tensor__",
    config: { shape: [null, 3], dtype, keras_history: [name, 0, 0] },
  });
  const [lstm] = config.config.layers.splice(2, 1);
  const notEqual = {
    module: "keras.src.ops.numpy",
    class_name: "NotEqual",
    registered_name: "NotEqual",
    config: { name: "not_equal" },
  };
  const nodes = [{ args: [history("input_layer", "int32"), 0], kwargs: {} }];
  config.config.layers.push({ ...notEqual, name: "not_equal", inbound_nodes: nodes } as never);
  (lstm as (typeof config.config.layers)[number]).inbound_nodes[0] = {
    ...(lstm as (typeof config.config.layers)[number]).inbound_nodes[0],
    kwargs: { training: false, mask: history("not_equal", "bool") },
  };
  config.config.layers.push(lstm as never);
  const loaded = await loadModel(packKerasFile({ ...file, config }));
  const data = tensor(
    [
      [1, 2, 0],
      [3, 0, 0],
    ],
    { dtype: "int32" },
  );
  expect(await valuesOf(loaded, data)).toEqual(await valuesOf(model, data));
});

test("a clone has the architecture and weights of its own", async () => {
  const model = new Sequential([layers.input({ shape: [2] }), new layers.Dense({ units: 3 })]);
  model.compile({ optimizer: "sgd", loss: "mse" });
  const clone = cloneModel(model);
  expect(clone.compiled).toBe(false);
  expect(clone.weights.map((v) => v.shape)).toEqual([[2, 3], [3]]);
  expect(clone.weights[0]).not.toBe(model.weights[0]);
});

test("other files are refused with a way out", async () => {
  const text = (bytes: string): Uint8Array => Uint8Array.from(bytes, (c) => c.charCodeAt(0));
  await expect(loadModel(text("\x89HDF\r\n\x1a\n"))).rejects.toThrow(
    /must be a \.keras file, got an HDF5 file.*save it with model\.save/,
  );
  await expect(loadModel(text("hello"))).rejects.toThrow(/must be a \.keras file, got text beginning "hello"/);
  await expect(loadModel("/nowhere/model.keras")).rejects.toThrow(
    /"\/nowhere\/model\.keras" must be a file that can be read/,
  );
  expect(() => modelFromJSON("{}")).toThrow(/must describe a model: class_name and config, got an object with no keys/);
  expect(() => modelFromJSON("no")).toThrow(/the text must be JSON, got "no"/);
  expect(() =>
    modelFromJSON('{"module":"keras.layers","class_name":"Dropout","config":{"rate":0.5},"registered_name":null}'),
  ).toThrow(/must describe a model, got an object of class Dropout/);
  const model = new Sequential([layers.input({ shape: [2] }), new layers.Dense({ units: 3 })]);
  await expect(model.save("model.h5")).rejects.toThrow(/must end in \.keras, got "model\.h5"/);
  await expect(model.saveWeights("model.keras")).rejects.toThrow(/must end in \.weights\.h5/);
});
