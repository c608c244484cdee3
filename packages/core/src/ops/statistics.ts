// How samples hang together, and how they are spread over bins.
import { range, sameShape } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo, promoteFloat } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { linspace } from "./creation.ts";
import { indexTensor } from "./indexing-core.ts";
import type { KerasTensor } from "./keras-tensor.ts";
import { type Op, op } from "./op.ts";
import { requireOutsideTrace } from "./outside-trace.ts";

/**
 * Pearson's correlation of the rows of `x` `[V, N]` (V variables, N samples): `[V, V]`. A vector is one variable, and gives a scalar.
 * @throws ShapeError for more than two axes. Source: keras.ops.corrcoef.
 * @example await corrcoef([1, 2, 4]).array(); // 1
 */
export const corrcoef: Op<(x: TensorLike) => Tensor> = /* @__PURE__ */ op("corrcoef", (x: TensorLike): Tensor => {
  const [t] = promoteFloat(convertToTensor(x)) as [Tensor];
  if (t.ndim > 2) {
    const todo = "Pass [variables, samples]";
    throw new ShapeError(complain("corrcoef", { must: "x must have at most 2 axes", got: showShape(t.shape), todo }));
  }
  const rows = t.ndim === 2 ? t : p.reshape(t, { shape: [1, t.size] });
  const [count, n] = rows.shape as readonly [number, number];
  const mean = p.reshape(p.div(p.reduceSum(rows, { axes: [1] }), n), { shape: [count, 1] });
  const centered = p.sub(rows, mean);
  const contract = { lhsContract: [1], rhsContract: [1], lhsBatch: [], rhsBatch: [] };
  const covariance = p.div(p.dotGeneral(centered, centered, contract), n - 1);
  if (count === 0) return covariance;
  if (count === 1) return p.reshape(p.div(covariance, covariance), { shape: [] });
  const i = p.iota({ shape: [count, 1], axis: 0, dtype: "int32" });
  const deviation = p.sqrt(p.gatherNd(covariance, p.concat([i, i], { axis: 1 })));
  const column = p.reshape(deviation, { shape: [count, 1] });
  const ratio = p.div(p.div(covariance, column), p.reshape(deviation, { shape: [1, count] }));
  return p.max(p.min(ratio, 1), -1);
});

export interface CorrelateOptions {
  /** `valid`: where both overlap fully; `same`: as long as the longer one; `full`: wherever they touch. */
  readonly mode?: "valid" | "same" | "full";
}
/**
 * Cross-correlation of vectors, `c[k] = sum over n of x1[n + k] x2[n]`. Always a float.
 * @throws ShapeError unless both are vectors with elements. Source: keras.ops.correlate.
 * @example await correlate([1, 2, 3], [0, 1]).array(); // [2, 3]
 */
export const correlate: Op<(x1: TensorLike, x2: TensorLike, options?: CorrelateOptions) => Tensor> = /* @__PURE__ */ op(
  "correlate",
  (x1: TensorLike, x2: TensorLike, { mode = "valid" }: CorrelateOptions = {}): Tensor => {
    const [a, b] = promoteFloat(convertToTensor(x1), convertToTensor(x2)) as [Tensor, Tensor];
    if (a.ndim !== 1 || b.ndim !== 1 || a.size === 0 || b.size === 0) {
      const got = `${showShape(a.shape)} and ${showShape(b.shape)}`;
      const must = "both inputs must be vectors with at least one element";
      throw new ShapeError(complain("correlate", { must, got, todo: "Use ops.ravel" }));
    }
    // The shorter one slides; which one it was decides the direction of the result.
    const swapped = a.size < b.size;
    const [long, short] = swapped ? [b, a] : [a, b];
    const m = short.size;
    const margins: Readonly<Record<string, readonly [number, number]>> = {
      valid: [0, 0],
      same: [Math.floor(m / 2), m - Math.floor(m / 2) - 1],
      full: [m - 1, m - 1],
    };
    const padding = margins[mode];
    if (padding === undefined) {
      const must = 'mode must be "valid", "same" or "full"';
      throw new ConfigError(complain("correlate", { must, got: JSON.stringify(mode), todo: "Use one of these" }));
    }
    const signal = p.reshape(long, { shape: [1, long.size, 1] });
    const kernel = p.reshape(short, { shape: [m, 1, 1] });
    const y = p.conv(signal, kernel, { strides: [1], padding: [padding], dilation: [1], groups: 1 });
    const flat = p.reshape(y, { shape: [y.size] });
    return swapped ? p.reverse(flat, { axes: [0] }) : flat;
  },
);

export interface HistogramOptions {
  /** How many bins of equal width. */
  readonly bins?: number;
  /** From where to where; the extremes of `x` by default. */
  readonly range?: readonly [low: number, high: number] | null;
}
/**
 * How many elements of a vector fall between neighbouring edges: counts `[bins]` and edges `[bins + 1]`, both floats. Bins hold their lower
 * edge, the last one both. @throws ConfigError for bins or a range that cannot be. Source: keras.ops.histogram.
 * @example await histogram([1, 2, 2.5], { bins: 2, range: [0, 4] })[0].array(); // [1, 2]
 */
export const histogram: Op<(x: TensorLike, options?: HistogramOptions) => [counts: Tensor, edges: Tensor]> =
  /* @__PURE__ */ op(
    "histogram",
    (x: TensorLike, { bins = 10, range: bounds = null }: HistogramOptions = {}): [Tensor, Tensor] => {
      const [t] = promoteFloat(convertToTensor(x)) as [Tensor];
      requireBins(t, bins, bounds);
      const all = range(t.ndim);
      const low = bounds === null ? p.reduceMin(t, { axes: all }) : p.full([], bounds[0], t.dtype);
      const high = bounds === null ? p.reduceMax(t, { axes: all }) : p.full([], bounds[1], t.dtype);
      const same = p.equal(low, high);
      const ends = [p.where(same, p.sub(low, 0.5), low), p.where(same, p.add(high, 0.5), high)] as const;
      const edges = linspace(...ends, { num: bins + 1 }) as Tensor;
      const flat = p.reshape(t, { shape: [t.size] });
      const bin = binOf(flat, edges, bins);
      // Row 0 takes what is outside of all bins.
      const places = p.reshape(bin, { shape: [t.size, 1] });
      const ones = p.full([t.size], 1, t.dtype);
      const counts = p.scatterNd(p.full([bins + 1], 0, t.dtype), places, ones, { mode: "add" });
      return [p.slice(counts, { starts: [1], limits: [bins + 1], strides: [1] }), edges];
    },
  );
// 1 + the bin of each value, 0 for those outside: a guess from the width of the bins, put right by the edges beside it.
function binOf(x: Tensor, edges: Tensor, bins: number): Tensor {
  if (bins === 0) return p.full(x.shape, 0, "int32");
  const edge = (i: Tensor): Tensor => p.take(edges, i, { axis: 0 });
  const [first, last] = [0, bins].map((i) => edge(p.full([], i, "int32"))) as [Tensor, Tensor];
  const place = p.mul(p.div(p.sub(x, first), p.sub(last, first)), bins);
  const guess = p.max(p.min(castTo(p.floor(place), "int32"), bins - 1), 0);
  const up = p.and(p.greaterEqual(x, edge(p.add(guess, 1))), p.less(guess, bins - 1));
  const down = p.less(x, edge(guess));
  const bin = p.add(guess, p.sub(castTo(up, "int32"), castTo(down, "int32")));
  return p.where(p.and(p.greaterEqual(x, first), p.lessEqual(x, last)), p.add(bin, 1), 0);
}
function requireBins(x: Tensor, bins: number, bounds: readonly number[] | null): void {
  const refuse = (must: string, got: string, todo: string): never => {
    throw new ConfigError(complain("histogram", { must, got, todo }));
  };
  if (!Number.isInteger(bins) || bins < 0)
    refuse("bins must be a whole number, at least 0", String(bins), "Pass a count");
  if (bounds !== null && (bounds.length !== 2 || !((bounds[0] as number) <= (bounds[1] as number)))) {
    refuse("range must be two numbers, the second not below the first", JSON.stringify(bounds), "Swap them");
  }
  if (x.ndim > 1) {
    const todo = "Use ops.ravel";
    throw new ShapeError(complain("histogram", { must: "x must be a vector", got: showShape(x.shape), todo }));
  }
  if (x.size === 0 && bounds === null) refuse("an empty x must come with a range", "none", "Pass the option range");
}

export interface BincountOptions {
  /** What each occurrence adds, instead of 1: of the shape of `x`. */
  readonly weights?: TensorLike | null;
  /** The least length of the result. */
  readonly minlength?: number;
  /** Must be false: there are no sparse tensors here. */
  readonly sparse?: boolean;
}
export interface BincountOp {
  (
    x: KerasTensor,
    options?: Omit<BincountOptions, "weights"> & { readonly weights?: TensorLike | KerasTensor | null },
  ): KerasTensor;
  (x: TensorLike, options?: BincountOptions): Promise<Tensor>;
}
/**
 * How often each of 0, 1, 2 ... occurs in `x` `[N]` or in each row of `x` `[B, N]`; negative ones count as 0. int32, or the dtype of the
 * weights. The length is `max(minlength, max(x) + 1)`, so it is awaited. @throws StateError inside a trace.
 * Source: keras.ops.bincount.
 * @example await (await bincount([1, 2, 2])).array(); // [0, 1, 2]
 */
export const bincount: BincountOp = /* @__PURE__ */ op(
  "bincount",
  (x: TensorLike, { weights = null, minlength = 0, sparse = false }: BincountOptions = {}): Promise<Tensor> => {
    const given = convertToTensor(x);
    const t = p.max(indexTensor("bincount", given.dtype === "bool" ? castTo(given, "int32") : x), 0);
    const w = weights === null ? p.full(t.shape, 1, "int32") : convertToTensor(weights);
    requireCounts(t, w, minlength, sparse);
    requireOutsideTrace("bincount", "Use ops.segmentSum with the option numSegments");
    const count = (length: number): Tensor => {
      const column = (i: Tensor): Tensor => p.reshape(i, { shape: [...t.shape, 1] });
      const row = p.iota({ shape: t.shape, axis: 0, dtype: "int32" });
      const places = t.ndim === 1 ? column(t) : p.concat([column(row), column(t)], { axis: 2 });
      return p.scatterNd(p.full([...t.shape.slice(0, -1), length], 0, w.dtype), places, w, { mode: "add" });
    };
    if (t.size === 0) return Promise.resolve(count(minlength));
    const largest = p.reduceMax(t, { axes: range(t.ndim) });
    return largest.item().then((most) => count(Math.max(minlength, most + 1)));
  },
) as unknown as BincountOp;
function requireCounts(x: Tensor, weights: Tensor, minlength: number, sparse: boolean): void {
  const refuse = (must: string, got: string, todo: string): never => {
    throw new ShapeError(complain("bincount", { must, got, todo }));
  };
  if (x.ndim !== 1 && x.ndim !== 2) refuse("x must have 1 or 2 axes", showShape(x.shape), "Use ops.ravel");
  if (!sameShape(x.shape, weights.shape)) {
    refuse("weights must have the shape of x", `${showShape(weights.shape)} for ${showShape(x.shape)}`, "Reshape them");
  }
  if (!Number.isInteger(minlength) || minlength < 0) {
    refuse("minlength must be a whole number, at least 0", String(minlength), "Check minlength");
  }
  if (sparse) refuse("sparse must be false, as there are no sparse tensors", "true", "Leave the option out");
}
