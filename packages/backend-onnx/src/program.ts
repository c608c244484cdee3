// A written program, which passes rewrite before it becomes a file.
import { type Builder, everything, type Info } from "./builder.ts";
import { encodeModel, type GraphData, type Initializer, type NodeData } from "./proto.ts";

export interface Program {
  readonly nodes: readonly NodeData[];
  readonly initializers: ReadonlyMap<string, Initializer>;
  /** Types and shapes of all values; passes add those that they make. */
  readonly infos: Builder["shared"]["infos"];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** The bytes of the model: operators that nothing uses, and constants that nothing reads, are left out. */
export function serialize(program: Program): Uint8Array {
  const { infos, inputs, outputs } = program;
  const nodes = liveNodes(program);
  const used = new Set<string>([...nodes.flatMap(readsOf), ...outputs]);
  const info = (name: string): { readonly name: string } & Info => ({ name, ...(infos.get(name) as Info) });
  const graph: GraphData = {
    name: "program",
    nodes,
    initializers: [...program.initializers.values()].filter((x) => used.has(x.name)),
    inputs: inputs.map(info),
    outputs: outputs.map(info),
  };
  return encodeModel({ graph, opsets: { "": everything.opset, "com.microsoft": 1 } });
}

/** Names that an operator reads, those that its nested graphs take from around them included. */
export function readsOf(node: NodeData): string[] {
  const captured = Object.values(node.attributes).flatMap((a) => (a.kind === "graph" ? capturesOf(a.value) : []));
  return [...node.inputs.filter((x) => x !== ""), ...captured];
}

// Graphs that are written do not change, and each pass asks again.
const captures = new WeakMap<GraphData, readonly string[]>();

/** Names that a nested graph takes from around it. */
function capturesOf(graph: GraphData): readonly string[] {
  const known = captures.get(graph);
  if (known !== undefined) return known;
  const own = new Set([...graph.inputs.map((x) => x.name), ...graph.nodes.flatMap((n) => n.outputs)]);
  const read = [...graph.nodes.flatMap(readsOf), ...graph.outputs.map((x) => x.name)];
  const found = read.filter((x) => !own.has(x));
  captures.set(graph, found);
  return found;
}

/** Operators from which some output can be reached, in order. */
export function liveNodes({ nodes, outputs }: Pick<Program, "nodes" | "outputs">): NodeData[] {
  const needed = new Set(outputs);
  const live: NodeData[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i] as NodeData;
    if (!node.outputs.some((x) => needed.has(x))) continue;
    live.push(node);
    for (const name of readsOf(node)) needed.add(name);
  }
  return live.reverse();
}
