import {
  BackendError,
  complain,
  type Graph,
  type GraphPass,
  graphPasses,
  loopPasses,
  throughBodies,
} from "@keras-ts/core/backend";
import { hashDraws, joinDraws } from "../graph-passes/draws.ts";
import { chooseLayouts } from "../graph-passes/layout.ts";
import { poolPhases } from "../graph-passes/pool-phases.ts";
import { type RandomBits, randomBitsKinds } from "../kernels/random.ts";
import type { Program } from "../program.ts";
import { convBiases } from "./conv-biases.ts";
import { dropExpands } from "./drop-expands.ts";
import { dropPlaces } from "./drop-places.ts";
import { leadingSums } from "./leading-sums.ts";
import { moveTransposes } from "./move-transposes.ts";
import { nanRows } from "./nan-rows.ts";
import { intoNested } from "./nested.ts";
import { normScales } from "./norm-scales.ts";
import { productBiases } from "./product-biases.ts";
import { productScales } from "./product-scales.ts";
import { reluMasks } from "./relu-masks.ts";
import { splitTransposes } from "./split-transposes.ts";
import { transposedProducts } from "./transposed-products.ts";

/** A rewriting of written programs that keeps what they compute, to rounding. */
export interface Pass {
  /** Its name in `onnx({ passes })` and in explanations. */
  readonly name: string;
  readonly run: (program: Program) => Program;
}

/** Over core's graph, before it is written, in this order. */
export const lowerings: readonly GraphPass[] = [
  { name: "poolPhases", run: poolPhases },
  { name: "layout", run: chooseLayouts },
  { name: "draws", run: joinDraws },
];

/** Over the written program, in this order. */
export const passes: readonly Pass[] = [
  { name: "dropPlaces", run: dropPlaces },
  { name: "dropExpands", run: dropExpands },
  { name: "normScales", run: normScales },
  { name: "reluMasks", run: reluMasks },
  { name: "nanRows", run: nanRows },
  { name: "transposedProducts", run: transposedProducts },
  { name: "productScales", run: productScales },
  { name: "productBiases", run: productBiases },
  { name: "moveTransposes", run: moveTransposes },
  { name: "convBiases", run: convBiases },
  { name: "leadingSums", run: leadingSums },
  { name: "splitTransposes", run: splitTransposes },
];

/** Passes by name: `false` switches one off. */
export type PassSwitches = Readonly<Record<string, boolean>>;

/** Names of all passes that can be switched off: core's over graphs, ours over graphs, ours over programs. */
export const passNames: readonly string[] = [...loopPasses, ...graphPasses, ...lowerings, ...passes].map(
  ({ name }) => name,
);

/** What the compiler goes by, of an engine's options. */
export interface CompilerSettings {
  readonly passes?: PassSwitches;
  readonly random?: RandomBits;
}

/** @throws BackendError if there is no such pass, or no such kind of random bits. */
export function checkSettings({ passes: switches = {}, random = "threefry" }: CompilerSettings): void {
  if (!randomBitsKinds.includes(random)) {
    const must = `random must be one of ${randomBitsKinds.map((kind) => `"${kind}"`).join(", ")}`;
    const todo = 'Leave it out for the numbers of Keras, or pass "fast"';
    throw new BackendError(complain("onnx", { must, got: JSON.stringify(random), todo }));
  }
  const unknown = Object.keys(switches).filter((name) => !passNames.includes(name));
  if (unknown.length === 0) return;
  const must = `passes must be some of ${passNames.join(", ")}`;
  throw new BackendError(complain("onnx", { must, got: unknown.join(", "), todo: "Correct the name" }));
}

/** The graph with the random bits that are wanted, after all passes over graphs that are on. */
export function lowerFor(
  graph: Graph,
  { passes: switches = {}, random = "threefry" }: CompilerSettings = {},
  watch: (pass: string, graph: Graph) => void = () => {},
): Graph {
  const steps = random === "fast" ? [{ name: "fastBits", run: hashDraws }, ...lowerings] : lowerings;
  return steps
    .filter(({ name }) => switches[name] !== false)
    .reduce((before, { name, run }) => {
      const after = throughBodies(before, run);
      watch(name, after);
      return after;
    }, graph);
}

/** The program after all passes that are on, bodies of loops and branches first. */
export function optimize(
  program: Program,
  switches: PassSwitches = {},
  watch: (pass: string, program: Program) => void = () => {},
): Program {
  return passes
    .filter(({ name }) => switches[name] !== false)
    .reduce(
      (before, { name, run }) => {
        const after = run(before);
        watch(name, after);
        return after;
      },
      intoNested(program, (body) => optimize(body, switches)),
    );
}
