// What became of a program on its way to the engine, for people to read.
import { type Backend, type Graph, lower } from "@keras-ts/core/backend";
import { emit } from "./emit.ts";
import { type CompilerSettings, lowerFor, optimize } from "./passes/index.ts";
import { liveNodes, type Program } from "./program.ts";

/** A program after one step of the compiler. */
export interface ExplainedStep {
  /** Name of the pass; `recorded` is the graph as it came, `emit` the ONNX program as it was written first. */
  readonly name: string;
  readonly kind: "graph" | "onnx";
  /** How many nodes of each primitive or operator there are. */
  readonly counts: Readonly<Record<string, number>>;
  /** The whole program, a line for each node. */
  readonly listing: string;
}

/** The way of one program through the compiler. */
export interface ExplainedProgram {
  readonly label: string;
  readonly steps: readonly ExplainedStep[];
}

/** What `explain` gives: data, and as a string a page to read. */
export interface Explanation {
  readonly programs: readonly ExplainedProgram[];
  /** Steps with the nodes that each adds and removes, then the operators of the program that runs. */
  toString(): string;
}

const countsOf = (names: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
};
const totalOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** All steps from the recorded graph to the program that the session gets. */
export function explainGraph(
  label: string,
  graph: Graph,
  backend: Backend,
  settings: CompilerSettings,
): ExplainedProgram {
  const steps: ExplainedStep[] = [];
  const ofGraph = (name: string, g: Graph): void => {
    const counts = countsOf(g.nodes.map((node) => node.definition.name));
    steps.push({ name, kind: "graph", counts, listing: g.toString() });
  };
  const ofProgram = (name: string, program: Program): void => {
    const counts = countsOf(liveNodes(program).map((node) => node.op));
    steps.push({ name, kind: "onnx", counts, listing: listing(program) });
  };
  const written = emit(lowerFor(lower(graph, backend, ofGraph), settings, ofGraph));
  ofProgram("emit", written);
  optimize(written, settings.passes, ofProgram);
  return { label, steps };
}

function listing(program: Program): string {
  const show = (name: string): string => {
    const info = program.infos.get(name);
    return info === undefined ? name : `${name}: ${info.type}[${info.shape.join(",")}]`;
  };
  const lines = liveNodes(program).map((node) => {
    const [place] = node.name.split("/");
    return `  ${node.outputs.map(show).join(", ")} = ${node.op}(${node.inputs.join(", ")})  # ${place}`;
  });
  return [
    `program(${program.inputs.map(show).join(", ")}) {`,
    ...lines,
    `  return ${program.outputs.join(", ")}`,
    "}",
  ].join("\n");
}

const showCounts = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");

// What a step changed: "+2 Reshape -6 Transpose".
function changes(before: ExplainedStep, after: ExplainedStep): string {
  const names = [...new Set([...Object.keys(before.counts), ...Object.keys(after.counts)])];
  const differences = names
    .map((name) => [name, (after.counts[name] ?? 0) - (before.counts[name] ?? 0)] as const)
    .filter(([, n]) => n !== 0)
    .sort((a, b) => a[1] - b[1]);
  return differences.map(([name, n]) => `${n > 0 ? "+" : ""}${n} ${name}`).join(" ") || "no change";
}

function page({ label, steps }: ExplainedProgram): string {
  const width = Math.max(...steps.map(({ name }) => name.length));
  const lines = steps.map((step, i) => {
    const before = steps[i - 1];
    const what = before === undefined || before.kind !== step.kind ? showCounts(step.counts) : changes(before, step);
    return `  ${step.kind.padEnd(5)} ${step.name.padEnd(width)} ${String(totalOf(step.counts)).padStart(5)}  ${what}`;
  });
  const last = steps.at(-1) as ExplainedStep;
  return [
    `${label}`,
    "  stage and pass, nodes after it, what it changed",
    ...lines,
    `  runs: ${showCounts(last.counts)}`,
  ].join("\n");
}

export const explanation = (programs: readonly ExplainedProgram[]): Explanation => ({
  programs,
  toString: () => programs.map(page).join("\n\n"),
});
