import type { Program } from "../program.ts";

export type Pass = (program: Program) => Program;

/** In order. */
export const passes: readonly Pass[] = [];

/** The program after all passes. */
export function optimize(program: Program): Program {
  return passes.reduce((p, pass) => pass(p), program);
}
