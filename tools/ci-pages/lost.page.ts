// The graphics card is taken away while a model trains; training goes on with another engine, from the last completed step.
import { type InjectedOrt, onnx } from "@keras-ts/backend-onnx";
import { callbacks, input, layers, Sequential, setBackend, setRandomSeed, tensor } from "@keras-ts/core";
import * as gpuBuild from "onnxruntime-web/webgpu";

/** What the test reads. */
export interface LostReport {
  readonly error: string;
  /** Steps that ended before the error, and the optimizer's count of steps after it. */
  readonly steps: number;
  readonly counted: number;
  /** The largest difference of a weight after the loss: from what it was when the last step ended, where somebody looked at each. */
  readonly changed: number;
  /** The same from what as many steps on the wasm engine give. */
  readonly apart: number;
  /** The loss after each epoch, before and after. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const query = new URLSearchParams(location.search);
const inWorker = query.get("worker") === "true";
const ort = gpuBuild as unknown as InjectedOrt;
setBackend(await onnx({ device: "webgpu", wasmPaths: "/ort/", ...(inWorker ? {} : { ort, engine: "web" }) }));

async function takeAway(): Promise<void> {
  if (inWorker) {
    const door = new BroadcastChannel("graphics card");
    await new Promise((resolve) => {
      door.onmessage = resolve;
      door.postMessage("take it away");
    });
    return door.close();
  }
  const device = (await ort.env.webgpu?.device) as { destroy(): void } | undefined;
  device?.destroy();
}

const rows = Array.from({ length: 64 }, (_, i) => [i % 2, (i >> 1) % 2, (i >> 2) % 2, (i >> 3) % 2]);
const targets = rows.map(([a = 0, b = 0, c = 0, d = 0]) => [a * 2 - b + c * d]);
function made(): Sequential {
  setRandomSeed(1);
  const model = new Sequential([
    input({ shape: [4] }),
    new layers.Dense({ units: 16, activation: "tanh" }),
    new layers.Dense({ units: 1 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse" });
  model.optimizer.learningRate = 0.02;
  return model;
}
type Weights = Awaited<ReturnType<Sequential["getWeights"]>>;
const distance = (a: Weights, b: Weights | undefined): number =>
  Math.max(...a.flatMap(({ data }, i) => Array.from(data, (x, k) => Math.abs(Number(x) - Number(b?.[i]?.data[k])))));
// The same rows in each step, in order: steps are the same on every engine.
const options = { batchSize: 64, shuffle: false, verbose: 0 } as const;

const model = made();
const many = Array.from({ length: 20 });
const [x, y] = [tensor(many.flatMap(() => rows)), tensor(many.flatMap(() => targets))];
const before: number[] = [];
let steps = 0;
let seen: Weights | undefined;
// Each step is looked at, and the card goes between two of them; or nobody looks, and it goes at any time.
const looked = query.get("looked") === "true";
const taker = new callbacks.LambdaCallback(
  looked
    ? {
        onTrainBatchEnd: async (_, { loss = Number.NaN }) => {
          before.push(loss);
          if (++steps < 10) return;
          seen = await model.getWeights();
          await takeAway();
        },
      }
    : {
        onEpochEnd: (epoch) => {
          if (epoch === 2) setTimeout(takeAway, 30);
        },
      },
);
let error = "none";
try {
  await model.fit(x, y, { ...options, epochs: 1000, callbacks: [taker] });
} catch (thrown) {
  error = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}

const counted = Number(await model.optimizer.iterations.item());
const weights = await model.getWeights();
setBackend(await onnx({ wasmPaths: "/ort/" }));
const twin = made();
await twin.fit(tensor(rows), tensor(targets), { ...options, epochs: counted });
const apart = distance(weights, await twin.getWeights());
const changed = looked ? distance(weights, seen) : 0;
const { history } = await model.fit(x, y, { ...options, epochs: 10 });
const report: LostReport = { error, steps, counted, changed, apart, before, after: history["loss"] ?? [] };
Object.assign(window, { __result: report });
