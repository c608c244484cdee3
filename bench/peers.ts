// What we are measured against: TensorFlow.js' own layers, and Keras in Python, each doing the same fit step.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type * as Tensorflow from "@tensorflow/tfjs";
import { type BenchModel, data } from "./models.ts";

/** What a contender reports: milliseconds a step by epoch, and perhaps those until its first step was done, and its most megabytes. */
export interface Epochs {
  readonly times: readonly number[];
  readonly first?: number;
  readonly peak?: number;
}

type Twin = (tf: typeof Tensorflow, model: BenchModel) => Tensorflow.LayersModel;
/** The models that TensorFlow.js' own layers can be stacked to. */
const twins: Readonly<Record<string, Twin>> = {
  mlp: (tf, { inputShape, classes }) =>
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 512, activation: "relu", inputShape: [...inputShape] }),
        tf.layers.dense({ units: 512, activation: "relu" }),
        tf.layers.dense({ units: classes, activation: "softmax" }),
      ],
    }),
  lstm: (tf, { inputShape, classes }) =>
    tf.sequential({
      layers: [
        tf.layers.lstm({ units: 128, recurrentActivation: "sigmoid", inputShape: [...inputShape] }),
        tf.layers.dense({ units: classes, activation: "softmax" }),
      ],
    }),
};

/** Milliseconds a step of TensorFlow.js' own `fit` on its wasm backend, by epoch. */
export async function tensorflowJs(model: BenchModel, steps: number, epochs: number): Promise<Epochs> {
  const tf = await import("@tensorflow/tfjs");
  await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  await tf.ready();
  const make = twins[model.name];
  if (make === undefined) {
    const convolves = model.inputShape.length > 2;
    throw new Error(convolves ? "it has no Conv2DBackpropFilter kernel there" : "it has no attention layer");
  }
  const net = make(tf, model);
  net.compile({ optimizer: tf.train.adam(0.001), loss: "sparseCategoricalCrossentropy" });
  const arrays = data(model, steps);
  const x = tf.tensor(arrays.x.data, [...arrays.x.shape]);
  const y = tf.tensor(Float32Array.from(arrays.y.data), [arrays.y.shape[0] as number, 1]);
  const times: number[] = [];
  for (let epoch = 0; epoch <= epochs; epoch++) {
    const start = performance.now();
    await net.fit(x, y, { batchSize: model.batch, epochs: 1, verbose: 0, yieldEvery: "never" });
    if (epoch > 0) times.push((performance.now() - start) / steps);
  }
  for (const thing of [x, y, net]) thing.dispose();
  return { times };
}

/** Milliseconds a step of Keras in Python on one of its backends, by epoch, in a process of its own. */
export async function pythonKeras(
  python: string,
  backend: string,
  model: BenchModel,
  steps: number,
  epochs: number,
): Promise<Epochs> {
  const script = fileURLToPath(new URL("models.py", import.meta.url));
  const env = { ...process.env, KERAS_BACKEND: backend, TF_CPP_MIN_LOG_LEVEL: "3", JAX_PLATFORMS: "cpu" };
  try {
    const { stdout } = await promisify(execFile)(python, [script, model.name, String(steps), String(epochs)], { env });
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as Epochs;
  } catch (error) {
    const lines = String((error as { stderr?: unknown }).stderr || error)
      .trim()
      .split("\n");
    throw new Error(lines.at(-1) ?? "it failed");
  }
}
