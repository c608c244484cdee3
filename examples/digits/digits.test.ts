// One seed, one curve: every engine sees the same losses while it learns to read digits.
import { setBackend, setRandomSeed } from "@keras-ts/core";
import type { Backend } from "@keras-ts/core/backend";
import { reference } from "@keras-ts/core/backend";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backends } from "./backends.ts";
import { type Digits, loadDigits, splitDigits } from "./data.ts";
import { digitsModel } from "./model.ts";

const COUNT = 256;
const EPOCHS = 3;
const SEEDS = [5, 42, 123];

/** The first images only, so that the slowest engine takes seconds. */
function few({ images, labels }: Digits): Digits {
  const width = images.data.length / (images.shape[0] as number);
  return {
    images: { ...images, shape: [COUNT, ...images.shape.slice(1)], data: images.data.slice(0, COUNT * width) },
    labels: { ...labels, shape: [COUNT], data: labels.data.slice(0, COUNT) },
  };
}

async function losses(engine: Backend, seed: number): Promise<readonly number[]> {
  setBackend(engine);
  setRandomSeed(seed);
  const { images, labels } = few(splitDigits(await loadDigits()).train);
  const { history } = await digitsModel().fit(images, labels, {
    epochs: EPOCHS,
    batchSize: 32,
    validationSplit: 0.1,
    verbose: 0,
  });
  return [...(history["loss"] ?? []), ...(history["val_loss"] ?? [])];
}

describe.each(SEEDS)("three epochs from seed %i", (seed) => {
  let expected: readonly number[];
  beforeAll(async () => {
    expected = await losses(reference() as Backend, seed);
  });
  afterAll(() => setBackend(reference()));

  test("the loss falls", () => {
    expect(expected.length).toBe(2 * EPOCHS);
    expect(expected[EPOCHS - 1]).toBeLessThan((expected[0] as number) * 0.95);
  });
  const others = Object.entries(backends).filter(([name]) => name !== "reference");
  test.each(others)("%s agrees with the reference to 1e-4", async (name, make) => {
    const engine = (await make()) as unknown as Backend;
    try {
      const seen = await losses(engine, seed);
      expect(seen.length).toBe(expected.length);
      for (const [i, loss] of seen.entries()) {
        expect(Math.abs(loss - (expected[i] as number)), `${name}: ${loss} for ${expected[i]}`).toBeLessThan(1e-4);
      }
    } finally {
      await engine.dispose?.();
    }
  });
});
