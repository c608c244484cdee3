import { input, layers, Sequential } from "@keras-ts/core";

/**
 * A small convolutional network: two convolutions with batch normalisation, pooling, dropout. Every part of it is smooth, so rounding
 * that differs between engines stays rounding: a ReLU or a maximum that falls on either side of its kink changes a gradient at once.
 */
export function digitsModel(): Sequential {
  const model = new Sequential([
    input({ shape: [8, 8, 1] }),
    new layers.Conv2D({ filters: 16, kernelSize: 3, padding: "same", useBias: false }),
    new layers.BatchNormalization(),
    new layers.Activation({ activation: "gelu" }),
    new layers.AveragePooling2D({ poolSize: 2 }),
    new layers.Conv2D({ filters: 32, kernelSize: 3, padding: "same", activation: "gelu" }),
    new layers.AveragePooling2D({ poolSize: 2 }),
    new layers.Flatten(),
    new layers.Dropout({ rate: 0.25 }),
    new layers.Dense({ units: 64, activation: "gelu" }),
    new layers.Dense({ units: 10, activation: "softmax" }),
  ]);
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  return model;
}
