import type { Limitation } from "./core.ts";

/** What the engine cannot do even after core has lowered a program onto its dtypes. */
export const limitations: readonly Limitation[] = [];
