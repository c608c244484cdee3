import { adam, fromKerasOptimizer } from "@keras-ts/bridge-jax";
import { optimizers } from "@keras-ts/core";
import { expect, test } from "vitest";
import * as csv from "./csv-iris.ts";
import * as jax from "./jax-style-loop.ts";
import * as torch from "./torch-style-loop.ts";

const learns = (curve: readonly number[]): void => expect(curve.at(-1)).toBeLessThan((curve[0] as number) / 2);

test("the loop in JAX' manner learns with every kind of optimizer", async () => {
  learns(await jax.train(jax.byHand(0.1), 60));
  learns(await jax.train(adam(0.02), 60));
  learns(await jax.train(fromKerasOptimizer(new optimizers.AdamW({ learningRate: 0.02 })), 60));
});

test("the loop in PyTorch's manner learns", async () => {
  const { losses, accuracy } = await torch.train(40);
  learns(losses);
  expect(accuracy).toBeGreaterThan(0.9);
});

test("iris is learnt from its CSV file", async () => {
  expect(await csv.train(20, 0)).toBeGreaterThan(0.85);
});
