import type { Program } from "../program.ts";
import { convBiases } from "./conv-biases.ts";
import { dropExpands } from "./drop-expands.ts";
import { moveTransposes } from "./move-transposes.ts";
import { intoNested } from "./nested.ts";
import { productBiases } from "./product-biases.ts";
import { productScales } from "./product-scales.ts";
import { reluMasks } from "./relu-masks.ts";
import { transposedProducts } from "./transposed-products.ts";

export type Pass = (program: Program) => Program;

/** In this order. */
export const passes: readonly Pass[] = [
  dropExpands,
  reluMasks,
  transposedProducts,
  productScales,
  productBiases,
  moveTransposes,
  convBiases,
];

/** The program after all passes, bodies of loops and branches first. */
export function optimize(program: Program): Program {
  return passes.reduce((p, pass) => pass(p), intoNested(program, optimize));
}
