// Eigenvalues and singular values by Jacobi's rotations, in double precision: slow, simple and accurate.
import type { HostArray } from "../../aval/index.ts";
import type { KernelTable } from "../contract.ts";
import { first } from "./arrays.ts";
import { type Matrix, matricesOf, normOf, stackedAll } from "./linalg.ts";

const MAX_SWEEPS = 60;
// Cosine of the angle between columns that count as orthogonal: a few roundings.
const ORTHOGONAL = 2 ** -52;

// Cosine and sine of the smaller angle that makes [[p, r], [r, q]] diagonal.
function rotation(p: number, q: number, r: number): readonly [cosine: number, sine: number] {
  const ratio = (q - p) / (2 * r);
  const tangent = (ratio >= 0 ? 1 : -1) / (Math.abs(ratio) + Math.hypot(1, ratio));
  const cosine = 1 / Math.hypot(1, tangent);
  return [cosine, tangent * cosine];
}

// Turns columns i and j of a row-major matrix.
function turnColumns(
  data: Float64Array,
  rows: number,
  columns: number,
  i: number,
  j: number,
  cosine: number,
  sine: number,
): void {
  for (let k = 0; k < rows; k++) {
    const [x, y] = [data[k * columns + i] as number, data[k * columns + j] as number];
    data[k * columns + i] = cosine * x - sine * y;
    data[k * columns + j] = sine * x + cosine * y;
  }
}

function identity(n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  return out;
}

// Columns of a row-major matrix in another order.
function pickColumns(data: Float64Array, columns: number, order: readonly number[]): Float64Array {
  const rows = columns === 0 ? 0 : data.length / columns;
  const out = new Float64Array(rows * order.length);
  for (let k = 0; k < rows; k++) {
    order.forEach((from, to) => {
      out[k * order.length + to] = data[k * columns + from] as number;
    });
  }
  return out;
}

function transposed(data: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j] as number;
  return out;
}

function eighOf(matrix: Matrix): [values: ArrayLike<number>, vectors: Float64Array] {
  const n = matrix.rows;
  // Only the lower triangle counts.
  const a = matrix.data.map((value, place) => {
    const [i, j] = [Math.floor(place / n), place % n];
    return j > i ? (matrix.data[j * n + i] as number) : value;
  });
  const vectors = identity(n);
  const entry = (i: number, j: number): number => a[i * n + j] as number;
  for (let sweep = 0, moved = true; moved && sweep < MAX_SWEEPS; sweep++) {
    moved = false;
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const off = entry(i, j);
        if (!(Math.abs(off) > 1e-17 * Math.sqrt(Math.abs(entry(i, i) * entry(j, j))) && Math.abs(off) > 1e-300))
          continue;
        moved = true;
        const [cosine, sine] = rotation(entry(i, i), entry(j, j), off);
        turnColumns(a, n, n, i, j, cosine, sine);
        for (let k = 0; k < n; k++) {
          const [x, y] = [entry(i, k), entry(j, k)];
          a[i * n + k] = cosine * x - sine * y;
          a[j * n + k] = sine * x + cosine * y;
        }
        a[i * n + j] = 0;
        a[j * n + i] = 0;
        turnColumns(vectors, n, n, i, j, cosine, sine);
      }
    }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => entry(i, i) - entry(j, j));
  return [order.map((i) => entry(i, i)), pickColumns(vectors, n, order)];
}

// Fills zero columns of a matrix whose other columns are orthonormal, so that all are: Gram and Schmidt on unit vectors.
function completeColumns(u: Float64Array, rows: number, columns: number, isSet: readonly boolean[]): void {
  const ready = isSet.flatMap((set, j) => (set ? [j] : []));
  for (let j = 0, axis = 0; j < columns; j++) {
    if (isSet[j]) continue;
    for (; axis < rows; axis++) {
      const v = new Float64Array(rows);
      v[axis] = 1;
      for (let pass = 0; pass < 2; pass++) {
        for (const c of ready) {
          let dot = 0;
          for (let k = 0; k < rows; k++) dot += (v[k] as number) * (u[k * columns + c] as number);
          for (let k = 0; k < rows; k++) v[k] = (v[k] as number) - dot * (u[k * columns + c] as number);
        }
      }
      const norm = normOf(v);
      // Among the unit vectors one is always at least this far from the span of fewer than `rows` columns.
      if (norm < 0.5 / Math.sqrt(rows)) continue;
      for (let k = 0; k < rows; k++) u[k * columns + j] = (v[k] as number) / norm;
      break;
    }
    ready.push(j);
  }
}

// Turns rows i and j of a matrix of `length` columns.
function turnRows(data: Float64Array, length: number, i: number, j: number, cosine: number, sine: number): void {
  const [p, q] = [i * length, j * length];
  for (let k = 0; k < length; k++) {
    const [x, y] = [data[p + k] as number, data[q + k] as number];
    data[p + k] = cosine * x - sine * y;
    data[q + k] = sine * x + cosine * y;
  }
}

// One-sided: turns columns of the matrix (m >= n) until they are orthogonal. Their lengths are the singular values. Columns are held
// as rows, so that all loops go along memory.
function tallSvd(matrix: Matrix, full: boolean): { u: Float64Array; s: number[]; v: Float64Array } {
  const { rows: m, columns: n } = matrix;
  const a = transposed(matrix.data, m, n);
  const v = identity(n);
  const dot = (i: number, j: number): number => {
    const [p, q] = [i * m, j * m];
    let sum = 0;
    for (let k = 0; k < m; k++) sum += (a[p + k] as number) * (a[q + k] as number);
    return sum;
  };
  const squares = new Float64Array(n);
  for (let sweep = 0, moved = true; moved && sweep < MAX_SWEEPS; sweep++) {
    moved = false;
    for (let j = 0; j < n; j++) squares[j] = dot(j, j);
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const [p, q, r] = [squares[i] as number, squares[j] as number, dot(i, j)];
        if (!(Math.abs(r) > ORTHOGONAL * Math.sqrt(p * q) && Math.abs(r) > 1e-300)) continue;
        moved = true;
        const [cosine, sine] = rotation(p, q, r);
        turnRows(a, m, i, j, cosine, sine);
        turnRows(v, n, i, j, cosine, sine);
        squares[i] = dot(i, i);
        squares[j] = dot(j, j);
      }
    }
  }
  const lengths = Array.from({ length: n }, (_, j) => Math.sqrt(dot(j, j)));
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => (lengths[j] as number) - (lengths[i] as number));
  const s = order.map((i) => lengths[i] as number);
  const columns = full ? m : n;
  const u = new Float64Array(m * columns);
  const isSet = Array.from({ length: columns }, (_, j) => j < n && (s[j] as number) > 1e-15 * (s[0] as number));
  order.forEach((from, to) => {
    if (isSet[to]) for (let k = 0; k < m; k++) u[k * columns + to] = (a[from * m + k] as number) / (s[to] as number);
  });
  completeColumns(u, m, columns, isSet);
  return { u, s, v: pickColumns(transposed(v, n, n), n, order) };
}

function svdOf(a: Matrix, full: boolean): [u: Float64Array, s: number[], vh: Float64Array] {
  const { rows: m, columns: n } = a;
  if (m >= n) {
    const { u, s, v } = tallSvd(a, full);
    return [u, s, transposed(v, n, n)];
  }
  const { u, s, v } = tallSvd({ rows: n, columns: m, data: transposed(a.data, m, n) }, full);
  return [v, s, transposed(u, n, full ? n : m)];
}

/** Kernels of the spectral decompositions of `primitives/linalg.ts`. */
export const spectralKernels: Pick<KernelTable<HostArray>, "eigh" | "svd"> = {
  eigh: (inputs, _, avals) => stackedAll(avals.outs, matricesOf(first(inputs)).map(eighOf)),
  svd: (inputs, { fullMatrices }, avals) =>
    stackedAll(
      avals.outs,
      matricesOf(first(inputs)).map((a) => svdOf(a, fullMatrices)),
    ),
};
