import { type Shape, sizeOf } from "../../aval/index.ts";
import { copyNode, Graph, placeholder, rebuild, type Tensor, transform } from "../../graph/index.ts";

/** A graph in two: what stands on its known inputs alone, and the rest over the results of that. */
export interface Partition {
  /** From the known inputs to the values that `main` reads. */
  readonly prepare: Graph;
  /** Inputs: the open ones, then the outputs of `prepare`. */
  readonly main: Graph;
  /** For each output of `prepare` the position among the known inputs, if it is one of them unchanged. */
  readonly sources: readonly (number | undefined)[];
}

/** Results so many times larger than what they are made of are cheaper to make again than to keep. */
const GROWTH = 4;

/**
 * What stands on known inputs alone (weights) is computed once for many runs: the first `numOpen` inputs are open, those after them
 * known. `mayKeep` says of a shape whether values of it may be kept.
 */
export function partition(whole: Graph, numOpen: number, mayKeep: (shape: Shape) => boolean = () => true): Partition {
  const graph = transform(whole, copyNode);
  const known = new Set<Tensor>(graph.inputs.slice(numOpen));
  const open = new Set<Tensor>(graph.inputs.slice(0, numOpen));
  const outputs = graph.outputsOf();
  const stands = (x: Tensor): boolean => known.has(x);
  for (const node of graph.nodes) {
    const results = (outputs.get(node) ?? []).filter((x) => x !== undefined);
    // What stands on literals alone goes wherever it is needed.
    if (node.inputs.every((x) => !open.has(x) && !known.has(x))) continue;
    const before = node.inputs.reduce((n, x) => n + x.size, 0);
    const after = node.outs.reduce((n, out) => n + sizeOf(out.shape), 0);
    const closed = node.inputs.every((x) => !open.has(x)) && node.inputs.some(stands);
    const worth = after <= GROWTH * before && node.outs.every(({ shape }) => mayKeep(shape));
    const isMoved = node.definition.name !== "broadcastTo";
    for (const x of results) (closed && worth && isMoved ? known : open).add(x);
  }
  const frontier = new Set<Tensor>();
  for (const node of graph.nodes) {
    const results = (outputs.get(node) ?? []).filter((x) => x !== undefined);
    if (results.some((x) => known.has(x))) continue;
    for (const x of node.inputs) if (known.has(x)) frontier.add(x);
  }
  for (const x of graph.outputs) if (known.has(x)) frontier.add(x);
  const kept = [...frontier];
  const before = graph.inputs.slice(numOpen);
  const handed = before.map((x) => placeholder(x));
  const prepare = new Graph(handed, rebuild(new Graph(before, kept), handed));
  const main = new Graph([...graph.inputs.slice(0, numOpen), ...kept], graph.outputs);
  const fresh = main.inputs.map((x) => placeholder(x));
  const sources = kept.map((x) => {
    const at = before.indexOf(x);
    return at < 0 ? undefined : at;
  });
  return { prepare, main: new Graph(fresh, rebuild(main, fresh)), sources };
}
