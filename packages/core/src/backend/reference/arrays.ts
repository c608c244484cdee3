// What all kernels stand on: results rounded to their dtype, and elements moved by strides.
import {
  type Aval,
  arrayTypeOf,
  bitsOf,
  castData,
  type HostArray,
  isFloat,
  type Shape,
  stridesOf,
  type TypedArray,
} from "../../aval/index.ts";
import type { KernelAvals } from "../contract.ts";

/** A place for results: doubles for halves (rounded once at the end), else the dtype's own array, which rounds or wraps as it is written. */
export function scratch(aval: Aval, length: number): TypedArray {
  const isHalf = isFloat(aval.dtype) && bitsOf(aval.dtype) === 16;
  return isHalf ? new Float64Array(length) : new (arrayTypeOf(aval.dtype))(length);
}

/** A result from values in a place that `scratch` or the caller made. Integers wrap. */
export function finish(aval: Aval, data: TypedArray): HostArray {
  const { shape, dtype } = aval;
  const isHalf = isFloat(dtype) && bitsOf(dtype) === 16;
  if (!isHalf && data instanceof arrayTypeOf(dtype)) return { shape, dtype, data };
  return { shape, dtype, data: castData(data, dtype, isFloat(dtype) ? "float64" : "int32") };
}

/** The first (often only) input. */
export const first = (inputs: readonly HostArray[]): HostArray => inputs[0] as HostArray;
/** The aval of the first (often only) output. */
export const outOf = (avals: KernelAvals): Aval => avals.outs[0] as Aval;

/** Where elements stand in a flat array: element `[i, j, ...]` at `offset + i strides[0] + j strides[1] ...` */
export interface Layout {
  readonly shape: Shape;
  readonly offset: number;
  readonly strides: readonly number[];
}

// Joins neighbouring axes that are one run in memory, and drops axes of size 1, so that inner loops are long.
function joinAxes({ shape, strides }: Layout): { sizes: number[]; steps: number[] } {
  const sizes: number[] = [];
  const steps: number[] = [];
  for (let i = 0; i < shape.length; i++) {
    const [size, step] = [shape[i] as number, strides[i] as number];
    if (size === 1) continue;
    const last = sizes.length - 1;
    if (last >= 0 && steps[last] === step * size) {
      sizes[last] = (sizes[last] as number) * size;
      steps[last] = step;
    } else {
      sizes.push(size);
      steps.push(step);
    }
  }
  return { sizes, steps };
}

// Calls `row(offset, start, count, step)` for each innermost run; `start` counts elements row-major.
function forEachRun(layout: Layout, row: (offset: number, start: number, count: number, step: number) => void): void {
  if (layout.shape.includes(0)) return;
  const { sizes, steps } = joinAxes(layout);
  const count = sizes.pop() ?? 1;
  const step = steps.pop() ?? 0;
  const runs = sizes.reduce((n, size) => n * size, 1);
  const index = new Array<number>(sizes.length).fill(0);
  let offset = layout.offset;
  for (let run = 0; run < runs; run++) {
    row(offset, run * count, count, step);
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const [size, stride] = [sizes[axis] as number, steps[axis] as number];
      index[axis] = (index[axis] as number) + 1;
      offset += stride;
      if ((index[axis] as number) < size) break;
      offset -= stride * size;
      index[axis] = 0;
    }
  }
}

/** Copies the elements of a layout over `from`, row-major, to the start of `to`. */
export function copyStrided(from: TypedArray, layout: Layout, to: TypedArray): void {
  forEachRun(layout, (offset, start, count, step) => {
    if (step === 1 && count > 32) to.set(from.subarray(offset, offset + count), start);
    else for (let i = 0, at = offset; i < count; i++, at += step) to[start + i] = from[at] as number;
  });
}

/** The elements of a layout over `from`, row-major. */
export function readStrided(from: TypedArray, layout: Layout, length: number): TypedArray {
  const to = new (from.constructor as { new (length: number): TypedArray })(length);
  copyStrided(from, layout, to);
  return to;
}

/** Writes row-major values into the elements of a layout over `to`. */
export function writeStrided(to: TypedArray, layout: Layout, from: TypedArray): void {
  forEachRun(layout, (offset, start, count, step) => {
    for (let i = 0, at = offset; i < count; i++, at += step) to[at] = from[start + i] as number;
  });
}

/** The data with axes in another order, row-major: the same array if that order is the old one. */
export function permuted(x: HostArray, permutation: readonly number[]): TypedArray {
  if (permutation.every((axis, i) => axis === i)) return x.data;
  const strides = stridesOf(x.shape);
  const layout = {
    shape: permutation.map((axis) => x.shape[axis] as number),
    offset: 0,
    strides: permutation.map((axis) => strides[axis] as number),
  };
  return readStrided(x.data, layout, x.data.length);
}

/** Lines along `axis` of a row-major array: element `k` of line `(outer, inner)` stands at `(outer size + k) inners + inner`. */
export function linesOf(shape: Shape, axis: number): { outers: number; size: number; inners: number } {
  const product = (sizes: Shape): number => sizes.reduce((n, s) => n * s, 1);
  return { outers: product(shape.slice(0, axis)), size: shape[axis] as number, inners: product(shape.slice(axis + 1)) };
}
