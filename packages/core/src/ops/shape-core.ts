// Axes in another order.
import { normalizeAxis, range } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";

/** `source` axes moved to `destination`, the others kept in order. */
export function moveAxes(
  t: Tensor,
  source: readonly number[],
  destination: readonly number[],
  where = "moveaxis",
): Tensor {
  const from = source.map((a) => normalizeAxis(a, t.ndim, where));
  const to = destination.map((a) => normalizeAxis(a, t.ndim, where));
  if (from.length !== to.length || new Set(from).size !== from.length || new Set(to).size !== to.length) {
    const got = `${showShape(source)} to ${showShape(destination)}`;
    throw new ShapeError(
      complain(where, {
        must: "there must be as many destinations as sources, all different",
        got,
        todo: "Check both",
      }),
    );
  }
  const rest = range(t.ndim).filter((i) => !from.includes(i));
  const permutation = range(t.ndim).map((i) =>
    to.includes(i) ? (from[to.indexOf(i)] as number) : (rest.shift() as number),
  );
  return p.transpose(t, { permutation });
}
