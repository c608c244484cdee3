// What singular values say: pseudoinverses, least squares, ranks; and distances of rows.
import { broadcastShapes, type DType } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import type { TensorLike } from "./convert-core.ts";
import { asColumn, floats, matrixOf, withRule } from "./linalg-core.ts";
import { type Op, op } from "./op.ts";

const transposed = p.matrixTranspose;
// The distance from 1 to the next number.
const spacings: Readonly<Partial<Record<DType, number>>> = { float16: 2 ** -10, bfloat16: 2 ** -7, float64: 2 ** -52 };
const spacingOf = (dtype: DType): number => spacings[dtype] ?? 2 ** -23;
const largestOf = (s: Tensor): Tensor =>
  p.slice(s, {
    starts: s.shape.map(() => 0),
    limits: [...s.shape.slice(0, -1), 1],
    strides: s.shape.map(() => 1),
  });

// The pseudoinverse by singular values, without those that `isNothing` calls 0. Rule: Golub and Pereyra 1973,
// dP = -P dA P + P P^T dA^T (1 - A P) + (1 - P A) dA^T P^T P.
function pinvOf(x: Tensor, isNothing: (s: Tensor, largest: Tensor) => Tensor): Tensor {
  const [m, n] = x.shape.slice(-2) as [number, number];
  if (m === 0 || n === 0) return p.full([...x.shape.slice(0, -2), n, m], 0, x.dtype);
  const inverse = (a: Tensor): Tensor => {
    const [u, s, vh] = p.svd(a, { fullMatrices: false });
    const nothing = isNothing(s, largestOf(s));
    const scale = p.where(nothing, 0, p.div(1, p.where(nothing, 1, s)));
    return p.matmul(transposed(vh), p.mul(asColumn(scale), transposed(u)));
  };
  return withRule([x], inverse, (g, [a], out) => {
    const [matrix, t] = [a as Tensor, transposed(out)];
    const own = p.matmul(p.matmul(t, g), t);
    const left = p.matmul(p.matmul(transposed(g), out), t);
    const right = p.matmul(p.matmul(t, out), transposed(g));
    const outside = p.sub(left, p.matmul(matrix, p.matmul(out, left)));
    const beyond = p.sub(right, p.matmul(p.matmul(right, out), matrix));
    return [p.add(p.sub(outside, own), beyond)];
  });
}
export interface RcondOption {
  /** Singular values below this share of the largest count as 0; a multiple of the dtype's precision by default. */
  readonly rcond?: number | null;
}
/**
 * The Moore-Penrose pseudoinverse. Shapes: `[..., M, N]` to `[..., N, M]`. Singular values up to `rcond` times the largest count as 0;
 * by default `10 max(M, N)` times the precision of the dtype. @throws ShapeError below rank 2. Source: keras.ops.pinv.
 * @example
 * await ops.pinv([[2, 0], [0, 0]]).array(); // [[0.5, 0], [0, 0]]
 */
export const pinv: Op<(x: TensorLike, options?: RcondOption) => Tensor> = /* @__PURE__ */ op(
  "pinv",
  (x: TensorLike, { rcond = null }: RcondOption = {}): Tensor => {
    const t = matrixOf("pinv", x);
    const share = rcond ?? 10 * Math.max(...t.shape.slice(-2)) * spacingOf(t.dtype);
    return pinvOf(t, (s, largest) => p.lessEqual(s, p.mul(largest, share)));
  },
);
/**
 * The `x` of least length among those that make `|a x - b|` least, column by column. Shapes: a `[M, N]`, b `[M]` or `[M, K]`, result
 * `[N]` or `[N, K]`. Singular values below `rcond` times the largest count as 0. @throws ShapeError unless the ranks and `M` fit.
 * Source: keras.ops.lstsq.
 * @example
 * await ops.lstsq([[1, 0], [0, 2], [0, 0]], [3, 4, 5]).array(); // [3, 2]
 */
export const lstsq: Op<(a: TensorLike, b: TensorLike, options?: RcondOption) => Tensor> = /* @__PURE__ */ op(
  "lstsq",
  (a: TensorLike, b: TensorLike, { rcond = null }: RcondOption = {}): Tensor => {
    const [matrix, right] = floats(a, b);
    if (matrix.ndim !== 2 || right.ndim < 1 || right.ndim > 2 || matrix.shape[0] !== right.shape[0]) {
      const must = "a must be a matrix [M, N] and b a vector [M] or a matrix [M, K]";
      const got = `${showShape(matrix.shape)} and ${showShape(right.shape)}`;
      throw new ShapeError(complain("lstsq", { must, got, todo: "Use ops.pinv for stacks of matrices" }));
    }
    const precision = spacingOf(matrix.dtype);
    const share = rcond === null ? precision * Math.max(...matrix.shape) : rcond < 0 ? precision : rcond;
    const inverse = pinvOf(matrix, (s, largest) => p.or(p.lessEqual(s, 0), p.less(s, p.mul(largest, share))));
    const columns = right.ndim === 1 ? asColumn(right) : right;
    const x = p.matmul(inverse, columns);
    return right.ndim === 1 ? p.reshape(x, { shape: [x.size] }) : x;
  },
);
export interface ToleranceOption {
  /** Singular values up to this count as 0; `max(M, N)` times the precision times the largest by default. */
  readonly tol?: number | null;
}
/**
 * The number of singular values above `tol`. Shapes: `[..., M, N]` to int32 `[...]`. @throws ShapeError below rank 2.
 * Source: keras.ops.matrix_rank.
 * @example
 * await ops.matrixRank([[1, 2], [2, 4]]).item(); // 1
 */
export const matrixRank: Op<(x: TensorLike, options?: ToleranceOption) => Tensor> = /* @__PURE__ */ op(
  "matrixRank",
  (x: TensorLike, { tol = null }: ToleranceOption = {}): Tensor => {
    const t = matrixOf("matrixRank", x);
    const [, s] = p.svd(t, { fullMatrices: false });
    const least = tol ?? p.mul(largestOf(s), Math.max(...t.shape.slice(-2)) * spacingOf(t.dtype));
    return p.reduceSum(p.cast(p.greater(s, least), { dtype: "int32" }), { axes: [s.ndim - 1] });
  },
);

/**
 * Euclidean distances of all pairs of rows: `sqrt(sum_d (x[m, d] - y[n, d])^2)`. Shapes: x `[..., M, D]`, y `[..., N, D]`, result
 * `[..., M, N]`; leading axes broadcast. @throws ShapeError below rank 2, or if `D` differs. Source: keras.ops.cdist.
 * @example
 * await ops.cdist([[0, 0]], [[3, 4], [0, 1]]).array(); // [[5, 1]]
 */
export const cdist: Op<(x: TensorLike, y: TensorLike) => Tensor> = /* @__PURE__ */ op(
  "cdist",
  (x: TensorLike, y: TensorLike): Tensor => {
    const [a, b] = floats(x, y);
    if (a.ndim < 2 || b.ndim < 2 || a.shape[a.ndim - 1] !== b.shape[b.ndim - 1]) {
      const must = "x and y must be rows [..., M, D] and [..., N, D] of one size D";
      const got = `${showShape(a.shape)} and ${showShape(b.shape)}`;
      throw new ShapeError(complain("cdist", { must, got, todo: "Reshape the inputs" }));
    }
    broadcastShapes("cdist", a.shape.slice(0, -2), b.shape.slice(0, -2));
    const insert = (t: Tensor, at: number): Tensor =>
      p.reshape(t, { shape: [...t.shape.slice(0, at), 1, ...t.shape.slice(at)] });
    const difference = p.sub(insert(a, a.ndim - 1), insert(b, b.ndim - 2));
    return p.sqrt(p.reduceSum(p.mul(difference, difference), { axes: [difference.ndim - 1] }));
  },
);
