import { isFloat, range, sizeOf } from "../../aval/index.ts";
import { copyNode, Graph, type Node, nodeOf, placeholder, rebuild, type Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { flattenNode } from "./rewrite.ts";

/**
 * Factors with one number for each output channel go into the kernel of the convolution, or the matrix of the product, before them:
 * `conv(x, k) s` as `conv(x, k s)` and `(conv(x, k) + b) s` as `conv(x, k s) + b s`. So batch normalisation, which predicts with
 * fixed factors and shifts, is gone from inference. In training its statistics read the convolution too, and it stays.
 * @param numOpen if given, inputs from there on are known (weights): what stands on them costs nothing, and only such factors move.
 * Else a factor moves where the kernel has at most half as many numbers as the result.
 */
export function foldFactors(graph: Graph, numOpen?: number): Graph {
  const inputs = graph.inputs.map((x) => placeholder(x));
  const open = numOpen === undefined ? undefined : new Set<Tensor>(inputs.slice(0, numOpen));
  const counts = readersOf(graph);
  const alone = new Set<Tensor>();
  const moves = (kernel: Tensor, factor: Tensor, result: Tensor): boolean =>
    open === undefined ? kernel.size * 2 <= result.size : !open.has(kernel) && !open.has(factor);
  const visit = (node: Node, ins: readonly Tensor[]): readonly Tensor[] => {
    const better = node.definition.name === "mul" ? scaled(ins as readonly [Tensor, Tensor], alone, moves) : undefined;
    const results = better === undefined ? flattenNode(node, ins, (body) => foldFactors(body)) : [better];
    results.forEach((x, i) => {
      if (counts.get(node)?.[i] === 1) alone.add(x);
      if (ins.some((input) => open?.has(input))) open?.add(x);
    });
    return results;
  };
  return new Graph(inputs, rebuild(graph, inputs, visit));
}

/** How often each result of each node is read. */
function readersOf(graph: Graph): ReadonlyMap<Node, readonly number[]> {
  const counts = new Map<Node, number[]>(graph.nodes.map((node) => [node, node.outs.map(() => 0)]));
  const read = ({ source }: Tensor): void => {
    const row = source.kind === "op" ? counts.get(source.node) : undefined;
    if (row !== undefined && source.kind === "op") row[source.index] = (row[source.index] as number) + 1;
  };
  for (const node of graph.nodes) node.inputs.forEach(read);
  graph.outputs.forEach(read);
  return counts;
}

type Moves = (kernel: Tensor, factor: Tensor, result: Tensor) => boolean;

function scaled([a, b]: readonly [Tensor, Tensor], alone: ReadonlySet<Tensor>, moves: Moves): Tensor | undefined {
  const [large, factor] = a.size >= b.size ? [a, b] : [b, a];
  if (!isFloat(large.dtype) || !alone.has(large) || factor.size === 1 || factor.ndim > large.ndim) return undefined;
  const whole = scaledProduct(large, factor, moves);
  if (whole !== undefined) return whole;
  const sum = nodeOf(large)?.node;
  if (sum?.definition.name !== "add") return undefined;
  const [x, y] = sum.inputs as readonly [Tensor, Tensor];
  const [product, shift] = x.size >= y.size ? [x, y] : [y, x];
  if (product.size !== large.size || !alone.has(product) || sizeOf(shift.shape) * 2 > large.size) return undefined;
  const inner = scaledProduct(product, factor, moves);
  return inner === undefined ? undefined : p.add(inner, p.mul(shift, factor));
}

/** The factor in the kernel, if `result` is a product and the factor only tells output channels apart. */
function scaledProduct(result: Tensor, factor: Tensor, moves: Moves): Tensor | undefined {
  const node = nodeOf(result)?.node;
  const [x, kernel] = (node?.inputs ?? []) as readonly Tensor[];
  if (node === undefined || x === undefined || kernel === undefined) return undefined;
  const free = channelsOf(node, kernel);
  if (free === undefined || !moves(kernel, factor, result)) return undefined;
  const sizeAt = (axis: number): number => factor.shape[axis - (result.ndim - factor.ndim)] ?? 1;
  const first = result.ndim - free.length;
  if (range(first).some((axis) => sizeAt(axis) !== 1)) return undefined;
  const shape = kernel.shape.map((_, axis) => (free.includes(axis) ? sizeAt(first + free.indexOf(axis)) : 1));
  const better = p.mul(kernel, p.reshape(factor, { shape }));
  return copyNode(node, [x, better])[0];
}

/** Axes of the kernel that are the last ones of the result, in order. */
function channelsOf({ definition, params }: Node, kernel: Tensor): readonly number[] | undefined {
  if (definition.name === "conv") return [kernel.ndim - 1];
  if (definition.name !== "dotGeneral") return undefined;
  const { rhsContract, rhsBatch } = params as unknown as p.DotParams;
  return p.freeAxes(kernel.ndim, rhsContract, rhsBatch);
}
