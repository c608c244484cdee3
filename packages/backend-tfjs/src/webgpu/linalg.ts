// Direct factorizations: a group of lanes for each matrix, in place, in float32 as LAPACK's own single precision.
import { type Aval, sizeOf } from "@keras-ts/core/backend";
import type { Programs } from "../additions.ts";
import type { Engine, Tensor } from "../engine.ts";
import { reshaped, sliced } from "../kernels/structural.ts";
import { LANES, runProgram, WAIT } from "./program.ts";

const sizesOf = (x: Tensor): readonly [count: number, rows: number, columns: number] => {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  return [sizeOf(x.shape.slice(0, -2)), rows, columns];
};

/** Parts of rows that a program wrote side by side, in the shapes and dtypes of the results. */
export function partsOf(e: Engine, rows: Tensor, outs: readonly Aval[]): Tensor[] {
  const count = rows.shape[0] as number;
  let at = 0;
  return outs.map(({ shape, dtype }) => {
    const size = sizeOf(shape) / count;
    const part = reshaped(e, sliced(e, rows, [0, at], [count, size], [1, 1]), shape);
    at += size;
    return dtype === "float32" ? part : e.run("Cast", { x: part }, { dtype });
  });
}

function cholesky(e: Engine, x: Tensor): Tensor {
  const [count, size] = sizesOf(x);
  return runProgram(e, {
    name: "cholesky",
    inputs: { x },
    numbers: { size },
    out: { shape: x.shape, dtype: "float32" },
    groups: count,
    before: "var<workgroup> pivot : f32; var<workgroup> isBad : i32;",
    code: `
      let n = uniforms.size;
      let start = group * n * n;
      if (lane == 0) { isBad = 0; }
      ${WAIT}
      // Column by column: L_ij L_jj = A_ij - sum over k < j of L_ik L_jk.
      for (var j = 0; j < uniforms.size; j++) {
        for (var i = lane; i < n; i += ${LANES}) {
          var rest = 0.0;
          if (i >= j) {
            rest = x[start + i * n + j];
            for (var k = 0; k < j; k++) { rest -= result[start + i * n + k] * result[start + j * n + k]; }
          }
          result[start + i * n + j] = rest;
        }
        ${WAIT}
        if (lane == 0) {
          let square = result[start + j * n + j];
          if (isnan(square) || square <= 0.0) { isBad = 1; }
          pivot = sqrt(max(square, 0.0));
        }
        ${WAIT}
        for (var i = j + lane; i < n; i += ${LANES}) {
          if (i == j) { result[start + i * n + j] = pivot; }
          else { result[start + i * n + j] = result[start + i * n + j] / pivot; }
        }
        ${WAIT}
      }
      if (isBad == 1) {
        for (var at = lane; at < n * n; at += ${LANES}) { if (at % n <= at / n) { result[start + at] = uniforms.NAN; } }
      }`,
  });
}

// An invocation for each column: it reads only what it wrote itself.
function triangularSolve(
  e: Engine,
  a: Tensor,
  b: Tensor,
  forwards: boolean,
  unit: boolean,
  transposed: boolean,
): Tensor {
  const [, size, columns] = sizesOf(b);
  return runProgram(e, {
    name: `triangular solve ${forwards} ${unit}`,
    inputs: { a, b },
    numbers: { size, columns, down: transposed ? 1 : size, right: transposed ? size : 1 },
    out: { shape: b.shape, dtype: "float32" },
    times: b.size / size,
    code: `
      let n = uniforms.size;
      let c = index % uniforms.columns;
      let matrix = index / uniforms.columns;
      let start = matrix * n * n;
      let at = matrix * n * uniforms.columns + c;
      for (var step = 0; step < n; step++) {
        let i = ${forwards ? "step" : "n - 1 - step"};
        var rest = b[at + i * uniforms.columns];
        for (var done = 0; done < step; done++) {
          let j = ${forwards ? "done" : "n - 1 - done"};
          rest -= a[start + i * uniforms.down + j * uniforms.right] * result[at + j * uniforms.columns];
        }
        result[at + i * uniforms.columns] = ${unit ? "rest" : "rest / a[start + i * (uniforms.down + uniforms.right)]"};
      }`,
  });
}

// Rows: the packed factors, the pivots, the permutation.
function lu(e: Engine, x: Tensor, outs: readonly Aval[]): Tensor[] {
  const [count, rows, columns] = sizesOf(x);
  const least = Math.min(rows, columns);
  const written = runProgram(e, {
    name: "lu",
    inputs: { x },
    numbers: { rows, columns, least },
    out: { shape: [count, rows * columns + least + rows], dtype: "float32" },
    groups: count,
    before: "var<workgroup> pivot : i32;",
    code: `
      let m = uniforms.rows;
      let n = uniforms.columns;
      let start = group * (m * n + uniforms.least + m);
      let pivots = start + m * n;
      let permutation = pivots + uniforms.least;
      for (var at = lane; at < m * n; at += ${LANES}) { result[start + at] = x[group * m * n + at]; }
      for (var i = lane; i < m; i += ${LANES}) { result[permutation + i] = f32(i); }
      ${WAIT}
      for (var k = 0; k < uniforms.least; k++) {
        if (lane == 0) {
          pivot = k;
          var largest = abs(result[start + k * n + k]);
          for (var i = k + 1; i < m; i++) {
            let size = abs(result[start + i * n + k]);
            if (size > largest) { largest = size; pivot = i; }
          }
          result[pivots + k] = f32(pivot);
        }
        ${WAIT}
        let other = pivot;
        if (other != k) {
          for (var j = lane; j < n; j += ${LANES}) {
            let upper = result[start + k * n + j];
            result[start + k * n + j] = result[start + other * n + j];
            result[start + other * n + j] = upper;
          }
          if (lane == 0) {
            let upper = result[permutation + k];
            result[permutation + k] = result[permutation + other];
            result[permutation + other] = upper;
          }
        }
        ${WAIT}
        let top = result[start + k * n + k];
        for (var i = k + 1 + lane; i < m; i += ${LANES}) {
          if (top != 0.0) {
            let factor = result[start + i * n + k] / top;
            result[start + i * n + k] = factor;
            for (var j = k + 1; j < n; j++) { result[start + i * n + j] -= factor * result[start + k * n + j]; }
          }
        }
        ${WAIT}
      }`,
  });
  return partsOf(e, written, outs);
}

// Householder's reflections, with LAPACK's signs. Rows: q, r, and behind them the whole working matrix, the reflections and their
// factors.
function qr(e: Engine, x: Tensor, outs: readonly Aval[]): Tensor[] {
  const [count, rows, columns] = sizesOf(x);
  const width = (outs[0] as Aval).shape.at(-1) as number;
  const least = Math.min(rows, columns);
  const total = rows * width + width * columns + rows * columns + least * rows + least;
  const written = runProgram(e, {
    name: "qr",
    inputs: { x },
    numbers: { rows, columns, width, least, total },
    out: { shape: [count, total], dtype: "float32" },
    groups: count,
    // (I - tau v v^T) times rows start `pivot` down of a matrix, a lane for each column.
    before: `
      fn reflect(matrix : i32, columns : i32, first : i32, pivot : i32, v : i32, tau : f32) {
        for (var j = first; j < columns; j += ${LANES}) {
          var dot = 0.0;
          for (var i = pivot; i < uniforms.rows; i++) { dot += result[v + i] * result[matrix + i * columns + j]; }
          for (var i = pivot; i < uniforms.rows; i++) { result[matrix + i * columns + j] -= tau * result[v + i] * dot; }
        }
      }`,
    code: `
      let m = uniforms.rows;
      let n = uniforms.columns;
      let q = group * uniforms.total;
      let r = q + m * uniforms.width;
      let a = r + uniforms.width * n;
      let reflections = a + m * n;
      let factors = reflections + uniforms.least * m;
      for (var at = lane; at < m * n; at += ${LANES}) { result[a + at] = x[group * m * n + at]; }
      for (var at = lane; at < m * uniforms.width; at += ${LANES}) {
        result[q + at] = select(0.0, 1.0, at / uniforms.width == at % uniforms.width);
      }
      ${WAIT}
      for (var pivot = 0; pivot < uniforms.least; pivot++) {
        let v = reflections + pivot * m;
        if (lane == 0) {
          // Lengths by the largest part, so that squares neither overflow nor vanish.
          let alpha = result[a + pivot * n + pivot];
          var largest = 0.0;
          for (var i = pivot + 1; i < m; i++) { largest = max(largest, abs(result[a + i * n + pivot])); }
          var tau = 0.0;
          if (largest > 0.0) {
            let scale = max(largest, abs(alpha));
            var sum = (alpha / scale) * (alpha / scale);
            for (var i = pivot + 1; i < m; i++) { let part = result[a + i * n + pivot] / scale; sum += part * part; }
            let beta = select(1.0, -1.0, alpha >= 0.0) * scale * sqrt(sum);
            for (var i = pivot + 1; i < m; i++) { result[v + i] = result[a + i * n + pivot] / (alpha - beta); }
            tau = (beta - alpha) / beta;
          }
          result[v + pivot] = 1.0;
          result[factors + pivot] = tau;
        }
        ${WAIT}
        if (result[factors + pivot] != 0.0) { reflect(a, n, pivot + lane, pivot, v, result[factors + pivot]); }
        ${WAIT}
      }
      for (var pivot = uniforms.least - 1; pivot >= 0; pivot--) {
        if (result[factors + pivot] != 0.0) {
          reflect(q, uniforms.width, lane, pivot, reflections + pivot * m, result[factors + pivot]);
        }
      }
      for (var at = lane; at < uniforms.width * n; at += ${LANES}) {
        result[r + at] = 0.0;
        if (at % n >= at / n) { result[r + at] = result[a + at]; }
      }`,
  });
  return partsOf(e, written, outs);
}

export function linalgPrograms(e: Engine): Programs {
  return {
    cholesky: ([x]) => cholesky(e, x as Tensor),
    triangularSolve: ([a, b], { lower, transposeA, unitDiagonal }) =>
      triangularSolve(e, a as Tensor, b as Tensor, lower !== transposeA, unitDiagonal, transposeA),
    lu: ([x], _, { outs }) => e.scoped(() => lu(e, x as Tensor, outs)),
    qr: ([x], _, { outs }) => e.scoped(() => qr(e, x as Tensor, outs)),
  };
}
