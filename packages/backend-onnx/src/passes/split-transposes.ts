import { range } from "@keras-ts/core/backend";
import type { Program } from "../program.ts";
import type { NodeData } from "../proto.ts";
import { intsAttribute, Rewriter } from "./rewriter.ts";

/**
 * A transpose over as few axes as it has: axes of size 1 and neighbours that stay neighbours are taken together, which the runtime
 * does not do, though its kernels for matrices are several times as fast. Three axes the other way round are two such steps.
 */
export function splitTransposes(program: Program): Program {
  const r = new Rewriter(program);
  for (const node of program.nodes) {
    const plan =
      node.op === "Transpose" ? planOf(r.shape(node.inputs[0] as string), intsAttribute(node, "perm")) : undefined;
    if (plan === undefined) r.add(node);
    else write(r, node, plan);
  }
  return r.finish();
}

interface Plan {
  /** Sizes of the joined axes. */
  readonly sizes: readonly number[];
  readonly perm: readonly number[];
}

/** The transpose over joined axes, if that helps. */
function planOf(shape: readonly number[], perm: readonly number[]): Plan | undefined {
  const long = perm.filter((axis) => shape[axis] !== 1);
  const follows = (a: number, b: number): boolean => range(b - a - 1).every((i) => shape[a + 1 + i] === 1) && b > a;
  const groups: number[][] = [];
  for (const axis of long) {
    const last = groups.at(-1);
    if (last !== undefined && follows(last.at(-1) as number, axis)) last.push(axis);
    else groups.push([axis]);
  }
  if (groups.length === perm.length && String(perm) !== "2,1,0") return undefined;
  const order = [...groups].sort((a, b) => (a[0] as number) - (b[0] as number));
  const sizes = order.map((group) => group.reduce((n, axis) => n * (shape[axis] as number), 1));
  return { sizes, perm: groups.map((group) => order.indexOf(group)) };
}

function write(r: Rewriter, node: NodeData, { sizes, perm }: Plan): void {
  const [input] = node.inputs as readonly [string];
  const [output] = node.outputs as readonly [string];
  const { type } = r.info(input);
  const reshape = (x: string, shape: readonly number[], to?: string): string =>
    r.op(
      node,
      "Reshape",
      [x, r.constant("int64", [shape.length], shape)],
      { type, shape },
      { allowzero: { kind: "int", value: 1 } },
      to,
    );
  const move = (x: string, order: readonly number[]): string => {
    const shape = order.map((axis) => r.shape(x)[axis] as number);
    return r.op(node, "Transpose", [x], { type, shape }, { perm: { kind: "ints", value: order } });
  };
  let x = reshape(input, sizes);
  if (String(perm) === "2,1,0") {
    const [a, b, c] = sizes as readonly [number, number, number];
    x = move(reshape(move(reshape(x, [a * b, c]), [1, 0]), [c, a, b]), [0, 2, 1]);
  } else if (perm.length > 1) x = move(x, perm);
  reshape(x, r.shape(output), output);
}
