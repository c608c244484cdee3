// Training as real Keras trains, from the same seed.
import { describe, expect, test } from "vitest";
import { type Limits, trainingLimitation } from "./limitations.ts";
import { checkCurve, checkEager, checkMixed, curveGoldens, mixedGoldens } from "./training/index.ts";

/**
 * Defines the tests of `fit` on the current engine: an MLP and a convolutional net with dropout, an LSTM and a transformer see the same
 * loss at each step as real Keras on JAX, to 1e-4.
 * @param epochs how many epochs of ten steps; 10 are all, and then also the trained weights are compared.
 */
export function describeTraining(epochs = 2, limits: Limits = {}): void {
  if (epochs === 0) return;
  describe("training as Keras trains", () => {
    test.each(curveGoldens())("$name", async (golden) => {
      const trained = checkCurve(golden, epochs);
      if (trainingLimitation(golden.name, limits) === undefined) await trained;
      else await expect(trained, `${golden.name} is limited`).rejects.toThrow();
    });
    test.each(
      mixedGoldens().map((golden) => [golden.policy, golden.optimizer.class_name, golden.options, golden] as const),
    )("%s with %s %j", async (_, __, ___, golden) => {
      await checkMixed(golden);
    });
    test("op by op, and several steps at once, as compiled", checkEager);
  });
}
