// A model of another tool in a page: fetched, frozen before a layer that is trained, saved and loaded, and taken along to a second engine.
import { OnnxLayer, onnx } from "@keras-ts/backend-onnx";
import { input, layers, ops, Sequential, saving, setBackend, setRandomSeed, type Tensor, tensor } from "@keras-ts/core";

/** What the test reads. */
export interface FrozenReport {
  readonly engines: readonly string[];
  /** What the file computes: before and after training, and on the second engine. */
  readonly features: readonly (readonly number[])[];
  readonly losses: readonly number[];
  /** Of the trained model, of what was saved of it, and of both on the second engine. */
  readonly predictions: readonly (readonly number[])[];
  /** What a file over int64 computes. */
  readonly integers: readonly number[];
  /** Of half a file, and of a path. */
  readonly complaints: readonly string[];
}

const fetched = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(`/models/${name}.onnx`)).arrayBuffer());
const query = new URLSearchParams(location.search);
const device = query.get("device") === "webgpu" ? "webgpu" : "cpu";
const first = await onnx({ device, wasmPaths: "/ort/" });
setBackend(first);
setRandomSeed(1);

const shape = [6, 6, 2];
const x = {
  shape: [8, ...shape],
  dtype: "float32",
  data: Float32Array.from({ length: 8 * 72 }, (_, i) => Math.sin(i)),
} as const;
const y = tensor(Array.from({ length: 8 }, (_, i) => [i % 2, 1 - (i % 2)]));
const valuesOf = async (values: unknown): Promise<number[]> => Array.from(await (values as Tensor).data(), Number);
const predict = async (model: Sequential): Promise<number[]> => valuesOf(await model.predict(x, { verbose: 0 }));

const bytes = await fetched("backbone");
const backbone = new OnnxLayer({ model: bytes, name: "backbone" });
const alone = new Sequential([input({ shape }), backbone]);
const model = new Sequential([input({ shape }), backbone, new layers.Dense({ units: 2 })]);
model.compile({ optimizer: "adam", loss: "mse" });
model.optimizer.learningRate = 0.02;

const features = [await predict(alone)];
const { history } = await model.fit(x, y, { epochs: 20, batchSize: 4, verbose: 0 });
features.push(await predict(alone));
const loaded = (await saving.loadModel(await saving.modelToBytes(model), {
  customObjects: { OnnxLayer },
})) as Sequential;
const predictions = [await predict(model), await predict(loaded)];

const counting = new OnnxLayer({ model: await fetched("integers") });
const integers = await valuesOf(counting.apply(ops.cast(tensor([[[1, 2, 3]], [[4, 5, 6]]]), "int32")));

const complaints: string[] = [];
for (const config of [{ model: bytes.subarray(0, bytes.length >> 1) }, { filepath: "/models/backbone.onnx" }]) {
  try {
    new OnnxLayer(config);
  } catch (error) {
    complaints.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
}

const second = await onnx({ wasmPaths: "/ort/" });
setBackend(second);
features.push(await predict(alone));
predictions.push(await predict(model), await predict(loaded));
await first.dispose?.();
await second.dispose?.();
const report: FrozenReport = {
  engines: [first.name, second.name],
  ...{ features, predictions, integers, complaints, losses: history["loss"] ?? [] },
};
Object.assign(window, { __result: report });
