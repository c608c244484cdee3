import { type Program, readsOf } from "../program.ts";
import type { NodeData } from "../proto.ts";
import { Rewriter } from "./rewriter.ts";

const products: ReadonlySet<string> = new Set(["MatMul", "Gemm", "FusedMatMul"]);

/**
 * A matrix product times a number, or of operands times a number, takes the number as its own factor: one pass over the result, or over
 * the operand, less.
 */
export function productScales(program: Program): Program {
  const r = new Rewriter(program);
  const readers = new Map<string, (NodeData | undefined)[]>();
  const note = (name: string, node?: NodeData): void => void readers.set(name, [...(readers.get(name) ?? []), node]);
  for (const node of program.nodes) for (const name of readsOf(node)) note(name, node);
  for (const name of program.outputs) note(name);
  const made = new Map(program.nodes.map((node) => [node.outputs[0] as string, node]));
  const isProduct = (node: NodeData | undefined): node is NodeData =>
    node !== undefined &&
    products.has(node.op) &&
    node.inputs.length === 2 &&
    r.info(node.outputs[0] as string).type === "float32";

  /** Factors that products take over, operators that are gone, and what is read instead of their results. */
  const factors = new Map<NodeData, number>();
  const gone = new Set<NodeData>();
  const instead = new Map<string, string>();
  const renamed = new Map<NodeData, string>();
  const multiply = (node: NodeData, factor: number): void => void factors.set(node, (factors.get(node) ?? 1) * factor);
  for (const node of program.nodes) {
    if (node.op !== "Mul") continue;
    const [a, b] = node.inputs as readonly [string, string];
    const at = r.numberOf(b) === undefined ? 1 : 0;
    const [x, factor] = [at === 0 ? a : b, r.numberOf(at === 0 ? b : a)];
    const result = node.outputs[0] as string;
    if (factor === undefined || r.shape(x).length < 2 || String(r.shape(x)) !== String(r.shape(result))) continue;
    const source = made.get(x);
    const users = readers.get(result) ?? [];
    if (isProduct(source) && !renamed.has(source) && readers.get(x)?.length === 1) {
      multiply(source, factor);
      renamed.set(source, result);
      gone.add(node);
    } else if (users.length > 0 && users.every(isProduct)) {
      for (const user of users) multiply(user as NodeData, factor);
      instead.set(result, x);
      gone.add(node);
    }
  }
  if (gone.size === 0) return program;
  for (const node of program.nodes) {
    if (gone.has(node)) continue;
    const inputs = node.inputs.map((name) => instead.get(name) ?? name);
    const factor = factors.get(node);
    if (factor === undefined) {
      r.add({ ...node, inputs });
      continue;
    }
    const flat = r.shape(inputs[0] as string).length === 2 && r.shape(inputs[1] as string).length === 2;
    r.add({
      ...node,
      op: flat ? "Gemm" : "FusedMatMul",
      domain: flat ? "" : "com.microsoft",
      inputs,
      outputs: [renamed.get(node) ?? (node.outputs[0] as string)],
      attributes: { ...node.attributes, alpha: { kind: "float", value: factor } },
    });
  }
  return r.finish();
}
