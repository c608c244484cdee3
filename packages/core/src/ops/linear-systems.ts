// Determinants, inverses and equations.
import { broadcastShapes, type DType, isFloat } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import { Graph, placeholder, type Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { promoteFloat } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { identityLike, matrixOf, squareOf } from "./decompositions.ts";
import { type Op, op } from "./op.ts";

// A function with a rule of its own, in which the result may stand.
function withRule(
  xs: readonly Tensor[],
  f: (...xs: Tensor[]) => Tensor,
  pullback: (g: Tensor, xs: readonly Tensor[], out: Tensor) => readonly Tensor[],
): Tensor {
  const inputs = xs.map((x) => placeholder(x));
  const [out] = p.customGradient(xs, {
    body: new Graph(inputs, [f(...inputs)]),
    pullback: ([g], given, [y]) => pullback(g as Tensor, given, y as Tensor),
  });
  return out as Tensor;
}

// Both of one float dtype; as they are if they have one.
function floats(x1: TensorLike, x2: TensorLike): readonly [Tensor, Tensor] {
  const [a, b] = [convertToTensor(x1), convertToTensor(x2)];
  return a.dtype === b.dtype && isFloat(a.dtype) ? [a, b] : (promoteFloat(a, b) as [Tensor, Tensor]);
}

const transposed = p.matrixTranspose;
const asColumn = (x: Tensor): Tensor => p.reshape(x, { shape: [...x.shape, 1] });
const rowsAt = (x: Tensor, places: Tensor): Tensor =>
  p.takeAlong(x, p.broadcastTo(asColumn(places), { shape: x.shape }), x.ndim - 2);
const substitute = (a: Tensor, b: Tensor, lower: boolean, transposeA = false): Tensor =>
  p.triangularSolve(a, b, { lower, transposeA, unitDiagonal: lower });

// Elements [i, i] of [..., M, M].
function diagonalOf(x: Tensor): Tensor {
  const n = x.shape[x.ndim - 1] as number;
  const flat = p.reshape(x, { shape: [...x.shape.slice(0, -2), n * n] });
  return p.slice(flat, {
    starts: flat.shape.map(() => 0),
    limits: flat.shape,
    strides: flat.shape.map((_, i) => (i === flat.ndim - 1 ? n + 1 : 1)),
  });
}
// x[..., i, j]
function entry(x: Tensor, i: number, j: number): Tensor {
  const lead = x.shape.slice(0, -2);
  const cut = p.slice(x, {
    starts: [...lead.map(() => 0), i, j],
    limits: [...lead, i + 1, j + 1],
    strides: x.shape.map(() => 1),
  });
  return p.reshape(cut, { shape: lead });
}

interface Signed {
  readonly factors: Tensor;
  readonly permutation: Tensor;
  readonly diagonal: Tensor;
  /** 1 or -1 for an even or odd number of row exchanges. */
  readonly parity: Tensor;
}
function signedLu(x: Tensor): Signed {
  const [factors, pivots, permutation] = p.lu(x);
  const own = p.iota({ shape: pivots.shape, axis: pivots.ndim - 1, dtype: "int32" });
  const exchanged = p.reduceSum(p.cast(p.notEqual(pivots, own), { dtype: "int32" }), { axes: [pivots.ndim - 1] });
  const parity = p.cast(p.sub(1, p.mul(p.rem(exchanged, 2), 2)), { dtype: x.dtype });
  return { factors, permutation, diagonal: diagonalOf(factors), parity };
}
function slogdetOf(x: Tensor): [sign: Tensor, logarithm: Tensor] {
  const { diagonal, parity } = signedLu(x);
  const axes = [diagonal.ndim - 1];
  return [p.mul(parity, p.reduceProd(p.sign(diagonal), { axes })), p.reduceSum(p.log(p.abs(diagonal)), { axes })];
}

// Cofactors of every element, `det(x) x^-T` without the division: with U's last pivot replaced by 1 / (det / pivot), the last unknown comes
// out right also where that pivot is 0. Matrices of lower rank have none.
function cofactors(x: Tensor): Tensor {
  const n = x.shape[x.ndim - 1] as number;
  const { factors, permutation, diagonal, parity } = signedLu(x);
  const last = diagonal.ndim - 1;
  const upTo = (to: number, from = 0): Tensor =>
    p.slice(diagonal, {
      starts: diagonal.shape.map((_, i) => (i === last ? from : 0)),
      limits: diagonal.shape.map((size, i) => (i === last ? to : size)),
      strides: diagonal.shape.map(() => 1),
    });
  const matrix = (y: Tensor): Tensor => p.reshape(y, { shape: [...x.shape.slice(0, -2), 1, 1] });
  const others = matrix(p.mul(p.reduceProd(upTo(n - 1), { axes: [last] }), parity));
  const whole = p.mul(others, matrix(upTo(n, n - 1)));
  const [row, column] = [x.ndim - 2, x.ndim - 1].map((axis) => p.iota({ shape: x.shape, axis, dtype: "int32" })) as [
    Tensor,
    Tensor,
  ];
  const final = p.equal(row, n - 1);
  const none = p.equal(others, 0);
  const corner = p.and(final, p.equal(column, n - 1));
  const kept = p.where(none, identityLike(x), p.where(corner, p.div(1, p.where(none, 1, others)), factors));
  const solved = substitute(kept, rowsAt(identityLike(x), permutation), true);
  return p.where(none, 0, transposed(substitute(kept, p.where(final, solved, p.mul(solved, whole)), false)));
}

function detOf(x: Tensor): Tensor {
  const n = x.shape[x.ndim - 1] as number;
  const at = (i: number, j: number): Tensor => entry(x, i, j);
  if (n === 0) return p.full(x.shape.slice(0, -2), 1, x.dtype);
  if (n === 1) return at(0, 0);
  if (n === 2) return p.sub(p.mul(at(0, 0), at(1, 1)), p.mul(at(0, 1), at(1, 0)));
  if (n === 3) {
    const product = (i: number, j: number, k: number): Tensor => p.mul(p.mul(at(0, i), at(1, j)), at(2, k));
    const plus = p.add(p.add(product(0, 1, 2), product(1, 2, 0)), product(2, 0, 1));
    return p.sub(p.sub(p.sub(plus, product(2, 1, 0)), product(0, 2, 1)), product(1, 0, 2));
  }
  const signed = (y: Tensor): Tensor => {
    const [sign, logarithm] = slogdetOf(y);
    return p.mul(sign, p.exp(logarithm));
  };
  return withRule([x], signed, (g, [y]) => [
    p.mul(p.reshape(g, { shape: [...g.shape, 1, 1] }), cofactors(y as Tensor)),
  ]);
}
/**
 * The determinant. Shapes: `[..., M, M]` to `[...]`. Its gradient, the cofactors, is also right for singular matrices of rank `M - 1`.
 * @throws ShapeError unless `x` is square. Source: keras.ops.det.
 * @example
 * await ops.det([[1, 2], [3, 4]]).item(); // -2
 */
export const det: Op<(x: TensorLike) => Tensor> = /* @__PURE__ */ op("det", (x: TensorLike) =>
  detOf(squareOf("det", x)),
);
/**
 * The sign and the logarithm of the magnitude of the determinant, which do not overflow; 0 and -inf for singular matrices.
 * Shapes: `[..., M, M]` to `[...]` and `[...]`. @throws ShapeError unless `x` is square. Source: keras.ops.slogdet.
 * @example
 * const [sign, logarithm] = ops.slogdet([[0, 1], [1, 0]]);
 * await sign.item(); // -1
 * await logarithm.item(); // 0
 */
export const slogdet: Op<(x: TensorLike) => [sign: Tensor, logarithm: Tensor]> = /* @__PURE__ */ op(
  "slogdet",
  (x: TensorLike) => slogdetOf(squareOf("slogdet", x)),
);
/**
 * `log |det x|`. Shapes: `[..., M, M]` to `[...]`. @throws ShapeError unless `x` is square. Source: keras.ops.logdet.
 * @example
 * await ops.logdet([[1, 0], [0, 1]]).item(); // 0
 */
export const logdet: Op<(x: TensorLike) => Tensor> = /* @__PURE__ */ op(
  "logdet",
  (x: TensorLike) => slogdetOf(squareOf("logdet", x))[1],
);

// `a x = b` or `a^T x = b` for equal batches. The rule solves once more, with the same factors: a^T gb = g, ga = -gb x^T.
const solveOf = (a: Tensor, b: Tensor, transposeA: boolean): Tensor =>
  withRule(
    [a, b],
    (matrix, right) => {
      const [factors, , permutation] = p.lu(matrix);
      if (!transposeA) return substitute(factors, substitute(factors, rowsAt(right, permutation), true), false);
      const permuted = substitute(factors, substitute(factors, right, false, true), true, true);
      return rowsAt(permuted, p.argSort(permutation, { axis: permutation.ndim - 1 }));
    },
    (g, [matrix], x) => {
      const gb = solveOf(matrix as Tensor, g, !transposeA);
      return [p.neg(transposeA ? p.matmul(x, transposed(gb)) : p.matmul(gb, transposed(x))), gb];
    },
  );
/**
 * `x^-1`; inf or nan where `x` is singular. Shapes: `[..., M, M]` to `[..., M, M]`.
 * @throws ShapeError unless `x` is square. Source: keras.ops.inv.
 * @example
 * await ops.inv([[2, 0], [0, 4]]).array(); // [[0.5, 0], [0, 0.25]]
 */
export const inv: Op<(x: TensorLike) => Tensor> = /* @__PURE__ */ op("inv", (x: TensorLike) => {
  const a = squareOf("inv", x);
  return solveOf(a, identityLike(a), false);
});

// Both sides as matrices of one batch; `finish` drops the column that stood for a vector.
function system(
  where: string,
  a: TensorLike,
  b: TensorLike,
  stackedVectors: boolean,
): readonly [a: Tensor, b: Tensor, finish: (x: Tensor) => Tensor] {
  const [left, right] = floats(a, b);
  const matrix = squareOf(where, left);
  const n = matrix.shape[matrix.ndim - 1] as number;
  const refuse = (must: string): never => {
    const got = `${showShape(matrix.shape)} and ${showShape(right.shape)}`;
    throw new ShapeError(complain(where, { must, got, todo: "Reshape b, with ops.expandDims for vectors" }));
  };
  if (right.ndim === 0) return refuse("b must be vectors [M] or matrices [..., M, N]");
  const isVector = right.ndim === 1 || (stackedVectors && matrix.ndim === right.ndim + 1 && right.shape.at(-1) === n);
  const columns = isVector ? asColumn(right) : right;
  if (columns.shape[columns.ndim - 2] !== n) return refuse("a [..., M, M] and b must have the same M");
  const batch = broadcastShapes(where, matrix.shape.slice(0, -2), columns.shape.slice(0, -2));
  const widen = (x: Tensor): Tensor => p.broadcastTo(x, { shape: [...batch, ...x.shape.slice(-2)] });
  return [widen(matrix), widen(columns), (x) => (isVector ? p.reshape(x, { shape: x.shape.slice(0, -1) }) : x)];
}
/**
 * `x` with `a x = b`. Shapes: a `[..., M, M]`, b `[M]` or `[..., M, N]`, result as b, with the leading axes of both broadcast.
 * @throws ShapeError unless `a` is square and `b` fits. Source: keras.ops.solve.
 * @example
 * await ops.solve([[2, 0], [0, 4]], [2, 8]).array(); // [1, 2]
 */
export const solve: Op<(a: TensorLike, b: TensorLike) => Tensor> = /* @__PURE__ */ op(
  "solve",
  (a: TensorLike, b: TensorLike): Tensor => {
    const [matrix, right, finish] = system("solve", a, b, false);
    return finish(solveOf(matrix, right, false));
  },
);

export interface LowerOption {
  /** The lower triangle of `a` counts, not the upper one. */
  readonly lower?: boolean;
}
/**
 * `x` with `a x = b` for triangular `a`, whose other triangle is not read. Shapes: a `[..., M, M]`, b `[..., M]` or `[..., M, N]`.
 * @throws ShapeError unless `a` is square and `b` fits. Source: keras.ops.solve_triangular.
 * @example
 * await ops.solveTriangular([[2, 0], [1, 1]], [2, 3], { lower: true }).array(); // [1, 2]
 */
export const solveTriangular: Op<(a: TensorLike, b: TensorLike, options?: LowerOption) => Tensor> = /* @__PURE__ */ op(
  "solveTriangular",
  (a: TensorLike, b: TensorLike, { lower = false }: LowerOption = {}): Tensor => {
    const [matrix, right, finish] = system("solveTriangular", a, b, true);
    return finish(p.triangularSolve(matrix, right, { lower, transposeA: false, unitDiagonal: false }));
  },
);

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
