// Running totals and positions that pass over nan.
import { isFloat } from "../aval/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { op } from "./op.ts";
import type { ArgReduceOp } from "./reduction.ts";
import { type ArgReduceOptions, argWith } from "./reduction-core.ts";
import type { CumulativeOp, CumulativeOptions } from "./sorting.ts";
import { runningWith } from "./sorting-core.ts";

type Running = (x: Tensor, params: p.CumulativeParams) => Tensor;
const running = (name: string, neutral: number, f: Running): CumulativeOp =>
  op(name, (x: TensorLike, { axis = null, dtype = null }: CumulativeOptions = {}): Tensor => {
    const t = convertToTensor(x);
    const clean = isFloat(t.dtype) ? p.where(p.isNan(t), neutral, t) : t;
    const target = convertToTensor(clean, dtype === null ? {} : { dtype });
    const numbers = target.dtype === "bool" ? castTo(target, "int32") : target;
    const y = runningWith(name, numbers, axis, f);
    return dtype === null ? y : castTo(y, target.dtype);
  });
/**
 * Running sum in which nan counts as 0. Source: keras.ops.nancumsum.
 * @example await nancumsum([1, NaN, 3]).array(); // [1, 1, 4]
 */
export const nancumsum: CumulativeOp = /* @__PURE__ */ running("nancumsum", 0, p.cumSum);
/**
 * Running product in which nan counts as 1. Source: keras.ops.nancumprod.
 * @example await nancumprod([2, NaN, 3]).array(); // [2, 2, 6]
 */
export const nancumprod: CumulativeOp = /* @__PURE__ */ running("nancumprod", 1, p.cumProd);

type Position = (x: Tensor, params: p.ArgReduceParams) => Tensor;
const position = (name: string, worst: number, f: Position): ArgReduceOp =>
  op(name, (x: TensorLike, options: ArgReduceOptions = {}): Tensor => {
    const t = convertToTensor(x);
    if (!isFloat(t.dtype)) return argWith(name, t, options, f);
    return argWith(name, t, options, (flat, params) => {
      const isNan = p.isNan(flat);
      const nothing = p.reduceAnd(isNan, { axes: [params.axis] });
      return p.where(nothing, -1, f(p.where(isNan, worst, flat), params));
    });
  });
/**
 * int32 position of the first largest element that is not nan; -1 if all are. Source: keras.ops.nanargmax.
 * @example await nanargmax([NaN, 2, 3]).array(); // 2
 */
export const nanargmax: ArgReduceOp = /* @__PURE__ */ position("nanargmax", Number.NEGATIVE_INFINITY, p.argMax);
/**
 * int32 position of the first smallest element that is not nan; -1 if all are. Source: keras.ops.nanargmin.
 * @example await nanargmin([NaN, 2, 3]).array(); // 1
 */
export const nanargmin: ArgReduceOp = /* @__PURE__ */ position("nanargmin", Number.POSITIVE_INFINITY, p.argMin);
