// Training through the Keras API leaves no tensors behind.
import { callbacks, input, layers, Sequential, setBackend, setRandomSeed } from "@keras-ts/core";
import { expect, test } from "vitest";
import { tfjs } from "./index.ts";

test("fit holds as many tensors after hundreds of steps as after a few", async () => {
  const backend = await tfjs({ device: "cpu" });
  setBackend(backend);
  setRandomSeed(1);
  const model = new Sequential([
    input({ shape: [4] }),
    new layers.Dense({ units: 5, activation: "tanh" }),
    new layers.Dropout({ rate: 0.2 }),
    new layers.Dense({ units: 1 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
  const x = { shape: [240, 4], dtype: "float32", data: Float32Array.from({ length: 960 }, (_, i) => Math.sin(i)) };
  const y = { shape: [240, 1], dtype: "float32", data: Float32Array.from({ length: 240 }, (_, i) => Math.cos(i)) };
  const held: number[] = [];
  const watch = new callbacks.LambdaCallback({
    onTrainBatchEnd: () => void held.push(backend.memory?.().handles as number),
  });
  await model.fit(x, y, { batchSize: 2, epochs: 3, verbose: 0, callbacks: [watch] });
  expect(held.length).toBe(360);
  const [early, late] = [held[60] as number, held[359] as number];
  expect(late, `${early} tensors after 61 steps, ${late} after 360`).toBeLessThanOrEqual(early + 30);
});
