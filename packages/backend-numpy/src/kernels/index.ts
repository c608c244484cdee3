import type { Kernels } from "../core.ts";
import { composites } from "./composites.ts";
import { contraction } from "./contraction.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { linalg } from "./linalg.ts";
import { structural } from "./structural.ts";

/** From Python variables to Python expressions. A row with several results gives one expression, for the tuple of all. */
export const kernels: Kernels<string> = {
  ...elementwise,
  ...structural,
  ...contraction,
  ...indexing,
  ...linalg,
  ...composites,
};
