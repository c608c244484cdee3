import { range } from "@keras-ts/core/backend";
import { type Program, readsOf } from "../program.ts";
import type { NodeData } from "../proto.ts";
import { intAttribute, intsAttribute, Rewriter } from "./rewriter.ts";

/** `(A B)^T` where only the transpose is read is `B^T A^T`: the product reads its operands the other way round instead. */
export function transposedProducts(program: Program): Program {
  const r = new Rewriter(program);
  const readers = new Map<string, number>();
  for (const name of [...program.nodes.flatMap(readsOf), ...program.outputs])
    readers.set(name, (readers.get(name) ?? 0) + 1);
  const products = new Map<string, NodeData>();
  for (const node of program.nodes) {
    if (productOperators.has(node.op) && node.inputs.length === 2) products.set(node.outputs[0] as string, node);
  }
  const replaced = new Set<NodeData>();
  const flips = new Map<NodeData, NodeData>();
  for (const node of program.nodes) {
    const product = node.op === "Transpose" ? products.get(node.inputs[0] as string) : undefined;
    if (
      product === undefined ||
      readers.get(node.inputs[0] as string) !== 1 ||
      !swapsMatrices(intsAttribute(node, "perm"))
    )
      continue;
    const [a, b] = product.inputs as readonly [string, string];
    const rank = r.shape(a).length;
    if (rank !== r.shape(b).length || r.info(a).type !== "float32") continue;
    const flag = (name: string, value: number): Record<string, { readonly kind: "int"; readonly value: number }> => ({
      [name]: { kind: "int", value },
    });
    replaced.add(product);
    flips.set(node, {
      ...product,
      op: rank === 2 ? "Gemm" : "FusedMatMul",
      domain: rank === 2 ? "" : "com.microsoft",
      inputs: [b, a],
      outputs: node.outputs,
      attributes: {
        ...flag("transA", 1 - (intAttribute(product, "transB") ?? 0)),
        ...flag("transB", 1 - (intAttribute(product, "transA") ?? 0)),
      },
    });
  }
  for (const node of program.nodes) if (!replaced.has(node)) r.add(flips.get(node) ?? node);
  return r.finish();
}

const productOperators: ReadonlySet<string> = new Set(["MatMul", "Gemm", "FusedMatMul"]);

function swapsMatrices(perm: readonly number[]): boolean {
  const rank = perm.length;
  const swapped = [...range(rank - 2), rank - 1, rank - 2];
  return rank >= 2 && swapped.every((axis, i) => axis === perm[i]);
}
