import { sameShape } from "../../aval/index.ts";
import { apply1, type Graph, type Node, nodeOf, scalar, type Tensor, transform } from "../../graph/index.ts";
import * as elementwise from "../../primitives/elementwise.ts";
import * as p from "../../primitives/index.ts";
import { flattenNode } from "./rewrite.ts";

const names: ReadonlySet<string> = new Set(Object.keys(elementwise));

/**
 * Broadcast sinking: elementwise operations broadcast by themselves, so they read what was broadcast; where that leaves them less to
 * compute, the result is broadcast instead. A sum over repeated values is a product with their number.
 */
export function sinkBroadcasts(graph: Graph): Graph {
  const rewrite = (inner: Graph): Graph =>
    transform(inner, (node, inputs) => {
      const sunk = sink(node, inputs);
      return sunk === undefined ? flattenNode(node, inputs, rewrite) : [sunk];
    });
  return rewrite(graph);
}

/** What was broadcast, for a broadcast. */
function source(x: Tensor): Tensor | undefined {
  const made = nodeOf(x)?.node;
  return made?.definition.name === "broadcastTo" ? (made.inputs[0] as Tensor) : undefined;
}

function sink(node: Node, inputs: readonly Tensor[]): Tensor | undefined {
  const { definition, params, outs } = node;
  const [out] = outs;
  const sources = inputs.map(source);
  if (out === undefined || sources.every((x) => x === undefined)) return undefined;
  if (names.has(definition.name)) {
    const small = apply1(
      definition,
      inputs.map((x, i) => sources[i] ?? x),
      params,
    );
    return p.broadcastTo(small, { shape: out.shape });
  }
  const [x, from] = [inputs[0] as Tensor, sources[0] as Tensor];
  if (definition.name === "reduceSum" && x.dtype !== "bool")
    return sumOfRepeated(x, from, params as unknown as p.AxesParams);
  const moves = definition.name === "reshape" || definition.name === "transpose";
  if (moves && from.size === 1) return p.broadcastTo(p.reshape(from, { shape: [] }), { shape: out.shape });
  return undefined;
}

/** Only if all reduced axes are repeated ones: then nothing is summed. */
function sumOfRepeated(x: Tensor, from: Tensor, { axes }: p.AxesParams): Tensor | undefined {
  const lead = x.ndim - from.ndim;
  const isRepeated = (axis: number): boolean => axis < lead || from.shape[axis - lead] === 1;
  if (axes.length === 0 || !axes.every(isRepeated)) return undefined;
  const count = axes.reduce((n, axis) => n * (x.shape[axis] as number), 1);
  const left = p.reshape(from, { shape: from.shape.filter((_, i) => !axes.includes(i + lead)) });
  const target = x.shape.filter((_, axis) => !axes.includes(axis));
  const product = p.mul(left, scalar(count, x.dtype));
  return sameShape(product.shape, target) ? product : p.broadcastTo(product, { shape: target });
}
