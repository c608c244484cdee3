import { sameShape } from "../../aval/index.ts";
import { copyNode, type Graph, type Node, type Tensor, transform } from "../../graph/index.ts";
import { concat, type PadParams } from "../../primitives/index.ts";
import { flattenNode } from "./rewrite.ts";

/** A part of an axis; zeros elsewhere. */
interface Part {
  readonly tensor: Tensor;
  readonly axis: number;
  readonly start: number;
  readonly end: number;
}

/**
 * A sum of pieces of one axis, each padded with zeros to the whole, is the pieces one after the other: what the gradients of a split
 * add up to.
 */
export function joinPads(graph: Graph): Graph {
  const parts = new Map<Tensor, readonly Part[]>();
  return transform(graph, (node, inputs) => {
    if (node.definition.name === "pad") {
      const [made] = copyNode(node, inputs) as [Tensor];
      const part = partOf(node, inputs[0] as Tensor);
      if (part !== undefined) parts.set(made, [part]);
      return [made];
    }
    if (node.definition.name !== "add") return flattenNode(node, inputs, joinPads);
    const [made] = copyNode(node, inputs) as [Tensor];
    const [a, b] = inputs.map((x) => parts.get(x)) as [readonly Part[] | undefined, readonly Part[] | undefined];
    if (a === undefined || b === undefined || !sameShape((inputs[0] as Tensor).shape, (inputs[1] as Tensor).shape))
      return [made];
    const all = [...a, ...b].sort((s, t) => s.start - t.start);
    const [{ axis }] = all as [Part];
    if (all.some((part, i) => part.axis !== axis || part.start < (all[i - 1]?.end ?? 0))) return [made];
    const whole = all.reduce((end, part) => (part.start === end ? part.end : -1), 0) === made.shape[axis];
    if (!whole) {
      parts.set(made, all);
      return [made];
    }
    const joined = all.map((part) => part.tensor);
    return [concat(joined, { axis })];
  });
}

function partOf(node: Node, x: Tensor): Part | undefined {
  const { low, high, interior } = node.params as PadParams;
  const axes = low.flatMap((n, i) => (n !== 0 || high[i] !== 0 ? [i] : []));
  const [axis] = axes;
  if (axes.length !== 1 || axis === undefined || interior.some((n) => n !== 0)) return undefined;
  const start = low[axis] as number;
  if (start < 0 || (high[axis] as number) < 0) return undefined;
  return { tensor: x, axis, start, end: start + (x.shape[axis] as number) };
}
