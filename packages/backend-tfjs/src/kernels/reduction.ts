// Reductions and running reductions.
import { type Aval, isFloat, type Kernel, type KernelTable, type Shape, sizeOf } from "@keras-ts/core/backend";
import type { Engine, Tensor } from "../engine.ts";
import { otherAxes, reshaped, transposed } from "./structural.ts";

export type ReductionTable = Pick<
  KernelTable<Tensor>,
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
  | "cumMin"
>;

type Reduce = "reduceSum" | "reduceMax" | "reduceMin" | "reduceProd" | "reduceAnd" | "reduceOr";
const first = (inputs: readonly Tensor[]): Tensor => inputs[0] as Tensor;

export function reductions(e: Engine): ReductionTable {
  const reduce = (name: Reduce, native: string, axesName = "axis"): Kernel<Reduce, Tensor> => {
    const own: Kernel<Reduce, Tensor> = e.own(name);
    return (inputs, params, avals) => {
      const x = first(inputs);
      if (x.size === 0) return own(inputs, params, avals);
      return e.run(native, { x }, { [axesName]: [...params.axes], keepDims: false });
    };
  };
  const max = reduce("reduceMax", "Max", "reductionIndices");
  const min = reduce("reduceMin", "Min");
  const isBool = (x: Tensor): boolean => x.dtype === "bool";
  const all = reduce("reduceAnd", "All");
  const any = reduce("reduceOr", "Any");
  const argument = (name: "argMax" | "argMin", native: string): Kernel<"argMax", Tensor> & Kernel<"argMin", Tensor> => {
    if (e.onHost) return e.own(name); // the devices' kernels pass over nan
    return (inputs, { axis }) => e.run(native, { x: first(inputs) }, { axis: [axis] });
  };
  return {
    reduceSum: sum(e),
    reduceMax: (inputs, params, avals) => (isBool(first(inputs)) ? any : max)(inputs, params, avals),
    reduceMin: (inputs, params, avals) => (isBool(first(inputs)) ? all : min)(inputs, params, avals),
    reduceProd: reduce("reduceProd", "Prod"),
    reduceAnd: all,
    reduceOr: any,
    argMax: argument("argMax", "ArgMax"),
    argMin: argument("argMin", "ArgMin"),
    cumSum: (inputs, { axis, reverse }) => e.run("Cumsum", { x: first(inputs) }, { axis, exclusive: false, reverse }),
    cumProd: (inputs, { axis, reverse }) => e.run("Cumprod", { x: first(inputs) }, { axis, exclusive: false, reverse }),
    cumMax: e.own("cumMax"),
    cumMin: e.own("cumMin"),
  };
}

// wasm adds in one float32 accumulator: a million numbers keep two right digits. Beyond this many, sums are made of partial sums.
const RUN = 64;

function sum(e: Engine): Kernel<"reduceSum", Tensor> {
  return (inputs, { axes }, { outs }) => {
    const x = first(inputs);
    const { shape, dtype } = outs[0] as Aval;
    if (x.size === 0) return e.fill(shape, 0, dtype);
    if (e.device !== "wasm" || !isFloat(dtype)) return e.run("Sum", { x }, { axis: [...axes], keepDims: false });
    return e.scoped(() => {
      const kept = otherAxes(x.rank, axes);
      const leading = axes.every((axis) => kept.every((k) => axis < k || x.shape[k] === 1));
      if (leading && kept.length > 0 && sizeOf(shape) > 1) {
        const rows = sumRows(e, x, sizeOf(shape));
        // The pool makes minus infinity of nan, so that such a result is not to be trusted.
        if (!e.view(rows).includes(Number.NEGATIVE_INFINITY)) return reshaped(e, rows, shape);
        return e.run("Sum", { x }, { axis: [...axes], keepDims: false });
      }
      const count = x.size / sizeOf(shape);
      const inner = transposed(e, x, [...kept, ...axes]);
      return reshaped(e, sumRuns(e, inner, sizeOf(shape), count), shape);
    });
  };
}

/** The largest divisor of `n` that is at most `limit`. */
function divisorUpTo(n: number, limit: number): number {
  for (let d = Math.min(limit, n); d > 1; d--) if (n % d === 0) return d;
  return 1;
}

// Sums the last axis of [rows, count].
function sumRuns(e: Engine, x: Tensor, rows: number, count: number): Tensor {
  let [part, length] = [reshaped(e, x, [rows, count]), count];
  const inner = (): Tensor => e.run("Sum", { x: part }, { axis: [1], keepDims: false });
  while (length > RUN) {
    // A good divisor, or else the longest run, for which zeros are added.
    const divisor = divisorUpTo(length, RUN);
    const run = divisor < RUN / 8 ? RUN : divisor;
    const missing = run * Math.ceil(length / run) - length;
    part = zerosAfter(e, part, 1, missing);
    length = (length + missing) / run;
    part = reshaped(e, part, [rows * length, run]);
    part = reshaped(e, inner(), [rows, length]);
  }
  return inner();
}

// Sums the first axis of [count, columns] as means of windows, times their size: 15 times faster there than the Sum kernel.
function sumRows(e: Engine, x: Tensor, columns: number): Tensor {
  let [part, length] = [reshaped(e, x, [x.size / columns, columns]), x.size / columns];
  let scale = 1;
  const means = (run: number): void => {
    const rows = reshaped(e, part, [1, length, 1, columns]);
    part = e.run("AvgPool", { x: rows }, { filterSize: [run, 1], strides: [run, 1], pad: "valid" });
    length /= run;
    scale *= run;
  };
  while (length > RUN) {
    const missing = RUN * Math.ceil(length / RUN) - length;
    part = zerosAfter(e, reshaped(e, part, [length, columns]), 0, missing);
    length += missing;
    means(RUN); // a power of two: nothing is rounded
  }
  if (length > 1) means(length);
  return e.run("Multiply", { a: reshaped(e, part, [columns]), b: e.fill([], scale, "float32") });
}

function zerosAfter(e: Engine, x: Tensor, axis: 0 | 1, count: number): Tensor {
  if (count === 0) return x;
  const paddings = [0, 1].map((i) => [0, i === axis ? count : 0]);
  return e.run("PadV2", { x }, { paddings, constantValue: 0 });
}

/** Sum over `axes`, which go away. */
export function summed(e: Engine, x: Tensor, axes: readonly number[], shape: Shape): Tensor {
  const avals = { ins: [], outs: [{ shape, dtype: "float32" as const }] };
  return sum(e)([x], { axes }, avals);
}

/** Whether any element is nan: the maximum kernels of all devices propagate it. */
export function hasNan(e: Engine, x: Tensor): boolean {
  if (x.size === 0 || (e.device === "wasm" && isFinitePooled(e, x))) return false;
  const top = e.scoped(() => {
    return e.run("Max", { x: reshaped(e, x, [x.size]) }, { reductionIndices: [0], keepDims: false });
  });
  const value = e.view(top)[0] as number;
  top.dispose();
  return Number.isNaN(value);
}

// wasm's mean of columns, 6 times faster than its maximum, is minus infinity or nan where a nan is among them (or an infinity, or if
// the sum overflows). False if that must be looked at, or the shape has no good columns.
function isFinitePooled(e: Engine, x: Tensor): boolean {
  const columns = divisorUpTo(x.size, 4 * RUN);
  if (columns < RUN / 4) return false;
  const rows = x.size / columns;
  const means = e.scoped(() => {
    const image = reshaped(e, x, [1, rows, 1, columns]);
    return e.run("AvgPool", { x: image }, { filterSize: [rows, 1], strides: [rows, 1], pad: "valid" });
  });
  const isFinite = e.view(means).every((mean: number) => mean > Number.NEGATIVE_INFINITY);
  means.dispose();
  return isFinite;
}
