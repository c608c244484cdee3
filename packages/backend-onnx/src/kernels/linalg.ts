// Decompositions as programs of other primitives, in double precision: loops over columns with whole-matrix steps, so that any size
// and any batch is one Scan operator.
import {
  type Aval,
  Graph,
  literal,
  primitives as p,
  placeholder,
  scalar,
  sizeOf,
  type Tensor,
} from "@keras-ts/core/backend";
import type { Builder } from "../builder.ts";
import { eig } from "./eig.ts";
import { inDouble } from "./special.ts";
import { composed, type Rows } from "./table.ts";

type Names = "cholesky" | "triangularSolve" | "qr" | "eigh" | "eig" | "svd" | "lu" | "fft";

type Avals = { readonly ins: readonly Aval[]; readonly outs: readonly Aval[] };

export function linalg(b: Builder): Rows<Names> {
  const whole =
    <P extends Record<string, unknown>>(f: (xs: readonly Tensor[], params: P) => readonly Tensor[]) =>
    (names: readonly string[], given: P, { ins, outs }: Avals): readonly string[] => {
      const isEmpty = sizeOf((ins[0] as Aval).shape) === 0;
      const body = (inputs: readonly Tensor[], params: P): readonly Tensor[] =>
        isEmpty ? outs.map(ofEmpty) : batched(inputs, (xs) => inDouble((...wide) => f(wide, params))(xs));
      return composed<P>(b, body)(names, given, { ins });
    };
  return {
    cholesky: (inputs, params, avals) => whole(([x]) => [cholesky(x as Tensor)])(inputs, params, avals)[0] as string,
    triangularSolve: (inputs, params, avals) =>
      whole<p.TriangularParams>(([a, rhs], q) => [triangularSolve(a as Tensor, rhs as Tensor, q)])(
        inputs,
        params,
        avals,
      )[0] as string,
    qr: whole<p.ThinParams>(([x], { fullMatrices }) => qr(x as Tensor, fullMatrices)),
    eigh: whole(([x]) => eigh(x as Tensor)),
    eig: whole(([x]) => eig(x as Tensor)),
    svd: whole<p.ThinParams>(([x], { fullMatrices }) => svd(x as Tensor, fullMatrices)),
    lu: whole(([x]) => lu(x as Tensor)),
    fft: (inputs, { inverse }, avals) => {
      const { shape } = avals.ins[0] as Aval;
      const n = shape[shape.length - 1] as number;
      if (sizeOf(shape) === 0) return inputs;
      const small = n <= 64 ? composed<p.FftParams>(b, fftByMatrix) : undefined;
      return (
        small?.(inputs, { inverse }, avals) ?? fftByOperator(b, inputs as readonly [string, string], shape, inverse)
      );
    },
  };
}

// Of matrices without elements: orthonormal bases are identities, permutations keep the order, nothing else has elements.
function ofEmpty({ shape, dtype }: Aval): Tensor {
  if (sizeOf(shape) === 0) return p.full(shape, 0, dtype);
  const last = shape.length - 1;
  const place = p.iota({ shape, axis: last, dtype: "int32" });
  if (dtype === "int32") return place;
  return p.cast(p.equal(place, p.iota({ shape, axis: last - 1, dtype: "int32" })), { dtype });
}

// Leading axes as one, [B, m, n], and back.
function batched(inputs: readonly Tensor[], f: (xs: readonly Tensor[]) => readonly Tensor[]): Tensor[] {
  const lead = (inputs[0] as Tensor).shape.slice(0, -2);
  const flat = inputs.map((x) => p.reshape(x, { shape: [sizeOf(lead), ...x.shape.slice(-2)] }));
  return f(flat).map((y) => p.reshape(y, { shape: [...lead, ...y.shape.slice(1)] }));
}

const index = (like: { readonly shape: readonly number[] }, axis: number): Tensor =>
  p.iota({ shape: like.shape, axis, dtype: "int32" });
const rowOf = (x: Tensor, i: Tensor): Tensor => p.take(x, i, { axis: 1 });
const columnOf = (x: Tensor, j: Tensor): Tensor => p.take(x, j, { axis: 2 });
const asColumn = (x: Tensor): Tensor => p.reshape(x, { shape: [...x.shape, 1] });
const asRow = (x: Tensor): Tensor =>
  p.reshape(x, { shape: [...x.shape.slice(0, -1), 1, x.shape[x.ndim - 1] as number] });
const zeros = (shape: readonly number[]): Tensor => p.full(shape, 0, "float64");
const identity = (batch: number, n: number): Tensor => {
  const like = { shape: [batch, n, n] };
  return p.where(p.equal(index(like, 1), index(like, 2)), scalar(1, "float64"), 0);
};
/** `[B, n, k] x [B, k]`. */
const apply = (a: Tensor, x: Tensor): Tensor =>
  p.dotGeneral(a, x, { lhsContract: [2], rhsContract: [1], lhsBatch: [0], rhsBatch: [0] });
const transposed = (x: Tensor): Tensor => p.transpose(x, { permutation: [0, 2, 1] });

type Step = (consts: readonly Tensor[], carry: readonly Tensor[], i: Tensor) => readonly Tensor[];
/** `length` steps over a carry; the step's number comes as a scalar. Outputs beyond the carry are stacked. */
function loop(
  length: number,
  consts: readonly Tensor[],
  carry: readonly Tensor[],
  step: Step,
  backwards = false,
): readonly Tensor[] {
  const constants = consts.map((x) => placeholder(x));
  const state = carry.map((x) => placeholder(x));
  const i = placeholder({ shape: [], dtype: "int32" });
  const body = new Graph([...constants, ...state, i], step(constants, state, i));
  const steps = p.iota({ shape: [length], axis: 0, dtype: "int32" });
  return p.scan([...consts, ...carry, steps], {
    body,
    numConsts: consts.length,
    numCarry: carry.length,
    length,
    reverse: backwards,
  });
}

// Column by column: L[:, j] = (A[:, j] - L L[j, :]^T) / sqrt of its own diagonal element.
function cholesky(a: Tensor): Tensor {
  const [batch, n] = a.shape as [number, number, number];
  const step: Step = ([x], [l], j) => {
    const [matrix, factor] = [x as Tensor, l as Tensor];
    const rest = p.sub(columnOf(matrix, j), apply(factor, rowOf(factor, j)));
    const diagonal = p.sqrt(p.take(rest, j, { axis: 1 }));
    const below = p.greaterEqual(index(rest, 1), j);
    const column = p.where(below, p.div(rest, asColumn(diagonal)), 0);
    return [p.where(p.equal(index(factor, 2), j), asColumn(column), factor)];
  };
  const [result] = loop(n, [a], [zeros([batch, n, n])], step) as [Tensor];
  // One failed pivot makes the whole matrix nan.
  const failed = p.reduceOr(p.isNan(result), { axes: [1, 2] });
  const lower = p.greaterEqual(index(result, 1), index(result, 2));
  return p.where(p.and(lower, p.reshape(failed, { shape: [batch, 1, 1] })), Number.NaN, result);
}

// Substitution row by row; rows not solved yet are 0.
function triangularSolve(a: Tensor, rhs: Tensor, { lower, transposeA, unitDiagonal }: p.TriangularParams): Tensor {
  const matrix = transposeA ? transposed(a) : a;
  const isLower = lower !== transposeA;
  const [r, c] = [index(matrix, 1), index(matrix, 2)];
  const strict = p.where(isLower ? p.greater(r, c) : p.less(r, c), matrix, 0);
  const n = a.shape[1] as number;
  const step: Step = ([off, own, right], [x], i) => {
    const solved = x as Tensor;
    const known = apply(transposed(solved), rowOf(off as Tensor, i));
    const rest = p.sub(rowOf(right as Tensor, i), known);
    const row = unitDiagonal
      ? rest
      : p.div(rest, p.take(rowOf(own as Tensor, i), p.reshape(i, { shape: [1] }), { axis: 1 }));
    return [p.where(p.equal(index(solved, 1), i), asRow(row), solved)];
  };
  return loop(n, [strict, matrix, rhs], [zeros(rhs.shape)], step, !isLower)[0] as Tensor;
}

// Householder reflections H = I - tau v v^T with LAPACK's signs; Q is their product.
function qr(a: Tensor, fullMatrices: boolean): Tensor[] {
  const [batch, m, n] = a.shape as [number, number, number];
  const step: Step = (_, [matrix, product], j) => {
    const [r, q] = [matrix as Tensor, product as Tensor];
    const column = columnOf(r, j);
    const place = index(column, 1);
    const alpha = p.take(column, p.reshape(j, { shape: [1] }), { axis: 1 });
    const below = p.where(p.greater(place, j), column, 0);
    const tail = p.reshape(p.reduceSum(p.mul(below, below), { axes: [1] }), { shape: [batch, 1] });
    const length = p.sqrt(p.add(p.mul(alpha, alpha), tail));
    const beta = p.where(p.less(alpha, 0), length, p.neg(length));
    const nothing = p.equal(tail, 0);
    const tau = p.where(nothing, 0, p.div(p.sub(beta, alpha), p.where(nothing, 1, beta)));
    const v = p.where(p.equal(place, j), scalar(1, "float64"), p.div(below, p.where(nothing, 1, p.sub(alpha, beta))));
    const outer = (left: Tensor, right: Tensor): Tensor => p.mul(asColumn(left), asRow(right));
    const nextR = p.sub(r, outer(p.mul(v, tau), apply(transposed(r), v)));
    const nextQ = p.sub(q, outer(apply(q, v), p.mul(v, tau)));
    return [nextR, nextQ];
  };
  const [r, q] = loop(Math.min(m, n), [], [a, identity(batch, m)], step) as [Tensor, Tensor];
  const upper = p.where(p.less(index(r, 2), index(r, 1)), 0, r);
  const k = fullMatrices ? m : Math.min(m, n);
  const cut = (x: Tensor, rows: number, columns: number): Tensor =>
    p.slice(x, { starts: [0, 0, 0], limits: [batch, rows, columns], strides: [1, 1, 1] });
  return [cut(q, m, k), cut(upper, k, n)];
}

/** Rows of `x` in the order `places` `[B, m]`. */
const reorder = (x: Tensor, places: Tensor, axis: 1 | 2): Tensor =>
  p.takeAlong(x, p.broadcastTo(axis === 1 ? asColumn(places) : asRow(places), { shape: x.shape }), axis);

function lu(a: Tensor): Tensor[] {
  const [batch, m, n] = a.shape as [number, number, number];
  const k = Math.min(m, n);
  const start = p.broadcastTo(p.iota({ shape: [m], axis: 0, dtype: "int32" }), { shape: [batch, m] });
  const step: Step = (_, [matrix, order], j) => {
    const [x, permutation] = [matrix as Tensor, order as Tensor];
    const place = index(permutation, 1);
    const size = p.where(p.greaterEqual(place, j), p.abs(columnOf(x, j)), -1);
    const pivot = p.argMax(size, { axis: 1 });
    const pivotRow = asColumn(pivot);
    const swap = p.where(p.equal(place, j), pivotRow, p.where(p.equal(place, pivotRow), j, place));
    const swapped = reorder(x, swap, 1);
    const [row, column] = [rowOf(swapped, j), columnOf(swapped, j)];
    const head = p.take(row, p.reshape(j, { shape: [1] }), { axis: 1 });
    const factors = p.div(column, p.where(p.equal(head, 0), 1, head));
    const [r, c] = [index(x, 1), index(x, 2)];
    const eliminated = p.sub(swapped, p.mul(asColumn(factors), asRow(row)));
    const under = p.where(p.equal(c, j), asColumn(factors), p.where(p.greater(c, j), eliminated, swapped));
    return [p.where(p.greater(r, j), under, swapped), p.takeAlong(permutation, swap, 1), pivot];
  };
  const [factors, permutation, pivots] = loop(k, [], [a, start], step) as [Tensor, Tensor, Tensor];
  return [factors, p.transpose(pivots, { permutation: [1, 0] }), permutation];
}

/** Rows `from` to `to` of matrices `[B, m, n]`, or columns (axis 2). */
function part(x: Tensor, from: number, to: number, axis: 1 | 2): Tensor {
  return p.slice(x, {
    starts: [0, axis === 1 ? from : 0, axis === 2 ? from : 0],
    limits: x.shape.map((size, i) => (i === axis ? to : size)),
    strides: [1, 1, 1],
  });
}
const dot = (x: Tensor, y: Tensor): Tensor => p.reduceSum(p.mul(x, y), { axes: [2] });

const MOST_SWEEPS = 40;
// Cosines of a sweep below which it was the last: they are squared by it.
const SMALL = 1e-9;

/**
 * One-sided Jacobi: rows `[B, n, w]` turned in pairs until they are orthogonal in their first `m` columns; the other columns turn along.
 * In a round every row meets one other: those in the upper half those in the lower, which then move on around the first, as in a
 * tournament; after `n - 1` rounds all pairs have met, and all are in their places again. Sources: Hestenes 1958; Brent and Luk 1985.
 */
function orthogonalise(rows: Tensor, m: number): Tensor {
  const [batch, count, width] = rows.shape as [number, number, number];
  // A row of zeros makes an odd number even.
  const even = p.pad(rows, { low: [0, 0, 0], high: [0, count % 2, 0], interior: [0, 0, 0] });
  const half = (even.shape[1] as number) / 2;
  const own = (x: Tensor): Tensor => (m === width ? x : part(x, 0, m, 2));
  // Rows that are nothing beside the others have no direction.
  const all = own(even);
  const least = p.mul(p.reduceSum(p.mul(all, all), { axes: [1, 2] }), 1e-30);
  const round: Step = ([nothing], [upper, lower, worst]) => {
    const [x, y] = [upper as Tensor, lower as Tensor];
    const [a, b, cross] = [dot(own(x), own(x)), dot(own(y), own(y)), dot(own(x), own(y))];
    const idle = p.equal(cross, 0);
    const ratio = p.div(p.sub(b, a), p.mul(p.where(idle, 1, cross), 2));
    const size = p.div(1, p.add(p.abs(ratio), p.sqrt(p.add(p.mul(ratio, ratio), 1))));
    const tangent = p.where(idle, 0, p.where(p.less(ratio, 0), p.neg(size), size));
    const cosine = p.rsqrt(p.add(p.mul(tangent, tangent), 1));
    const [c, s] = [asColumn(cosine), asColumn(p.mul(tangent, cosine))];
    const [turnedX, turnedY] = [p.sub(p.mul(x, c), p.mul(y, s)), p.add(p.mul(x, s), p.mul(y, c))];
    const counts = p.greater(p.min(a, b), asColumn(nothing as Tensor));
    const square = p.div(p.mul(cross, cross), p.where(counts, p.mul(a, b), 1));
    const found = p.max(worst as Tensor, p.reduceMax(p.where(counts, square, 0), { axes: [0, 1] }));
    if (half === 1) return [turnedX, turnedY, found];
    const piece = (z: Tensor, from: number, to: number): Tensor => part(z, from, to, 1);
    return [
      p.concat([piece(turnedX, 0, 1), piece(turnedY, 0, 1), piece(turnedX, 1, half - 1)], { axis: 1 }),
      p.concat([piece(turnedY, 1, half), piece(turnedX, half - 1, half)], { axis: 1 }),
      found,
    ];
  };
  const start = [
    part(even, 0, half, 1),
    part(even, half, 2 * half, 1),
    p.full([], 1, "float64"),
    p.full([], 0, "int32"),
  ];
  const state = (): Tensor[] => [least, ...start].map((x) => placeholder(x));
  const [tested, inside] = [state(), state()] as [Tensor[], Tensor[]];
  const [nothing, upper, lower, , sweep] = inside as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const after = loop(2 * half - 1, [nothing], [upper, lower, p.full([], 0, "float64")], round);
  const running = p.and(p.greater(tested[3] as Tensor, SMALL * SMALL), p.less(tested[4] as Tensor, MOST_SWEEPS));
  const [top, bottom] = p.whileLoop([least, ...start], {
    condition: new Graph(tested, [running]),
    body: new Graph(inside, [...after, p.add(sweep, 1)]),
    numConsts: 1,
  }) as [Tensor, Tensor];
  const turned = p.concat([top, bottom], { axis: 1 });
  return turned.shape[1] === count ? turned : p.reshape(part(turned, 0, count, 1), { shape: [batch, count, width] });
}

/**
 * Of symmetric `a`, reading its lower triangle: with `a + shift = L L^T` positive definite, columns of `L` made orthogonal are the
 * eigenvectors, and their squared lengths the eigenvalues plus the shift. Source: Veselic and Hari 1989.
 */
function eigh(a: Tensor): Tensor[] {
  const [batch, n] = a.shape as [number, number, number];
  const symmetric = p.where(p.greaterEqual(index(a, 1), index(a, 2)), a, transposed(a));
  const norm = p.reduceMax(p.reduceSum(p.abs(symmetric), { axes: [2] }), { axes: [1] });
  const shift = p.reshape(p.where(p.equal(norm, 0), 1, p.mul(norm, 2)), { shape: [batch, 1] });
  const raised = p.add(symmetric, p.mul(identity(batch, n), asColumn(shift)));
  const rows = orthogonalise(transposed(cholesky(raised)), n);
  const squares = dot(rows, rows);
  const values = p.sub(squares, shift);
  const order = p.argSort(values, { axis: 1 });
  const unit = p.mul(rows, asColumn(p.rsqrt(squares)));
  return [p.takeAlong(values, order, 1), transposed(reorder(unit, order, 1))];
}

/** Columns of `a` made orthogonal: their lengths are the singular values. */
function svd(a: Tensor, fullMatrices: boolean): Tensor[] {
  const [batch, m, n] = a.shape as [number, number, number];
  if (m < n) {
    const [u, s, vh] = svd(transposed(a), fullMatrices) as [Tensor, Tensor, Tensor];
    return [transposed(vh), s, transposed(u)];
  }
  const both = orthogonalise(p.concat([transposed(a), identity(batch, n)], { axis: 2 }), m);
  const [turned, v] = [part(both, 0, m, 2), part(both, m, m + n, 2)];
  const lengths = p.sqrt(dot(turned, turned));
  const order = p.argSort(p.neg(lengths), { axis: 1 });
  const values = p.takeAlong(lengths, order, 1);
  const largest = p.reshape(p.reduceMax(values, { axes: [1] }), { shape: [batch, 1] });
  const empty = p.lessEqual(values, p.mul(largest, 1e-14));
  const columns = transposed(
    p.where(asColumn(empty), 0, p.div(reorder(turned, order, 1), asColumn(p.where(empty, 1, values)))),
  );
  // Columns of vanishing singular values, and those beyond n, are completed to an orthonormal basis by reflections.
  const [q, r] = qr(columns, fullMatrices) as [Tensor, Tensor];
  const head = part(r, 0, n, 1);
  const signs = p.reduceSum(p.where(p.equal(index(head, 1), index(head, 2)), head, 0), { axes: [2] });
  const wanted = p.where(p.less(signs, 0), scalar(-1, "float64"), 1);
  const rest = p.full([batch, (q.shape[2] as number) - n], 1, "float64");
  const flips = rest.shape[1] === 0 ? wanted : p.concat([wanted, rest], { axis: 1 });
  return [p.mul(q, asRow(flips)), values, reorder(v, order, 1)];
}

function fftByMatrix([a, c]: readonly Tensor[], { inverse }: p.FftParams): readonly Tensor[] {
  const [re, im] = [a as Tensor, c as Tensor];
  const n = re.shape[re.ndim - 1] as number;
  const table = (f: (angle: number) => number): Tensor => {
    const data = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) data[i * n + j] = f((2 * Math.PI * ((i * j) % n)) / n) / (inverse ? n : 1);
    return p.cast(literal({ shape: [n, n], dtype: "float64", data }), { dtype: re.dtype });
  };
  const [cos, sin] = [table(Math.cos), table(Math.sin)];
  const times = (x: Tensor, m: Tensor): Tensor =>
    p.dotGeneral(x, m, { lhsContract: [x.ndim - 1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
  // e^(-i w) = cos w - i sin w; the inverse turns the other way.
  const turned = inverse ? p.neg(sin) : sin;
  return [p.add(times(re, cos), times(im, turned)), p.sub(times(im, cos), times(re, turned))];
}

// In double precision: the operator's float32 path loses four digits where the length is no power of two.
function fftByOperator(
  b: Builder,
  [re, im]: readonly [string, string],
  shape: readonly number[],
  inverse: boolean,
): string[] {
  const { type } = b.info(re);
  const n = shape[shape.length - 1] as number;
  const rows = sizeOf(shape) / n;
  const column = (x: string): string => b.reshape(b.cast(x, "float64"), [rows, n, 1]);
  const both = b.concat([column(re), column(im)], 2);
  const out = b.op(
    "DFT",
    [both, "", b.scalar(1, "int64")],
    { type: "float64", shape: [rows, n, 2] },
    { inverse: inverse ? 1 : 0 },
  );
  return [0, 1].map((part) => b.reshape(b.cast(b.slice(out, [0, 0, part], [rows, n, part + 1]), type), shape));
}
