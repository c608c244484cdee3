// New tensors from sizes and numbers.

import { type DType, isFloat, normalizeAxis, range, resultType, type Shape, standardizeDtype } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { withChecks } from "./arguments.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, floatx, type TensorLike, weakTypeOf } from "./convert-core.ts";
import { type Op, op } from "./op.ts";

export interface DTypeOption {
  readonly dtype?: string | null;
}
const dtypeOr = (dtype: string | null | undefined, other: DType): DType =>
  dtype === null || dtype === undefined ? other : standardizeDtype(dtype);
function checked(where: string, shape: Shape | number): Shape {
  const sizes = typeof shape === "number" ? [shape] : shape;
  if (sizes.every((n) => Number.isInteger(n) && n >= 0)) return sizes;
  const must = "sizes must be whole numbers, at least 0";
  throw new ShapeError(complain(where, { must, got: showShape(sizes), todo: "Check the shape" }));
}
type Fill = (shape: Shape | number, options?: DTypeOption) => Tensor;
const filled = (where: string, value: number): Fill =>
  withChecks(where, (shape, { dtype }: DTypeOption = {}) =>
    p.full(checked(where, shape), value, dtypeOr(dtype, floatx())),
  );

/**
 * Zeros.
 * Source: keras.ops.zeros.
 * @example await ops.zeros([2]).array(); // [0, 0]
 */
export const zeros: Fill = /* @__PURE__ */ filled("zeros", 0);
/**
 * Ones.
 * Source: keras.ops.ones.
 * @example await ops.ones([2]).array(); // [1, 1]
 */
export const ones: Fill = /* @__PURE__ */ filled("ones", 1);
/**
 * A tensor whose values do not matter: zeros.
 * Source: keras.ops.empty.
 * @example await ops.empty([2]).array(); // [0, 0]
 */
export const empty: Fill = /* @__PURE__ */ filled("empty", 0);
/**
 * A tensor full of one value.
 * Source: keras.ops.full.
 * @example await ops.full([2], 7).array(); // [7, 7]
 */
export const full: Op<(shape: Shape | number, fillValue: TensorLike, options?: DTypeOption) => Tensor> =
  /* @__PURE__ */ op(
    "full",
    (shape: Shape | number, fillValue: TensorLike, { dtype }: DTypeOption = {}): Tensor =>
      p.broadcastTo(convertToTensor(fillValue, { dtype: dtypeOr(dtype, floatx()) }), { shape: checked("full", shape) }),
  );

type LikeOp = Op<(x: TensorLike, options?: DTypeOption) => Tensor>;
const like = (name: string, value: number): LikeOp =>
  op(name, (x: TensorLike, { dtype }: DTypeOption = {}): Tensor => {
    const t = convertToTensor(x);
    return p.full(t.shape, value, dtypeOr(dtype, t.dtype));
  });
/**
 * Zeros of the shape and dtype of `x`.
 * Source: keras.ops.zeros_like.
 * @example await ops.zerosLike([1, 2]).array(); // [0, 0]
 */
export const zerosLike: LikeOp = /* @__PURE__ */ like("zerosLike", 0);
/**
 * Ones of the shape and dtype of `x`.
 * Source: keras.ops.ones_like.
 * @example await ops.onesLike([1, 2]).array(); // [1, 1]
 */
export const onesLike: LikeOp = /* @__PURE__ */ like("onesLike", 1);
/**
 * Zeros of the shape and dtype of `x`.
 * Source: keras.ops.empty_like.
 * @example await ops.emptyLike([1, 2]).array(); // [0, 0]
 */
export const emptyLike: LikeOp = /* @__PURE__ */ like("emptyLike", 0);
/**
 * One value in the shape and dtype of `x`.
 * Source: keras.ops.full_like.
 * @example await ops.fullLike([1, 2], 7).array(); // [7, 7]
 */
export const fullLike: Op<(x: TensorLike, fillValue: TensorLike, options?: DTypeOption) => Tensor> = /* @__PURE__ */ op(
  "fullLike",
  (x: TensorLike, fillValue: TensorLike, { dtype }: DTypeOption = {}): Tensor => {
    const t = convertToTensor(x);
    return p.broadcastTo(convertToTensor(fillValue, { dtype: dtypeOr(dtype, t.dtype) }), { shape: t.shape });
  },
);

export interface ArangeOptions extends DTypeOption {
  readonly stop?: number | null;
  readonly step?: number | null;
}
/**
 * `start, start + step, ...` below `stop`; `0 .. start - 1` without `stop`.
 * Source: keras.ops.arange.
 * @example await ops.arange(2, { stop: 5 }).array(); // [2, 3, 4]
 */
export const arange: typeof arangeOf = /* @__PURE__ */ withChecks("arange", arangeOf);
function arangeOf(start: number, { stop = null, step = null, dtype }: ArangeOptions = {}): Tensor {
  const [from, to, by] = [stop === null ? 0 : start, stop ?? start, step ?? 1];
  if (by === 0 || ![from, to, by].every(Number.isFinite)) {
    const todo = "Check start, stop and step";
    throw new ShapeError(
      complain("arange", { must: "bounds must be finite and the step not 0", got: `${from}, ${to}, ${by}`, todo }),
    );
  }
  const count = Math.max(0, Math.ceil((to - from) / by));
  const given = [start, stop, step].filter((n): n is number => n !== null);
  const target = dtypeOr(dtype, resultType(...given.map(weakTypeOf)));
  if (Number.isInteger(from) && Number.isInteger(by) && !isFloat(target)) {
    const steps = p.iota({ shape: [count], axis: 0, dtype: "int32" });
    return castTo(p.add(p.mul(steps, by), from), target);
  }
  return convertToTensor(
    Float64Array.from(range(count), (i) => from + i * by),
    { dtype: target },
  );
}

export interface LinspaceOptions extends DTypeOption {
  readonly num?: number;
  /** Whether `stop` is the last value. */
  readonly endpoint?: boolean;
  /** Return `[values, step]`. */
  readonly retstep?: boolean;
  readonly axis?: number;
}
function spaced(
  start: TensorLike,
  stop: TensorLike,
  { num = 50, endpoint = true, axis = 0 }: LinspaceOptions,
): [Tensor, Tensor] {
  if (!Number.isInteger(num) || num < 0) {
    throw new ShapeError(
      complain("linspace", { must: "num must be a whole number, at least 0", got: String(num), todo: "Check num" }),
    );
  }
  const dtype = resultType(weakTypeOf(start), weakTypeOf(stop), "float");
  const from = convertToTensor(start, { dtype });
  const to = convertToTensor(stop, { dtype });
  const parts = endpoint ? num - 1 : num;
  const gap = p.sub(to, from);
  const step = parts > 0 ? p.div(gap, parts) : p.mul(gap, Number.NaN);
  const base = p.add(from, p.mul(gap, 0));
  const rest = range(base.ndim).map(() => 1);
  const steps = p.reshape(p.iota({ shape: [num], axis: 0, dtype }), { shape: [num, ...rest] });
  // Blends both ends, so that the last value is exactly `stop`.
  const t = parts > 0 ? p.div(steps, parts) : steps;
  const blend = p.add(p.mul(from, p.sub(1, t)), p.mul(to, t));
  const last = p.equal(steps, num - 1);
  const values = endpoint && num > 1 ? p.where(last, p.add(to, p.mul(gap, 0)), blend) : blend;
  const at = normalizeAxis(axis, values.ndim, "linspace");
  const rows = range(values.ndim).filter((i) => i > 0);
  const permutation = [...rows.slice(0, at), 0, ...rows.slice(at)];
  return [p.transpose(values, { permutation }), step];
}
function inDtype(x: Tensor, dtype: string | null | undefined): Tensor {
  if (dtype === null || dtype === undefined) return x;
  const target = standardizeDtype(dtype);
  return castTo(isFloat(target) ? x : p.floor(x), target);
}
/**
 * `num` values evenly from `start` to `stop`.
 * Source: keras.ops.linspace.
 * @example await (ops.linspace(0, 1, { num: 3 }) as Tensor).array(); // [0, 0.5, 1]
 */
export const linspace: Op<
  (start: TensorLike, stop: TensorLike, options?: LinspaceOptions) => Tensor | [Tensor, Tensor]
> = /* @__PURE__ */ op(
  "linspace",
  (start: TensorLike, stop: TensorLike, options: LinspaceOptions = {}): Tensor | [Tensor, Tensor] => {
    const [values, step] = spaced(start, stop, options);
    const cast = inDtype(values, options.dtype);
    return options.retstep === true ? [cast, step] : cast;
  },
);
export interface LogspaceOptions extends DTypeOption {
  readonly num?: number;
  readonly endpoint?: boolean;
  readonly base?: number;
  readonly axis?: number;
}
/**
 * `num` values from `base^start` to `base^stop` with equal ratios.
 * Source: keras.ops.logspace.
 * @example await ops.logspace(0, 2, { num: 3 }).array(); // [1, 10, 100]
 */
export const logspace: Op<(start: TensorLike, stop: TensorLike, options?: LogspaceOptions) => Tensor> =
  /* @__PURE__ */ op(
    "logspace",
    (start: TensorLike, stop: TensorLike, { base = 10, dtype = null, ...options }: LogspaceOptions = {}): Tensor =>
      inDtype(p.pow(base, spaced(start, stop, options)[0]), dtype),
  );

export interface EyeOptions extends DTypeOption {
  /** Columns; as many as rows by default. */
  readonly M?: number | null;
  /** Which diagonal: above the main one if positive. */
  readonly k?: number;
}
const grid = (rows: number, columns: number): [Tensor, Tensor] => [
  p.iota({ shape: [rows, columns], axis: 0, dtype: "int32" }),
  p.iota({ shape: [rows, columns], axis: 1, dtype: "int32" }),
];
/**
 * Ones on a diagonal.
 * Source: keras.ops.eye.
 * @example await ops.eye(2).array(); // [[1, 0], [0, 1]]
 */
export const eye: typeof eyeOf = /* @__PURE__ */ withChecks("eye", eyeOf);
function eyeOf(N: number, { M = null, k = 0, dtype }: EyeOptions = {}): Tensor {
  const [rows, columns] = checked("eye", [N, M ?? N]) as [number, number];
  const [i, j] = grid(rows, columns);
  return castTo(p.equal(p.add(i, k), j), dtypeOr(dtype, floatx()));
}
/**
 * The square identity matrix.
 * Source: keras.ops.identity.
 * @example await ops.identity(2).array(); // [[1, 0], [0, 1]]
 */
export const identity: typeof identityOf = /* @__PURE__ */ withChecks("identity", identityOf);
function identityOf(n: number, { dtype = null }: DTypeOption = {}): Tensor {
  return eyeOf(n, { dtype });
}
/**
 * Ones on and below diagonal `k`.
 * Source: keras.ops.tri.
 * @example await ops.tri(3).array(); // [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
 */
export const tri: typeof triOf = /* @__PURE__ */ withChecks("tri", triOf);
function triOf(N: number, { M = null, k = 0, dtype }: EyeOptions = {}): Tensor {
  const [rows, columns] = checked("tri", [N, M ?? N]) as [number, number];
  const [i, j] = grid(rows, columns);
  return castTo(p.greaterEqual(p.add(i, k), j), dtypeOr(dtype, floatx()));
}
