// What passes share: rebuilding nodes whose params hold graphs, and pasting a graph into another.
import {
  copyNode,
  Graph,
  type Node,
  type Params,
  placeholder,
  rebuild,
  type Tensor,
  transform,
} from "../../graph/index.ts";

/** True for control flow: a body is among its params. */
export const holdsGraph = (node: Node): boolean => Object.values(node.params).some((value) => value instanceof Graph);

/** `rewrite` on the bodies of control flow, at any depth, and then on the whole. */
export function throughBodies(graph: Graph, rewrite: (graph: Graph) => Graph): Graph {
  const deep = (inner: Graph): Graph => throughBodies(inner, rewrite);
  const whole = graph.nodes.some(holdsGraph)
    ? transform(graph, (node, inputs) => flattenNode(node, inputs, deep))
    : graph;
  return rewrite(whole);
}

/** The node over new inputs, with graphs among its params rewritten too (bodies of control flow). */
export function flattenNode(
  node: Node,
  inputs: readonly Tensor[],
  rewrite: (graph: Graph) => Graph,
): readonly Tensor[] {
  let changed = false;
  const params: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(node.params)) {
    params[name] = value instanceof Graph ? rewrite(value) : value;
    changed ||= value instanceof Graph;
  }
  return copyNode(changed ? { ...node, params: params as Params } : node, inputs);
}

/** Rewrites the freshly built tensors `outputs` over `inputs`, and gives them in terms of the same `inputs`. */
export function inlineGraph(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  rewrite: (graph: Graph) => Graph,
): readonly Tensor[] {
  const distinct = [...new Set(inputs)];
  const own = distinct.map((x) => placeholder(x));
  const closed = new Graph(distinct, outputs);
  const moved = new Graph(own, rebuild(closed, own));
  return rebuild(rewrite(moved), distinct);
}
