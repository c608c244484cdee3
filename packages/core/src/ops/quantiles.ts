// Order statistics: values that stand at a share of the sorted elements.
import { keepAxes, normalizeAxes, range } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo, promoteFloat } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike, toFloat } from "./convert-core.ts";
import { type Op, op } from "./op.ts";
import type { ReduceOp } from "./reduction.ts";
import { type Axis, countOf, type ReduceOptions } from "./reduction-core.ts";

/** What stands between two neighbours. */
export type QuantileMethod = "linear" | "lower" | "higher" | "midpoint" | "nearest" | "inverted_cdf";
const methods: readonly string[] = ["linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf"];
export interface QuantileOptions {
  /** One axis, several, or `null` for all. */
  readonly axis?: Axis;
  readonly method?: QuantileMethod;
  readonly keepdims?: boolean;
}
export type QuantileOp = Op<(x: TensorLike, q: TensorLike, options?: QuantileOptions) => Tensor>;

interface Sorted {
  /** `[..., n]`, ascending, nan last. */
  readonly values: Tensor;
  /** How many of them count, of a float dtype: a scalar, or `[..., 1]`. */
  readonly count: Tensor;
}
// The reduced axes become one, the last.
function sortedRows(x: Tensor, axes: readonly number[], skipNan: boolean): Sorted {
  const kept = range(x.ndim).filter((i) => !axes.includes(i));
  const n = countOf(x, axes);
  const rows = p.reshape(p.transpose(x, { permutation: [...kept, ...axes] }), {
    shape: [...kept.map((i) => x.shape[i] as number), n],
  });
  const last = kept.length;
  const isNan = p.isNan(rows);
  if (skipNan) {
    const counts = p.reduceSum(castTo(p.not(isNan), "float32"), { axes: [last] });
    const count = p.reshape(counts, { shape: [...counts.shape, 1] });
    return { values: p.sort(p.where(isNan, Number.NaN, rows), { axis: last }), count };
  }
  const spoiled = p.reduceOr(isNan, { axes: [last] });
  const spread = p.reshape(spoiled, { shape: [...spoiled.shape, 1] });
  return { values: p.sort(p.where(spread, Number.NaN, rows), { axis: last }), count: p.full([], n, "float32") };
}

// Values of `[..., n]` at positions `[Q]` or `[..., Q]`: `[..., Q]`.
function valuesAt(values: Tensor, positions: Tensor): Tensor {
  const axis = values.ndim - 1;
  const i = castTo(positions, "int32");
  return i.ndim === 1 ? p.take(values, i, { axis }) : p.takeAlong(values, i, axis);
}

function pick({ values, count }: Sorted, q: Tensor, method: QuantileMethod): Tensor {
  const inRange = (i: Tensor): Tensor => p.max(p.min(i, p.sub(count, 1)), 0);
  if (method === "inverted_cdf") {
    // The first element whose share of the elements up to it reaches q.
    return valuesAt(values, inRange(p.sub(p.ceil(p.mul(q, count)), 1)));
  }
  const position = p.mul(q, p.sub(count, 1));
  const below = p.floor(position);
  const low = valuesAt(values, inRange(below));
  const high = valuesAt(values, inRange(p.ceil(position)));
  const share = p.sub(position, below);
  switch (method) {
    case "lower":
      return low;
    case "higher":
      return high;
    case "midpoint":
      return p.mul(p.add(low, high), 0.5);
    case "nearest":
      return p.where(p.lessEqual(share, 0.5), low, high);
    case "linear": {
      const [a, b] = [castTo(low, "float32"), castTo(high, "float32")];
      return castTo(p.add(p.mul(a, p.sub(1, share)), p.mul(b, share)), values.dtype);
    }
    default:
      throw refuseMethod(method);
  }
}
function refuseMethod(method: never): ConfigError {
  const must = `the method must be one of ${methods.join(", ")}`;
  return new ConfigError(
    complain("quantile", { must, got: JSON.stringify(method), todo: 'The usual one is "linear"' }),
  );
}

function quantileWith(
  where: string,
  x: Tensor,
  q: Tensor,
  { axis = null, method = "linear", keepdims = false }: QuantileOptions,
  skipNan: boolean,
): Tensor {
  const axes = normalizeAxes(axis, x.ndim, where);
  if (!methods.includes(method)) throw refuseMethod(method as never);
  if (q.ndim > 1) {
    const todo = "Flatten q, and reshape the result";
    throw new ShapeError(complain(where, { must: "q must be a number or a vector", got: showShape(q.shape), todo }));
  }
  if (countOf(x, axes) === 0) {
    const todo = "Check the input's size";
    throw new ShapeError(
      complain(where, { must: "there must be elements to choose from", got: showShape(x.shape), todo }),
    );
  }
  const row = p.reshape(q, { shape: [q.size] });
  const picked = pick(sortedRows(x, axes, skipNan), row, method);
  const first = p.transpose(picked, { permutation: [picked.ndim - 1, ...range(picked.ndim - 1)] });
  const shape = keepdims ? keepAxes(x.shape, axes) : first.shape.slice(1);
  return p.reshape(first, { shape: [...q.shape, ...shape] });
}

const share = (q: TensorLike): Tensor => castTo(toFloat(q), "float32");
const quantileOp = (name: string, toShare: (q: TensorLike) => Tensor, skipNan: boolean): QuantileOp =>
  op(name, (x: TensorLike, q: TensorLike, options: QuantileOptions = {}): Tensor => {
    const [t] = promoteFloat(convertToTensor(x)) as [Tensor];
    return quantileWith(name, t, toShare(q), options, skipNan);
  });
const hundredth = (q: TensorLike): Tensor => p.div(share(q), 100);

/**
 * The value below which the share `q` in [0, 1] of the elements lies. `q` `[Q]` gives `[Q, ...]`, a number no new axis; integers give floats.
 * @throws ShapeError for an empty input or a `q` of more than one axis. Source: keras.ops.quantile.
 * @example await quantile([1, 2, 3, 4], 0.5).array(); // 2.5
 */
export const quantile: QuantileOp = /* @__PURE__ */ quantileOp("quantile", share, false);
/**
 * `quantile` with `q` in percent. Source: keras.ops.percentile.
 * @example await percentile([1, 2, 3], 50).array(); // 2
 */
export const percentile: QuantileOp = /* @__PURE__ */ quantileOp("percentile", hundredth, false);
/**
 * `quantile` of all that is not nan. Source: keras.ops.nanquantile.
 * @example await nanquantile([NaN, 1, 3], 0.5).array(); // 2
 */
export const nanquantile: QuantileOp = /* @__PURE__ */ quantileOp("nanquantile", share, true);
/**
 * `percentile` of all that is not nan. Source: keras.ops.nanpercentile.
 * @example await nanpercentile([NaN, 1, 3], 50).array(); // 2
 */
export const nanpercentile: QuantileOp = /* @__PURE__ */ quantileOp("nanpercentile", hundredth, true);

const medianOp = (name: string, skipNan: boolean): ReduceOp =>
  op(name, (x: TensorLike, { axis = null, keepdims = false }: ReduceOptions = {}): Tensor => {
    const [t] = promoteFloat(convertToTensor(x)) as [Tensor];
    return quantileWith(name, t, p.full([], 0.5, "float32"), { axis, keepdims, method: "midpoint" }, skipNan);
  });
/**
 * The middle of the sorted elements, the mean of the two middle ones if their number is even. Source: keras.ops.median.
 * @example await median([3, 1, 2]).array(); // 2
 */
export const median: ReduceOp = /* @__PURE__ */ medianOp("median", false);
/**
 * `median` of all that is not nan. Source: keras.ops.nanmedian.
 * @example await nanmedian([3, NaN, 1]).array(); // 2
 */
export const nanmedian: ReduceOp = /* @__PURE__ */ medianOp("nanmedian", true);
