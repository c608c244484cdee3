// Decompositions of `[..., m, n]` matrices, in the conventions of numpy.linalg; float only.
import { type Aval, isFloat, range, type Shape } from "../aval/index.ts";
import { complain, DtypeError, ShapeError, showAval, showShape } from "../errors/index.ts";
import {
  apply,
  apply1,
  type Definition,
  type Marked,
  marked,
  type None,
  type Params,
  type Tensor,
  type Unary,
  type VjpRule,
} from "../graph/index.ts";
import { dotGeneral, type Pairwise } from "./contraction.ts";
import { add, div, equal, greater, greaterEqual, less, mul, neg, sub, where } from "./elementwise.ts";
import { argSort, takeAlong } from "./indexing.ts";
import { broadcastTo, concat, iota, reshape, slice, transpose } from "./structural.ts";

function requireMatrix(name: string, x: Aval, square: boolean): readonly [batch: Shape, m: number, n: number] {
  const [m, n] = x.shape.slice(-2);
  if (m === undefined || n === undefined || (square && m !== n)) {
    const must = square ? "the input must be square matrices [..., n, n]" : "the input must be matrices [..., m, n]";
    throw new ShapeError(complain(name, { must, got: showAval(x), todo: "Reshape the input" }));
  }
  if (!isFloat(x.dtype)) {
    throw new DtypeError(complain(name, { must: "the input must be float", got: showAval(x), todo: "Cast it first" }));
  }
  return [x.shape.slice(0, -2), m, n];
}

/** Batched matrix product over equal leading axes. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const batch = range(a.ndim - 2);
  return dotGeneral(a, b, { lhsContract: [a.ndim - 1], rhsContract: [b.ndim - 2], lhsBatch: batch, rhsBatch: batch });
}
/** Swaps the last two axes. */
export const matrixTranspose = (x: Tensor): Tensor =>
  transpose(x, { permutation: [...range(x.ndim - 2), x.ndim - 1, x.ndim - 2] });
const row = (x: Tensor): Tensor => iota({ shape: x.shape, axis: x.ndim - 2, dtype: "int32" });
const column = (x: Tensor): Tensor => iota({ shape: x.shape, axis: x.ndim - 1, dtype: "int32" });
/** Keeps the lower triangle with diagonal. */
export const lower = (x: Tensor): Tensor => where(greaterEqual(row(x), column(x)), x, 0);
const strictLower = (x: Tensor): Tensor => where(greater(row(x), column(x)), x, 0);
const upper = (x: Tensor): Tensor => where(less(column(x), row(x)), 0, x);
const symmetric = (x: Tensor): Tensor => mul(add(x, matrixTranspose(x)), 0.5);
const asRow = (x: Tensor): Tensor => reshape(x, { shape: [...x.shape.slice(0, -1), 1, x.shape[x.ndim - 1] as number] });
const asColumn = (x: Tensor): Tensor => reshape(x, { shape: [...x.shape, 1] });
const diagonalOf = (x: Tensor, like: Tensor): Tensor =>
  where(equal(row(like), column(like)), broadcastTo(asRow(x), { shape: like.shape }), 0);

const choleskyDefinition: Definition<None> = {
  name: "cholesky",
  infer: ([x]) => {
    requireMatrix("cholesky", x as Aval, true);
    return [x as Aval];
  },
  vjp: ({ g, out: l }) => {
    // L^-T phi(L^T g) L^-1, made symmetric; phi keeps the lower triangle with half of the diagonal.
    const inner = matmul(matrixTranspose(l), g);
    const phi = sub(lower(inner), where(equal(row(inner), column(inner)), mul(inner, 0.5), 0));
    const left = triangularSolve(l, phi, { lower: true, transposeA: true, unitDiagonal: false });
    const both = triangularSolve(l, matrixTranspose(left), { lower: true, transposeA: true, unitDiagonal: false });
    return [symmetric(both)];
  },
};
/** Lower `L` with `L L^T = x`, for symmetric positive definite `x`; nan where it is not. */
export const cholesky: Unary = marked(
  (x: Tensor) => apply1(choleskyDefinition, [x], {}),
  "primitive",
  choleskyDefinition,
);

export type TriangularParams = {
  readonly lower: boolean;
  readonly transposeA: boolean;
  readonly unitDiagonal: boolean;
};
function inferSolution(name: string, inputs: readonly Aval[]): readonly Aval[] {
  const [a, b] = inputs as readonly [Aval, Aval];
  const [batch, n] = requireMatrix(name, a, true);
  const [other, m] = requireMatrix(name, b, false);
  if (n !== m || String(batch) !== String(other) || a.dtype !== b.dtype) {
    const must = "a [..., n, n] and b [..., n, k] must have one dtype and equal leading sizes and n";
    const got = `${showAval(a)} and ${showAval(b)}`;
    throw new ShapeError(complain(name, { must, got, todo: "Broadcast or reshape the inputs" }));
  }
  return [b];
}
const triangularDefinition: Definition<TriangularParams> = {
  name: "triangularSolve",
  infer: (inputs) => inferSolution("triangularSolve", inputs),
  vjp: ({ g, inputs, out, params }) => {
    const a = inputs[0] as Tensor;
    const gb = triangularSolve(a, g, { ...params, transposeA: !params.transposeA });
    const full = params.transposeA ? matmul(out, matrixTranspose(gb)) : matmul(gb, matrixTranspose(out));
    const kept = params.lower ? lower(full) : upper(full);
    return [neg(params.unitDiagonal ? sub(kept, where(equal(row(kept), column(kept)), kept, 0)) : kept), gb];
  },
};
/** `x` with `a x = b` (or `a^T x = b`) for triangular `a`; the other triangle is not read. */
export const triangularSolve: Pairwise<TriangularParams> = marked(
  (a: Tensor, b: Tensor, params: TriangularParams) => apply1(triangularDefinition, [a, b], params),
  "primitive",
  triangularDefinition,
);

export type ThinParams = { readonly fullMatrices: boolean };
type Decomposition<P extends Params, Outs> = ((x: Tensor, params: P) => Outs) & Marked<P, "primitive">;

function thinOnly(name: string, { fullMatrices }: ThinParams): void {
  if (!fullMatrices) return;
  const must = "only the reduced form can be differentiated";
  throw new ShapeError(
    complain(name, { must, got: "the full form", todo: "Use fullMatrices: false or mode: reduced" }),
  );
}

const qrVjp: VjpRule<ThinParams> = ({ gs, outs, params }) => {
  thinOnly("qr", params);
  const [q, r] = outs as readonly [Tensor, Tensor];
  const [gq, gr] = gs as readonly [Tensor, Tensor];
  if ((r.shape[r.ndim - 2] as number) !== (r.shape[r.ndim - 1] as number)) {
    const must = "qr can be differentiated for m >= n";
    throw new ShapeError(complain("qr", { must, got: `r ${showShape(r.shape)}`, todo: "Transpose the input" }));
  }
  const m = sub(matmul(r, matrixTranspose(gr)), matmul(matrixTranspose(gq), q));
  const mirrored = add(lower(m), matrixTranspose(strictLower(m)));
  const rhs = add(gq, matmul(q, mirrored)); // times R^-T from the right: solve R X^T = rhs^T
  return [
    matrixTranspose(triangularSolve(r, matrixTranspose(rhs), { lower: false, transposeA: false, unitDiagonal: false })),
  ];
};
const qrDefinition: Definition<ThinParams> = {
  name: "qr",
  infer: ([x], { fullMatrices }) => {
    const a = x as Aval;
    const [batch, m, n] = requireMatrix("qr", a, false);
    const k = fullMatrices ? m : Math.min(m, n);
    return [
      { shape: [...batch, m, k], dtype: a.dtype },
      { shape: [...batch, k, n], dtype: a.dtype },
    ];
  },
  vjp: qrVjp,
};
/** `q r = x`, `q` with orthonormal columns, `r` upper triangular; signs as LAPACK's Householder reflections give them. */
export const qr: Decomposition<ThinParams, readonly [q: Tensor, r: Tensor]> = marked(
  (x: Tensor, params: ThinParams) => apply(qrDefinition, [x], params) as readonly [Tensor, Tensor],
  "primitive",
  qrDefinition,
);

// 1 / x, but 0 where x is 0: what hangs on it is not defined there, and nothing flows.
const inverseOrZero = (x: Tensor): Tensor => where(equal(x, 0), 0, div(1, where(equal(x, 0), 1, x)));
// 1 / (b_j - a_i); 0 on the diagonal and between equal values, whose vectors are free.
const inverseDifferences = (values: Tensor, like: Tensor): Tensor =>
  inverseOrZero(
    sub(broadcastTo(asRow(values), { shape: like.shape }), broadcastTo(asColumn(values), { shape: like.shape })),
  );

const eighDefinition: Definition<None> = {
  name: "eigh",
  infer: ([x]) => {
    const a = x as Aval;
    const [batch, n] = requireMatrix("eigh", a, true);
    return [{ shape: [...batch, n], dtype: a.dtype }, a];
  },
  vjp: ({ gs, outs }) => {
    const [w, v] = outs as readonly [Tensor, Tensor];
    const [gw, gv] = gs as readonly [Tensor, Tensor];
    const rotated = mul(inverseDifferences(w, v), matmul(matrixTranspose(v), gv));
    const inner = add(diagonalOf(gw, v), rotated);
    return [symmetric(matmul(matmul(v, inner), matrixTranspose(v)))];
  },
};
/** Eigenvalues ascending and eigenvectors (columns) of symmetric matrices; reads the lower triangle. */
export const eigh: ((x: Tensor) => readonly [values: Tensor, vectors: Tensor]) & Marked<None, "primitive"> = marked(
  (x: Tensor) => apply(eighDefinition, [x], {}) as readonly [Tensor, Tensor],
  "primitive",
  eighDefinition,
);

const svdVjp: VjpRule<ThinParams> = ({ gs, outs, params }) => {
  thinOnly("svd", params);
  const [u, s, vh] = outs as readonly [Tensor, Tensor, Tensor];
  const [gu, gsv, gvh] = gs as readonly [Tensor, Tensor, Tensor];
  const [v, gv] = [matrixTranspose(vh), matrixTranspose(gvh)];
  const ut = matrixTranspose(u);
  const like = matmul(ut, u);
  const f = inverseDifferences(mul(s, s), like);
  const skew = (a: Tensor): Tensor => sub(a, matrixTranspose(a));
  const [sRow, sColumn] = [
    broadcastTo(asRow(s), { shape: like.shape }),
    broadcastTo(asColumn(s), { shape: like.shape }),
  ];
  const core = add(
    add(mul(mul(f, skew(matmul(ut, gu))), sRow), mul(sColumn, mul(f, skew(matmul(vh, gv))))),
    diagonalOf(gsv, like),
  );
  const inside = matmul(matmul(u, core), vh);
  // What lies outside of the span of u, or of that of v; square ones span all.
  const [m, n] = [u.shape[u.ndim - 2] as number, vh.shape[vh.ndim - 1] as number];
  const inverse = inverseOrZero(s);
  const restU = (): Tensor => matmul(mul(sub(gu, matmul(u, matmul(ut, gu))), asRow(inverse)), vh);
  const restV = (): Tensor => matmul(u, mul(sub(gvh, matmul(matmul(gvh, v), vh)), asColumn(inverse)));
  return [m > n ? add(inside, restU()) : m < n ? add(inside, restV()) : inside];
};
const svdDefinition: Definition<ThinParams> = {
  name: "svd",
  infer: ([x], { fullMatrices }) => {
    const a = x as Aval;
    const [batch, m, n] = requireMatrix("svd", a, false);
    const k = Math.min(m, n);
    return [
      { shape: [...batch, m, fullMatrices ? m : k], dtype: a.dtype },
      { shape: [...batch, k], dtype: a.dtype },
      { shape: [...batch, fullMatrices ? n : k, n], dtype: a.dtype },
    ];
  },
  vjp: svdVjp,
};
/** `u diag(s) vh = x` with `s` descending. */
export const svd: Decomposition<ThinParams, readonly [u: Tensor, s: Tensor, vh: Tensor]> = marked(
  (x: Tensor, params: ThinParams) => apply(svdDefinition, [x], params) as readonly [Tensor, Tensor, Tensor],
  "primitive",
  svdDefinition,
);

// Rows `from` to `to` of matrices, or columns.
function part(x: Tensor, from: number, to: number, axis: number): Tensor {
  const along = (other: number, i: number, own: number): number => (i === axis ? own : other);
  return slice(x, {
    starts: x.shape.map((_, i) => along(0, i, from)),
    limits: x.shape.map((size, i) => along(size, i, to)),
    strides: x.shape.map(() => 1),
  });
}
// The cotangent of A[permutation] = L U for the packed factors `[L \\ U]`.
function luVjp(factors: Tensor, g: Tensor): Tensor {
  const [rows, columns] = [factors.ndim - 2, factors.ndim - 1];
  const [m, n] = factors.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  const axis = m > n ? rows : columns;
  const [own, gOwn] = [part(factors, 0, k, axis), part(g, 0, k, axis)];
  const [l, u] = [add(strictLower(own), where(equal(row(own), column(own)), 1, mul(own, 0))), upper(own)];
  const solveL = (x: Tensor): Tensor => triangularSolve(l, x, { lower: true, transposeA: true, unitDiagonal: true });
  const solveU = (x: Tensor): Tensor =>
    matrixTranspose(triangularSolve(u, matrixTranspose(x), { lower: false, transposeA: false, unitDiagonal: false }));
  let [gL, gU] = [strictLower(gOwn), upper(gOwn)];
  let rest: Tensor | undefined;
  if (m > n) {
    // The rows below: L2 = A2 U^-1.
    rest = solveU(part(g, k, m, rows));
    gU = sub(gU, upper(matmul(matrixTranspose(part(factors, k, m, rows)), rest)));
  } else if (m < n) {
    // The columns beside: U2 = L^-1 A2.
    rest = solveL(part(g, k, n, columns));
    gL = sub(gL, strictLower(matmul(rest, matrixTranspose(part(factors, k, n, columns)))));
  }
  // gA = L^-T (tril(L^T gL, -1) + triu(gU U^T)) U^-T
  const square = solveU(
    solveL(add(strictLower(matmul(matrixTranspose(l), gL)), upper(matmul(gU, matrixTranspose(u))))),
  );
  return rest === undefined ? square : concat([square, rest], { axis });
}

const luDefinition: Definition<None> = {
  name: "lu",
  infer: ([x]) => {
    const a = x as Aval;
    const [batch, m, n] = requireMatrix("lu", a, false);
    return [a, { shape: [...batch, Math.min(m, n)], dtype: "int32" }, { shape: [...batch, m], dtype: "int32" }];
  },
  vjp: ({ g, outs }) => {
    const [lu, , permutation] = outs as readonly [Tensor, Tensor, Tensor];
    const back = argSort(permutation, { axis: permutation.ndim - 1 });
    const permuted = luVjp(lu, g);
    return [takeAlong(permuted, broadcastTo(asColumn(back), { shape: permuted.shape }), permuted.ndim - 2)];
  },
};
/** Partial-pivot LU: packed factors, row swaps (`pivots`), and the permutation with `x[permutation] = L U`. */
export const lu: ((x: Tensor) => readonly [lu: Tensor, pivots: Tensor, permutation: Tensor]) &
  Marked<None, "primitive"> = marked(
  (x: Tensor) => apply(luDefinition, [x], {}) as readonly [Tensor, Tensor, Tensor],
  "primitive",
  luDefinition,
);

const eigDefinition: Definition<None> = {
  name: "eig",
  infer: ([x]) => {
    const { shape, dtype } = x as Aval;
    const [batch, n] = requireMatrix("eig", x as Aval, true);
    const values = { shape: [...batch, n], dtype };
    return [values, values, { shape, dtype }, { shape, dtype }];
  },
  vjp: () => {
    const must = "eig cannot be differentiated: its vectors are determined up to factors only, and need not exist";
    throw new ShapeError(
      complain("eig", { must, got: "a gradient request", todo: "Use eigh for symmetric matrices, or stopGradient" }),
    );
  },
};
/** Eigenvalues, in no particular order, and right eigenvectors (columns of length 1) of real matrices, as real and imaginary parts. */
export const eig: ((x: Tensor) => readonly [valuesRe: Tensor, valuesIm: Tensor, vectorsRe: Tensor, vectorsIm: Tensor]) &
  Marked<None, "primitive"> = marked(
  (x: Tensor) => apply(eigDefinition, [x], {}) as readonly [Tensor, Tensor, Tensor, Tensor],
  "primitive",
  eigDefinition,
);

export type FftParams = { readonly inverse: boolean };
const fftDefinition: Definition<FftParams> = {
  name: "fft",
  infer: (inputs) => {
    const [re, im] = inputs as readonly [Aval, Aval];
    if (!isFloat(re.dtype) || re.dtype !== im.dtype || String(re.shape) !== String(im.shape) || re.shape.length === 0) {
      const must = "the real and imaginary parts must be float with one shape of at least one axis";
      throw new ShapeError(
        complain("fft", { must, got: `${showAval(re)} and ${showAval(im)}`, todo: "Cast or reshape" }),
      );
    }
    return [re, im];
  },
  vjp: ({ gs, inputs, params: { inverse } }) => {
    // The adjoint of the transform is its inverse times n (forward) or over n (inverse).
    const [gr, gi] = gs as readonly [Tensor, Tensor];
    const n = (inputs[0] as Tensor).shape.at(-1) as number;
    const factor = inverse ? 1 / n : n;
    return fft(gr, gi, { inverse: !inverse }).map((x) => mul(x, factor));
  },
};
/** Discrete Fourier transform of the last axis of `re + i im`; the inverse divides by its length. */
export const fft: ((re: Tensor, im: Tensor, params: FftParams) => readonly [re: Tensor, im: Tensor]) &
  Marked<FftParams, "primitive"> = marked(
  (re: Tensor, im: Tensor, params: FftParams) => apply(fftDefinition, [re, im], params) as readonly [Tensor, Tensor],
  "primitive",
  fftDefinition,
);

export type SolveParams = { readonly transposeA: boolean };
const rowsAt = (x: Tensor, places: Tensor): Tensor =>
  takeAlong(x, broadcastTo(asColumn(places), { shape: x.shape }), x.ndim - 2);
const substitute = (a: Tensor, b: Tensor, isLower: boolean, transposeA = false): Tensor =>
  triangularSolve(a, b, { lower: isLower, transposeA, unitDiagonal: isLower });
const solveDefinition: Definition<SolveParams> = {
  name: "solve",
  infer: (inputs) => inferSolution("solve", inputs),
  // a^T gb = g, ga = -gb x^T: once more, with the same factors where the body runs.
  vjp: ({ g, inputs, out, params: { transposeA } }) => {
    const gb = solve(inputs[0] as Tensor, g, { transposeA: !transposeA });
    return [neg(transposeA ? matmul(out, matrixTranspose(gb)) : matmul(gb, matrixTranspose(out))), gb];
  },
  body: ([a, b], { transposeA }) => {
    const [factors, , permutation] = lu(a as Tensor);
    if (!transposeA) return [substitute(factors, substitute(factors, rowsAt(b as Tensor, permutation), true), false)];
    const permuted = substitute(factors, substitute(factors, b as Tensor, false, true), true, true);
    return [rowsAt(permuted, argSort(permutation, { axis: permutation.ndim - 1 }))];
  },
};
/** `x` with `a x = b` (or `a^T x = b`), by LU with partial pivoting: inf or nan where `a` is singular. */
export const solve: ((a: Tensor, b: Tensor, params: SolveParams) => Tensor) & Marked<SolveParams, "composite"> = marked(
  (a: Tensor, b: Tensor, params: SolveParams) => apply1(solveDefinition, [a, b], params),
  "composite",
  solveDefinition,
);
