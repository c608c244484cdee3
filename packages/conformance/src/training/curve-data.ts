// The data of curves.json: one linear congruential generator, of which each draw gives the top byte.
import type { HostArray } from "@keras-ts/core/backend";

/** Inputs and targets. */
export interface CurveData {
  readonly x: HostArray;
  readonly y: HostArray;
}

function drawBytes(seed: number, count: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state >>> 24;
  });
}
const rowsOf = (drawn: Uint8Array, width: number): Uint8Array[] =>
  Array.from({ length: drawn.length / width }, (_, i) => drawn.subarray(i * width, (i + 1) * width));
const sum = (values: Uint8Array): number => values.reduce((a, b) => a + b, 0);

/** x `[rows, 6]` in [-0.5, 0.5); y: which of the first three features is largest, the first of equals. */
export function vectors(rows: number): CurveData {
  const drawn = drawBytes(1, rows * 6);
  const labels = rowsOf(drawn, 6).map((row) => row.subarray(0, 3).indexOf(Math.max(...row.subarray(0, 3))));
  return {
    x: { shape: [rows, 6], dtype: "float32", data: Float32Array.from(drawn, (b) => b / 256 - 0.5) },
    y: { shape: [rows], dtype: "int32", data: Int32Array.from(labels) },
  };
}

/** x `[rows, 8, 8, 1]` in [0, 1); y: 1 if the lower half has the larger sum, else 0. */
export function images(rows: number): CurveData {
  const drawn = drawBytes(2, rows * 64);
  const lower = rowsOf(drawn, 64).map((row) => Number(sum(row.subarray(32)) > sum(row.subarray(0, 32))));
  return {
    x: { shape: [rows, 8, 8, 1], dtype: "float32", data: Float32Array.from(drawn, (b) => b / 256) },
    y: { shape: [rows], dtype: "int32", data: Int32Array.from(lower) },
  };
}

/** x `[rows, 7]` of 0 .. 11; y `[rows, 1]`: 1 if the first token is larger than the last but one. */
export function tokens(rows: number): CurveData {
  const drawn = drawBytes(3, rows * 7).map((b) => b % 12);
  const larger = rowsOf(drawn, 7).map((row) => Number((row[0] as number) > (row[5] as number)));
  return {
    x: { shape: [rows, 7], dtype: "int32", data: Int32Array.from(drawn) },
    y: { shape: [rows, 1], dtype: "float32", data: Float32Array.from(larger) },
  };
}
