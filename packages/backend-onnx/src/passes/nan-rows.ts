import { sameShape, sizeOf } from "@keras-ts/core/backend";
import type { Program } from "../program.ts";
import type { NodeData } from "../proto.ts";
import { Rewriter } from "./rewriter.ts";

/**
 * `Where(row is bad, nan, x)`, what is read outside of a table, as `x * (row is bad ? nan : 1)`: the slow select works on one number a
 * row, and a product with 1 keeps every bit.
 */
export function nanRows(program: Program): Program {
  const r = new Rewriter(program);
  for (const node of program.nodes) {
    const x = selected(r, node);
    if (x === undefined) {
      r.add(node);
      continue;
    }
    const [condition, whenTrue, whenFalse] = node.inputs as readonly [string, string, string];
    const one = r.constant("float32", [], [1]);
    const choices = x === whenTrue ? [one, whenFalse] : [whenTrue, one];
    const factor = r.op(node, "Where", [condition, ...choices], { type: "float32", shape: r.shape(condition) });
    r.add({ ...node, op: "Mul", inputs: [x, factor] });
  }
  return r.finish();
}

// What a select keeps where it does not give nan, if few conditions stand for many numbers.
function selected(r: Rewriter, { op, inputs, outputs }: NodeData): string | undefined {
  if (op !== "Where") return undefined;
  const [condition, ...choices] = inputs as readonly [string, string, string];
  const kept = choices.filter((name) => !Number.isNaN(r.numberOf(name) ?? 0));
  const [x] = kept;
  if (kept.length !== 1 || x === undefined) return undefined;
  const { type, shape } = r.info(x);
  const few = sizeOf(r.shape(condition)) * 4 <= sizeOf(shape);
  return type === "float32" && few && sameShape(shape, r.shape(outputs[0] as string)) ? x : undefined;
}
