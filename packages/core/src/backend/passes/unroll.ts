import { range } from "../../aval/index.ts";
import { type Graph, type Node, rebuild, type Tensor, transform } from "../../graph/index.ts";
import type { ScanParams } from "../../primitives/index.ts";
import { concat, full, reshape, slice } from "../../primitives/index.ts";
import { flattenNode } from "./rewrite.ts";

/** Writes scans of at most `limit` steps out, step after step: one big program that needs no loop operator. */
export function unrollScans(graph: Graph, limit: number): Graph {
  const rewrite = (inner: Graph): Graph =>
    transform(inner, (node, inputs) => {
      const flat = flattenNode(node, inputs, rewrite);
      const { name } = node.definition;
      if (name !== "scan" || (node.params as unknown as ScanParams).length > limit) return flat;
      const params = (flat[0]?.source.kind === "op"
        ? flat[0].source.node.params
        : node.params) as unknown as ScanParams;
      return unrolled(node, inputs, params);
    });
  return rewrite(graph);
}

function unrolled(node: Node, inputs: readonly Tensor[], params: ScanParams): Tensor[] {
  const { body, numConsts, numCarry, length, reverse } = params;
  const consts = inputs.slice(0, numConsts);
  let carry = inputs.slice(numConsts, numConsts + numCarry);
  const xs = inputs.slice(numConsts + numCarry);
  const rows: (readonly Tensor[])[] = new Array(length);
  for (const step of range(length)) {
    const t = reverse ? length - 1 - step : step;
    const outs = rebuild(body, [...consts, ...carry, ...xs.map((x) => rowOf(x, t))]);
    carry = outs.slice(0, numCarry);
    rows[t] = outs.slice(numCarry);
  }
  const ys = node.outs.slice(numCarry).map((aval, i) => {
    const one = [1, ...aval.shape.slice(1)];
    if (length === 0) return full(aval.shape, 0, aval.dtype);
    return concat(
      rows.map((row) => reshape(row[i] as Tensor, { shape: one })),
      { axis: 0 },
    );
  });
  return [...carry, ...ys];
}

function rowOf(x: Tensor, t: number): Tensor {
  const part = slice(x, {
    starts: x.shape.map((_, i) => (i === 0 ? t : 0)),
    limits: x.shape.map((n, i) => (i === 0 ? t + 1 : n)),
    strides: x.shape.map(() => 1),
  });
  return reshape(part, { shape: x.shape.slice(1) });
}
