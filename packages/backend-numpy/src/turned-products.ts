// Products that are transposed afterwards, as gradients of kernels are.
import { copyNode, Graph, type Node, placeholder, primitives, range, rebuild, type Tensor } from "./core.ts";

type DotParams = primitives.DotParams;

/**
 * `(A B)^T` becomes `B^T A^T`: BLAS takes its operands either way round at no cost, while a transposed result beside arrays in rows makes
 * each elementwise operation after it ten times as slow.
 */
export function turnProducts(graph: Graph): Graph {
  const uses = new Map<Node, number>();
  for (const x of [...graph.nodes.flatMap((node) => node.inputs), ...graph.outputs])
    if (x.source.kind === "op") uses.set(x.source.node, (uses.get(x.source.node) ?? 0) + 1);
  const product = (node: Node): Node | undefined => {
    const [x] = node.inputs;
    if (node.definition.name !== "transpose" || x?.source.kind !== "op") return undefined;
    const { node: made } = x.source;
    const turns = made.definition.name === "dotGeneral" && uses.get(made) === 1;
    return turns && isTurn(made, node.params.permutation as readonly number[]) ? made : undefined;
  };
  if (!graph.nodes.some((node) => product(node) !== undefined)) return graph;
  const inputs = graph.inputs.map((x) => placeholder(x));
  const outputs = rebuild(graph, inputs, (node, ins) => {
    if (product(node) === undefined) return copyNode(node, ins);
    const { node: made } = (ins[0] as Tensor).source as Extract<Tensor["source"], { kind: "op" }>;
    const [a, b] = made.inputs as readonly [Tensor, Tensor];
    const { lhsContract, rhsContract, lhsBatch, rhsBatch } = made.params as DotParams;
    const turned = { lhsContract: rhsContract, rhsContract: lhsContract, lhsBatch: rhsBatch, rhsBatch: lhsBatch };
    return [primitives.dotGeneral(b, a, turned)];
  });
  return new Graph(inputs, outputs);
}

// Results have the batch's axes, those of the left side and those of the right side; whether both sides change places as they are.
function isTurn({ inputs, params, outs }: Node, permutation: readonly number[]): boolean {
  const { lhsContract, lhsBatch } = params as DotParams;
  const batch = lhsBatch.length;
  const left = (inputs[0] as Tensor).ndim - lhsContract.length - batch;
  const all = range((outs[0] as { readonly shape: readonly number[] }).shape.length);
  const wanted = [...all.slice(0, batch), ...all.slice(batch + left), ...all.slice(batch, batch + left)];
  return wanted.every((axis, i) => permutation[i] === axis);
}
