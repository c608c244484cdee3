// Eigenvalues and singular values by Jacobi's rotations: a group of lanes for each matrix. In each round all columns are paired, and
// pairs are turned at once; after as many rounds as there are columns each has met each.
import { type Aval, sizeOf } from "@keras-ts/core/backend";
import type { Programs } from "../additions.ts";
import type { Engine, Tensor } from "../engine.ts";
import { transposed } from "../kernels/structural.ts";
import { partsOf } from "./linalg.ts";
import { LANES, runProgram, WAIT } from "./program.ts";

const MAX_SWEEPS = 30;

// Pairs of a round of a tournament with `count` players, which is even: the last one stays, the others go round. A player beyond the
// matrix is a pause. Cosine and sine of the smaller angle that makes [[p, r], [r, q]] diagonal.
const PAIRS = `
  var<workgroup> moved : atomic<i32>;
  var<workgroup> goesOn : i32;
  fn pairOf(round : i32, number : i32, count : i32) -> vec2<i32> {
    let around = count - 1;
    let one = (round + number) % around;
    let two = select((round + around - number) % around, around, number == 0);
    return vec2<i32>(min(one, two), max(one, two));
  }
  fn rotation(p : f32, q : f32, r : f32) -> vec2<f32> {
    let ratio = (q - p) / (2.0 * r);
    let size = abs(ratio);
    // Beyond 1e9 the root is the ratio itself, and its square might overflow.
    let tangent = select(-1.0, 1.0, ratio >= 0.0) / (size + select(sqrt(1.0 + size * size), size, size > 1.0e9));
    let cosine = 1.0 / sqrt(1.0 + tangent * tangent);
    return vec2<f32>(cosine, tangent * cosine);
  }`;

// Repeats sweeps of rounds until none has moved anything: what `round` does is up to the code between.
const sweeps = (rounds: string): string => `
  for (var sweep = 0; sweep < ${MAX_SWEEPS}; sweep++) {
    if (lane == 0) { atomicStore(&moved, 0); }
    ${WAIT}
    for (var round = 0; round < uniforms.players - 1; round++) { ${rounds} }
    if (lane == 0) { goesOn = atomicLoad(&moved); }
    ${WAIT}
    if (workgroupUniformLoad(&goesOn) == 0) { break; }
  }`;
const players = (n: number): number => n + (n % 2);

// Rows: values, vectors, and behind them the working matrix, the vectors as they came, and a rotation for each pair.
function eigh(e: Engine, x: Tensor, outs: readonly Aval[]): Tensor[] {
  const size = x.shape.at(-1) as number;
  const count = x.size / size / size;
  const total = size + 3 * size * size + players(size);
  const written = runProgram(e, {
    name: "eigh",
    inputs: { x },
    numbers: { size, players: players(size), total },
    out: { shape: [count, total], dtype: "float32" },
    groups: count,
    before: PAIRS,
    code: `
      let n = uniforms.size;
      let values = group * uniforms.total;
      let sorted = values + n;
      let a = sorted + n * n;
      let v = a + n * n;
      let turns = v + n * n;
      let pairs = uniforms.players >> 1u;
      // Only the lower triangle counts.
      for (var at = lane; at < n * n; at += ${LANES}) {
        let i = at / n;
        let j = at % n;
        result[a + at] = x[group * n * n + max(i, j) * n + min(i, j)];
        result[v + at] = select(0.0, 1.0, i == j);
      }
      ${WAIT}
      ${sweeps(`
        for (var number = lane; number < pairs; number += ${LANES}) {
          let pair = pairOf(round, number, uniforms.players);
          var turn = vec2<f32>(1.0, 0.0);
          if (pair.y < n) {
            let p = result[a + pair.x * n + pair.x];
            let q = result[a + pair.y * n + pair.y];
            let r = result[a + pair.x * n + pair.y];
            if (abs(r) > 2.0e-8 * sqrt(abs(p)) * sqrt(abs(q)) && abs(r) > 1.0e-37) {
              turn = rotation(p, q, r);
              atomicStore(&moved, 1);
            }
          }
          result[turns + 2 * number] = turn.x;
          result[turns + 2 * number + 1] = turn.y;
        }
        ${WAIT}
        for (var at = lane; at < pairs * n; at += ${LANES}) {
          let number = at / n;
          let k = at % n;
          let pair = pairOf(round, number, uniforms.players);
          if (pair.y < n) {
            let cosine = result[turns + 2 * number];
            let sine = result[turns + 2 * number + 1];
            let p = a + k * n + pair.x;
            let q = a + k * n + pair.y;
            let y = result[p];
            let z = result[q];
            result[p] = cosine * y - sine * z;
            result[q] = sine * y + cosine * z;
            let s = v + k * n + pair.x;
            let t = v + k * n + pair.y;
            let f = result[s];
            let g = result[t];
            result[s] = cosine * f - sine * g;
            result[t] = sine * f + cosine * g;
          }
        }
        ${WAIT}
        for (var at = lane; at < pairs * n; at += ${LANES}) {
          let number = at / n;
          let k = at % n;
          let pair = pairOf(round, number, uniforms.players);
          if (pair.y < n) {
            let cosine = result[turns + 2 * number];
            let sine = result[turns + 2 * number + 1];
            let p = a + pair.x * n + k;
            let q = a + pair.y * n + k;
            let y = result[p];
            let z = result[q];
            // What the rotation makes zero is zero, not what rounding leaves.
            let isTurned = sine != 0.0;
            result[p] = select(cosine * y - sine * z, 0.0, isTurned && k == pair.y);
            result[q] = select(sine * y + cosine * z, 0.0, isTurned && k == pair.x);
          }
        }
        ${WAIT}
      `)}
      // Each value goes to where it belongs in ascending order, equal ones in the order of their columns.
      for (var j = lane; j < n; j += ${LANES}) {
        let own = result[a + j * n + j];
        var rank = 0;
        for (var i = 0; i < n; i++) {
          let other = result[a + i * n + i];
          if (other < own || (other == own && i < j)) { rank += 1; }
        }
        result[values + rank] = own;
        for (var k = 0; k < n; k++) { result[sorted + k * n + rank] = result[v + k * n + j]; }
      }`,
  });
  return partsOf(e, written, outs);
}

// One-sided, for m >= n: turns columns until they are orthogonal; their lengths are the singular values. Columns are held as rows.
// Rows of the result: u, s, vh, and behind them the working matrix and its turns, then the rank of each column.
function tallSvd(e: Engine, x: Tensor, outs: readonly Aval[]): Tensor[] {
  const [m, n] = x.shape.slice(-2) as [number, number];
  const width = (outs[0] as Aval).shape.at(-1) as number;
  const count = x.size / m / n;
  const total = m * width + n + n * n + m * n + n * n + 2 * n + width;
  const written = runProgram(e, {
    name: "svd",
    inputs: { x },
    numbers: { m, n, width, players: players(n), total },
    out: { shape: [count, total], dtype: "float32" },
    groups: count,
    before: `${PAIRS}
      var<workgroup> norm : f32;
      fn dot3(p : i32, q : i32) -> vec3<f32> {
        var sums = vec3<f32>(0.0, 0.0, 0.0);
        for (var k = 0; k < uniforms.m; k++) {
          let y = result[p + k];
          let z = result[q + k];
          sums += vec3<f32>(y * y, z * z, y * z);
        }
        return sums;
      }
      fn turnRows(p : i32, q : i32, size : i32, turn : vec2<f32>) {
        for (var k = 0; k < size; k++) {
          let y = result[p + k];
          let z = result[q + k];
          result[p + k] = turn.x * y - turn.y * z;
          result[q + k] = turn.y * y + turn.x * z;
        }
      }`,
    code: `
      let m = uniforms.m;
      let n = uniforms.n;
      let u = group * uniforms.total;
      let s = u + m * uniforms.width;
      let vh = s + n;
      let a = vh + n * n;
      let v = a + m * n;
      let lengths = v + n * n;
      let ranks = lengths + n;
      let dots = ranks + n;
      let pairs = uniforms.players >> 1u;
      // Cosine of the angle between columns that count as orthogonal: a few roundings.
      let orthogonal = 1.2e-7 * sqrt(f32(m));
      for (var at = lane; at < m * n; at += ${LANES}) { result[a + (at % n) * m + at / n] = x[group * m * n + at]; }
      for (var at = lane; at < n * n; at += ${LANES}) { result[v + at] = select(0.0, 1.0, at / n == at % n); }
      ${WAIT}
      ${sweeps(`
        for (var number = lane; number < pairs; number += ${LANES}) {
          let pair = pairOf(round, number, uniforms.players);
          if (pair.y < n) {
            let sums = dot3(a + pair.x * m, a + pair.y * m);
            if (abs(sums.z) > orthogonal * sqrt(sums.x) * sqrt(sums.y) && abs(sums.z) > 1.0e-37) {
              let turn = rotation(sums.x, sums.y, sums.z);
              turnRows(a + pair.x * m, a + pair.y * m, m, turn);
              turnRows(v + pair.x * n, v + pair.y * n, n, turn);
              atomicStore(&moved, 1);
            }
          }
        }
        ${WAIT}
      `)}
      for (var j = lane; j < n; j += ${LANES}) { result[lengths + j] = sqrt(dot3(a + j * m, a + j * m).x); }
      ${WAIT}
      // Descending, equal ones in the order of their columns.
      for (var j = lane; j < n; j += ${LANES}) {
        let own = result[lengths + j];
        var rank = 0;
        for (var i = 0; i < n; i++) {
          let other = result[lengths + i];
          if (other > own || (other == own && i < j)) { rank += 1; }
        }
        result[s + rank] = own;
        result[ranks + rank] = f32(j);
      }
      ${WAIT}
      let least = 1.0e-7 * result[s];
      for (var rank = lane; rank < n; rank += ${LANES}) {
        let j = i32(result[ranks + rank]);
        let size = result[s + rank];
        for (var k = 0; k < n; k++) { result[vh + rank * n + k] = result[v + j * n + k]; }
        for (var k = 0; k < m; k++) {
          result[u + k * uniforms.width + rank] = select(0.0, result[a + j * m + k] / size, size > least);
        }
      }
      for (var at = lane; at < m * uniforms.width; at += ${LANES}) { if (at % uniforms.width >= n) { result[u + at] = 0.0; } }
      ${WAIT}
      // Columns without a direction of their own are completed: unit vectors made orthogonal to all others, twice (Gram and Schmidt).
      // Columns not reached yet are zero, and change nothing.
      var axis = 0;
      for (var column = 0; column < uniforms.width; column++) {
        if (lane == 0) { goesOn = select(0, 1, column >= n || !(result[s + min(column, n - 1)] > least)); }
        ${WAIT}
        if (workgroupUniformLoad(&goesOn) == 0) { continue; }
        for (var tries = 0; tries < uniforms.m; tries++) {
          for (var k = lane; k < m; k += ${LANES}) { result[u + k * uniforms.width + column] = select(0.0, 1.0, k == axis); }
          ${WAIT}
          for (var again = 0; again < 2; again++) {
            for (var c = lane; c < uniforms.width; c += ${LANES}) {
              var dot = 0.0;
              if (c != column) {
                for (var k = 0; k < m; k++) { dot += result[u + k * uniforms.width + c] * result[u + k * uniforms.width + column]; }
              }
              result[dots + c] = dot;
            }
            ${WAIT}
            for (var k = lane; k < m; k += ${LANES}) {
              var rest = result[u + k * uniforms.width + column];
              for (var c = 0; c < uniforms.width; c++) {
                if (c != column) { rest -= result[dots + c] * result[u + k * uniforms.width + c]; }
              }
              result[u + k * uniforms.width + column] = rest;
            }
            ${WAIT}
          }
          if (lane == 0) {
            var sum = 0.0;
            for (var k = 0; k < m; k++) { let part = result[u + k * uniforms.width + column]; sum += part * part; }
            norm = sqrt(sum);
          }
          ${WAIT}
          axis += 1;
          // Among the unit vectors one is always at least this far from the span of fewer than m columns.
          if (workgroupUniformLoad(&norm) >= 0.5 / sqrt(f32(m))) { break; }
        }
        for (var k = lane; k < m; k += ${LANES}) { result[u + k * uniforms.width + column] = result[u + k * uniforms.width + column] / norm; }
        ${WAIT}
      }`,
  });
  return partsOf(e, written, outs);
}

function svd(e: Engine, x: Tensor, outs: readonly Aval[]): readonly Tensor[] {
  const { rank } = x;
  const swapped = (t: Tensor): Tensor => transposed(e, t, [...Array(rank - 2).keys(), rank - 1, rank - 2]);
  if ((x.shape.at(-2) as number) >= (x.shape.at(-1) as number)) return tallSvd(e, x, outs);
  // A^T = V diag(s) U^T
  const turned = ({ shape, dtype }: Aval): Aval => {
    const [rows, columns] = shape.slice(-2) as [number, number];
    return { shape: [...shape.slice(0, -2), columns, rows], dtype };
  };
  const [u, s, vh] = outs as readonly [Aval, Aval, Aval];
  const [a, values, b] = tallSvd(e, swapped(x), [turned(vh), s, turned(u)]) as [Tensor, Tensor, Tensor];
  return [swapped(b), values, swapped(a)];
}

export function spectralPrograms(e: Engine): Programs {
  const isEmpty = (outs: readonly Aval[]): boolean => outs.some(({ shape }) => sizeOf(shape) === 0);
  return {
    eigh: ([x], _, { outs }) => e.scoped(() => eigh(e, x as Tensor, outs)),
    svd: ([x], _, { outs }) => {
      if (isEmpty(outs)) return outs.map(({ shape, dtype }) => e.fill(shape, 0, dtype));
      return e.scoped(() => svd(e, x as Tensor, outs));
    },
  };
}
