import { sameShape } from "@keras-ts/core/backend";
import type { Program } from "../program.ts";
import { elementwise, producers, Rewriter } from "./rewriter.ts";

/** `Expand` before an operator that broadcasts by itself does nothing but write memory: the operator reads what was expanded. */
export function dropExpands(program: Program): Program {
  const r = new Rewriter(program);
  const made = producers(program.nodes);
  const broadcast = (names: readonly string[]): number[] => {
    const rank = Math.max(...names.map((x) => r.shape(x).length));
    return Array.from({ length: rank }, (_, i) => {
      const sizes = names.map((x) => r.shape(x)[i - rank + r.shape(x).length] ?? 1);
      return sizes.find((n) => n !== 1) ?? 1;
    });
  };
  for (const node of program.nodes) {
    if (!elementwise.has(node.op)) {
      r.add(node);
      continue;
    }
    const out = r.shape(node.outputs[0] as string);
    let inputs = node.inputs;
    node.inputs.forEach((name, i) => {
      const source = made.get(name);
      if (source?.op !== "Expand") return;
      const attempt = inputs.map((x, k) => (k === i ? (source.inputs[0] as string) : x));
      if (sameShape(broadcast(attempt), out)) inputs = attempt;
    });
    r.add({ ...node, inputs });
  }
  return r.finish();
}
