// Forward-mode derivatives by reverse mode twice.
import { isFloat } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showAval } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { vjp } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { type Op, op } from "./op.ts";

type Values = TensorLike | readonly Values[] | { readonly [key: string]: Values };
export interface JvpOptions {
  /** True if the function returns `[value, auxiliary]`. */
  readonly hasAux?: boolean;
}
type Forward = (
  fun: (...primals: never[]) => unknown,
  primals: readonly Values[],
  tangents: readonly Values[],
  options?: JvpOptions,
) => readonly unknown[];

const tensorsOf = (x: unknown): Tensor[] =>
  tree.flatten(x as tree.Tree<unknown>).filter((leaf): leaf is Tensor => leaf instanceof Tensor);
const refill = (like: unknown, tensors: readonly Tensor[]): unknown => {
  let next = 0;
  return tree.map(like as tree.Tree<unknown>, (leaf) => (leaf instanceof Tensor ? tensors[next++] : leaf));
};
const zeros = (x: Tensor): Tensor => p.full(x.shape, 0, isFloat(x.dtype) ? x.dtype : "float32");

/**
 * The value of `fun(...primals)` and its derivative in the direction of `tangents`, `J(primals) tangents`: `[value, tangent]`, with
 * `hasAux` also what `fun` returned beside. Arrays and plain objects hold values, as Python's containers do. The pull-back
 * `g -> J^T g` is linear, so the pull-back of it is `J`: exact, for every op that has a gradient.
 * @throws ConfigError unless primals and tangents have one structure. @throws ShapeError unless each tangent has its primal's shape.
 * Source: keras.ops.jvp.
 * @example
 * const [y, dy] = ops.jvp((x) => ops.square(x), [tensor(3)], [tensor(1)]) as [Tensor, Tensor];
 * await y.item(); // 9
 * await dy.item(); // 6
 */
export const jvp: Op<Forward> = /* @__PURE__ */ op("jvp", ((fun, primals, tangents, { hasAux = false } = {}) => {
  const ready = (x: readonly Values[]): tree.Tree<Tensor> =>
    tree.map(x as tree.Tree<TensorLike>, (leaf) => convertToTensor(leaf));
  const [at, along] = [ready(primals), ready(tangents)];
  const [points, directions] = [tensorsOf(at), tensorsOf(along)];
  if (!tree.sameStructure(at, along)) {
    const got = `${points.length} and ${directions.length} tensors`;
    const must = "primals and tangents must have one structure";
    throw new ConfigError(complain("jvp", { must, got, todo: "Pass a tangent for each primal" }));
  }
  points.forEach((x, i) => {
    const tangent = directions[i] as Tensor;
    if (String(x.shape) === String(tangent.shape)) return;
    const got = `${showAval(tangent)} for ${showAval(x)}`;
    const must = "each tangent must have the shape of its primal";
    throw new ShapeError(complain("jvp", { must, got, todo: "Use ops.broadcastTo" }));
  });
  let [result, aux]: unknown[] = [];
  const [outs, pullBack] = vjp(
    (...xs) => {
      const made = fun(...(refill(at, xs) as never[]));
      [result, aux] = hasAux ? (made as readonly unknown[]) : [made];
      return tensorsOf(result);
    },
    ...points,
  );
  const floats = outs.flatMap((y, i) => (isFloat(y.dtype) ? [i] : []));
  const [, pushForward] = vjp(
    (...gs) => pullBack(...outs.map((y, i) => (floats.includes(i) ? (gs[floats.indexOf(i)] as Tensor) : zeros(y)))),
    ...floats.map((i) => zeros(outs[i] as Tensor)),
  );
  const pushed = pushForward(...points.map((x, i) => castTo(directions[i] as Tensor, zeros(x).dtype)));
  const made = outs.map((y, i) => (floats.includes(i) ? (pushed[floats.indexOf(i)] as Tensor) : zeros(y)));
  const both = [refill(result, outs), refill(result, made)];
  return hasAux ? [...both, aux] : both;
}) as Forward);
