// What of a program runs on the graphics card, and which operators its WebGPU provider must leave to its CPU provider, although it offers
// a kernel.
import type { KeepState, Residence } from "./gpu-session.ts";
import type { OrtSessionOptions } from "./ort.ts";
import { type Program, readsOf } from "./program.ts";
import type { Attribute, GraphData, NodeData } from "./proto.ts";

/** One operator that is kept from the graphics card. */
export interface HostOperator {
  readonly operator: string;
  /** Only operators that this holds for; all of them if it is left out. */
  readonly when?: (node: NodeData) => boolean;
  readonly reason: string;
}

const inexact = "WGSL lets the graphics card be off by 5e-5";
const isGrouped = ({ attributes }: NodeData): boolean => {
  const group: Attribute | undefined = attributes["group"];
  return group?.kind === "int" && group.value > 1;
};
const makesBits = ({ name }: NodeData): boolean => name.startsWith("random");
const isSpatial = (node: NodeData, rank: number): boolean => {
  const kernel = node.attributes["kernel_shape"];
  return kernel?.kind === "ints" && kernel.value.length === rank;
};

/** All operators that are kept from the graphics card, and why. */
export const hostOperators: readonly HostOperator[] = [
  ...["Sin", "Cos", "Tan", "Asin", "Acos"].map((operator) => ({ operator, reason: inexact })),
  { operator: "Asinh", reason: "of large negative numbers it loses all digits" },
  { operator: "Pow", reason: "of a negative base it takes the absolute value" },
  { operator: "MaxPool", when: ({ outputs }) => outputs.length > 1, reason: "it gives no places" },
  { operator: "Conv", when: (node) => isGrouped(node) && isSpatial(node, 3), reason: "no groups in 3-D" },
  ...["Add", "Mul", "Concat", "Gather", "Reshape", "Slice"].map((operator) => ({
    operator,
    when: makesBits,
    reason: "it has neither shifts nor exclusive or: random bits would go to and fro between these",
  })),
  { operator: "ConvTranspose", when: (node) => isGrouped(node) || isSpatial(node, 3), reason: "2-D, one group only" },
];

/** Names of the program's operators that must be computed by the CPU provider, those of nested graphs included. */
export function nodesOnHost({ nodes }: Pick<Program, "nodes">): string[] {
  const visit = (node: NodeData): string[] => {
    const inside = Object.values(node.attributes).flatMap((x) => (x.kind === "graph" ? visitAll(x.value) : []));
    return isOnHost(node) ? [node.name, ...inside] : inside;
  };
  const visitAll = (graph: Pick<GraphData, "nodes">): string[] => graph.nodes.flatMap(visit);
  return visitAll({ nodes });
}
const isOnHost = (node: NodeData): boolean =>
  hostOperators.some(({ operator, when }) => operator === node.op && when?.(node) !== false);

/** Counters and seeds: they stay on the host, and so does what is computed from them alone. */
const TINY = 4;

/** Where values are: results that stay on the card, and the small operators that are kept to the host for that. */
export function placesOf(
  { nodes, infos, initializers, outputs }: Program,
  state: Residence["state"],
): { readonly onCard: Residence["onCard"]; readonly kept: readonly string[] } {
  const sizeOf = (name: string): number => (infos.get(name)?.shape ?? [Infinity]).reduce((n, size) => n * size, 1);
  const isTiny = (name: string): boolean => sizeOf(name) <= TINY;
  // A counter whose new value needs the card is there itself, which may bring others there.
  let counters = state.flatMap(([output, input]) => (input !== null && isTiny(input) ? [{ output, input }] : []));
  for (;;) {
    const host = new Set(counters.map(({ input }) => input));
    const kept: string[] = [];
    for (const node of nodes) {
      const reads = readsOf(node).filter((name) => !initializers.has(name));
      const follows = reads.length > 0 && reads.every((name) => host.has(name)) && node.outputs.every(isTiny);
      if (follows) kept.push(node.name);
      if (follows || isOnHost(node)) for (const name of node.outputs) host.add(name);
    }
    const staying = counters.filter(({ output }) => host.has(output));
    if (staying.length < counters.length) {
      counters = staying;
      continue;
    }
    const onCard = Object.fromEntries(
      outputs.flatMap((name) => {
        const info = infos.get(name);
        if (info === undefined || host.has(name) || sizeOf(name) === 0) return [];
        return [[name, { type: info.type, dims: info.shape }]];
      }),
    );
    return { onCard, kept };
  }
}

// ONNX Runtime takes no longer list of names (8192 characters), and cannot open a session any more after one that is.
const LONGEST = 8000;
const lengthOf = (names: Iterable<string>): number => [...names].reduce((sum, { length }) => sum + length + 1, 0);
function renamed(nodes: readonly NodeData[], names: ReadonlyMap<string, string>): NodeData[] {
  const inside = (x: Attribute): Attribute =>
    x.kind === "graph" ? { ...x, value: { ...x.value, nodes: renamed(x.value.nodes, names) } } : x;
  return nodes.map((node) => ({
    ...node,
    name: names.get(node.name) ?? node.name,
    attributes: Object.fromEntries(Object.entries(node.attributes).map(([key, x]) => [key, inside(x)])),
  }));
}

/**
 * How a session runs on the graphics card, and the program with names as it may have them; or on the CPU alone, for a program with
 * float64, which only the plain build has, or with too many operators that are kept from the card.
 */
export function onGpu(
  program: Program,
  state: Residence["state"] = [],
  keep: KeepState = "step",
): Pick<OrtSessionOptions, "executionProviders" | "residence"> & { readonly program: Program } {
  const onHost = { executionProviders: ["wasm"] } as const;
  if ([...program.infos.values()].some(({ type }) => type === "float64")) return { ...onHost, program };
  const { onCard, kept } = placesOf(program, state);
  const forced = new Set([...nodesOnHost(program), ...kept]);
  const isLong = lengthOf(forced) > LONGEST;
  const short = new Map([...forced].map((name, i) => [name, isLong ? i.toString(36) : name]));
  const names = [...short.values()];
  if (lengthOf(names) > LONGEST) return { ...onHost, program };
  return {
    program: isLong ? { ...program, nodes: renamed(program.nodes, short) } : program,
    // An empty list is an error to ONNX Runtime.
    executionProviders: [{ name: "webgpu", ...(names.length > 0 ? { forceCpuNodeNames: names } : {}) }, "wasm"],
    residence: { onCard, state, keep },
  };
}
