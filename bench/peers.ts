// What we are measured against: TensorFlow.js by hand, and Keras in Python, each doing the same fit step.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type BenchModel, data } from "./models.ts";

/** Milliseconds a step: the best epoch and the middle one. */
export interface StepTime {
  readonly best: number;
  readonly median: number;
}

/** Times of epochs as step times. */
export function stepTime(epochs: readonly number[], steps: number): StepTime {
  const sorted = epochs.map((ms) => ms / steps).sort((a, b) => a - b);
  return { best: sorted[0] as number, median: sorted[Math.floor(sorted.length / 2)] as number };
}

/** TensorFlow.js' own layers and fit, on its wasm backend. Convnets cannot train there. */
export async function tensorflowJs(model: BenchModel, steps: number, epochs: number): Promise<StepTime> {
  const tf = await import("@tensorflow/tfjs");
  await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  await tf.ready();
  const net = tf.sequential();
  net.add(tf.layers.dense({ units: 512, activation: "relu", inputShape: [784] }));
  net.add(tf.layers.dense({ units: 512, activation: "relu" }));
  net.add(tf.layers.dense({ units: model.classes, activation: "softmax" }));
  net.compile({ optimizer: tf.train.adam(0.001), loss: "sparseCategoricalCrossentropy" });
  const arrays = data(model, steps);
  const x = tf.tensor(arrays.x.data, [...arrays.x.shape]);
  const y = tf.tensor(Float32Array.from(arrays.y.data), [arrays.y.shape[0] as number, 1]);
  const times: number[] = [];
  for (let epoch = 0; epoch <= epochs; epoch++) {
    const start = performance.now();
    await net.fit(x, y, { batchSize: model.batch, epochs: 1, verbose: 0, yieldEvery: "never" });
    if (epoch > 0) times.push(performance.now() - start);
  }
  x.dispose();
  y.dispose();
  return stepTime(times, steps);
}

/** Keras in Python on one of its backends, in a process of its own. */
export async function pythonKeras(
  python: string,
  backend: string,
  model: BenchModel,
  steps: number,
  epochs: number,
): Promise<StepTime | string> {
  const script = new URL("models.py", import.meta.url).pathname;
  const env = { ...process.env, KERAS_BACKEND: backend, TF_CPP_MIN_LOG_LEVEL: "3" };
  try {
    const { stdout } = await promisify(execFile)(python, [script, model.name, String(steps), String(epochs)], { env });
    return JSON.parse(stdout.trim().split("\n").at(-1) as string) as StepTime;
  } catch (error) {
    const lines = String((error as { stderr?: unknown }).stderr ?? error)
      .trim()
      .split("\n");
    return `not run: ${lines.at(-1)}`;
  }
}
