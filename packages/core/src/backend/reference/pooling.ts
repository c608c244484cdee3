// Pooling windows over `[N, ...spatial, C]`.
import { type Aval, type HostArray, isFloat, sizeOf, type TypedArray } from "../../aval/index.ts";
import type { KernelTable } from "../contract.ts";
import { finish, first, outOf, scratch } from "./arrays.ts";
import { connections, NOWHERE } from "./windows.ts";

type Pooling = "maxPool" | "sumPool" | "maxPoolGrad" | "maxPoolGather" | "sumPoolGrad";
type PoolParams = Parameters<KernelTable<HostArray>["maxPool"]>[1];

/** Calls `visit(input, output)` with flat places for every element that every window sees, window by window. */
function forEachTap(x: Aval, y: Aval, p: PoolParams, visit: (from: number, to: number) => void): void {
  const [input, output] = [x.shape.slice(1, -1), y.shape.slice(1, -1)];
  const table = connections(input, output, p);
  const [inputs, outputs, taps] = [sizeOf(input), sizeOf(output), sizeOf(p.window)];
  const [batch, channels] = [x.shape[0] as number, x.shape[x.shape.length - 1] as number];
  for (let image = 0; image < batch; image++) {
    for (let i = 0; i < table.length; i++) {
      const from = table[i] as number;
      if (from === NOWHERE) continue;
      const source = (image * inputs + from) * channels;
      const target = (image * outputs + Math.floor(i / taps)) * channels;
      for (let c = 0; c < channels; c++) visit(source + c, target + c);
    }
  }
}

const EMPTY = -1;
/** For each output the place of the first maximum (nan counts as larger) of its window; `EMPTY` where the window is all padding. */
function maxima(x: HostArray, y: Aval, p: PoolParams): Int32Array {
  const places = new Int32Array(sizeOf(y.shape)).fill(EMPTY);
  const { data } = x;
  forEachTap(x, y, p, (from, to) => {
    const best = places[to] as number;
    if (best === EMPTY || (data[from] as number) > (data[best] as number)) places[to] = from;
    else if (Number.isNaN(data[from]) && !Number.isNaN(data[best])) places[to] = from;
  });
  return places;
}

const lowest: Readonly<Record<string, number>> = { int8: -128, int16: -32768, int32: -(2 ** 31) };
function takePlaces(values: TypedArray, places: Int32Array, aval: Aval, otherwise: number): HostArray {
  const out = scratch(aval, places.length);
  for (let i = 0; i < out.length; i++)
    out[i] = places[i] === EMPTY ? otherwise : (values[places[i] as number] as number);
  return finish(aval, out);
}

const maxPool: KernelTable<HostArray>["maxPool"] = (inputs, p, avals) => {
  const x = first(inputs);
  const otherwise = isFloat(x.dtype) ? Number.NEGATIVE_INFINITY : (lowest[x.dtype] ?? 0);
  return takePlaces(x.data, maxima(x, outOf(avals), p), outOf(avals), otherwise);
};

const maxPoolGather: KernelTable<HostArray>["maxPoolGather"] = (inputs, p, avals) => {
  const [x, values] = inputs as readonly [HostArray, HostArray];
  return takePlaces(values.data, maxima(x, outOf(avals), p), outOf(avals), 0);
};

const maxPoolGrad: KernelTable<HostArray>["maxPoolGrad"] = (inputs, p, avals) => {
  const [x, g] = inputs as readonly [HostArray, HostArray];
  const places = maxima(x, g, p);
  const out = new Float64Array(x.data.length);
  places.forEach((place, i) => {
    if (place !== EMPTY) out[place] = (out[place] as number) + (g.data[i] as number);
  });
  return finish(outOf(avals), out);
};

const sumPool: KernelTable<HostArray>["sumPool"] = (inputs, p, avals) => {
  const x = first(inputs);
  const out = new Float64Array(sizeOf(outOf(avals).shape));
  forEachTap(x, outOf(avals), p, (from, to) => {
    out[to] = (out[to] as number) + (x.data[from] as number);
  });
  return finish(outOf(avals), out);
};

const sumPoolGrad: KernelTable<HostArray>["sumPoolGrad"] = (inputs, p, avals) => {
  const g = first(inputs);
  const out = new Float64Array(sizeOf(outOf(avals).shape));
  forEachTap(outOf(avals), g, p, (at, from) => {
    out[at] = (out[at] as number) + (g.data[from] as number);
  });
  return finish(outOf(avals), out);
};

/** Kernels of the pooling windows of `primitives/contraction.ts`. */
export const poolingKernels: Pick<KernelTable<HostArray>, Pooling> = {
  maxPool,
  sumPool,
  maxPoolGrad,
  maxPoolGather,
  sumPoolGrad,
};
