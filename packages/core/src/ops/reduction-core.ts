// What reductions share: axes as Keras gives them, counts, and means of float tensors.
import {
  type DType,
  isComplex,
  isFloat,
  isInteger,
  isUnsigned,
  keepAxes,
  normalizeAxes,
  normalizeAxis,
  sizeOf,
} from "../aval/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";

export type Axis = number | readonly number[] | null;
export interface ReduceOptions {
  /** What to reduce over; `null` is all axes. */
  readonly axis?: Axis;
  /** Leave reduced axes at size 1. */
  readonly keepdims?: boolean;
}
/** A reduction of a tensor over axes counted from the front. */
export type Reduce = (x: Tensor, axes: readonly number[]) => Tensor;

/** Applies a reduction with Keras' `axis` and `keepdims`. */
export function reduceWith(
  where: string,
  x: Tensor,
  { axis = null, keepdims = false }: ReduceOptions,
  f: Reduce,
): Tensor {
  const axes = normalizeAxes(axis, x.ndim, where);
  const y = f(x, axes);
  return keepdims ? p.reshape(y, { shape: keepAxes(x.shape, axes) }) : y;
}
/** Sums of bool and narrow integers are kept in 32 bits. */
export function wideInteger(x: Tensor): Tensor {
  if (isUnsigned(x.dtype)) return castTo(x, "uint32");
  return x.dtype === "bool" || isInteger(x.dtype) ? castTo(x, "int32") : x;
}
export const countOf = (x: Tensor, axes: readonly number[]): number => sizeOf(axes.map((i) => x.shape[i] as number));
const computeDtype = (x: Tensor): DType => (x.dtype === "float64" || isComplex(x.dtype) ? x.dtype : "float32");
export const inFloat = (x: Tensor): Tensor => castTo(x, computeDtype(x));
/** `sum x / n` of a float tensor over axes counted from the front. */
export const meanOver = (x: Tensor, axes: readonly number[]): Tensor =>
  p.div(p.reduceSum(x, { axes }), countOf(x, axes));
/** `sum |x - mean|^2 / n` of a float tensor. */
export function varianceOver(x: Tensor, axes: readonly number[]): Tensor {
  const centered = p.sub(x, p.reshape(meanOver(x, axes), { shape: keepAxes(x.shape, axes) }));
  const distance = isComplex(x.dtype) ? p.abs(centered) : centered;
  return meanOver(p.mul(distance, distance), axes);
}
export interface ArgReduceOptions {
  readonly axis?: number | null;
  readonly keepdims?: boolean;
}
/** Positions along one axis, or in the flattened tensor. */
export function argWith(
  where: string,
  x: Tensor,
  { axis = null, keepdims = false }: ArgReduceOptions,
  f: (x: Tensor, params: p.ArgReduceParams) => Tensor,
): Tensor {
  const flat = axis === null ? p.reshape(x, { shape: [x.size] }) : x;
  const at = axis === null ? 0 : normalizeAxis(axis, x.ndim, where);
  const y = f(flat, { axis: at });
  if (!keepdims) return y;
  return p.reshape(y, { shape: axis === null ? x.shape.map(() => 1) : keepAxes(x.shape, [at]) });
}
/** The values in float32, with -0 less than 0, as Keras orders them on CPUs. */
export const belowZero = (x: Tensor): Tensor => (isFloat(x.dtype) && x.ndim > 0 ? p.separateZeros(inFloat(x)) : x);
