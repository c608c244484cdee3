// Direct factorizations, in double precision.
import { type Aval, type HostArray, sizeOf } from "../../aval/index.ts";
import type { KernelTable } from "../contract.ts";
import { finish, first, outOf } from "./arrays.ts";

type Direct = "cholesky" | "triangularSolve" | "qr" | "lu";

/** One matrix, row-major, in doubles. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** The matrices of `[..., m, n]`. */
export function matricesOf(x: HostArray): Matrix[] {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const data = Float64Array.from(x.data);
  const size = rows * columns;
  return Array.from({ length: sizeOf(x.shape.slice(0, -2)) }, (_, i) => ({
    rows,
    columns,
    data: data.subarray(i * size, (i + 1) * size),
  }));
}

/** Results of each matrix, one after the other. */
export function stacked(aval: Aval, parts: readonly ArrayLike<number>[]): HostArray {
  const out = new Float64Array(sizeOf(aval.shape));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return finish(aval, out);
}

/** Results of several outputs for each matrix. */
export function stackedAll(avals: readonly Aval[], parts: readonly (readonly ArrayLike<number>[])[]): HostArray[] {
  return avals.map((aval, i) =>
    stacked(
      aval,
      parts.map((outs) => outs[i] as ArrayLike<number>),
    ),
  );
}

const at = (m: Matrix, i: number, j: number): number => m.data[i * m.columns + j] as number;

// L row by row; nan throughout the triangle if a pivot is not positive.
function choleskyOf(a: Matrix): Float64Array {
  const n = a.rows;
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = at(a, i, j);
      for (let k = 0; k < j; k++) rest -= (l[i * n + k] as number) * (l[j * n + k] as number);
      if (i === j && !(rest > 0)) return l.map((_, place) => (place % n <= Math.floor(place / n) ? Number.NaN : 0));
      l[i * n + j] = i === j ? Math.sqrt(rest) : rest / (l[j * n + j] as number);
    }
  }
  return l;
}
const cholesky: KernelTable<HostArray>["cholesky"] = (inputs, _, avals) =>
  stacked(outOf(avals), matricesOf(first(inputs)).map(choleskyOf));

type SolveParams = Parameters<KernelTable<HostArray>["triangularSolve"]>[1];
function solve(a: Matrix, b: Matrix, { lower, transposeA, unitDiagonal }: SolveParams): Float64Array {
  const n = a.rows;
  const x = Float64Array.from(b.data);
  const entry = (i: number, j: number): number => (transposeA ? at(a, j, i) : at(a, i, j));
  const forwards = lower !== transposeA;
  for (let step = 0; step < n; step++) {
    const i = forwards ? step : n - 1 - step;
    for (let c = 0; c < b.columns; c++) {
      let rest = x[i * b.columns + c] as number;
      for (let done = 0; done < step; done++) {
        const j = forwards ? done : n - 1 - done;
        rest -= entry(i, j) * (x[j * b.columns + c] as number);
      }
      x[i * b.columns + c] = unitDiagonal ? rest : rest / entry(i, i);
    }
  }
  return x;
}
const triangularSolve: KernelTable<HostArray>["triangularSolve"] = (inputs, params, avals) => {
  const [a, b] = inputs.map(matricesOf) as [Matrix[], Matrix[]];
  return stacked(
    outOf(avals),
    a.map((matrix, i) => solve(matrix, b[i] as Matrix, params)),
  );
};

/** Euclidean length, scaled so that squares neither overflow nor vanish. */
export function normOf(v: Float64Array): number {
  let largest = 0;
  for (const x of v) largest = Math.max(largest, Math.abs(x));
  if (!(largest > 0 && largest < Number.POSITIVE_INFINITY)) return largest;
  let sum = 0;
  for (const x of v) sum += (x / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/** Reflects column `column` of `m` (from row `pivot` down) onto the axis; LAPACK's sign: the result opposes the pivot. */
function householder(m: Matrix, pivot: number): { v: Float64Array; tau: number } {
  const v = new Float64Array(m.rows - pivot);
  for (let i = 0; i < v.length; i++) v[i] = at(m, pivot + i, pivot);
  const alpha = v[0] as number;
  const below = normOf(v.subarray(1));
  if (below === 0) return { v, tau: 0 };
  const beta = -(alpha >= 0 ? 1 : -1) * Math.hypot(alpha, below);
  for (let i = 1; i < v.length; i++) v[i] = (v[i] as number) / (alpha - beta);
  v[0] = 1;
  return { v, tau: (beta - alpha) / beta };
}
// (I - tau v v^T) times the rows of `m` from `pivot` down; columns before `pivot` are zeros there. Row by row, as memory goes.
function reflect(m: Matrix, pivot: number, { v, tau }: { v: Float64Array; tau: number }): void {
  const { columns, data } = m;
  const dots = new Float64Array(columns);
  for (let i = 0; i < v.length; i++) {
    const [row, factor] = [(pivot + i) * columns, v[i] as number];
    for (let j = pivot; j < columns; j++) dots[j] = (dots[j] as number) + factor * (data[row + j] as number);
  }
  for (let i = 0; i < v.length; i++) {
    const [row, factor] = [(pivot + i) * columns, tau * (v[i] as number)];
    for (let j = pivot; j < columns; j++) data[row + j] = (data[row + j] as number) - factor * (dots[j] as number);
  }
}
function qrOf(a: Matrix, k: number): [q: Float64Array, r: Float64Array] {
  const r: Matrix = { ...a, data: Float64Array.from(a.data) };
  const reflections = [];
  for (let pivot = 0; pivot < Math.min(a.rows, a.columns); pivot++) {
    const reflection = householder(r, pivot);
    reflect(r, pivot, reflection);
    reflections.push(reflection);
  }
  const q: Matrix = { rows: a.rows, columns: k, data: new Float64Array(a.rows * k) };
  for (let i = 0; i < k; i++) q.data[i * k + i] = 1;
  for (let pivot = reflections.length - 1; pivot >= 0; pivot--) {
    reflect(q, pivot, reflections[pivot] as (typeof reflections)[number]);
  }
  const upper = r.data.map((value, place) => (place % a.columns < Math.floor(place / a.columns) ? 0 : value));
  return [q.data, upper.subarray(0, k * a.columns)];
}
const qr: KernelTable<HostArray>["qr"] = (inputs, _, avals) => {
  const k = avals.outs[0]?.shape.at(-1) as number;
  return stackedAll(
    avals.outs,
    matricesOf(first(inputs)).map((a) => qrOf(a, k)),
  );
};

function luOf(a: Matrix): [lu: Float64Array, pivots: number[], permutation: number[]] {
  const { rows: m, columns: n } = a;
  const x: Matrix = { ...a, data: Float64Array.from(a.data) };
  const permutation = Array.from({ length: m }, (_, i) => i);
  const pivots: number[] = [];
  for (let k = 0; k < Math.min(m, n); k++) {
    let pivot = k;
    for (let i = k + 1; i < m; i++) if (Math.abs(at(x, i, k)) > Math.abs(at(x, pivot, k))) pivot = i;
    pivots.push(pivot);
    if (pivot !== k) {
      const row = x.data.slice(k * n, (k + 1) * n);
      x.data.copyWithin(k * n, pivot * n, (pivot + 1) * n);
      x.data.set(row, pivot * n);
      [permutation[k], permutation[pivot]] = [permutation[pivot] as number, permutation[k] as number];
    }
    if (at(x, k, k) === 0) continue;
    for (let i = k + 1; i < m; i++) {
      const factor = at(x, i, k) / at(x, k, k);
      x.data[i * n + k] = factor;
      for (let j = k + 1; j < n; j++) x.data[i * n + j] = at(x, i, j) - factor * at(x, k, j);
    }
  }
  return [x.data, pivots, permutation];
}
const lu: KernelTable<HostArray>["lu"] = (inputs, _, avals) =>
  stackedAll(avals.outs, matricesOf(first(inputs)).map(luOf));

/** Kernels of the direct factorizations of `primitives/linalg.ts`. */
export const linalgKernels: Pick<KernelTable<HostArray>, Direct> = { cholesky, triangularSolve, qr, lu };
