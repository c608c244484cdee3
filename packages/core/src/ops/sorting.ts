// Orders, ranks and running totals.
import { isFloat, normalizeAxis } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, promote, type TensorLike } from "./convert-core.ts";
import { sliceAxis } from "./get-item.ts";
import { indexTensor } from "./indexing-core.ts";
import { type Op, op } from "./op.ts";
import { belowZero } from "./reduction-core.ts";
import { runningWith } from "./sorting-core.ts";

export interface SortOptions {
  readonly axis?: number | null;
}
export type SortOp = Op<(x: TensorLike, options?: SortOptions) => Tensor>;
const ordering = (name: string, f: (x: Tensor, params: p.AxisParams) => Tensor): SortOp =>
  op(name, (x: TensorLike, { axis = -1 }: SortOptions = {}): Tensor => {
    const t = convertToTensor(x);
    if (axis === null) return f(p.reshape(t, { shape: [t.size] }), { axis: 0 });
    return f(t, { axis: normalizeAxis(axis, t.ndim, name) });
  });
/**
 * Ascending along `axis`, nan last.
 * Source: keras.ops.sort.
 * @example await ops.sort([3, 1, 2]).array(); // [1, 2, 3]
 */
export const sort: SortOp = /* @__PURE__ */ ordering("sort", p.sort);
/**
 * int32 positions that sort `x`; equal elements keep their order.
 * Source: keras.ops.argsort.
 * @example await ops.argsort([3, 1, 2]).array(); // [1, 2, 0]
 */
export const argsort: SortOp = /* @__PURE__ */ ordering("argsort", p.argSort);
/**
 * Positions in an order in which the `kth` is in its place, smaller ones before it. Here: fully sorted.
 * Source: keras.ops.argpartition.
 * @example await ops.argpartition([3, 1, 2], 1).array(); // [1, 2, 0]
 */
export const argpartition: Op<(x: TensorLike, kth: number, options?: SortOptions) => Tensor> = /* @__PURE__ */ op(
  "argpartition",
  (x: TensorLike, kth: number, { axis = -1 }: SortOptions = {}): Tensor => {
    const given = convertToTensor(x);
    const t = axis === null ? p.reshape(given, { shape: [given.size] }) : given;
    const at = normalizeAxis(axis ?? 0, t.ndim, "argpartition");
    normalizeAxis(kth, t.shape[at] as number, "argpartition kth");
    return p.argSort(t, { axis: at });
  },
);

export interface TopKOptions {
  /** Accepted for compatibility: results are always sorted. */
  readonly sorted?: boolean;
}
/**
 * The `k` largest of the last axis, descending, and their positions.
 * Source: keras.ops.top_k.
 * @throws ShapeError if there are fewer.
 * @example await ops.topK([3, 1, 2], 2)[0].array(); // [3, 2]
 */
export const topK: Op<(x: TensorLike, k: number, options?: TopKOptions) => [values: Tensor, indices: Tensor]> =
  /* @__PURE__ */ op(
    "topK",
    (x: TensorLike, k: number, { sorted: _sorted = true }: TopKOptions = {}): [Tensor, Tensor] => {
      const t = convertToTensor(x);
      const [values, indices] = p.topK(belowZero(t), { k });
      return [
        castTo(isFloat(t.dtype) ? p.where(p.equal(values, p.NEGATIVE_ZERO), -0, values) : values, t.dtype),
        indices,
      ];
    },
  );
/**
 * Whether the score of the target class is among the `k` highest of its row. `targets` `[B]`, `predictions` `[B, C]`.
 * Source: keras.ops.in_top_k.
 * @example await ops.inTopK([1, 0], [[0.1, 0.9], [0.1, 0.9]], 1).array(); // [true, false]
 */
export const inTopK: Op<(targets: TensorLike, predictions: TensorLike, k: number) => Tensor> = /* @__PURE__ */ op(
  "inTopK",
  (targets: TensorLike, predictions: TensorLike, k: number): Tensor => {
    const t = indexTensor("inTopK", targets);
    const scores = convertToTensor(predictions);
    if (t.ndim !== scores.ndim - 1) {
      const got = `${showShape(t.shape)} and ${showShape(scores.shape)}`;
      throw new ShapeError(
        complain("inTopK", { must: "targets must have one axis less than predictions", got, todo: "Check both" }),
      );
    }
    const last = scores.ndim - 1;
    const n = scores.shape[last] as number;
    const column = p.reshape(t, { shape: [...t.shape, 1] });
    const wrapped = p.where(p.less(column, 0), p.add(column, n), column);
    const own = p.takeAlong(scores, p.min(p.max(wrapped, 0), n - 1), last);
    const outside = p.or(p.less(wrapped, 0), p.greaterEqual(wrapped, n));
    const missing = isFloat(scores.dtype) ? p.or(outside, p.isNan(own)) : outside;
    const worst = isFloat(scores.dtype) ? Number.NEGATIVE_INFINITY : -2147483648;
    const better = castTo(p.greater(scores, p.where(missing, worst, own)), "int32");
    return p.less(p.reduceSum(better, { axes: [last] }), k);
  },
);

export interface CumulativeOptions {
  /** The flattened tensor by default. */
  readonly axis?: number | null;
  readonly dtype?: string | null;
}
export type CumulativeOp = Op<(x: TensorLike, options?: CumulativeOptions) => Tensor>;
const running = (name: string, f: (x: Tensor, params: p.CumulativeParams) => Tensor): CumulativeOp =>
  op(name, (x: TensorLike, { axis = null, dtype = null }: CumulativeOptions = {}): Tensor => {
    const t = convertToTensor(x, dtype === null ? {} : { dtype });
    return runningWith(name, t.dtype === "bool" ? castTo(t, "int32") : t, axis, f);
  });
/**
 * Running sum.
 * Source: keras.ops.cumsum.
 * @example await ops.cumsum([1, 2, 3]).array(); // [1, 3, 6]
 */
export const cumsum: CumulativeOp = /* @__PURE__ */ running("cumsum", p.cumSum);
/**
 * Running product.
 * Source: keras.ops.cumprod.
 * @example await ops.cumprod([1, 2, 3]).array(); // [1, 2, 6]
 */
export const cumprod: CumulativeOp = /* @__PURE__ */ running("cumprod", p.cumProd);

export interface DiffOptions {
  /** How many times. */
  readonly n?: number;
  readonly axis?: number;
}
/**
 * Differences of neighbours along `axis`.
 * Source: keras.ops.diff.
 * @example await ops.diff([1, 4, 9]).array(); // [3, 5]
 */
export const diff: Op<(a: TensorLike, options?: DiffOptions) => Tensor> = /* @__PURE__ */ op(
  "diff",
  (a: TensorLike, { n = 1, axis = -1 }: DiffOptions = {}): Tensor => {
    let t = convertToTensor(a);
    const at = normalizeAxis(axis, t.ndim, "diff");
    for (let i = 0; i < n; i++) {
      const size = Math.max(0, (t.shape[at] as number) - 1);
      const [low, high] = [sliceAxis(t, at, 0, size, 1), sliceAxis(t, at, Math.min(1, t.shape[at] as number), size, 1)];
      t = t.dtype === "bool" ? p.xor(high, low) : p.sub(high, low);
    }
    return t;
  },
);

export interface SearchOptions {
  /** Before ("left") or after ("right") equal elements. */
  readonly side?: "left" | "right";
}
// How many elements stand before the place of each value: small sequences are what this is for.
function placesIn(sequence: Tensor, values: Tensor, side: "left" | "right"): Tensor {
  const [s, v] = promote(sequence, values) as [Tensor, Tensor];
  const column = p.reshape(v, { shape: [...v.shape, 1] });
  const known = side === "left" ? p.less(s, column) : p.lessEqual(s, column);
  // nan stands behind all numbers.
  const nan = isFloat(s.dtype)
    ? side === "left"
      ? p.and(p.isNan(column), p.not(p.isNan(s)))
      : p.isNan(column)
    : known;
  const before = p.or(known, nan);
  return p.reduceSum(castTo(before, "int32"), { axes: [v.ndim] });
}
/**
 * int32 places at which values keep a sorted vector sorted.
 * Source: keras.ops.searchsorted.
 * @throws ShapeError unless the sequence is a vector.
 * @example await ops.searchsorted([1, 3, 5], [0, 4]).array(); // [0, 2]
 */
export const searchsorted: Op<(sortedSequence: TensorLike, values: TensorLike, options?: SearchOptions) => Tensor> =
  /* @__PURE__ */ op(
    "searchsorted",
    (sortedSequence: TensorLike, values: TensorLike, { side = "left" }: SearchOptions = {}): Tensor => {
      if (side !== "left" && side !== "right") {
        const got = JSON.stringify(side);
        const todo = "Choose one of the two";
        throw new ConfigError(complain("searchsorted", { must: 'side must be "left" or "right"', got, todo }));
      }
      const s = convertToTensor(sortedSequence);
      if (s.ndim !== 1) {
        const todo = "Use ops.map over the rows";
        throw new ShapeError(
          complain("searchsorted", { must: "the sorted sequence must be a vector", got: showShape(s.shape), todo }),
        );
      }
      return placesIn(s, convertToTensor(values), side);
    },
  );
/**
 * int32 number of the bin, between neighbouring edges `bins`, of each value.
 * Source: keras.ops.digitize.
 * @example await ops.digitize([0, 4], [1, 3, 5]).array(); // [0, 2]
 */
export const digitize: Op<(x: TensorLike, bins: TensorLike) => Tensor> = /* @__PURE__ */ op(
  "digitize",
  (x: TensorLike, bins: TensorLike): Tensor => {
    const edges = convertToTensor(bins);
    if (edges.ndim !== 1) {
      throw new ShapeError(
        complain("digitize", { must: "bins must be a vector", got: showShape(edges.shape), todo: "Use ops.ravel" }),
      );
    }
    return placesIn(edges, convertToTensor(x), "right");
  },
);
