import { type Program, readsOf } from "../program.ts";
import type { NodeData } from "../proto.ts";
import { Rewriter } from "./rewriter.ts";

/** One number a channel, for values `[N, C, ...]`. */
function isByChannel(shape: readonly number[], bias: readonly number[]): boolean {
  const first = shape.length - bias.length;
  return first <= 1 && bias.every((n, i) => n === (i + first === 1 ? shape[1] : 1));
}

/**
 * `Conv(x, k) + bias` with one number a channel as `Conv(x, k, bias)`: one pass over memory less, and the runtime can then take a
 * following activation into the convolution too, which it does by itself only for constant biases.
 */
export function convBiases(program: Program): Program {
  const r = new Rewriter(program);
  const readers = new Map<string, number>();
  for (const name of [...program.nodes.flatMap(readsOf), ...program.outputs])
    readers.set(name, (readers.get(name) ?? 0) + 1);
  const plain = new Map<string, NodeData>();
  for (const node of program.nodes) {
    const [y] = node.outputs as readonly [string];
    if (node.op === "Conv" && node.inputs.length === 2 && readers.get(y) === 1) plain.set(y, node);
  }
  const added = new Map<NodeData, { readonly conv: NodeData; readonly bias: string }>();
  for (const node of program.nodes) {
    if (node.op !== "Add") continue;
    const [a, b] = node.inputs as readonly [string, string];
    const [y, bias] = plain.has(a) ? [a, b] : [b, a];
    const conv = plain.get(y);
    if (conv !== undefined && isByChannel(r.shape(y), r.shape(bias))) added.set(node, { conv, bias });
  }
  const merged = new Set([...added.values()].map(({ conv }) => conv));
  for (const node of program.nodes) {
    if (merged.has(node)) continue;
    const sum = added.get(node);
    if (sum === undefined) {
      r.add(node);
      continue;
    }
    const info = { type: r.info(sum.bias).type, shape: [r.shape(node.outputs[0] as string)[1] as number] };
    const flat = r.op(node, "Reshape", [sum.bias, r.constant("int64", [1], info.shape)], info);
    r.add({ ...sum.conv, inputs: [...sum.conv.inputs, flat], outputs: node.outputs });
  }
  return r.finish();
}
