import { type HostArray, sizeOf } from "../../aval/index.ts";
import { type Graph, literal, type Node, type Tensor, transform } from "../../graph/index.ts";
import type { KernelAvals } from "../contract.ts";
import { referenceKernels } from "../reference/reference.ts";
import { flattenNode } from "./rewrite.ts";

/** Results larger than this are left to the engine: a short program is worth more than a few saved operations. */
const LARGEST = 1024;

type Row = (inputs: readonly HostArray[], params: unknown, avals: KernelAvals) => HostArray | readonly HostArray[];
const rows = referenceKernels as unknown as Readonly<Record<string, Row | undefined>>;

/** Constant folding: a node whose inputs are all literals is computed now, by the reference engine, which defines it. */
export function foldConstants(graph: Graph): Graph {
  const rewrite = (inner: Graph): Graph =>
    transform(inner, (node, inputs) => folded(node, inputs) ?? flattenNode(node, inputs, rewrite));
  return rewrite(graph);
}

function folded(node: Node, inputs: readonly Tensor[]): readonly Tensor[] | undefined {
  // An engine may have other bits than these: the numbers of a seed must not hang on whether it is known.
  if (node.definition.name === "randomBits") return undefined;
  const row = rows[node.definition.name];
  const values = inputs.map((x) => (x.source.kind === "literal" ? x.source.value : undefined));
  if (row === undefined || !values.every((value) => value !== undefined)) return undefined;
  const before = inputs.reduce((n, x) => n + x.size, 0);
  const after = node.outs.reduce((n, out) => n + sizeOf(out.shape), 0);
  // A repeated number is best left as one number and a broadcast.
  if (after > LARGEST || before > LARGEST || (node.definition.name === "broadcastTo" && after > before))
    return undefined;
  const results = row(values, node.params, { ins: inputs, outs: node.outs });
  const made = (Array.isArray(results) ? results : [results]) as readonly HostArray[];
  return made.map((value) => literal(value));
}
