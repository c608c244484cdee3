// What reads and writes at places share.
import { isFloat, range, type Shape } from "../aval/index.ts";
import { ConfigError, complain, showAval } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";

/** Integer indices, also from arrays of JS numbers. */
export function indexTensor(where: string, x: TensorLike): Tensor {
  const t = convertToTensor(x);
  if (!isFloat(t.dtype)) return castTo(t, "int32");
  if (!(x instanceof Tensor)) return convertToTensor(x, { dtype: "int32" });
  throw new ConfigError(
    complain(where, { must: "indices must be integers", got: showAval(t), todo: "Cast them to int32" }),
  );
}
/** Writes outside of the tensor are dropped: they go to an extra row, which is cut off again. */
export function scatterInto(x: Tensor, indices: Tensor, updates: Tensor, mode: p.ScatterParams["mode"]): Tensor {
  const depth = indices.shape[indices.ndim - 1] as number;
  const wide = indices.shape.map((_, i) => (i === indices.ndim - 1 ? depth : 1));
  const sizes = p.reshape(convertToTensor(Int32Array.from(x.shape.slice(0, depth))), { shape: wide });
  const wrapped = p.where(p.less(indices, 0), p.add(indices, sizes), indices);
  const literalInside =
    indices.source.kind === "literal" && everyInside(indices.source.value.data, x.shape.slice(0, depth));
  if (literalInside || depth === 0) return p.scatterNd(x, wrapped, updates, { mode });
  const valid = p.reduceAnd(p.and(p.greaterEqual(wrapped, 0), p.less(wrapped, sizes)), { axes: [indices.ndim - 1] });
  const column = p.reshape(valid, { shape: [...valid.shape, 1] });
  const away = p.reshape(convertToTensor(Int32Array.from([x.shape[0] as number, ...range(depth - 1).map(() => 0)])), {
    shape: wide,
  });
  const high = x.shape.map((_, i) => (i === 0 ? 1 : 0));
  const zero = x.shape.map(() => 0);
  const extended = p.pad(x, { low: zero, high, interior: zero });
  const written = p.scatterNd(extended, p.where(column, wrapped, away), updates, { mode });
  return p.slice(written, { starts: zero, limits: x.shape, strides: x.shape.map(() => 1) });
}
function everyInside(data: ArrayLike<number>, shape: Shape): boolean {
  for (let i = 0; i < data.length; i++) {
    const n = shape[i % shape.length] as number;
    const at = data[i] as number;
    if (at < -n || at >= n) return false;
  }
  return true;
}
