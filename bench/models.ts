// The models of the benchmarks. `models.py` has their Python twins: same layers, same sizes, same optimizer.
import { input, type KerasTensor, layers, Model, Sequential } from "@keras-ts/core";

/** A model with the shape of its data. */
export interface BenchModel {
  readonly name: string;
  readonly batch: number;
  readonly inputShape: readonly number[];
  readonly classes: number;
  /** Steps of one timed epoch: a few seconds of it on a small machine. */
  readonly steps: number;
  build(): Model;
}

export const mlp: BenchModel = {
  name: "mlp",
  batch: 128,
  inputShape: [784],
  classes: 10,
  steps: 60,
  build() {
    const model = new Sequential([
      input({ shape: [784] }),
      new layers.Dense({ units: 512, activation: "relu" }),
      new layers.Dense({ units: 512, activation: "relu" }),
      new layers.Dense({ units: 10, activation: "softmax" }),
    ]);
    model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
    return model;
  },
};

export const convnet: BenchModel = {
  name: "convnet",
  batch: 128,
  inputShape: [28, 28, 1],
  classes: 10,
  steps: 60,
  build() {
    const model = new Sequential([
      input({ shape: [28, 28, 1] }),
      new layers.Conv2D({ filters: 32, kernelSize: 3, activation: "relu" }),
      new layers.MaxPooling2D({ poolSize: 2 }),
      new layers.Conv2D({ filters: 64, kernelSize: 3, activation: "relu" }),
      new layers.MaxPooling2D({ poolSize: 2 }),
      new layers.Flatten(),
      new layers.Dropout({ rate: 0.5 }),
      new layers.Dense({ units: 10, activation: "softmax" }),
    ]);
    model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
    return model;
  },
};

/** Two pre-norm blocks of attention and a feed-forward part, over a sequence of vectors. */
export const transformer: BenchModel = {
  name: "transformer",
  batch: 32,
  inputShape: [64, 128],
  classes: 10,
  steps: 60,
  build() {
    const inputs = input({ shape: [64, 128] });
    let x: KerasTensor = inputs;
    for (let block = 0; block < 2; block++) {
      const first = new layers.LayerNormalization().apply(x);
      x = new layers.Add().apply([x, new layers.MultiHeadAttention({ numHeads: 4, keyDim: 32 }).apply(first, first)]);
      const second = new layers.LayerNormalization().apply(x);
      const wide = new layers.Dense({ units: 512, activation: "gelu" }).apply(second);
      x = new layers.Add().apply([x, new layers.Dense({ units: 128 }).apply(wide)]);
    }
    const pooled = new layers.GlobalAveragePooling1D().apply(new layers.LayerNormalization().apply(x));
    const model = new Model({
      inputs,
      outputs: new layers.Dense({ units: 10, activation: "softmax" }).apply(pooled),
    });
    model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
    return model;
  },
};

export const lstm: BenchModel = {
  name: "lstm",
  batch: 64,
  inputShape: [50, 32],
  classes: 10,
  steps: 60,
  build() {
    const model = new Sequential([
      input({ shape: [50, 32] }),
      new layers.LSTM({ units: 128 }),
      new layers.Dense({ units: 10, activation: "softmax" }),
    ]);
    model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
    return model;
  },
};

/** A convolution, then three residual stages of 32, 64 and 128 filters; the second and the third halve the image. */
export const resnet: BenchModel = {
  name: "resnet",
  batch: 64,
  inputShape: [32, 32, 3],
  classes: 10,
  steps: 20,
  build() {
    const normed = (y: KerasTensor, filters: number, kernelSize: number, strides: number): KerasTensor => {
      const conv = new layers.Conv2D({ filters, kernelSize, strides, padding: "same", useBias: false }).apply(y);
      return new layers.BatchNormalization().apply(conv);
    };
    const relu = (y: KerasTensor): KerasTensor => new layers.Activation({ activation: "relu" }).apply(y);
    const inputs = input({ shape: [32, 32, 3] });
    let x = relu(normed(inputs, 32, 3, 1));
    for (const filters of [32, 64, 128]) {
      const strides = filters === 32 ? 1 : 2;
      const inner = normed(relu(normed(x, filters, 3, strides)), filters, 3, 1);
      const shortcut = filters === 32 ? x : normed(x, filters, 1, strides);
      x = relu(new layers.Add().apply([inner, shortcut]));
    }
    const pooled = new layers.GlobalAveragePooling2D().apply(x);
    const model = new Model({
      inputs,
      outputs: new layers.Dense({ units: 10, activation: "softmax" }).apply(pooled),
    });
    model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
    return model;
  },
};

/** All of them. */
export const models: readonly BenchModel[] = [mlp, convnet, transformer, lstm, resnet];

/** Data that only has to be there: a small generator, the same in Python. */
export function data(model: BenchModel, steps: number): { x: BenchArray; y: BenchArray } {
  const rows = model.batch * steps;
  const width = model.inputShape.reduce((n, size) => n * size, 1);
  const x = new Float32Array(rows * width);
  let state = 12345;
  for (let i = 0; i < x.length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    x[i] = state / 0x7fffffff;
  }
  const y = Int32Array.from({ length: rows }, (_, i) => i % model.classes);
  return {
    x: { shape: [rows, ...model.inputShape], dtype: "float32", data: x },
    y: { shape: [rows], dtype: "int32", data: y },
  };
}
export interface BenchArray {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  readonly data: Float32Array | Int32Array;
}
