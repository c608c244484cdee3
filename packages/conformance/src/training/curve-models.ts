// The models of curves.json: twins of those that real Keras trained, line by line.
import { input, type KerasTensor, layers, losses, Model, optimizers, Sequential } from "@keras-ts/core";
import { type CurveData, images, tokens, vectors } from "./curve-data.ts";

/** A model to train, and its data. */
export interface Curve {
  readonly build: () => Model;
  readonly data: (rows: number) => CurveData;
}
const accuracy = ["accuracy"];

function mlp(): Model {
  const model = new Sequential([
    input({ shape: [6] }),
    new layers.Dense({ units: 16, activation: "relu" }),
    new layers.Dropout({ rate: 0.3 }),
    new layers.Dense({ units: 16, activation: "tanh" }),
    new layers.Dropout({ rate: 0.1 }),
    new layers.Dense({ units: 3, activation: "softmax" }),
  ]);
  const optimizer = new optimizers.SGD({ learningRate: 0.05, momentum: 0.9 });
  model.compile({ optimizer, loss: "sparse_categorical_crossentropy", metrics: accuracy });
  return model;
}

function convnet(): Model {
  const model = new Sequential([
    input({ shape: [8, 8, 1] }),
    new layers.Conv2D({ filters: 6, kernelSize: 3, activation: "relu", padding: "same" }),
    new layers.BatchNormalization(),
    new layers.MaxPooling2D(),
    new layers.Dropout({ rate: 0.25 }),
    new layers.Conv2D({ filters: 8, kernelSize: 3, activation: "relu", kernelInitializer: "he_normal" }),
    new layers.BatchNormalization({ momentum: 0.9 }),
    new layers.Flatten(),
    new layers.Dropout({ rate: 0.25 }),
    new layers.Dense({ units: 2 }),
  ]);
  const loss = new losses.SparseCategoricalCrossentropy({ fromLogits: true });
  model.compile({ optimizer: new optimizers.Adam({ learningRate: 0.003 }), loss, metrics: accuracy });
  return model;
}

function lstm(): Model {
  const model = new Sequential([
    input({ shape: [7], dtype: "int32" }),
    new layers.Embedding({ inputDim: 12, outputDim: 8, maskZero: true }),
    new layers.LSTM({ units: 10, dropout: 0.2 }),
    new layers.Dense({ units: 1, activation: "sigmoid" }),
  ]);
  model.compile({
    optimizer: new optimizers.AdamW({ learningRate: 0.01 }),
    loss: "binary_crossentropy",
    metrics: accuracy,
  });
  return model;
}

function transformer(): Model {
  const inputs = input({ shape: [7], dtype: "int32" });
  let x = new layers.Embedding({ inputDim: 12, outputDim: 8 }).apply(inputs);
  const attended = new layers.MultiHeadAttention({ numHeads: 2, keyDim: 4, dropout: 0.1 }).apply(x, x) as KerasTensor;
  x = new layers.LayerNormalization().apply(new layers.Add().apply([x, attended]));
  let hidden = new layers.Dense({ units: 16, activation: "gelu" }).apply(x);
  hidden = new layers.Dropout({ rate: 0.1 }).apply(new layers.Dense({ units: 8 }).apply(hidden));
  x = new layers.LayerNormalization().apply(new layers.Add().apply([x, hidden]));
  const outputs = new layers.Dense({ units: 1, activation: "sigmoid" }).apply(new layers.Flatten().apply(x));
  const model = new Model({ inputs, outputs });
  const optimizer = new optimizers.AdamW({ learningRate: 0.005, weightDecay: 0.01 });
  model.compile({ optimizer, loss: "binary_crossentropy", metrics: accuracy });
  return model;
}

/** By the names of curves.json. */
export const curves: Readonly<Record<"mlp" | "convnet" | "lstm" | "transformer", Curve>> = {
  mlp: { build: mlp, data: vectors },
  convnet: { build: convnet, data: images },
  lstm: { build: lstm, data: tokens },
  transformer: { build: transformer, data: tokens },
};
export type CurveName = keyof typeof curves;
