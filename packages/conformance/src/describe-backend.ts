// The corpus as a test suite: ten lines in an engine's package run all of it.
import { setBackend, settle } from "@keras-ts/core";
import { type Backend, reference } from "@keras-ts/core/backend";
import { afterAll, beforeAll, describe } from "vitest";
import { describeGoldens, type GoldenAmount } from "./describe-goldens.ts";
import { describePrimitives } from "./describe-primitives.ts";
import { describeTraining } from "./describe-training.ts";
import type { Limits } from "./limitations.ts";

export interface DescribeOptions extends Limits {
  /** How many cases of real Keras run beside the primitives; all by default. */
  readonly goldens?: GoldenAmount;
  /** How many epochs of ten steps each model of real Keras trains; 2 by default, 0 for none, at most 10. */
  readonly trainingEpochs?: number;
}

/**
 * Defines the tests that every engine must pass: each primitive and composite with all its samples, each derivative rule, and control
 * flow, against the reference engine, with nothing leaked; then what real Keras computes, by the public API, eagerly and
 * traced; then training, loss by loss.
 * @example
 * ```ts no-run
 * import { reference } from "@keras-ts/core/backend";
 * describeBackend("my engine", () => reference(), { limitations: [] });
 * ```
 */
export function describeBackend<H>(
  name: string,
  make: () => Backend<H> | Promise<Backend<H>>,
  { goldens = "all", trainingEpochs = 2, ...limits }: DescribeOptions = {},
): void {
  describe(name, () => {
    let backend: Backend<H> | undefined;
    beforeAll(async () => {
      backend = await make();
      setBackend(backend);
    });
    afterAll(async () => {
      await settle();
      setBackend(reference());
      await backend?.dispose?.();
    });
    describePrimitives(() => backend as Backend<H>, limits);
    describeGoldens(goldens, limits);
    describeTraining(trainingEpochs, limits);
  });
}
