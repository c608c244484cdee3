import { input, layers, Sequential } from "@keras-ts/core";

/** A small convolutional network: two convolutions with batch normalisation, pooling, dropout. */
export function digitsModel(): Sequential {
  const model = new Sequential([
    input({ shape: [8, 8, 1] }),
    new layers.Conv2D({ filters: 16, kernelSize: 3, padding: "same", useBias: false }),
    new layers.BatchNormalization(),
    new layers.Activation({ activation: "relu" }),
    new layers.MaxPooling2D({ poolSize: 2 }),
    new layers.Conv2D({ filters: 32, kernelSize: 3, padding: "same", activation: "relu" }),
    new layers.MaxPooling2D({ poolSize: 2 }),
    new layers.Flatten(),
    new layers.Dropout({ rate: 0.25 }),
    new layers.Dense({ units: 64, activation: "relu" }),
    new layers.Dense({ units: 10, activation: "softmax" }),
  ]);
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  return model;
}
