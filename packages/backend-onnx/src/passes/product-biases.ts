import { sameShape, sizeOf } from "@keras-ts/core/backend";
import { type Program, readsOf } from "../program.ts";
import type { NodeData } from "../proto.ts";
import { intAttribute, Rewriter } from "./rewriter.ts";

/**
 * A bias that is added to a reshaped matrix product is added before the reshape, where ONNX Runtime makes it part of the product.
 * The bias has the last axes of the result, which together are the product's columns.
 */
export function productBiases(program: Program): Program {
  const r = new Rewriter(program);
  const reads = new Map<string, number>();
  for (const name of [...program.nodes.flatMap(readsOf), ...program.outputs])
    reads.set(name, (reads.get(name) ?? 0) + 1);
  const made = new Map(program.nodes.map((node) => [node.outputs[0] as string, node]));
  const isProduct = (node: NodeData | undefined): boolean =>
    (node?.op === "MatMul" || node?.op === "Gemm") &&
    node.inputs.length === 2 &&
    r.info(node.outputs[0] as string).type === "float32" &&
    r.shape(node.outputs[0] as string).length === 2;
  const columnsOf = (product: string): number => r.shape(product)[1] as number;
  const gone = new Set<NodeData>();
  const replaced = new Map<NodeData, { readonly reshape: NodeData; readonly product: string; readonly bias: string }>();
  for (const node of program.nodes) {
    if (node.op !== "Add") continue;
    const result = r.shape(node.outputs[0] as string);
    const [a, b] = node.inputs as readonly [string, string];
    for (const [x, bias] of [[a, b] as const, [b, a] as const]) {
      const reshape = made.get(x);
      const product = reshape?.inputs[0] as string;
      if (reshape?.op !== "Reshape" || reads.get(x) !== 1 || reads.get(product) !== 1 || !isProduct(made.get(product)))
        continue;
      const tail = r.shape(bias);
      const fits =
        tail.length > 0 && sizeOf(tail) === columnsOf(product) && sameShape(result.slice(-tail.length), tail);
      if (!fits || !sameShape(r.shape(x), result)) continue;
      replaced.set(node, { reshape, product, bias });
      gone.add(reshape);
      break;
    }
  }
  if (replaced.size === 0) return program;
  for (const node of program.nodes) {
    if (gone.has(node)) continue;
    const found = replaced.get(node);
    if (found === undefined) {
      r.add(node);
      continue;
    }
    const { reshape, product, bias } = found;
    const row = [columnsOf(product)];
    const flat =
      r.shape(bias).length === 1
        ? bias
        : r.op(
            node,
            "Reshape",
            [bias, r.constant("int64", [1], row)],
            { type: "float32", shape: row },
            { allowzero: { kind: "int", value: intAttribute(reshape, "allowzero") ?? 1 } },
          );
    const sum = r.op(node, "Add", [product, flat], r.info(product));
    r.add({ ...reshape, inputs: [sum, reshape.inputs[1] as string], outputs: node.outputs });
  }
  return r.finish();
}
