// Cholesky and LU factors and triangular equations, by halves: panels of few columns are eliminated step by step, all else is products.
// Inverses of triangular blocks are built by doubling, so that a solve is products as well.
import { Graph, primitives as p, placeholder, range, scalar, type Tensor } from "@keras-ts/core/backend";
import {
  asColumn,
  asRow,
  index,
  loop,
  padded,
  part,
  places,
  rowsAt,
  type Step,
  transposed,
  zeros,
} from "./matrices.ts";

/** Columns of a panel. */
const PANEL = 32;
/** Size of the blocks that are inverted. */
const BLOCK = 64;

/** Elements of matrices `[B, n, n]` at row-major places that are known beforehand. */
const elements = (x: Tensor, at: readonly number[]): Tensor => {
  const [batch, m, n] = x.shape as [number, number, number];
  return p.take(p.reshape(x, { shape: [batch, m * n] }), places([at.length], at), { axis: 1 });
};
const diagonal = (x: Tensor): Tensor =>
  elements(
    x,
    range(Math.min(x.shape[1] as number, x.shape[2] as number)).map((i) => i * ((x.shape[2] as number) + 1)),
  );

/**
 * Inverses of lower triangular `l` `[B, n, n]`, n a power of two; what is above the diagonal is not read. Of blocks of twice the size,
 * all together: `[A 0; M C]^-1 = [A^-1 0; -C^-1 M A^-1 C^-1]`.
 */
export function inverseOfLower(l: Tensor, unitDiagonal: boolean): Tensor {
  const [batch, n] = l.shape as [number, number, number];
  const own = diagonal(l);
  let inverse = p.reshape(unitDiagonal ? p.full(own.shape, 1, "float64") : p.div(1, own), { shape: [batch * n, 1, 1] });
  for (let size = 1; size < n; size *= 2) {
    const count = n / (2 * size);
    const at = range(count * size * size).map((i) => {
      const [block, row, column] = [Math.floor(i / (size * size)), Math.floor(i / size) % size, i % size];
      return (2 * block * size + size + row) * n + 2 * block * size + column;
    });
    const lower = p.neg(p.reshape(elements(l, at), { shape: [batch * count, size, size] }));
    const pairs = p.reshape(inverse, { shape: [batch * count, 2 * size, size] });
    const [first, second] = [part(pairs, 0, size, 1), part(pairs, size, 2 * size, 1)];
    const corner = size === 1 ? p.mul(p.mul(second, lower), first) : p.matmul(p.matmul(second, lower), first);
    const above = zeros([batch * count, size, size]);
    inverse = p.concat([p.concat([first, above], { axis: 2 }), p.concat([corner, second], { axis: 2 })], { axis: 1 });
  }
  return inverse;
}

// Forwards over blocks of rows of lower triangular `l`, or backwards over those of its transpose.
function byBlocks(l: Tensor, rhs: Tensor, backwards: boolean, unitDiagonal: boolean): Tensor {
  const [batch, n, width] = rhs.shape as [number, number, number];
  const block = blockOf(n);
  const count = Math.ceil(n / block);
  const missing = count * block - n;
  const [matrix, right] = [padded(l, missing, missing), padded(rhs, missing, 0)];
  const corner = (i: number): Tensor =>
    part(part(matrix, i * block, (i + 1) * block, 1), i * block, (i + 1) * block, 2);
  const stacked = p.reshape(
    p.concat(
      range(count).map((i) => asBatch(corner(i))),
      { axis: 1 },
    ),
    {
      shape: [batch * count, block, block],
    },
  );
  // Rows that were added are those of the identity.
  const inner =
    missing === 0 ? stacked : p.add(stacked, p.reshape(added(batch, count, block, missing), { shape: stacked.shape }));
  const inverses = p.reshape(inverseOfLower(inner, unitDiagonal), { shape: [batch, count, block, block] });
  const inverse = (i: number): Tensor =>
    p.reshape(
      p.slice(inverses, {
        starts: [0, i, 0, 0],
        limits: [batch, i + 1, block, block],
        strides: [1, 1, 1, 1],
      }),
      { shape: [batch, block, block] },
    );
  let solved: Tensor | undefined;
  for (const i of backwards ? range(count).reverse() : range(count)) {
    const [from, to] = [i * block, (i + 1) * block];
    const own = part(right, from, to, 1);
    const known = backwards
      ? transposed(part(part(matrix, to, count * block, 1), from, to, 2))
      : part(part(matrix, from, to, 1), 0, from, 2);
    const rest = solved === undefined ? own : p.sub(own, p.matmul(known, solved));
    const x = p.matmul(backwards ? transposed(inverse(i)) : inverse(i), rest);
    if (solved === undefined) solved = x;
    else solved = p.concat(backwards ? [x, solved] : [solved, x], { axis: 1 });
  }
  return p.reshape(part(solved as Tensor, 0, n, 1), { shape: [batch, n, width] });
}
const asBatch = (x: Tensor): Tensor => p.reshape(x, { shape: [x.shape[0] as number, 1, ...x.shape.slice(1)] });
// A power of two; at most sixteen of them but for small blocks.
const blockOf = (n: number): number => 2 ** Math.ceil(Math.log2(Math.min(n, Math.max(BLOCK, n / 16))));
function added(batch: number, count: number, block: number, missing: number): Tensor {
  const like = { shape: [batch, count, block, block] };
  const at = (axis: number): Tensor => p.iota({ shape: like.shape, axis, dtype: "int32" });
  const own = p.and(p.equal(at(2), at(3)), p.greaterEqual(at(2), block - missing));
  return p.where(p.and(own, p.equal(at(1), count - 1)), scalar(1, "float64"), 0);
}

// Row after row, as equations without a solution have their infinities.
function byRows(l: Tensor, rhs: Tensor, backwards: boolean, unitDiagonal: boolean): Tensor {
  const matrix = backwards ? transposed(l) : l;
  const [r, c] = [index(matrix, 1), index(matrix, 2)];
  const strict = p.where(backwards ? p.less(r, c) : p.greater(r, c), matrix, 0);
  const step: Step = ([solved], i, [off, own, right]) => {
    const known = p.matmul(p.take(off as Tensor, i, { axis: 1 }), solved as Tensor);
    const rest = p.sub(p.take(right as Tensor, i, { axis: 1 }), known);
    const row = unitDiagonal ? rest : p.div(rest, p.take(own as Tensor, i, { axis: 1 }));
    return [p.where(p.equal(index(solved as Tensor, 1), i), row, solved as Tensor)];
  };
  const consts = [strict, asColumn(diagonal(matrix)), rhs];
  return loop(l.shape[1] as number, [zeros(rhs.shape)], step, { consts, reverse: backwards })[0] as Tensor;
}

/** `x` with `a x = rhs` or `a^T x = rhs`, `[B, n, n]` and `[B, n, k]`. */
export function triangularSolve(
  a: Tensor,
  rhs: Tensor,
  { lower, transposeA, unitDiagonal }: p.TriangularParams,
): Tensor {
  const l = lower ? a : transposed(a);
  const backwards = lower === transposeA;
  const fast = byBlocks(l, rhs, backwards, unitDiagonal);
  // Products make nan of what substitution leaves infinite, and spread it.
  const fine = p.isFinite(p.reduceSum(fast, { axes: [0, 1, 2] }));
  const inputs = [l, rhs, fast].map((x) => placeholder(x)) as [Tensor, Tensor, Tensor];
  return p.cond(fine, [l, rhs, fast], {
    then: new Graph(inputs, [inputs[2]]),
    otherwise: new Graph(inputs, [byRows(inputs[0], inputs[1], backwards, unitDiagonal)]),
  })[0] as Tensor;
}

/** `L^T` and `L^-1` of positive definite `a` `[B, n, n]`. */
interface Factor {
  readonly upper: Tensor;
  readonly inverse: Tensor;
}
// Elimination of [A 1] leaves [D L^T, L^-1] with the unit triangle L; rows divided by the roots of D are both results.
function panelOfCholesky(a: Tensor): Factor {
  const [batch, n] = a.shape as [number, number, number];
  const unit = p.where(p.equal(index(a, 1), index(a, 2)), scalar(1, "float64"), 0);
  const step: Step = ([rows], j) => {
    const pivot = p.take(rows as Tensor, j, { axis: 1 });
    const scaled = p.div(pivot, p.take(pivot, j, { axis: 2 }));
    return [p.sub(rows as Tensor, p.mul(p.take(rows as Tensor, j, { axis: 2 }), scaled)), pivot];
  };
  const stacked = loop(n, [p.concat([a, unit], { axis: 2 })], step)[1] as Tensor;
  const pivots = p.transpose(p.reshape(stacked, { shape: [n, batch, 2 * n] }), { permutation: [1, 0, 2] });
  const scaled = p.div(pivots, p.sqrt(asColumn(diagonal(pivots))));
  return { upper: part(scaled, 0, n, 2), inverse: part(scaled, n, 2 * n, 2) };
}
// With A = [P Q^T; Q R] and P = L L^T: rows below are Q L^-T, and R - Q L^-T L^-1 Q^T is next.
function choleskyByHalves(a: Tensor, needsInverse: boolean): Factor {
  const [batch, n] = a.shape as [number, number, number];
  if (n <= PANEL) return panelOfCholesky(a);
  const half = PANEL * Math.ceil(n / (2 * PANEL));
  const [top, bottom] = [part(a, 0, half, 1), part(a, half, n, 1)];
  const first = choleskyByHalves(part(top, 0, half, 2), true);
  const right = p.matmul(first.inverse, part(top, half, n, 2));
  const second = choleskyByHalves(p.sub(part(bottom, half, n, 2), p.matmul(transposed(right), right)), needsInverse);
  const upper = p.concat(
    [
      p.concat([first.upper, right], { axis: 2 }),
      p.concat([zeros([batch, n - half, half]), second.upper], { axis: 2 }),
    ],
    { axis: 1 },
  );
  if (!needsInverse) return { upper, inverse: upper };
  const corner = p.neg(p.matmul(p.matmul(second.inverse, transposed(right)), first.inverse));
  const inverse = p.concat(
    [
      p.concat([first.inverse, zeros([batch, half, n - half])], { axis: 2 }),
      p.concat([corner, second.inverse], { axis: 2 }),
    ],
    { axis: 1 },
  );
  return { upper, inverse };
}

/** Lower `L` with `L L^T = a`, reading the lower triangle; nan where a pivot is not positive. */
export function cholesky(a: Tensor): Tensor {
  const batch = a.shape[0] as number;
  const isLower = p.greaterEqual(index(a, 1), index(a, 2));
  const result = transposed(choleskyByHalves(p.where(isLower, a, transposed(a)), false).upper);
  // One failed pivot makes the whole matrix nan.
  const kept = p.where(isLower, result, 0);
  const failed = p.isNan(p.reduceSum(kept, { axes: [1, 2] }));
  return p.where(p.and(isLower, p.reshape(failed, { shape: [batch, 1, 1] })), Number.NaN, kept);
}

interface Lu {
  /** L below the diagonal, U on and above it. */
  readonly factors: Tensor;
  /** The row that each row was exchanged with, `[B, k]`. */
  readonly pivots: Tensor;
  /** Where each row came from, `[B, m]`. */
  readonly order: Tensor;
}
// Columns of L stay undivided until the end, so that a step changes only what is right of it. One more column has the row numbers.
function panelOfLu(a: Tensor): Lu {
  const [batch, m, n] = a.shape as [number, number, number];
  const k = Math.min(m, n);
  const numbers = p.iota({ shape: [batch, m, 1], axis: 1, dtype: "float64" });
  const place = places([m], range(m));
  const step: Step = ([matrix], j) => {
    const x = matrix as Tensor;
    const column = p.reshape(p.take(x, j, { axis: 2 }), { shape: [batch, m] });
    const size = p.where(p.greaterEqual(place, j), p.abs(column), -1);
    const pivot = p.topK(size, { k: 1 })[1];
    const swap = p.where(p.equal(place, j), pivot, p.where(p.equal(place, pivot), j, place));
    const swapped = rowsAt(x, swap);
    const row = p.take(swapped, j, { axis: 1 });
    const head = p.take(row, j, { axis: 2 });
    const below = p.greater(p.reshape(place, { shape: [m, 1] }), j);
    const inverse = p.div(1, p.where(p.equal(head, 0), 1, head));
    const factors = p.where(below, p.take(swapped, j, { axis: 2 }), 0);
    const rest = p.and(p.greater(places([n + 1], range(n + 1)), j), p.less(places([n + 1], range(n + 1)), n));
    return [p.sub(swapped, p.mul(factors, p.where(rest, p.mul(row, inverse), 0))), pivot];
  };
  const [done, pivots] = loop(k, [p.concat([a, numbers], { axis: 2 })], step) as [Tensor, Tensor];
  const undivided = part(done, 0, n, 2);
  const head = diagonal(undivided);
  const [r, c] = [index(undivided, 1), index(undivided, 2)];
  const safe = p.where(p.equal(head, 0), 1, head);
  const divisors = k === n ? safe : p.concat([safe, p.full([batch, n - k], 1, "float64")], { axis: 1 });
  return {
    factors: p.where(p.greater(r, c), p.div(undivided, asRow(divisors)), undivided),
    pivots: p.transpose(p.reshape(pivots, { shape: [k, batch] }), { permutation: [1, 0] }),
    order: p.cast(p.reshape(part(done, n, n + 1, 2), { shape: [batch, m] }), { dtype: "int32" }),
  };
}
function luByHalves(a: Tensor, panel: number): Lu {
  const [batch, m, n] = a.shape as [number, number, number];
  const k = Math.min(m, n);
  if (k <= panel && n <= 2 * panel) return panelOfLu(a);
  const half = k <= panel ? k : panel * Math.ceil(k / (2 * panel));
  const left = luByHalves(part(a, 0, half, 2), panel);
  const right = rowsAt(part(a, half, n, 2), left.order);
  const [corner, under] = [part(left.factors, 0, half, 1), part(left.factors, half, m, 1)];
  const top = byBlocks(corner, part(right, 0, half, 1), false, true);
  if (half === m) return { ...left, factors: p.concat([left.factors, top], { axis: 2 }) };
  const second = luByHalves(p.sub(part(right, half, m, 1), p.matmul(under, top)), panel);
  const lower = p.concat([rowsAt(under, second.order), second.factors], { axis: 2 });
  const order = asColumn(left.order);
  const moved = rowsAt(part(order, half, m, 1), second.order);
  return {
    factors: p.concat([p.concat([corner, top], { axis: 2 }), lower], { axis: 1 }),
    pivots: p.concat([left.pivots, p.add(second.pivots, half)], { axis: 1 }),
    order: p.reshape(p.concat([part(order, 0, half, 1), moved], { axis: 1 }), { shape: [batch, m] }),
  };
}

/** Factors, pivots and permutation of `a` `[B, m, n]` with row exchanges: the first of the largest elements of a column goes up. */
export function lu(a: Tensor): Tensor[] {
  // At most eight panels.
  const panel = Math.max(PANEL, Math.ceil(Math.min(...a.shape.slice(1)) / 8));
  const { factors, pivots, order } = luByHalves(a, panel);
  return [factors, pivots, order];
}
