// One contender in a page: `?engine=`, `?model=`, `?threads=`, `?steps=`, `?epochs=`; the result is milliseconds a step, a number an epoch.
import { onnx } from "@keras-ts/backend-onnx";
import { tfjs } from "@keras-ts/backend-tfjs";
import { setBackend, setRandomSeed } from "@keras-ts/core";
import type { Backend } from "@keras-ts/core/backend";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { type BenchModel, data, models } from "./models.ts";
import { type Epochs, tensorflowJs } from "./tensorflow-js.ts";

const query = new URLSearchParams(location.search);
const [threads, steps, epochs] = ["threads", "steps", "epochs"].map((name) => Number(query.get(name))) as [
  number,
  number,
  number,
];
const model = models.find(({ name }) => name === query.get("model"));
if (model === undefined) throw new Error(`no model "${query.get("model")}"`);

async function prepareTensorflow(): Promise<void> {
  setWasmPaths("/tfjs/");
  setThreadsCount(threads);
}
async function ours<H>(backend: Backend<H>, { build, batch }: BenchModel): Promise<Epochs> {
  setBackend(backend);
  setRandomSeed(1);
  const net = build();
  const { x, y } = data(model as BenchModel, steps);
  const times: number[] = [];
  for (let epoch = 0; epoch <= epochs; epoch++) {
    const start = performance.now();
    await net.fit(x, y, { batchSize: batch, epochs: 1, verbose: 0 });
    if (epoch > 0) times.push((performance.now() - start) / steps);
  }
  return { times };
}
const engines: Readonly<Record<string, () => Promise<Epochs>>> = {
  onnx: async () => ours(await onnx({ threads, wasmPaths: "/ort/" }), model),
  "tfjs-layers": () => tensorflowJs(model, steps, epochs, prepareTensorflow),
  "tfjs-ours": async () => {
    await prepareTensorflow();
    return ours(await tfjs({ device: "wasm", wasmPath: "/tfjs/" }), model);
  },
};
const run = engines[query.get("engine") ?? ""];
const report: Epochs | { readonly reason: string } = await (
  run?.() ?? Promise.reject(new Error("no such engine"))
).catch((error: unknown) => ({ reason: error instanceof Error ? error.message : String(error) }));
Object.assign(window, { __result: report });
