// Reductions and running reductions.
import { type DType, type HostArray, isFloat, range, sizeOf, type TypedArray } from "../../aval/index.ts";
import type { ArgReduceParams, AxesParams, CumulativeParams } from "../../primitives/structural.ts";
import type { KernelAvals, KernelTable } from "../contract.ts";
import { finish, first, linesOf, outOf, permuted, scratch } from "./arrays.ts";

type Reducer =
  | "reduceSum"
  | "reduceMax"
  | "reduceMin"
  | "reduceProd"
  | "reduceAnd"
  | "reduceOr"
  | "argMax"
  | "argMin"
  | "cumSum"
  | "cumProd"
  | "cumMax"
  | "cumMin";
type Reduction = (inputs: readonly HostArray[], params: AxesParams, avals: KernelAvals) => HostArray;
type ArgReduction = (inputs: readonly HostArray[], params: ArgReduceParams, avals: KernelAvals) => HostArray;
type Cumulation = (inputs: readonly HostArray[], params: CumulativeParams, avals: KernelAvals) => HostArray;
type Step = (sum: number, x: number) => number;
interface Folding {
  readonly start: (dtype: DType) => number;
  readonly step: (dtype: DType) => Step;
}

const wrapSum: Step = (sum, x) => (sum + x) | 0;
const product: Step = (a, b) => a * b;
// What max and min of nothing are.
const lowest = (dtype: DType): number => {
  if (isFloat(dtype)) return Number.NEGATIVE_INFINITY;
  return { bool: 0, uint8: 0, uint16: 0, uint32: 0, int8: -128, int16: -32768 }[dtype as string] ?? -(2 ** 31);
};
const highest = (dtype: DType): number => {
  if (isFloat(dtype)) return Number.POSITIVE_INFINITY;
  const limits = { bool: 1, uint8: 255, uint16: 65535, uint32: 2 ** 32 - 1, int8: 127, int16: 32767 };
  return (limits as Record<string, number>)[dtype] ?? 2 ** 31 - 1;
};

const folds = {
  // Floats are added up in double precision; 32-bit wrapping is right for narrower integers too.
  sum: { start: () => 0, step: (dtype) => (isFloat(dtype) ? (sum, x) => sum + x : wrapSum) },
  product: { start: () => 1, step: (dtype) => (isFloat(dtype) ? product : Math.imul) },
  max: { start: lowest, step: () => Math.max },
  min: { start: highest, step: () => Math.min },
} satisfies Record<string, Folding>;

// Reduced axes last, so that each result comes from one run.
function runsOf(x: HostArray, axes: readonly number[]): { data: TypedArray; length: number } {
  const kept = range(x.shape.length).filter((i) => !axes.includes(i));
  return { data: permuted(x, [...kept, ...axes]), length: sizeOf(axes.map((i) => x.shape[i] as number)) };
}

function reduce({ start, step }: Folding): Reduction {
  return (inputs, { axes }, avals) => {
    const x = first(inputs);
    const aval = outOf(avals);
    const { data, length } = runsOf(x, axes);
    const out = scratch(aval, sizeOf(aval.shape));
    const f = step(x.dtype);
    for (let i = 0; i < out.length; i++) {
      let result = start(x.dtype);
      for (let k = i * length; k < (i + 1) * length; k++) result = f(result, data[k] as number);
      out[i] = result;
    }
    return finish(aval, out);
  };
}

// The commonest reduction without a call for each element, and without moving leading axes to the end.
const reduceSum: Reduction = (inputs, params, avals) => {
  const x = first(inputs);
  const { axes } = params;
  const sorted = [...axes].sort((a, b) => a - b);
  const leading = sorted.every((axis, i) => axis === i);
  if (!isFloat(x.dtype) || !leading) return reduceAnySum(inputs, params, avals);
  const aval = outOf(avals);
  const width = sizeOf(aval.shape);
  const sums = new Float64Array(width);
  for (let row = 0; row < x.data.length; row += width) {
    for (let i = 0; i < width; i++) sums[i] = (sums[i] as number) + (x.data[row + i] as number);
  }
  const out = scratch(aval, width);
  out.set(sums);
  return finish(aval, out);
};
const reduceAnySum: Reduction = reduce(folds.sum);

// Position of the first nan, or else of the first largest number of `size`, from `at` on in steps.
function placeOfMax(data: TypedArray, at: number, size: number, step: number): number {
  let place = 0;
  let best = data[at] as number;
  for (let k = 0, from = at; k < size; k++, from += step) {
    const x = data[from] as number;
    if (x > best) {
      best = x;
      place = k;
    } else if (Number.isNaN(x)) return k;
  }
  return place;
}
function placeOfMin(data: TypedArray, at: number, size: number, step: number): number {
  let place = 0;
  let best = data[at] as number;
  for (let k = 0, from = at; k < size; k++, from += step) {
    const x = data[from] as number;
    if (x < best) {
      best = x;
      place = k;
    } else if (Number.isNaN(x)) return k;
  }
  return place;
}
function argReduce(placeOf: typeof placeOfMax): ArgReduction {
  return (inputs, { axis }, avals) => {
    const { shape, data } = first(inputs);
    const { outers, size, inners } = linesOf(shape, axis);
    const out = new Int32Array(outers * inners);
    for (let line = 0; line < out.length; line++) {
      const base = Math.floor(line / inners) * size * inners + (line % inners);
      out[line] = placeOf(data, base, size, inners);
    }
    return finish(outOf(avals), out);
  };
}

function cumulate({ start, step }: Folding): Cumulation {
  return (inputs, { axis, reverse }, avals) => {
    const { shape, dtype, data } = first(inputs);
    const { outers, size, inners } = linesOf(shape, axis);
    const out = scratch(outOf(avals), data.length);
    const f = step(dtype);
    for (let outer = 0; outer < outers; outer++) {
      for (let inner = 0; inner < inners; inner++) {
        let result = start(dtype);
        for (let k = 0; k < size; k++) {
          const at = (outer * size + (reverse ? size - 1 - k : k)) * inners + inner;
          result = f(result, data[at] as number);
          out[at] = result;
        }
      }
    }
    return finish(outOf(avals), out);
  };
}

/** Kernels of the reductions of `primitives/structural.ts`. */
export const reductionKernels: Pick<KernelTable<HostArray>, Reducer> = {
  reduceSum,
  reduceMax: reduce(folds.max),
  reduceMin: reduce(folds.min),
  reduceProd: reduce(folds.product),
  reduceAnd: reduce(folds.min),
  reduceOr: reduce(folds.max),
  argMax: argReduce(placeOfMax),
  argMin: argReduce(placeOfMin),
  cumSum: cumulate(folds.sum),
  cumProd: cumulate(folds.product),
  cumMax: cumulate(folds.max),
  cumMin: cumulate(folds.min),
};
