// Which results may be written over an operand: large ones, where the operand is a temporary that nobody reads afterwards.
import { type Graph, type Node, sameShape, type Tensor } from "./core.ts";
import { isLarge, takesRowsWhole } from "./kernels/elementwise.ts";
import { callInto } from "./kernels/in-place.ts";

/** A piece of memory that arrays of a program stand on. */
interface Memory {
  /** True if the program itself made it, and only arrays that are known here stand on it. */
  readonly owned: boolean;
  /** Place of the last node that reads it; infinite if it is returned. */
  last: number;
}
const foreign: Memory = { owned: false, last: Number.POSITIVE_INFINITY };

/** Operations whose result is another shape of the first operand, or that operand itself. */
const views: ReadonlySet<string> = new Set([
  "reshape",
  "transpose",
  "broadcastTo",
  "slice",
  "reverse",
  "stopGradient",
  "barrier",
  "bitcast",
]);
/** Besides elementwise ones, operations whose one result is always an array of its own. All that is neither here nor a view may be anything. */
const makers: ReadonlySet<string> = new Set(
  (
    "relu erf erfInv lgamma digamma trigamma logistic cast equal notEqual less lessEqual greater greaterEqual isFinite isNan " +
    "concat pad reduceSum reduceMax reduceMin reduceProd cumSum cumProd cumMax cumMin dotGeneral conv convInputGrad convFilterGrad " +
    "maxPool sumPool maxPoolGrad maxPoolGather sumPoolGrad take scatterNd dynamicUpdateSlice sort randomBits softmax logSoftmax " +
    "normalize multiplyAdd oneHot"
  ).split(" "),
);

/**
 * For each node that may write its result over an operand, the place of that operand. It must have the shape and dtype of the result,
 * stand on memory that the program made and that no later node, no result and no other operand reads, have one element of memory
 * for each of its own, and lie in rows: one that does not would pass on its order of axes to all that follows. Inputs, constants, and whatever a program returns are never written over.
 */
export function overwritten(graph: Graph): ReadonlyMap<Node, number> {
  const { of, made } = memories(graph);
  const rows = inRows(graph);
  const found = new Map<Node, number>();
  graph.nodes.forEach((node, position) => {
    const [out] = node.outs;
    if (out === undefined || node.outs.length > 1 || !isLarge(out.shape)) return;
    if (callInto(node.definition.name, out.dtype, [], "") === undefined) return;
    const place = node.inputs.findIndex((x, i) => {
      if (x.dtype !== out.dtype || !sameShape(x.shape, out.shape) || !isWhole(x, made) || !rows(x)) return false;
      const [memory = foreign, ...more] = of(x);
      if (more.length > 0 || !memory.owned || memory.last !== position) return false;
      return node.inputs.every((other, j) => i === j || !of(other).has(memory) || isSame(x, other));
    });
    if (place >= 0) found.set(node, place);
  });
  return found;
}

interface Memories {
  readonly of: (x: Tensor) => ReadonlySet<Memory>;
  readonly made: ReadonlyMap<Node, ReadonlySet<Memory>>;
}
function memories(graph: Graph): Memories {
  const inputs = new Set(graph.inputs);
  const made = new Map<Node, ReadonlySet<Memory>>();
  const others: ReadonlySet<Memory> = new Set([foreign]);
  const of = (x: Tensor): ReadonlySet<Memory> =>
    inputs.has(x) || x.source.kind !== "op" ? others : (made.get(x.source.node) ?? others);
  graph.nodes.forEach((node, position) => {
    for (const x of node.inputs) for (const memory of of(x)) memory.last = Math.max(memory.last, position);
    if (views.has(node.definition.name)) made.set(node, of(node.inputs[0] as Tensor));
    else if (isMaker(node)) made.set(node, new Set([{ owned: true, last: -1 }]));
    else made.set(node, new Set([foreign, ...node.inputs.flatMap((x) => [...of(x)])]));
  });
  for (const x of graph.outputs) for (const memory of of(x)) memory.last = Number.POSITIVE_INFINITY;
  return { of, made };
}

function isMaker({ definition: { name }, inputs, outs }: Node): boolean {
  const [out] = outs;
  if (out === undefined || outs.length > 1) return false;
  if (name === "where") return !takesRowsWhole({ ins: inputs, outs });
  return makers.has(name) || callInto(name, out.dtype, [], "") !== undefined;
}

// An array as it was made, or reshaped: broadcasts have several elements in one place of memory.
function isWhole(x: Tensor, made: Memories["made"]): boolean {
  if (x.source.kind !== "op") return false;
  const { node } = x.source;
  if (!made.has(node)) return false;
  return node.definition.name === "reshape" ? isWhole(node.inputs[0] as Tensor, made) : isMaker(node);
}

// Whether an array surely lies in rows. Inputs do; what is computed element by element takes the order of its operands.
function inRows(graph: Graph): (x: Tensor) => boolean {
  const known = new Set<Node>();
  const inputs = new Set(graph.inputs);
  const isIn = (x: Tensor): boolean => x.source.kind !== "op" || inputs.has(x) || known.has(x.source.node);
  for (const node of graph.nodes) {
    const { name } = node.definition;
    const [out] = node.outs;
    const follows = node.inputs.filter((x) => name === "reshape" || sameShape(x.shape, out?.shape ?? []));
    if (name === "dotGeneral" || (name !== "transpose" && name !== "reverse" && follows.every(isIn))) known.add(node);
  }
  return isIn;
}
const isSame = (a: Tensor, b: Tensor): boolean =>
  a === b || (a.source.kind === "op" && b.source.kind === "op" && a.source.node === b.source.node);
