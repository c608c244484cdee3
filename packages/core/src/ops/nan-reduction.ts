// Reductions that skip nan.
import { isFloat, keepAxes } from "../aval/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, floatx, type TensorLike } from "./convert-core.ts";
import { op } from "./op.ts";
import type { ReduceOp } from "./reduction.ts";
import { type ReduceOptions, reduceWith, wideInteger } from "./reduction-core.ts";

type Reduce = (x: Tensor, axes: readonly number[]) => Tensor;
const replaced = (x: Tensor, value: number): Tensor => (isFloat(x.dtype) ? p.where(p.isNan(x), value, x) : x);
const skipping = (name: string, f: Reduce, prepare: (x: Tensor) => Tensor = (x) => x): ReduceOp =>
  op(name, (x: TensorLike, options: ReduceOptions = {}) => reduceWith(name, prepare(convertToTensor(x)), options, f));

/**
 * The sum of all that is not nan.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.nansum.
 * @throws ShapeError for an axis out of range.
 * @example await ops.nansum([1, Number.NaN, 3]).item(); // 4
 */
export const nansum: ReduceOp = /* @__PURE__ */ skipping(
  "nansum",
  (x, axes) => p.reduceSum(replaced(x, 0), { axes }),
  wideInteger,
);
/**
 * The product of all that is not nan.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.nanprod.
 * @throws ShapeError for an axis out of range.
 * @example await ops.nanprod([2, Number.NaN, 3]).item(); // 6
 */
export const nanprod: ReduceOp = /* @__PURE__ */ skipping(
  "nanprod",
  (x, axes) => p.reduceProd(replaced(x, 1), { axes }),
  wideInteger,
);

// nan where everything is nan.
const orNan = (y: Tensor, x: Tensor, axes: readonly number[]): Tensor =>
  isFloat(x.dtype) ? p.where(p.reduceAnd(p.isNan(x), { axes }), Number.NaN, y) : y;
/**
 * The largest that is not nan.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.nanmax.
 * @throws ShapeError for an axis out of range.
 * @example await ops.nanmax([1, Number.NaN, 3]).item(); // 3
 */
export const nanmax: ReduceOp = /* @__PURE__ */ skipping("nanmax", (x, axes) =>
  orNan(p.reduceMax(replaced(x, Number.NEGATIVE_INFINITY), { axes }), x, axes),
);
/**
 * The smallest that is not nan.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.nanmin.
 * @throws ShapeError for an axis out of range.
 * @example await ops.nanmin([1, Number.NaN, 3]).item(); // 1
 */
export const nanmin: ReduceOp = /* @__PURE__ */ skipping("nanmin", (x, axes) =>
  orNan(p.reduceMin(replaced(x, Number.POSITIVE_INFINITY), { axes }), x, axes),
);

const asFloat = (x: Tensor): Tensor => (isFloat(x.dtype) ? x : castTo(x, floatx()));
const counts: Reduce = (x, axes) => p.reduceSum(castTo(p.not(p.isNan(x)), x.dtype), { axes });
const meanOf: Reduce = (x, axes) => p.div(p.reduceSum(replaced(x, 0), { axes }), counts(x, axes));
const varianceOf: Reduce = (x, axes) => {
  const mean = p.reshape(meanOf(x, axes), { shape: keepAxes(x.shape, axes) });
  // What nan hides has no gradient either; nan that comes of infinities stays.
  const centered = p.where(p.isNan(x), 0, p.sub(replaced(x, 0), mean));
  return p.div(p.reduceSum(p.mul(centered, centered), { axes }), counts(x, axes));
};
/**
 * The mean of all that is not nan.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.nanmean.
 * @throws ShapeError for an axis out of range.
 * @example await ops.nanmean([1, Number.NaN, 3]).item(); // 2
 */
export const nanmean: ReduceOp = /* @__PURE__ */ skipping("nanmean", meanOf, asFloat);
/**
 * The variance of all that is not nan.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.nanvar.
 * @throws ShapeError for an axis out of range.
 * @example await ops.nanvar([1, Number.NaN, 3]).item(); // 1
 */
export const nanvar: ReduceOp = /* @__PURE__ */ skipping("nanvar", varianceOf, asFloat);
/**
 * The standard deviation of all that is not nan.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.nanstd.
 * @throws ShapeError for an axis out of range.
 * @example await ops.nanstd([1, Number.NaN, 3]).item(); // 1
 */
export const nanstd: ReduceOp = /* @__PURE__ */ skipping("nanstd", (x, axes) => p.sqrt(varianceOf(x, axes)), asFloat);
