// Pooling windows and their gradients.
import { primitives as p, range, sizeOf, type Tensor } from "@keras-ts/core/backend";
import { type Builder, infoOf } from "../builder.ts";
import { layoutOf } from "../graph-passes/layout.ts";
import { toChannelsFirst, toChannelsLast } from "./contraction.ts";
import { maxPoolGradInnermost, maxPoolInnermost } from "./innermost.ts";
import { dilate, extremes } from "./structural.ts";
import { composed1, type Rows } from "./table.ts";

type Names = "maxPool" | "maxPoolGrad" | "maxPoolGather" | "sumPool" | "sumPoolGrad";

export function pooling(b: Builder): Rows<Names> {
  return {
    maxPool: ([x], params, { outs }) => {
      const out = infoOf(outs[0] as (typeof outs)[number]);
      if (sizeOf(out.shape) === 0) return b.full(out, 0);
      if (layoutOf(params) === "batchInnermost") return maxPoolInnermost(b, x as string, params, out.shape);
      return toChannelsLast(b, maxPool(b, x as string, params).values);
    },
    maxPoolGrad: ([x, g], params) => {
      const { type, shape } = b.info(x as string);
      if (sizeOf(b.shape(g as string)) === 0) return b.full({ type, shape }, 0);
      if (layoutOf(params) === "batchInnermost") return maxPoolGradInnermost(b, x as string, g as string, params);
      const { places, padded } = maxPool(b, x as string, params);
      const back = toChannelsLast(b, putBack(b, toChannelsFirst(b, g as string), places, padded, params));
      const same = b.shape(back).every((n, i) => n === shape[i]);
      return same ? back : b.pad(back, amounts(params, 0, -1), amounts(params, 1, -1));
    },
    maxPoolGather: ([x, values], params, { outs }) => {
      const out = infoOf(outs[0] as (typeof outs)[number]);
      if (sizeOf(out.shape) === 0) return b.full(out, 0);
      const { places, padded } = maxPool(b, x as string, params);
      const own = b.shape(x as string);
      const wide =
        sizeOf(padded) === sizeOf(own)
          ? (values as string)
          : b.pad(values as string, amounts(params, 0), amounts(params, 1));
      const flat = b.reshape(toChannelsFirst(b, wide), [sizeOf(padded)]);
      const taken = b.op("Gather", [flat, places], { type: out.type, shape: b.shape(places) }, { axis: 0 });
      return toChannelsLast(b, taken);
    },
    sumPool: (inputs, params, avals) => {
      const [x] = inputs as readonly [string];
      const out = infoOf(avals.outs[0] as (typeof avals.outs)[number]);
      if (sizeOf(out.shape) === 0) return b.full(out, 0);
      if (out.type !== "float32") return composed1(b, sumBySlices)(inputs, params, avals);
      return sumPool(b, x, params);
    },
    sumPoolGrad: ([g], params) => {
      const { type, shape } = b.info(g as string);
      const { window, strides, padding, inputSpatial } = params;
      const out = [shape[0] as number, ...inputSpatial, shape[shape.length - 1] as number];
      if (sizeOf(shape) === 0 || sizeOf(out) === 0) return b.full({ type, shape: out }, 0);
      if (isTiling(out, params)) return repeatTiles(b, g as string, window);
      // A sum pool with stride 1 over the gradient with zeros in between.
      const spread = dilate(b, g as string, [0, ...strides.map((s) => s - 1), 0]);
      const around = window.map((w, i) => {
        const low = w - 1 - (padding[i] as readonly [number, number])[0];
        return [low, (inputSpatial[i] as number) + w - 1 - low - (b.shape(spread)[i + 1] as number)] as const;
      });
      const wide = b.pad(spread, [0, ...around.map(([low]) => low), 0], [0, ...around.map(([, high]) => high), 0]);
      const unit = { window, strides: window.map(() => 1), padding: window.map(() => [0, 0] as const) };
      if (type === "float32") return sumPool(b, wide, unit);
      const info = { shape: b.shape(wide), dtype: type === "int32" ? "int32" : "uint32" } as const;
      return composed1(b, sumBySlices)([wide], unit, { ins: [info] });
    },
  };
}

const amounts = (params: p.PoolParams, side: 0 | 1, sign = 1): number[] => [
  0,
  ...params.padding.map((pair) => sign * (pair[side] as number)),
  0,
];

/** Windows lie side by side and cover everything. */
function isTiling(shape: readonly number[], { window, strides, padding }: p.PoolParams): boolean {
  return window.every((w, i) => {
    const [low, high] = padding[i] as readonly [number, number];
    return strides[i] === w && low === 0 && high === 0 && (shape[i + 1] as number) % w === 0;
  });
}

// Channels-first values and flat places; `padded` is the channels-first shape that the places count in. The operator refuses pads
// as large as the window; then we pad with the lowest value ourselves. It has no kernel for integers, but one for float64.
function maxPool(
  b: Builder,
  x: string,
  params: p.PoolParams,
): { readonly values: string; readonly places: string; readonly padded: number[] } {
  const { window, strides, padding } = params;
  const { type } = b.info(x);
  const fits = padding.every(
    ([low, high], i) => low >= 0 && high >= 0 && low < (window[i] as number) && high < (window[i] as number),
  );
  const operand = fits ? x : b.pad(x, amounts(params, 0), amounts(params, 1), extremes(type)[0]);
  const first = toChannelsFirst(b, operand);
  const own = type === "float32" ? first : b.cast(first, "float64");
  const padded = [...b.shape(own)];
  const spatial = window.map((w, i) => {
    const [low, high] = fits ? (padding[i] as readonly [number, number]) : [0, 0];
    return p.windowedSize(padded[i + 2] as number, w, strides[i] as number, low, high);
  });
  const shape = [...padded.slice(0, 2), ...spatial];
  const pads = fits
    ? [...padding.map(([low]) => low), ...padding.map(([, high]) => high)]
    : padding.flatMap(() => [0, 0]);
  const outs = [
    { type: b.info(own).type, shape },
    { type: "int64" as const, shape },
  ];
  const [values, places] = b.ops("MaxPool", [own], outs, { kernel_shape: window, strides, pads }) as [string, string];
  return { values: b.cast(values, type), places, padded };
}

// Values at flat places of a channels-first zero tensor; places come twice only where windows overlap.
function putBack(
  b: Builder,
  values: string,
  places: string,
  padded: readonly number[],
  { window, strides }: p.PoolParams,
): string {
  const { type } = b.info(values);
  const apart = window.every((w, i) => (strides[i] as number) >= w);
  if (apart && type === "float32") {
    const inputs = [values, places, b.ints(padded)];
    // It refuses a shape smaller than what it infers, and that without padding is more than what was pooled.
    const inferred = b
      .shape(values)
      .slice(2)
      .map((n, i) => (n - 1) * (strides[i] as number) + (window[i] as number));
    const pads = [...window.map(() => 0), ...inferred.map((n, i) => Math.max(0, n - (padded[i + 2] as number)))];
    return b.op("MaxUnpool", inputs, { type, shape: padded }, { kernel_shape: window, strides, pads });
  }
  const [size, count] = [sizeOf(padded), sizeOf(b.shape(values))];
  const inputs = [b.full({ type, shape: [size] }, 0), b.reshape(places, [count]), b.reshape(values, [count])];
  return b.reshape(b.op("ScatterElements", inputs, { type, shape: [size] }, { axis: 0, reduction: "add" }), padded);
}

function repeatTiles(b: Builder, g: string, window: readonly number[]): string {
  const shape = b.shape(g);
  const rank = window.length;
  const wide = b.reshape(
    g,
    shape.flatMap((n, i) => (i >= 1 && i <= rank ? [n, 1] : [n])),
  );
  const repeated = b.expand(
    wide,
    shape.flatMap((n, i) => (i >= 1 && i <= rank ? [n, window[i - 1] as number] : [n])),
  );
  return b.reshape(
    repeated,
    shape.map((n, i) => (i >= 1 && i <= rank ? n * (window[i - 1] as number) : n)),
  );
}

// The mean with padding counted, times the number of elements of the window.
function sumPool(b: Builder, x: string, params: p.PoolParams): string {
  const { window, strides, padding } = params;
  const fits = padding.every(
    ([low, high], i) => low >= 0 && high >= 0 && low < (window[i] as number) && high < (window[i] as number),
  );
  const first = toChannelsFirst(b, fits ? x : b.pad(x, amounts(params, 0), amounts(params, 1)));
  const shape = b.shape(first);
  const spatial = window.map((w, i) => {
    const [low, high] = fits ? (padding[i] as readonly [number, number]) : [0, 0];
    return p.windowedSize(shape[i + 2] as number, w, strides[i] as number, low, high);
  });
  const pads = fits
    ? [...padding.map(([low]) => low), ...padding.map(([, high]) => high)]
    : padding.flatMap(() => [0, 0]);
  const mean = b.op(
    "AveragePool",
    [first],
    { type: "float32", shape: [...shape.slice(0, 2), ...spatial] },
    {
      kernel_shape: window,
      strides,
      pads,
      count_include_pad: 1,
    },
  );
  return toChannelsLast(b, b.map("Mul", [mean, b.scalar(sizeOf(window))]));
}

// Element types without an operator: a sum of strided slices.
function sumBySlices([a]: readonly Tensor[], params: p.PoolParams): Tensor {
  const x = a as Tensor;
  const { window, strides } = params;
  const padded = p.pad(x, { low: amounts(params, 0), high: amounts(params, 1), interior: x.shape.map(() => 0) });
  const out = p.pooledShape("sumPool", x, params);
  const offsets = window.reduce<number[][]>((all, n) => all.flatMap((o) => range(n).map((k) => [...o, k])), [[]]);
  return offsets
    .map((offset) =>
      p.slice(padded, {
        starts: [0, ...offset, 0],
        limits: [
          x.shape[0] as number,
          ...offset.map((k, i) => k + ((out[i + 1] as number) - 1) * (strides[i] as number) + 1),
          x.shape[x.ndim - 1] as number,
        ],
        strides: [1, ...strides, 1],
      }),
    )
    .reduce((sum, part) => p.add(sum, part));
}
