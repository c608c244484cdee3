// The graphics card is taken away while a model trains; training goes on with another engine, from the last completed step.
import { type InjectedOrt, onnx } from "@keras-ts/backend-onnx";
import { callbacks, input, layers, Sequential, setBackend, setRandomSeed, tensor } from "@keras-ts/core";
import * as gpuBuild from "onnxruntime-web/webgpu";

/** What the test reads. */
export interface LostReport {
  readonly error: string;
  readonly before: readonly number[];
  /** Steps that ended before the error, and the optimizer's count of steps after it. */
  readonly steps: number;
  readonly counted: number;
  readonly finite: boolean;
  readonly after: readonly number[];
}

const ort = gpuBuild as unknown as InjectedOrt;
setBackend(await onnx({ ort, device: "webgpu", engine: "web", wasmPaths: "/ort/" }));
setRandomSeed(1);
const model = new Sequential([
  input({ shape: [4] }),
  new layers.Dense({ units: 16, activation: "tanh" }),
  new layers.Dense({ units: 1 }),
]);
model.compile({ optimizer: "adam", loss: "mse" });
model.optimizer.learningRate = 0.02;
const rows = Array.from({ length: 64 }, (_, i) => [i % 2, (i >> 1) % 2, (i >> 2) % 2, (i >> 3) % 2]);
const x = tensor(rows);
const y = tensor(rows.map(([a = 0, b = 0, c = 0, d = 0]) => [a * 2 - b + c * d]));

const before: number[] = [];
let steps = 0;
async function takeAway(): Promise<void> {
  const device = (await ort.env.webgpu?.device) as { destroy(): void } | undefined;
  device?.destroy();
}
const taker = new callbacks.LambdaCallback({
  onEpochEnd: (_, { loss = Number.NaN }) => void before.push(loss),
  onTrainBatchEnd: async () => {
    if (++steps === 10) await takeAway();
  },
});
let error = "none";
try {
  await model.fit(x, y, { epochs: 50, batchSize: 16, verbose: 0, callbacks: [taker] });
} catch (thrown) {
  error = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}

const counted = Number(await model.optimizer.iterations.item());
const weights = await model.getWeights();
const finite = weights.every(({ data }) => Array.from(data, Number).every(Number.isFinite));
setBackend(await onnx({ wasmPaths: "/ort/" }));
const { history } = await model.fit(x, y, { epochs: 20, batchSize: 16, verbose: 0 });
const report: LostReport = { error, before, steps, counted, finite, after: history["loss"] ?? [] };
Object.assign(window, { __result: report });
