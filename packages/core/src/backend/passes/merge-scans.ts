import { Graph, type Node, rebuild, type Tensor, transform } from "../../graph/index.ts";
import { type ScanParams, scan } from "../../primitives/index.ts";
import { shareCommon } from "./cse.ts";
import { flattenNode, holdsGraph } from "./rewrite.ts";

/** Scans over the same inputs that carry the same values become one, which stacks what each of them stacks. */
export function mergeScans(recorded: Graph): Graph {
  if (!recorded.nodes.some(holdsGraph)) return recorded;
  // Equal inputs are one tensor then.
  const graph = shareCommon(recorded);
  const groups = new Map<string, Node[]>();
  const ids = new Map<Tensor, number>();
  const idOf = (x: Tensor): number => {
    const id = ids.get(x) ?? ids.size;
    ids.set(x, id);
    return id;
  };
  for (const node of graph.nodes) {
    if (node.definition.name !== "scan") continue;
    const { body, numConsts, numCarry, length, reverse } = node.params as unknown as ScanParams;
    const carried = new Graph(body.inputs, body.outputs.slice(0, numCarry));
    const key = [numConsts, numCarry, length, reverse, node.inputs.map(idOf).join(), carried.key].join("|");
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  const groupOf = new Map<Node, readonly Node[]>();
  for (const group of groups.values()) if (group.length > 1) for (const node of group) groupOf.set(node, group);
  const made = new Map<Node, readonly Tensor[]>();
  return transform(graph, (node, inputs) => {
    const group = groupOf.get(node);
    if (group === undefined) return flattenNode(node, inputs, mergeScans);
    if (!made.has(node)) merge(group, inputs).forEach((outs, i) => void made.set(group[i] as Node, outs));
    return made.get(node) as readonly Tensor[];
  });
}

function merge(group: readonly Node[], inputs: readonly Tensor[]): Tensor[][] {
  const all = group.map((node) => node.params as unknown as ScanParams);
  const [first] = all as [ScanParams];
  const { numCarry } = first;
  const own = first.body.inputs;
  const rows = all.map(({ body }) => (body === first.body ? body.outputs : rebuild(body, own)).slice(numCarry));
  const body = mergeScans(shareCommon(new Graph(own, [...first.body.outputs.slice(0, numCarry), ...rows.flat()])));
  // What several of them stack is stacked once.
  const stacked = [...new Set(body.outputs.slice(numCarry))];
  const outs = scan(inputs, {
    ...first,
    body: new Graph(body.inputs, [...body.outputs.slice(0, numCarry), ...stacked]),
  });
  let next = numCarry;
  return rows.map((row) => {
    const ys = row.map(() => outs[numCarry + stacked.indexOf(body.outputs[next++] as Tensor)] as Tensor);
    return [...outs.slice(0, numCarry), ...ys];
  });
}
