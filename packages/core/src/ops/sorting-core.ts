// What running totals share.
import { normalizeAxis } from "../aval/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";

/** A running total of a tensor that is already in its dtype. */
export function runningWith(
  where: string,
  x: Tensor,
  axis: number | null,
  f: (x: Tensor, params: p.CumulativeParams) => Tensor,
): Tensor {
  const t = axis === null ? p.reshape(x, { shape: [x.size] }) : x;
  return f(t, { axis: axis === null ? 0 : normalizeAxis(axis, t.ndim, where), reverse: false });
}
