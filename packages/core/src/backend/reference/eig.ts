// Eigenvalues of general real matrices: Hessenberg form, then complex QR steps with Wilkinson's shifts, in double precision.
// Source: Golub and Van Loan 2013, chapter 7.
import type { HostArray } from "../../aval/index.ts";
import type { KernelTable } from "../contract.ts";
import { first } from "./arrays.ts";
import { type Matrix, matricesOf, normOf, stackedAll } from "./linalg.ts";

type Complex = readonly [re: number, im: number];
const EPSILON = 2 ** -52;
const STEPS_PER_VALUE = 60;

const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];
const minus = ([a, b]: Complex, [c, d]: Complex): Complex => [a - c, b - d];
const conj = ([a, b]: Complex): Complex => [a, -b];
const size = ([a, b]: Complex): number => Math.hypot(a, b);
function over(a: Complex, b: Complex): Complex {
  const s = Math.max(Math.abs(b[0]), Math.abs(b[1]));
  const [c, d] = [b[0] / s, b[1] / s];
  const square = c * c + d * d;
  return [(a[0] * c + a[1] * d) / square / s, (a[1] * c - a[0] * d) / square / s];
}
function root([a, b]: Complex): Complex {
  const length = Math.hypot(a, b);
  const large = Math.sqrt((length + Math.abs(a)) / 2);
  if (large === 0) return [0, 0];
  const small = Math.abs(b) / (2 * large);
  const [re, im] = a >= 0 ? [large, small] : [small, large];
  return [re, b < 0 ? -im : im];
}

/** A square complex matrix. */
class Square {
  readonly n: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
  constructor(n: number, re = new Float64Array(n * n)) {
    this.n = n;
    this.re = re;
    this.im = new Float64Array(n * n);
  }
  get(i: number, j: number): Complex {
    const at = i * this.n + j;
    return [this.re[at] as number, this.im[at] as number];
  }
  set(i: number, j: number, [re, im]: Complex): void {
    this.re[i * this.n + j] = re;
    this.im[i * this.n + j] = im;
  }
}

// Similar to `a`, 0 below the first subdiagonal, by real reflections; `z` collects them.
function hessenberg(a: Matrix): { h: Square; z: Square } {
  const n = a.rows;
  const h = new Square(n, Float64Array.from(a.data));
  const z = new Square(n);
  for (let i = 0; i < n; i++) z.re[i * n + i] = 1;
  for (let k = 0; k < n - 2; k++) {
    const v = new Float64Array(n - k - 1).map((_, i) => h.re[(k + 1 + i) * n + k] as number);
    const length = normOf(v);
    if (normOf(v.subarray(1)) === 0) continue;
    v[0] = (v[0] as number) + ((v[0] as number) >= 0 ? length : -length);
    const scale = 1 / normOf(v);
    for (let i = 0; i < v.length; i++) v[i] = (v[i] as number) * scale;
    const reflect = (m: Float64Array, start: number, step: number): void => {
      let dot = 0;
      for (let i = 0; i < v.length; i++) dot += (v[i] as number) * (m[start + i * step] as number);
      for (let i = 0; i < v.length; i++)
        m[start + i * step] = (m[start + i * step] as number) - 2 * dot * (v[i] as number);
    };
    for (let j = 0; j < n; j++) reflect(h.re, (k + 1) * n + j, n);
    for (let i = 0; i < n; i++) reflect(h.re, i * n + k + 1, 1);
    for (let i = 0; i < n; i++) reflect(z.re, i * n + k + 1, 1);
    for (let i = k + 2; i < n; i++) h.re[i * n + k] = 0;
  }
  return { h, z };
}

// The eigenvalue of the last two rows of the block that ends at `hi` which is nearer to its corner.
function shiftOf(h: Square, hi: number, step: number): Complex {
  if (step % 10 === 0) return [size(h.get(hi, hi - 1)) + size(h.get(hi, hi)), 0];
  const [a, b, c, d] = [h.get(hi - 1, hi - 1), h.get(hi - 1, hi), h.get(hi, hi - 1), h.get(hi, hi)];
  const half = minus(a, d).map((x) => x / 2) as unknown as Complex;
  const product = times(b, c);
  const square = times(half, half);
  const distance = root([square[0] + product[0], square[1] + product[1]]);
  const aligned = half[0] * distance[0] + half[1] * distance[1] >= 0 ? 1 : -1;
  const divisor: Complex = [half[0] + aligned * distance[0], half[1] + aligned * distance[1]];
  return size(divisor) === 0 ? d : minus(d, over(product, divisor));
}

// H - s = Q R, then R Q + s, on the rows and columns `lo .. hi`; the rest of the matrix turns with it.
function step(h: Square, z: Square, lo: number, hi: number, shift: Complex): void {
  const n = h.n;
  for (let i = lo; i <= hi; i++) h.set(i, i, minus(h.get(i, i), shift));
  const turns: (readonly [Complex, Complex])[] = [];
  for (let k = lo; k < hi; k++) {
    const [a, b] = [h.get(k, k), h.get(k + 1, k)];
    const length = Math.hypot(size(a), size(b));
    const turn: readonly [Complex, Complex] =
      length === 0
        ? [
            [1, 0],
            [0, 0],
          ]
        : [
            [a[0] / length, a[1] / length],
            [b[0] / length, b[1] / length],
          ];
    turns.push(turn);
    const [c, s] = turn;
    for (let j = k; j < n; j++) {
      const [x, y] = [h.get(k, j), h.get(k + 1, j)];
      const [p, q] = [times(conj(c), x), times(conj(s), y)];
      h.set(k, j, [p[0] + q[0], p[1] + q[1]]);
      h.set(k + 1, j, minus(times(c, y), times(s, x)));
    }
  }
  turns.forEach(([c, s], i) => {
    const k = lo + i;
    const turnColumns = (m: Square, rows: number): void => {
      for (let r = 0; r < rows; r++) {
        const [x, y] = [m.get(r, k), m.get(r, k + 1)];
        const [p, q] = [times(x, c), times(y, s)];
        m.set(r, k, [p[0] + q[0], p[1] + q[1]]);
        m.set(r, k + 1, minus(times(y, conj(c)), times(x, conj(s))));
      }
    };
    turnColumns(h, Math.min(k + 2, hi + 1));
    turnColumns(z, n);
  });
  for (let i = lo; i <= hi; i++) {
    const [re, im] = h.get(i, i);
    h.set(i, i, [re + shift[0], im + shift[1]]);
  }
}

/** The upper triangular matrix that `h` is similar to, in its place; false if that does not come to an end. */
function triangular(h: Square, z: Square, norm: number): boolean {
  let hi = h.n - 1;
  for (let steps = 1; hi > 0; steps++) {
    if (steps > STEPS_PER_VALUE) return false;
    let lo = hi;
    for (; lo > 0; lo--) {
      const near = size(h.get(lo, lo)) + size(h.get(lo - 1, lo - 1));
      if (size(h.get(lo, lo - 1)) <= EPSILON * (near === 0 ? norm : near)) break;
    }
    if (lo > 0) h.set(lo, lo - 1, [0, 0]);
    if (lo === hi) {
      hi--;
      steps = 0;
    } else step(h, z, lo, hi, shiftOf(h, hi, steps));
  }
  return true;
}

// The eigenvector of column `j` of the triangular `t`, by substitution from the bottom, in the basis `z`; length 1, largest part real.
function vectorOf(t: Square, z: Square, j: number, norm: number): Complex[] {
  const n = t.n;
  const smallest = Math.max(EPSILON * norm, Number.MIN_VALUE * 2 ** 60);
  const own: Complex[] = Array.from({ length: n }, (_, i) => [i === j ? 1 : 0, 0]);
  for (let i = j - 1; i >= 0; i--) {
    let sum: Complex = [0, 0];
    for (let k = i + 1; k <= j; k++) {
      const term = times(t.get(i, k), own[k] as Complex);
      sum = [sum[0] + term[0], sum[1] + term[1]];
    }
    const gap = minus(t.get(j, j), t.get(i, i));
    own[i] = over(sum, size(gap) < smallest ? [smallest, 0] : gap);
  }
  const turned = own.map((_, r): Complex => {
    let sum: Complex = [0, 0];
    for (let k = 0; k <= j; k++) {
      const term = times(z.get(r, k), own[k] as Complex);
      sum = [sum[0] + term[0], sum[1] + term[1]];
    }
    return sum;
  });
  const length = normOf(Float64Array.from(turned.flat()));
  const largest = turned.reduce((best, x) => (size(x) > size(best) * (1 + 1e-9) ? x : best));
  const turn: Complex = over(conj(largest), [size(largest) * length, 0]);
  return turned.map((x) => times(x, turn));
}

function eigOf(a: Matrix): Float64Array[] {
  const n = a.rows;
  const norm = normOf(a.data);
  const outs = [n, n, n * n, n * n].map((length) => new Float64Array(length).fill(Number.NaN));
  const [re, im, vectorsRe, vectorsIm] = outs as [Float64Array, Float64Array, Float64Array, Float64Array];
  if (!a.data.every(Number.isFinite)) return outs;
  const { h, z } = hessenberg(a);
  if (!triangular(h, z, norm)) return outs;
  for (let j = 0; j < n; j++) {
    const value = h.get(j, j);
    // What rounding leaves of a real value's imaginary part.
    const isReal = Math.abs(value[1]) <= 8 * n * EPSILON * norm;
    re[j] = value[0];
    im[j] = isReal ? 0 : value[1];
    vectorOf(h, z, j, norm).forEach(([x, y], i) => {
      vectorsRe[i * n + j] = x;
      vectorsIm[i * n + j] = isReal && Math.abs(y) < 1e-12 ? 0 : y;
    });
  }
  return outs;
}

const eig: KernelTable<HostArray>["eig"] = (inputs, _, avals) =>
  stackedAll(avals.outs, matricesOf(first(inputs)).map(eigOf));

/** The kernel of `eig` of `primitives/linalg.ts`. */
export const eigKernels: Pick<KernelTable<HostArray>, "eig"> = { eig };
