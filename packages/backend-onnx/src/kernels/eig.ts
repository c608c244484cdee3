// Eigenvalues of general real matrices, as a program of other primitives: Hessenberg form, then complex QR steps on whole batches, each
// matrix with a shift and an active block of its own, until every block is one value. Source: Golub and Van Loan 2013, chapter 7.
import { Graph, literal, primitives as p, placeholder, range, scalar, type Tensor } from "@keras-ts/core/backend";
import { loop, part, places, type Step } from "./matrices.ts";

/** Real and imaginary parts. */
interface Pair {
  readonly re: Tensor;
  readonly im: Tensor;
}
const EPSILON = 2 ** -50;
const STEPS_PER_VALUE = 30;

const both = (z: Pair, f: (x: Tensor) => Tensor): Pair => ({ re: f(z.re), im: f(z.im) });
const add = (a: Pair, b: Pair): Pair => ({ re: p.add(a.re, b.re), im: p.add(a.im, b.im) });
const sub = (a: Pair, b: Pair): Pair => ({ re: p.sub(a.re, b.re), im: p.sub(a.im, b.im) });
const conj = (z: Pair): Pair => ({ re: z.re, im: p.neg(z.im) });
const scaled = (z: Pair, by: Tensor | number): Pair => both(z, (x) => p.mul(x, by));
const product = (f: (a: Tensor, b: Tensor) => Tensor, a: Pair, b: Pair): Pair => ({
  re: p.sub(f(a.re, b.re), f(a.im, b.im)),
  im: p.add(f(a.re, b.im), f(a.im, b.re)),
});
const times = (a: Pair, b: Pair): Pair => product(p.mul, a, b);
const square = (z: Pair): Tensor => p.add(p.mul(z.re, z.re), p.mul(z.im, z.im));
const size = (z: Pair): Tensor => p.sqrt(square(z));
const choose = (condition: Tensor, a: Pair, b: Pair): Pair => ({
  re: p.where(condition, a.re, b.re),
  im: p.where(condition, a.im, b.im),
});
/** `a / b`, or 0 where b is. */
function over(a: Pair, b: Pair): Pair {
  const length = square(b);
  const zero = p.equal(length, 0);
  return both(times(a, conj(b)), (x) => p.where(zero, 0, p.div(x, p.where(zero, 1, length))));
}
function root(z: Pair): Pair {
  const length = size(z);
  const part = (x: Tensor): Tensor => p.sqrt(p.max(p.mul(x, 0.5), 0));
  const im = part(p.sub(length, z.re));
  return { re: part(p.add(length, z.re)), im: p.where(p.less(z.im, 0), p.neg(im), im) };
}

const place = (like: Tensor, axis: number): Tensor => p.iota({ shape: like.shape, axis, dtype: "int32" });
const column = (x: Tensor): Tensor => p.reshape(x, { shape: [...x.shape, 1] });
const row = (x: Tensor): Tensor => p.reshape(x, { shape: [x.shape[0] as number, 1, x.shape[1] as number] });
const matrixOf = (x: Tensor): Tensor => p.reshape(x, { shape: [x.shape[0] as number, 1, 1] });
const sumOver = (x: Tensor, axes: readonly number[]): Tensor => p.reduceSum(x, { axes });
const adjoint = (z: Pair): Pair => both(conj(z), (x) => p.transpose(x, { permutation: [0, 2, 1] }));
const batchedProduct = (a: Tensor, b: Tensor): Tensor =>
  p.dotGeneral(a, b, { lhsContract: [2], rhsContract: [1], lhsBatch: [0], rhsBatch: [0] });
const matmul = (a: Pair, b: Pair): Pair => product(batchedProduct, a, b);
const identity = (like: Tensor): Pair => ({
  re: p.where(p.equal(place(like, 1), place(like, 2)), scalar(1, like.dtype), 0),
  im: p.full(like.shape, 0, like.dtype),
});

/** Where row and column are the given ones `[B]`, counted from 0. */
const at = (like: Tensor, r: Tensor, c: Tensor): Tensor =>
  p.and(p.equal(place(like, 1), matrixOf(r)), p.equal(place(like, 2), matrixOf(c)));
const entry = (z: Pair, r: Tensor, c: Tensor): Pair => both(z, (x) => sumOver(p.where(at(x, r, c), x, 0), [1, 2]));

// The eigenvalue of the block of rows `last - 1` and `last` that is nearer to its corner; now and then another number, for matrices
// that the steps would leave as they are.
function shiftOf(a: Pair, last: Tensor, step: Tensor): Pair {
  const before = p.max(p.sub(last, 1), 0);
  const [first, right, left, corner] = [
    entry(a, before, before),
    entry(a, before, last),
    entry(a, last, before),
    entry(a, last, last),
  ];
  const half = scaled(sub(first, corner), 0.5);
  const cross = times(right, left);
  const distance = root(add(times(half, half), cross));
  const aligned = p.greaterEqual(p.add(p.mul(half.re, distance.re), p.mul(half.im, distance.im)), 0);
  const divisor = choose(aligned, add(half, distance), sub(half, distance));
  const near = sub(corner, over(cross, divisor));
  const other = p.add(p.add(size(left), size(corner)), p.mul(size(first), 0.5));
  return choose(p.equal(p.rem(step, 10), 9), { re: other, im: p.mul(other, 0.1) }, near);
}

/** Hessenberg matrices similar to real `a` `[B, n, n]`, by reflections `1 + c u u^T` from both sides, and the product of those. */
function hessenberg(a: Tensor): readonly [h: Tensor, z: Tensor] {
  const [batch, n] = a.shape as [number, number, number];
  const start = identity(a).re;
  if (n < 3) return [a, start];
  const index = places([n, 1], range(n));
  const step: Step = ([matrix, basis], k) => {
    const x = p.take(matrix as Tensor, k, { axis: 2 });
    const next = p.add(k, 1);
    const alpha = p.take(x, next, { axis: 1 });
    const below = p.where(p.greater(index, next), x, 0);
    const tail = matrixOf(sumOver(p.mul(below, below), [1, 2]));
    const length = p.sqrt(p.add(p.mul(alpha, alpha), tail));
    const beta = p.where(p.less(alpha, 0), length, p.neg(length));
    const head = p.sub(alpha, beta);
    const factor = p.where(p.equal(tail, 0), 0, p.div(1, p.mul(beta, head)));
    const u = p.where(p.equal(index, next), head, below);
    const flat = p.reshape(u, { shape: [batch, 1, n] });
    const scaledFlat = p.mul(flat, factor);
    const fromRight = (m: Tensor): Tensor => p.add(m, p.mul(batchedProduct(m, u), scaledFlat));
    const turned = p.add(matrix as Tensor, p.mul(u, batchedProduct(scaledFlat, matrix as Tensor)));
    return [fromRight(turned), fromRight(basis as Tensor)];
  };
  return loop(n - 2, [a, start], step) as [Tensor, Tensor];
}

// Of four real rows, two complex ones, whose elements in one column are the given four: the real matrix of the rotation
// [conj(a) conj(b); -b a] that makes the lower of these 0.
const ROTATION: Tensor = (() => {
  const rows = ["+0+1+2+3", "-1+0-3+2", "-2+3+0-1", "-3-2+1+0"];
  const data = new Float64Array(4 * 16);
  for (const [i, row] of rows.entries())
    for (let j = 0; j < 4; j++) data[Number(row[2 * j + 1]) * 16 + 4 * i + j] = row[2 * j] === "-" ? -1 : 1;
  return literal({ shape: [4, 16], dtype: "float64", data });
})();
const UNTURNED: Tensor = literal({ shape: [4, 1], dtype: "float64", data: Float64Array.of(1, 0, 0, 0) });

/** `Q^H` of Hessenberg matrices `Q R`: rows of `[a 1]` turned with the next one after the other. */
function unitaryOf(a: Pair): Pair {
  const [batch, n] = a.re.shape as [number, number, number];
  const one = identity(a.re);
  const flat = (z: Pair): Tensor =>
    p.concat(
      [z.re, z.im].map((x) => p.reshape(x, { shape: [batch, n, 1, n] })),
      { axis: 2 },
    );
  const rows = p.transpose(p.concat([flat(a), flat(one)], { axis: 3 }), { permutation: [1, 0, 2, 3] });
  const between = (from: number, to: number): Tensor =>
    p.slice(rows, { starts: [from, 0, 0, 0], limits: [to, batch, 2, 2 * n], strides: [1, 1, 1, 1] });
  const step: Step = ([upper], k, _, [lower]) => {
    const four = p.concat([upper as Tensor, lower as Tensor], { axis: 1 });
    const column = p.take(four, k, { axis: 2 });
    const length = p.sqrt(sumOver(p.mul(column, column), [1, 2]));
    const unit = p.where(matrixOf(p.equal(length, 0)), UNTURNED, p.div(column, matrixOf(length)));
    const rotation = p.dotGeneral(p.reshape(unit, { shape: [batch, 4] }), ROTATION, {
      lhsContract: [1],
      rhsContract: [0],
      lhsBatch: [],
      rhsBatch: [],
    });
    const turned = batchedProduct(p.reshape(rotation, { shape: [batch, 4, 4] }), four);
    return [
      part(turned, 2, 4, 1),
      p.slice(turned, { starts: [0, 0, n], limits: [batch, 2, 2 * n], strides: [1, 1, 1] }),
    ];
  };
  const [last, done] = loop(n - 1, [p.reshape(between(0, 1), { shape: [batch, 2, 2 * n] })], step, {
    sequences: [between(1, n)],
  }) as [Tensor, Tensor];
  const all = p.concat([done, p.reshape(part(last, n, 2 * n, 2), { shape: [1, batch, 2, n] })], { axis: 0 });
  const half = (i: number): Tensor =>
    p.transpose(
      p.reshape(p.slice(all, { starts: [0, 0, i, 0], limits: [n, batch, i + 1, n], strides: [1, 1, 1, 1] }), {
        shape: [n, batch, n],
      }),
      { permutation: [1, 0, 2] },
    );
  return { re: half(0), im: half(1) };
}

/** One QR step of every Hessenberg matrix on its first rows up to `last`; where the last rows are done, `last` moves up. */
function step(a: Pair, z: Pair, last: Tensor, count: Tensor, norm: Tensor): [Pair, Pair, Tensor] {
  const shift = shiftOf(a, last, count);
  const one = identity(a.re);
  const [r, c] = [place(a.re, 1), place(a.re, 2)];
  const active = p.and(p.lessEqual(r, matrixOf(last)), p.lessEqual(c, matrixOf(last)));
  const shifted = sub(
    a,
    both(shift, (x) => p.mul(one.re, matrixOf(x))),
  );
  const adjointQ = unitaryOf(choose(active, shifted, one));
  const q = adjoint(adjointQ);
  const turned = matmul(matmul(adjointQ, a), q);
  const below = p.equal(p.sub(r, c), 1);
  const large = p.greater(size(turned), matrixOf(p.mul(norm, EPSILON)));
  const kept = p.or(p.lessEqual(r, c), p.and(below, large));
  const open = p.and(p.and(below, large), p.lessEqual(r, matrixOf(last)));
  const next = p.reduceMax(p.where(open, r, 0), { axes: [1, 2] });
  return [both(turned, (x) => p.where(kept, x, 0)), matmul(z, q), next];
}

// Similar upper triangular matrices and the vectors of the similarity; nan where the steps did not suffice.
function schur(a: Tensor): { t: Pair; z: Pair; norm: Tensor } {
  const [batch, n] = a.shape as [number, number, number];
  const norm = p.sqrt(sumOver(p.mul(a, a), [1, 2]));
  const [h, basis] = hessenberg(a);
  const zero = p.full(a.shape, 0, a.dtype);
  const last = p.full([batch], n - 1, "int32");
  const given = [norm, h, zero, basis, zero, last, scalar(0, "int32")];
  const inputs = (): Tensor[] => given.map((x) => placeholder(x));
  const test = inputs();
  const open = p.reduceOr(p.greater(test[5] as Tensor, 0), { axes: [0] });
  const condition = new Graph(test, [p.and(open, p.less(test[6] as Tensor, STEPS_PER_VALUE * n))]);
  const own = inputs();
  const [scale, ar, ai, zr, zi, lasts, count] = own as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const [nextA, nextZ, next] = step({ re: ar, im: ai }, { re: zr, im: zi }, lasts, count, scale);
  const body = new Graph(own, [nextA.re, nextA.im, nextZ.re, nextZ.im, next, p.add(count, 1)]);
  const outs = p.whileLoop(given, { condition, body, numConsts: 1 });
  const failed = matrixOf(p.or(p.greater(outs[4] as Tensor, 0), p.not(p.isFinite(norm))));
  const known = (x: Tensor): Tensor => p.where(failed, Number.NaN, x);
  return {
    t: both({ re: outs[0] as Tensor, im: outs[1] as Tensor }, known),
    z: both({ re: outs[2] as Tensor, im: outs[3] as Tensor }, known),
    norm,
  };
}

const diagonal = (z: Pair): Pair => both(z, (x) => sumOver(p.where(p.equal(place(x, 1), place(x, 2)), x, 0), [2]));

// Eigenvectors of upper triangular matrices, all columns together, row by row from the last: T V = V D with ones on V's diagonal.
function triangularVectors(t: Pair, norm: Tensor): Pair {
  const n = t.re.shape[1] as number;
  const values = diagonal(t);
  const state = [t.re, t.re].map((x) => placeholder(x));
  const consts = [t.re, t.im, values.re, values.im, norm].map((x) => placeholder(x));
  const i = placeholder({ shape: [], dtype: "int32" });
  const [tr, ti, dr, di, scale] = consts as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const known: Pair = { re: state[0] as Tensor, im: state[1] as Tensor };
  const rowOf = (x: Tensor): Tensor => row(p.take(x, i, { axis: 1 }));
  const sum = both(matmul(both({ re: tr, im: ti }, rowOf), known), (x) => p.reshape(x, { shape: dr.shape }));
  const gap = both({ re: dr, im: di }, (x) => p.sub(x, column(p.take(x, i, { axis: 1 }))));
  const smallest = column(p.max(p.mul(scale, EPSILON), 1e-280));
  const close = p.less(size(gap), smallest);
  const safe: Pair = { re: p.where(close, smallest, gap.re), im: p.where(close, 0, gap.im) };
  const solved = over(sum, safe);
  const index = place(dr, 1);
  const line: Pair = {
    re: p.where(p.equal(index, i), scalar(1, dr.dtype), p.where(p.greater(index, i), solved.re, 0)),
    im: p.where(p.greater(index, i), solved.im, 0),
  };
  const written = (x: Tensor, y: Tensor): Tensor => p.where(p.equal(place(x, 1), i), row(y), x);
  const body = new Graph([...consts, ...state, i], [written(known.re, line.re), written(known.im, line.im)]);
  const zero = p.full(t.re.shape, 0, t.re.dtype);
  const steps = p.iota({ shape: [n], axis: 0, dtype: "int32" });
  const outs = p.scan([t.re, t.im, values.re, values.im, norm, zero, zero, steps], {
    body,
    numConsts: 5,
    numCarry: 2,
    length: n,
    reverse: true,
  });
  return { re: outs[0] as Tensor, im: outs[1] as Tensor };
}

/** Of `[B, n, n]` in double precision: real and imaginary parts of values `[B, n]` and vectors `[B, n, n]`. */
export function eig(a: Tensor): Tensor[] {
  const [batch, n] = a.shape as [number, number, number];
  const { t, z, norm } = schur(a);
  const values = diagonal(t);
  const real = p.lessEqual(p.abs(values.im), column(p.mul(norm, 8 * n * EPSILON)));
  const vectors = matmul(z, triangularVectors(t, norm));
  // Length 1, and the largest part real.
  const sizes = size(vectors);
  const length = p.sqrt(sumOver(p.mul(sizes, sizes), [1]));
  const largest = p.reshape(p.argMax(sizes, { axis: 1 }), { shape: [batch, 1, n] });
  const top = both(vectors, (x) => sumOver(p.where(p.equal(place(x, 1), largest), x, 0), [1]));
  const turn = over(conj(top), { re: p.mul(size(top), length), im: p.full(length.shape, 0, length.dtype) });
  const turned = times(vectors, both(turn, row));
  const clean = p.and(row(real), p.less(p.abs(turned.im), 1e-12));
  return [values.re, p.where(real, 0, values.im), turned.re, p.where(clean, 0, turned.im)];
}
