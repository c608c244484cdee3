import type { Info } from "../builder.ts";
import { liveNodes, type Program } from "../program.ts";
import type { Attribute, GraphData, Initializer, NodeData } from "../proto.ts";

/** The program with `optimize` done to the bodies of its loops and branches. Constants of bodies live with those of the program. */
export function intoNested(program: Program, optimize: (body: Program) => Program): Program {
  let initializers: ReadonlyMap<string, Initializer> = program.initializers;
  const inside = ({ name, nodes, inputs, outputs }: GraphData): GraphData => {
    const body = {
      ...program,
      nodes,
      initializers,
      inputs: inputs.map((x) => x.name),
      outputs: outputs.map((x) => x.name),
    };
    const better = optimize(body);
    initializers = better.initializers;
    const info = (value: string): { readonly name: string } & Info => ({
      name: value,
      ...(program.infos.get(value) as Info),
    });
    return { name, nodes: liveNodes(better), initializers: [], inputs, outputs: better.outputs.map(info) };
  };
  const attribute = (value: Attribute): Attribute =>
    value.kind === "graph" ? { ...value, value: inside(value.value) } : value;
  const nodes = program.nodes.map((node): NodeData => {
    if (!Object.values(node.attributes).some((x) => x.kind === "graph")) return node;
    return {
      ...node,
      attributes: Object.fromEntries(Object.entries(node.attributes).map(([name, value]) => [name, attribute(value)])),
    };
  });
  return { ...program, nodes, initializers };
}
