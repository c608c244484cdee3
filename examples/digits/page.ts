// The main job in a browser: the same model, data and seed as in Node, on the engine that `?engine=` names.
import { onnx } from "@keras-ts/backend-onnx";
import { tfjs } from "@keras-ts/backend-tfjs";
import { callbacks, type HostArray, type Model, saving, setBackend, setRandomSeed, type Tensor } from "@keras-ts/core";
import type { Backend } from "@keras-ts/core/backend";
import { parseDigits, splitDigits } from "./data.ts";
import { digitsModel } from "./model.ts";

/** Chooses an engine and gives its name. */
function use<H>(engine: Backend<H>): string {
  setBackend(engine);
  return engine.name;
}
// The folders `/ort/` and `/tfjs/` serve the wasm files of the engines, `/digits/` the data.
const engines: Readonly<Record<string, () => Promise<string>>> = {
  onnx: async () => use(await onnx({ wasmPaths: "/ort/" })),
  "onnx-webgpu": async () => use(await onnx({ device: "webgpu", wasmPaths: "/ort/" })),
  "tfjs-wasm": async () => use(await tfjs({ device: "wasm", wasmPath: "/tfjs/" })),
  "tfjs-webgl": async () => use(await tfjs({ device: "webgl" })),
  "tfjs-webgpu": async () => {
    await import("@tensorflow/tfjs-backend-webgpu");
    return use(await tfjs({ device: "webgpu" }));
  },
  "tfjs-cpu": async () => use(await tfjs({ device: "cpu" })),
};

/** What a test reads when the page is done. */
export interface DigitsReport {
  readonly engine: string;
  readonly losses: readonly number[];
  /** The running mean of the loss after each step. */
  readonly steps: readonly number[];
  readonly seconds: number;
  /** Different values that the progress element showed, and frames painted meanwhile. */
  readonly shown: number;
  readonly frames: number;
  /** Probabilities of the first held-out images, before saving and after loading. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

async function unzipped(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new Error(`${url} must be served, got status ${response.status}.`);
  return new Response(response.body.pipeThrough(new DecompressionStream("gzip"))).text();
}

const query = new URLSearchParams(location.search);
const name = query.get("engine") ?? "onnx";
const epochs = Number(query.get("epochs") ?? "3");
const make = engines[name];
if (make === undefined) throw new Error(`?engine= must be one of ${Object.keys(engines).join(", ")}, got "${name}".`);

const bar = document.createElement("progress");
const line = document.createElement("pre");
document.body.append(bar, line);

const engine = await make();
setRandomSeed(Number(query.get("seed") ?? "1"));
const { train, test } = splitDigits(parseDigits(await unzipped("/digits/digits.csv.gz")));
const model = digitsModel();

const steps: number[] = [];
let frames = 0;
let training = true;
const countFrames = (): void => {
  frames++;
  if (training) requestAnimationFrame(countFrames);
};
requestAnimationFrame(countFrames);
const shown = new Set<number>();
bar.max = epochs;
const progress = new callbacks.LambdaCallback({
  onTrainBatchEnd: (_, logs) => {
    steps.push(logs.loss ?? Number.NaN);
    bar.value = steps.length / Math.ceil((train.labels.data.length * 0.9) / 32);
    shown.add(bar.position);
  },
});

const started = performance.now();
const { history } = await model.fit(train.images, train.labels, {
  epochs,
  batchSize: 32,
  validationSplit: 0.1,
  callbacks: [progress],
  sink: { write: (text) => line.append(text) },
});
const seconds = (performance.now() - started) / 1000;
training = false;

const few: HostArray = { ...test.images, shape: [40, 8, 8, 1], data: test.images.data.subarray(0, 40 * 64) };
const predict = async (of: Model): Promise<number[]> => {
  const probabilities = (await of.predict(few, { verbose: 0 })) as Tensor;
  return [...(await probabilities.data())].map(Number);
};
const before = await predict(model);
const loaded = await saving.loadModel(await saving.modelToBytes(model));
const after = await predict(loaded);
await model.save("digits.keras"); // in a page: a download

const report: DigitsReport = {
  engine,
  losses: history["loss"] ?? [],
  steps,
  seconds,
  shown: shown.size,
  frames,
  before,
  after,
};
Object.assign(window, { __result: report });
