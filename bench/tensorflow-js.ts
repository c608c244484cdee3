// What we are measured against: TensorFlow.js' own layers, doing the same fit step, in Node and in pages.
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

/** Milliseconds a step of TensorFlow.js' own `fit` on its wasm backend, by epoch; `prepare` loads that backend. */
export async function tensorflowJs(
  model: BenchModel,
  steps: number,
  epochs: number,
  prepare: () => Promise<unknown> = () => import("@tensorflow/tfjs-backend-wasm"),
): Promise<Epochs> {
  const tf = await import("@tensorflow/tfjs");
  await prepare();
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
