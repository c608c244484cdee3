import { compositeSamples } from "./composites.ts";
import { contractionSamples } from "./contraction.ts";
import { elementwiseSamples } from "./elementwise.ts";
import { indexingSamples } from "./indexing.ts";
import { linalgSamples } from "./linalg.ts";
import type { PrimitiveSamples } from "./sample.ts";
import { specialSamples } from "./special.ts";
import { structuralSamples } from "./structural.ts";

/** Samples of every primitive and composite. */
export const primitiveSamples: PrimitiveSamples = {
  ...elementwiseSamples,
  ...structuralSamples,
  ...contractionSamples,
  ...indexingSamples,
  ...linalgSamples,
  ...compositeSamples,
  ...specialSamples,
};
