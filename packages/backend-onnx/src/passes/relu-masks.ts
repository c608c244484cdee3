import type { Program } from "../program.ts";
import { producers, Rewriter } from "./rewriter.ts";

/**
 * `Where(Relu(x) > 0, g, 0)`, the gradient of relu, as `g * HardSigmoid(huge * relu)`: two vector operators instead of a slow select.
 */
export function reluMasks(program: Program): Program {
  const r = new Rewriter(program);
  const made = producers(program.nodes);
  for (const node of program.nodes) {
    const [condition, g, other] = node.inputs;
    const compare = made.get(condition as string);
    const positive =
      compare?.op === "Greater" && r.numberOf(compare.inputs[1]) === 0 ? (compare.inputs[0] as string) : undefined;
    const isRelu = positive !== undefined && made.get(positive)?.op === "Relu";
    if (node.op !== "Where" || !isRelu || r.numberOf(other) !== 0 || r.info(g as string).type !== "float32") {
      r.add(node);
      continue;
    }
    const mask = r.op(node, "HardSigmoid", [positive], r.info(positive), {
      alpha: { kind: "float", value: 1e38 },
      beta: { kind: "float", value: 0 },
    });
    r.add({ ...node, op: "Mul", inputs: [g as string, mask] });
  }
  return r.finish();
}
