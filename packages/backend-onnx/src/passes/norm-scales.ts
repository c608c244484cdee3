import { type Program, readsOf } from "../program.ts";
import type { NodeData } from "../proto.ts";
import { Rewriter } from "./rewriter.ts";

interface Scaled {
  readonly norm: NodeData;
  readonly scale: string;
  readonly bias?: string;
}

/**
 * A layer normalisation that is multiplied by a row, and then perhaps added to one, takes both as inputs: two passes over memory less.
 * Only where nothing else reads what is between; in a training step the gradient of the scale does.
 */
export function normScales(program: Program): Program {
  const r = new Rewriter(program);
  const reads = new Map<string, number>();
  for (const name of [...program.nodes.flatMap(readsOf), ...program.outputs])
    reads.set(name, (reads.get(name) ?? 0) + 1);
  const plain = new Map<string, Scaled>();
  const multiplied = new Map<string, Scaled>();
  const rowOf = (node: NodeData, known: ReadonlyMap<string, Scaled>): [Scaled, string] | undefined => {
    const [a, b] = node.inputs as readonly [string, string];
    const [x, row] = known.has(a) ? [a, b] : [b, a];
    const found = known.get(x);
    if (found === undefined || reads.get(x) !== 1) return undefined;
    const columns = r.shape(x).at(-1) as number;
    const shape = r.shape(row);
    return shape.at(-1) === columns && shape.every((n, i) => n === (i === shape.length - 1 ? columns : 1))
      ? [found, row]
      : undefined;
  };
  const replaced = new Map<NodeData, Scaled>();
  for (const node of program.nodes) {
    const [y] = node.outputs as readonly [string];
    if (node.op === "LayerNormalization" && node.inputs.length === 2 && isLast(node, r.shape(y).length)) {
      plain.set(y, { norm: node, scale: "" });
    } else if (node.op === "Mul") {
      const [found, scale] = rowOf(node, plain) ?? [];
      if (found === undefined || scale === undefined) continue;
      multiplied.set(y, { ...found, scale });
      replaced.set(node, { ...found, scale });
    } else if (node.op === "Add") {
      const [found, bias] = rowOf(node, multiplied) ?? [];
      if (found === undefined || bias === undefined) continue;
      replaced.set(node, { ...found, bias });
    }
  }
  if (replaced.size === 0) return program;
  const last = new Map([...replaced].map(([node, { norm }]) => [norm, node]));
  for (const node of program.nodes) {
    const found = replaced.get(node);
    if (last.has(node) || (found !== undefined && last.get(found.norm) !== node)) continue;
    if (found === undefined) {
      r.add(node);
      continue;
    }
    const row = (name: string): string => {
      const info = { ...r.info(name), shape: [r.size(name)] };
      return r.shape(name).length === 1
        ? name
        : r.op(node, "Reshape", [name, r.constant("int64", [1], info.shape)], info);
    };
    const rows = [found.scale, ...(found.bias === undefined ? [] : [found.bias])].map(row);
    r.add({ ...found.norm, inputs: [found.norm.inputs[0] as string, ...rows], outputs: node.outputs });
  }
  return r.finish();
}

function isLast({ attributes }: NodeData, rank: number): boolean {
  const { axis } = attributes;
  const value = axis?.kind === "int" ? axis.value : -1;
  return value === -1 || value === rank - 1;
}
