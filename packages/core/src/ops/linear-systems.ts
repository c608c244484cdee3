// Determinants, inverses and equations.
import { broadcastShapes, isDifferentiable } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { asColumn, floats, identityLike, squareOf, withRule } from "./linalg-core.ts";
import { type Op, op } from "./op.ts";

const transposed = p.matrixTranspose;
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

/**
 * `x^-1`; inf or nan where `x` is singular. Shapes: `[..., M, M]` to `[..., M, M]`.
 * @throws ShapeError unless `x` is square. Source: keras.ops.inv.
 * @example
 * await ops.inv([[2, 0], [0, 4]]).array(); // [[0.5, 0], [0, 0.25]]
 */
export const inv: Op<(x: TensorLike) => Tensor> = /* @__PURE__ */ op("inv", (x: TensorLike) => {
  const a = squareOf("inv", x);
  return p.solve(a, identityLike(a), { transposeA: false });
});

/**
 * The product of `n` factors `x`; for negative `n`, of `-n` factors `x^-1`; for 0 the identity. By repeated squaring.
 * Shapes: `[..., M, M]` to `[..., M, M]`. Integers stay integers unless `n` is negative.
 * @throws ShapeError unless `x` is square. Source: keras.ops.matrix_power (3.16), jax.numpy.linalg.matrix_power.
 * @example
 * await ops.matrixPower([[1, 1], [0, 1]], 3).array(); // [[1, 3], [0, 1]]
 */
export const matrixPower: Op<(x: TensorLike, n: number) => Tensor> = /* @__PURE__ */ op(
  "matrixPower",
  (x: TensorLike, n: number): Tensor => {
    const given = convertToTensor(x);
    const matrix = squareOf("matrixPower", given);
    if (n < 0) return powerOf(p.solve(matrix, identityLike(matrix), { transposeA: false }), -n);
    return powerOf(given.dtype === "bool" || isDifferentiable(given.dtype) ? matrix : given, n);
  },
);
function powerOf(x: Tensor, n: number): Tensor {
  if (n === 0) return identityLike(x);
  if (n === 1) return x;
  const half = powerOf(x, Math.floor(n / 2));
  const even = p.matmul(half, half);
  return n % 2 === 0 ? even : p.matmul(even, x);
}

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
    return finish(p.solve(matrix, right, { transposeA: false }));
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
