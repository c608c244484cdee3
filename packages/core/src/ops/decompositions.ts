// Matrices as products: Cholesky, QR, LU, eigenvalues of symmetric matrices, singular values.
import { ConfigError, complain } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import type { TensorLike } from "./convert-core.ts";
import { identityLike, matrixOf, squareOf, symmetric } from "./linalg-core.ts";
import { type Op, op } from "./op.ts";

export interface UpperOption {
  /** The upper triangular factor instead of the lower one. */
  readonly upper?: boolean;
}
type TriangularFactor = Op<(x: TensorLike, options?: UpperOption) => Tensor>;
/**
 * The triangular `L` with `L L^T = x` of symmetric positive definite `x` (its symmetric part counts), or `U = L^T`.
 * Shapes: `[..., M, M]` to `[..., M, M]`. nan where `x` is not positive definite: Keras raises an error there, outside of traces.
 * @throws ShapeError unless `x` is square. Source: keras.ops.cholesky.
 * @example
 * await ops.cholesky([[4, 2], [2, 10]]).array(); // [[2, 0], [1, 3]]
 */
export const cholesky: TriangularFactor = /* @__PURE__ */ op(
  "cholesky",
  (x: TensorLike, { upper = false }: UpperOption = {}): Tensor => {
    const l = p.cholesky(symmetric(squareOf("cholesky", x)));
    return upper ? p.matrixTranspose(l) : l;
  },
);
/**
 * The inverse `(L L^T)^-1` of a symmetric matrix from its Cholesky factor `x = L`; with `upper`, `(U^T U)^-1` from `x = U`.
 * Shapes: `[..., M, M]` to `[..., M, M]`. @throws ShapeError unless `x` is square. Source: keras.ops.cholesky_inverse.
 * @example
 * await ops.choleskyInverse([[2, 0], [0, 4]]).array(); // [[0.25, 0], [0, 0.0625]]
 */
export const choleskyInverse: TriangularFactor = /* @__PURE__ */ op(
  "choleskyInverse",
  (x: TensorLike, { upper = false }: UpperOption = {}): Tensor => {
    const factor = squareOf("choleskyInverse", x);
    const inverse = p.triangularSolve(factor, identityLike(factor), {
      lower: !upper,
      transposeA: false,
      unitDiagonal: false,
    });
    const other = p.matrixTranspose(inverse);
    return upper ? p.matmul(inverse, other) : p.matmul(other, inverse);
  },
);

/**
 * Eigenvalues, ascending, and eigenvectors (columns) of symmetric `x`: `x = v diag(w) v^T`; its symmetric part counts.
 * Shapes: `[..., M, M]` to `[..., M]` and `[..., M, M]`. The sign of each vector is free, and so are vectors of equal values: no
 * gradient flows between those. @throws ShapeError unless `x` is square. Source: keras.ops.eigh.
 * @example
 * const [w] = ops.eigh([[2, 0], [0, 1]]);
 * await w.array(); // [1, 2]
 */
export const eigh: Op<(x: TensorLike) => [values: Tensor, vectors: Tensor]> = /* @__PURE__ */ op(
  "eigh",
  (x: TensorLike): [Tensor, Tensor] => [...p.eigh(symmetric(squareOf("eigh", x)))],
);

/**
 * LU factors with row exchanges: `L` (below the diagonal, its own diagonal is 1) and `U` in one matrix, and the row that each row was
 * exchanged with. Shapes: `[..., M, N]` to `[..., M, N]` and int32 `[..., min(M, N)]`. Source: keras.ops.lu_factor.
 * @throws ShapeError unless `x` has at least rank 2.
 * @example
 * const [lu, pivots] = ops.luFactor([[0, 1], [2, 4]]);
 * await lu.array(); // [[2, 4], [0, 1]]
 * await pivots.array(); // [1, 1]
 */
export const luFactor: Op<(x: TensorLike) => [lu: Tensor, pivots: Tensor]> = /* @__PURE__ */ op(
  "luFactor",
  (x: TensorLike): [Tensor, Tensor] => {
    const [factors, pivots] = p.lu(matrixOf("luFactor", x));
    return [factors, pivots];
  },
);

export interface QrOptions {
  /** `"complete"`: `q` is square. */
  readonly mode?: "reduced" | "complete";
}
/**
 * `x = q r`: `q` with orthonormal columns, `r` upper triangular. Shapes: `[..., M, N]` to `[..., M, K]` and `[..., K, N]`,
 * `K = min(M, N)`, or `M` with `mode: "complete"`. Differentiable for `M >= N` where `q` has `N` columns.
 * @throws ConfigError for another mode. @throws ShapeError below rank 2. Source: keras.ops.qr.
 * @example
 * const [, r] = ops.qr([[3, 1], [0, 2]]);
 * await ops.abs(r).array(); // [[3, 1], [0, 2]]
 */
export const qr: Op<(x: TensorLike, options?: QrOptions) => [q: Tensor, r: Tensor]> = /* @__PURE__ */ op(
  "qr",
  (x: TensorLike, { mode = "reduced" }: QrOptions = {}): [Tensor, Tensor] => {
    if (mode !== "reduced" && mode !== "complete") {
      const must = 'mode must be "reduced" or "complete"';
      throw new ConfigError(complain("qr", { must, got: JSON.stringify(mode), todo: "Check mode" }));
    }
    const t = matrixOf("qr", x);
    const [m, n] = t.shape.slice(-2) as [number, number];
    return [...p.qr(t, { fullMatrices: mode === "complete" && m > n })];
  },
);

export interface SvdOptions {
  /** False: only the first `K = min(M, N)` vectors of both sides. */
  readonly fullMatrices?: boolean;
  readonly computeUv?: boolean;
}
type SvdFn = {
  (x: TensorLike, options: SvdOptions & { readonly computeUv: false }): Tensor;
  (x: TensorLike, options?: SvdOptions): [u: Tensor, s: Tensor, vh: Tensor];
};
/**
 * Singular values, descending, and vectors: `x = u diag(s) vh`. Shapes: `[..., M, N]` to `[..., M, M]`, `[..., K]`, `[..., N, N]`,
 * `K = min(M, N)`; `[..., M, K]` and `[..., K, N]` without `fullMatrices`; only `s` with `computeUv: false`. The sign of each pair of
 * vectors is free. Full matrices have a gradient only if `M = N`. @throws ShapeError below rank 2. Source: keras.ops.svd.
 * @example
 * await ops.svd([[0, 2], [1, 0]], { computeUv: false }).array(); // [2, 1]
 */
export const svd: Op<SvdFn> = /* @__PURE__ */ op("svd", ((
  x: TensorLike,
  { fullMatrices = true, computeUv = true }: SvdOptions = {},
): Tensor | [Tensor, Tensor, Tensor] => {
  const t = matrixOf("svd", x);
  const [m, n] = t.shape.slice(-2) as [number, number];
  const [u, s, vh] = p.svd(t, { fullMatrices: fullMatrices && computeUv && m !== n });
  return computeUv ? [u, s, vh] : s;
}) as SvdFn);
