// Triangles, diagonals and norms of matrices.
import { keepAxes, normalizeAxes, normalizeAxis, range } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike, toFloat } from "./convert-core.ts";
import { type Op, op } from "./op.ts";
import { wideInteger } from "./reduction-core.ts";
import { moveAxes } from "./shape-core.ts";

export interface DiagonalOption {
  /** Which diagonal: above the main one if positive. */
  readonly k?: number;
}
type TriangleOp = Op<(x: TensorLike, options?: DiagonalOption) => Tensor>;
const places = (x: Tensor): [row: Tensor, column: Tensor] => {
  const [m, n] = x.shape.slice(-2) as [number, number];
  return [p.iota({ shape: [m, n], axis: 0, dtype: "int32" }), p.iota({ shape: [m, n], axis: 1, dtype: "int32" })];
};
function requireMatrix(where: string, x: Tensor): void {
  if (x.ndim >= 2) return;
  const must = "the input must have at least 2 dimensions";
  throw new ShapeError(complain(where, { must, got: showShape(x.shape), todo: "Use ops.expandDims" }));
}
const triangle = (name: string, keep: (row: Tensor, column: Tensor, k: number) => Tensor): TriangleOp =>
  op(name, (x: TensorLike, { k = 0 }: DiagonalOption = {}): Tensor => {
    const t = convertToTensor(x);
    requireMatrix(name, t);
    return p.where(keep(...places(t), k), t, 0);
  });
/**
 * Zeros above diagonal `k`.
 * Source: keras.ops.tril.
 * @example await ops.tril([[1, 2], [3, 4]]).array(); // [[1, 0], [3, 4]]
 */
export const tril: TriangleOp = /* @__PURE__ */ triangle("tril", (row, column, k) =>
  p.lessEqual(column, p.add(row, k)),
);
/**
 * Zeros below diagonal `k`.
 * Source: keras.ops.triu.
 * @example await ops.triu([[1, 2], [3, 4]]).array(); // [[1, 2], [0, 4]]
 */
export const triu: TriangleOp = /* @__PURE__ */ triangle("triu", (row, column, k) =>
  p.greaterEqual(column, p.add(row, k)),
);

export interface DiagonalOptions {
  readonly offset?: number;
  readonly axis1?: number;
  readonly axis2?: number;
}
function diagonalOf(where: string, x: Tensor, { offset = 0, axis1 = 0, axis2 = 1 }: DiagonalOptions): Tensor {
  requireMatrix(where, x);
  const t = moveAxes(x, [axis1, axis2], [-2, -1], where);
  const [m, n] = t.shape.slice(-2) as [number, number];
  const count = Math.max(0, Math.min(m + Math.min(offset, 0), n - Math.max(offset, 0)));
  const flat = p.reshape(t, { shape: [...t.shape.slice(0, -2), m * n] });
  const first = offset >= 0 ? offset : -offset * n;
  const indices = Int32Array.from(range(count), (i) => first + i * (n + 1));
  return p.take(flat, convertToTensor(indices), { axis: flat.ndim - 1 });
}
/**
 * The elements `x[i, i + offset]` of the plane of two axes, on a new last axis.
 * Source: keras.ops.diagonal.
 * @example await ops.diagonal([[1, 2], [3, 4]]).array(); // [1, 4]
 */
export const diagonal: Op<(x: TensorLike, options?: DiagonalOptions) => Tensor> = /* @__PURE__ */ op(
  "diagonal",
  (x: TensorLike, options: DiagonalOptions = {}) => diagonalOf("diagonal", convertToTensor(x), options),
);
/**
 * The sum of a diagonal.
 * Source: keras.ops.trace.
 * @example await ops.trace([[1, 2], [3, 4]]).item(); // 5
 */
export const trace: Op<(x: TensorLike, options?: DiagonalOptions) => Tensor> = /* @__PURE__ */ op(
  "trace",
  (x: TensorLike, options: DiagonalOptions = {}): Tensor => {
    const d = wideInteger(diagonalOf("trace", convertToTensor(x), options));
    return p.reduceSum(d, { axes: [d.ndim - 1] });
  },
);
// A square matrix with the vector on diagonal k.
function onDiagonal(v: Tensor, k: number): Tensor {
  const n = v.size + Math.abs(k);
  const low = Math.max(0, -k);
  const padded = p.pad(v, { low: [low], high: [n - v.size - low], interior: [0] });
  const column = p.reshape(padded, { shape: [n, 1] });
  const [row, place] = [
    p.iota({ shape: [n, n], axis: 0, dtype: "int32" }),
    p.iota({ shape: [n, n], axis: 1, dtype: "int32" }),
  ];
  return p.where(p.equal(p.add(row, k), place), column, 0);
}
/**
 * A matrix with the vector `x` on diagonal `k`, or that diagonal of the matrix `x`.
 * Source: keras.ops.diag.
 * @example await ops.diag([1, 2]).array(); // [[1, 0], [0, 2]]
 */
export const diag: TriangleOp = /* @__PURE__ */ op("diag", (x: TensorLike, { k = 0 }: DiagonalOption = {}): Tensor => {
  const t = convertToTensor(x);
  if (t.ndim === 1) return onDiagonal(t, k);
  if (t.ndim === 2) return diagonalOf("diag", t, { offset: k });
  throw new ShapeError(
    complain("diag", {
      must: "the input must be a vector or a matrix",
      got: showShape(t.shape),
      todo: "Use ops.diagonal",
    }),
  );
});
/**
 * A matrix with all elements of `x` on diagonal `k`.
 * Source: keras.ops.diagflat.
 * @example await ops.diagflat([1, 2]).array(); // [[1, 0], [0, 2]]
 */
export const diagflat: TriangleOp = /* @__PURE__ */ op(
  "diagflat",
  (x: TensorLike, { k = 0 }: DiagonalOption = {}): Tensor => {
    const t = convertToTensor(x);
    return onDiagonal(p.reshape(t, { shape: [t.size] }), k);
  },
);

export interface NormOptions {
  /** `null`: the root of the sum of squares; a number or ±Infinity; `"fro"` or `"nuc"` for matrices. */
  readonly ord?: number | string | null;
  readonly axis?: number | readonly number[] | null;
  readonly keepdims?: boolean;
}
/**
 * The norm of vectors (one axis) or matrices (two axes, root of the sum of squares).
 * Source: keras.ops.norm.
 * @throws ConfigError for other orders.
 * @example await ops.norm([3, 4]).item(); // 5
 */
export const norm: Op<(x: TensorLike, options?: NormOptions) => Tensor> = /* @__PURE__ */ op(
  "norm",
  (x: TensorLike, { ord = null, axis = null, keepdims = false }: NormOptions = {}): Tensor => {
    const t = toFloat(x);
    const axes = normalizeAxes(axis, t.ndim, "norm");
    const shaped = (y: Tensor): Tensor => (keepdims ? p.reshape(y, { shape: keepAxes(t.shape, axes) }) : y);
    const euclid = (): Tensor => p.sqrt(p.reduceSum(p.mul(t, t), { axes }));
    if (ord === null || (ord === "fro" && axes.length === 2) || (ord === 2 && axes.length === 1))
      return shaped(euclid());
    if (axes.length === 1 && typeof ord === "number") return shaped(vectorNorm(t, ord, axes));
    if (axes.length === 2 && typeof ord === "number") {
      const named = axis === null ? axes : (axis as readonly number[]).map((a) => normalizeAxis(a, t.ndim, "norm"));
      const y = matrixNorm(t, ord, named);
      if (y !== null) return shaped(y);
    }
    if (ord === "nuc" && axes.length === 2) {
      const [, values] = p.svd(moveAxes(t, axes, [-2, -1], "norm"), { fullMatrices: false });
      return shaped(p.reduceSum(values, { axes: [values.ndim - 1] }));
    }
    const must = 'ord must be null, a number for vectors, or "fro", "nuc", ±1, ±2 or ±Infinity for matrices';
    throw new ConfigError(
      complain("norm", { must, got: `${String(ord)} over ${axes.length} axes`, todo: "Check ord and axis" }),
    );
  },
);
function vectorNorm(x: Tensor, ord: number, axes: readonly number[]): Tensor {
  const size = p.abs(x);
  if (ord === Number.POSITIVE_INFINITY) return p.reduceMax(size, { axes });
  if (ord === Number.NEGATIVE_INFINITY) return p.reduceMin(size, { axes });
  if (ord === 0) return p.reduceSum(castTo(p.notEqual(x, 0), x.dtype), { axes });
  if (ord === 1) return p.reduceSum(size, { axes });
  return p.pow(p.reduceSum(p.pow(size, ord), { axes }), 1 / ord);
}
function matrixNorm(x: Tensor, ord: number, axes: readonly number[]): Tensor | null {
  const t = moveAxes(x, axes, [-2, -1], "norm");
  const [row, column] = [t.ndim - 2, t.ndim - 1];
  const extreme = ord > 0 ? p.reduceMax : p.reduceMin;
  if (Math.abs(ord) === 2) {
    const [, values] = p.svd(t, { fullMatrices: false });
    return extreme(values, { axes: [values.ndim - 1] });
  }
  if (Math.abs(ord) === 1) return extreme(p.reduceSum(p.abs(t), { axes: [row] }), { axes: [row] });
  if (Math.abs(ord) === Number.POSITIVE_INFINITY)
    return extreme(p.reduceSum(p.abs(t), { axes: [column] }), { axes: [row] });
  return null;
}
