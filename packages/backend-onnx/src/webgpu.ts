// Which operators ONNX Runtime's WebGPU provider must leave to its CPU provider, although it offers a kernel.
import type { OrtSessionOptions } from "./ort.ts";
import type { Program } from "./program.ts";
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
    const here = hostOperators.some(({ operator, when }) => operator === node.op && when?.(node) !== false);
    return here ? [node.name, ...inside] : inside;
  };
  const visitAll = (graph: Pick<GraphData, "nodes">): string[] => graph.nodes.flatMap(visit);
  return visitAll({ nodes });
}

/** The providers of a session on the graphics card, or the CPU alone for a program with float64, which only the plain build has. */
export function onGpu(program: Program): NonNullable<OrtSessionOptions["executionProviders"]> {
  if ([...program.infos.values()].some(({ type }) => type === "float64")) return ["wasm"];
  const names = nodesOnHost(program);
  // An empty list is an error to ONNX Runtime.
  return [{ name: "webgpu", ...(names.length > 0 ? { forceCpuNodeNames: names } : {}) }, "wasm"];
}
