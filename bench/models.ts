// The models of the benchmarks. `models.py` has their Python twins: same layers, same sizes, same optimizer.
import { input, layers, Sequential } from "@keras-ts/core";

/** A model with the shape of its data. */
export interface BenchModel {
  readonly name: string;
  readonly batch: number;
  readonly inputShape: readonly number[];
  readonly classes: number;
  build(): Sequential;
}

export const mlp: BenchModel = {
  name: "mlp",
  batch: 128,
  inputShape: [784],
  classes: 10,
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
