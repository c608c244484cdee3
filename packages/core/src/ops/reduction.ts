// Many elements become one along `axis`: a number, several, or `null` for all.
import { isComplex, isDifferentiable, keepAxes, normalizeAxes, normalizeAxis } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo, promoteFloat, toBool } from "./arithmetic-core.ts";
import { convertToTensor, floatx, type TensorLike } from "./convert-core.ts";
import { type Op, op } from "./op.ts";
import {
  type ArgReduceOptions,
  type Axis,
  argWith,
  belowZero,
  countOf,
  inFloat,
  meanOver,
  type Reduce,
  type ReduceOptions,
  reduceWith,
  varianceOver,
  wideInteger,
} from "./reduction-core.ts";

export type { ArgReduceOptions, Axis, ReduceOptions } from "./reduction-core.ts";

/** An op that reduces. */
export type ReduceOp = Op<(x: TensorLike, options?: ReduceOptions) => Tensor>;
const reduction = (name: string, prepare: (x: Tensor) => Tensor, f: Reduce): ReduceOp =>
  op(name, (x: TensorLike, options: ReduceOptions = {}) => reduceWith(name, prepare(convertToTensor(x)), options, f));

const backTo = (y: Tensor, x: Tensor): Tensor => castTo(y, isDifferentiable(x.dtype) ? x.dtype : floatx());

/**
 * The sum. bool and narrow integers are summed in 32 bits.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.sum.
 * @throws ShapeError for an axis out of range.
 * @example await ops.sum([[1, 2], [3, 4]], { axis: 0 }).array(); // [4, 6]
 */
export const sum: ReduceOp = /* @__PURE__ */ reduction("sum", wideInteger, (x, axes) => p.reduceSum(x, { axes }));

export interface ProdOptions extends ReduceOptions {
  readonly dtype?: string | null;
}
/**
 * The product.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.prod.
 * @throws ShapeError for an axis out of range.
 * @example await ops.prod([[1, 2], [3, 4]], { axis: 0 }).array(); // [3, 8]
 */
export const prod: Op<(x: TensorLike, options?: ProdOptions) => Tensor> = /* @__PURE__ */ op(
  "prod",
  (x: TensorLike, { dtype = null, ...options }: ProdOptions = {}): Tensor => {
    const t = wideInteger(convertToTensor(x, dtype === null ? {} : { dtype }));
    const y = reduceWith("prod", t, options, (a, axes) => p.reduceProd(a, { axes }));
    return dtype === null ? y : convertToTensor(y, { dtype });
  },
);

const inFloat32 =
  (f: Reduce): Reduce =>
  (x, axes) =>
    backTo(f(inFloat(x), axes), x);
const same = (x: Tensor): Tensor => x;

/**
 * The arithmetic mean, always a float.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.mean.
 * @throws ShapeError for an axis out of range.
 * @example await ops.mean([[1, 2], [3, 4]], { axis: 0 }).array(); // [2, 3]
 */
export const mean: ReduceOp = /* @__PURE__ */ reduction("mean", same, /* @__PURE__ */ inFloat32(meanOver));
/**
 * The variance, `sum (x - mean)^2 / n`.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.var.
 * @throws ShapeError for an axis out of range.
 * @example await ops.var([1, 3]).item(); // 1
 */
const var_: ReduceOp = /* @__PURE__ */ reduction("var", same, /* @__PURE__ */ inFloat32(varianceOver));

export { var_ as var };
/**
 * The standard deviation, `sqrt(var)`.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.std.
 * @throws ShapeError for an axis out of range.
 * @example await ops.std([1, 3]).item(); // 1
 */
export const std: ReduceOp = /* @__PURE__ */ reduction("std", same, (x, axes) => {
  const y = p.sqrt(varianceOver(inFloat(x), axes));
  return isComplex(x.dtype) ? y : backTo(y, x);
});

export interface ExtremumOptions extends ReduceOptions {
  /** A value that takes part; the result of an empty axis. */
  readonly initial?: number | null;
}
type ExtremumOp = Op<(x: TensorLike, options?: ExtremumOptions) => Tensor>;
const extremum = (name: string, f: Reduce, join: (a: Tensor, b: number) => Tensor): ExtremumOp =>
  op(name, (x: TensorLike, { initial = null, ...options }: ExtremumOptions = {}): Tensor => {
    const t = convertToTensor(x);
    const axes = normalizeAxes(options.axis ?? null, t.ndim, name);
    if (countOf(t, axes) === 0) {
      if (initial !== null) {
        const shape = options.keepdims === true ? keepAxes(t.shape, axes) : t.shape.filter((_, i) => !axes.includes(i));
        return p.full(shape, initial, t.dtype);
      }
      const todo = "Pass the option initial, or check the input";
      throw new ShapeError(
        complain(name, { must: "the reduced axes must not be empty", got: showShape(t.shape), todo }),
      );
    }
    const y = reduceWith(name, t, options, f);
    return initial === null ? y : join(y, initial);
  });
/**
 * The largest element.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.max.
 * @throws ShapeError for an axis out of range.
 * @example await ops.max([[1, 2], [3, 4]], { axis: 0 }).array(); // [3, 4]
 */
export const max: ExtremumOp = /* @__PURE__ */ extremum("max", (x, axes) => p.reduceMax(x, { axes }), p.max);
/**
 * The smallest element.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.min.
 * @throws ShapeError for an axis out of range.
 * @example await ops.min([[1, 2], [3, 4]], { axis: 0 }).array(); // [1, 2]
 */
export const min: ExtremumOp = /* @__PURE__ */ extremum("min", (x, axes) => p.reduceMin(x, { axes }), p.min);
/**
 * The same as `max`.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.amax.
 * @throws ShapeError for an axis out of range.
 * @example await ops.amax([[1, 2], [3, 4]], { axis: 0 }).array(); // [3, 4]
 */
export const amax: ReduceOp = /* @__PURE__ */ extremum("amax", (x, axes) => p.reduceMax(x, { axes }), p.max);
/**
 * The same as `min`.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.amin.
 * @throws ShapeError for an axis out of range.
 * @example await ops.amin([[1, 2], [3, 4]], { axis: 0 }).array(); // [1, 2]
 */
export const amin: ReduceOp = /* @__PURE__ */ extremum("amin", (x, axes) => p.reduceMin(x, { axes }), p.min);
/**
 * `max - min`.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.ptp.
 * @throws ShapeError for an axis out of range.
 * @example await ops.ptp([1, 5, 3]).item(); // 4
 */
export const ptp: ReduceOp = /* @__PURE__ */ reduction("ptp", same, (x, axes) =>
  p.sub(p.reduceMax(x, { axes }), p.reduceMin(x, { axes })),
);

/**
 * True if all elements are (not 0).
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.all.
 * @throws ShapeError for an axis out of range.
 * @example await ops.all([[true, false], [true, true]], { axis: 1 }).array(); // [false, true]
 */
export const all: ReduceOp = /* @__PURE__ */ reduction("all", toBool, (x, axes) => p.reduceAnd(x, { axes }));
/**
 * True if some element is (not 0).
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.any.
 * @throws ShapeError for an axis out of range.
 * @example await ops.any([[true, false], [false, false]], { axis: 1 }).array(); // [true, false]
 */
export const any: ReduceOp = /* @__PURE__ */ reduction("any", toBool, (x, axes) => p.reduceOr(x, { axes }));
/**
 * How many elements are not 0, int32.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.count_nonzero.
 * @throws ShapeError for an axis out of range.
 * @example await ops.countNonzero([0, 1, 2]).item(); // 2
 */
export const countNonzero: Op<(x: TensorLike, options?: { readonly axis?: Axis }) => Tensor> = /* @__PURE__ */ op(
  "countNonzero",
  (x: TensorLike, { axis = null }: { readonly axis?: Axis } = {}): Tensor =>
    reduceWith("countNonzero", castTo(toBool(x), "int32"), { axis }, (t, axes) => p.reduceSum(t, { axes })),
);

/** An op that finds a position. */
export type ArgReduceOp = Op<(x: TensorLike, options?: ArgReduceOptions) => Tensor>;
/**
 * int32 position of the (first) largest element along `axis`; of the flattened tensor by default.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.argmax.
 * @throws ShapeError for an axis out of range.
 * @example await ops.argmax([1, 5, 3]).item(); // 1
 */
export const argmax: ArgReduceOp = /* @__PURE__ */ op("argmax", (x: TensorLike, options: ArgReduceOptions = {}) =>
  argWith("argmax", belowZero(convertToTensor(x)), options, p.argMax),
);
/**
 * int32 position of the (first) smallest element along `axis`; of the flattened tensor by default.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.argmin.
 * @throws ShapeError for an axis out of range.
 * @example await ops.argmin([1, 5, 3]).item(); // 0
 */
export const argmin: ArgReduceOp = /* @__PURE__ */ op("argmin", (x: TensorLike, options: ArgReduceOptions = {}) =>
  argWith("argmin", belowZero(convertToTensor(x)), options, p.argMin),
);

/**
 * `log(sum(e^x))`, without overflow.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.logsumexp.
 * @throws ShapeError for an axis out of range.
 * @example await ops.logsumexp([0, 0]).item(); // 0.6931
 */
export const logsumexp: ReduceOp = /* @__PURE__ */ op(
  "logsumexp",
  (x: TensorLike, options: ReduceOptions = {}): Tensor => {
    const [t] = promoteFloat(x) as [Tensor];
    return reduceWith("logsumexp", t, options, (a, axes) => {
      const top = p.stopGradient(p.reduceMax(a, { axes }));
      const shift = p.where(p.isFinite(top), top, 0);
      const powers = p.exp(p.sub(a, p.reshape(shift, { shape: keepAxes(a.shape, axes) })));
      return p.add(p.log(p.reduceSum(powers, { axes })), shift);
    });
  },
);

export interface AverageOptions {
  readonly axis?: Axis;
  readonly weights?: TensorLike | null;
}
/**
 * The mean with weights, `sum w x / sum w`.
 * Axes in `axis` (all by default) disappear, or stay with size 1 if `keepdims`.
 * Source: keras.ops.average.
 * @throws ShapeError for an axis out of range.
 * @example await ops.average([1, 3], { weights: [3, 1] }).item(); // 1.5
 */
export const average: Op<(x: TensorLike, options?: AverageOptions) => Tensor> = /* @__PURE__ */ op(
  "average",
  (x: TensorLike, { axis = null, weights = null }: AverageOptions = {}): Tensor => {
    if (weights === null) {
      const [t] = promoteFloat(x) as [Tensor];
      return reduceWith("average", t, { axis }, meanOver);
    }
    const [t, w] = promoteFloat(x, weights) as [Tensor, Tensor];
    const wide = alignWeights(t, w, axis);
    const total = (y: Tensor): Tensor => reduceWith("average", y, { axis }, (a, axes) => p.reduceSum(a, { axes }));
    return p.div(total(p.mul(t, wide)), total(wide));
  },
);
// Weights are shaped as x, or are a vector along the axis.
function alignWeights(x: Tensor, w: Tensor, axis: Axis): Tensor {
  if (w.ndim === x.ndim) return p.broadcastTo(w, { shape: x.shape });
  if (w.ndim === 1 && typeof axis === "number" && w.size === x.shape[normalizeAxis(axis, x.ndim, "average")]) {
    const at = normalizeAxis(axis, x.ndim, "average");
    return p.broadcastTo(p.reshape(w, { shape: x.shape.map((_, i) => (i === at ? w.size : 1)) }), { shape: x.shape });
  }
  const got = `${showShape(w.shape)} for ${showShape(x.shape)} and axis ${String(axis)}`;
  const must = "weights must have the shape of x, or be a vector along axis";
  throw new ShapeError(complain("average", { must, got, todo: "Reshape the weights" }));
}
