// Reading and writing at computed places, random bits.
import { type HostArray, isFloat, type Shape, sizeOf, stridesOf, type TypedArray } from "../../aval/index.ts";
import type * as indexing from "../../primitives/indexing.ts";
import type { Kernel as AnyKernel, KernelTable, PrimitiveName } from "../contract.ts";
import { finish, first, linesOf, outOf, readStrided, scratch, writeStrided } from "./arrays.ts";
import { sortingKernels } from "./sorting.ts";
import { threefry } from "./threefry.ts";

type Kernel<N extends PrimitiveName> = KernelTable<HostArray>[N];

const take: Kernel<"take"> = (inputs, { axis }, avals) => {
  const [x, indices] = inputs as readonly [HostArray, HostArray];
  const { outers, size, inners } = linesOf(x.shape, axis);
  const count = indices.data.length;
  const aval = outOf(avals);
  const out = scratch(aval, sizeOf(aval.shape));
  for (let outer = 0; outer < outers; outer++) {
    for (let i = 0; i < count; i++) {
      const from = (outer * size + (indices.data[i] as number)) * inners;
      const to = (outer * count + i) * inners;
      for (let k = 0; k < inners; k++) out[to + k] = x.data[from + k] as number;
    }
  }
  return finish(aval, out);
};

// Flat start of the block of `x` that each row of indices names, and the size of such a block.
function blocksOf(shape: Shape, indices: HostArray): { starts: Float64Array; block: number } {
  const depth = indices.shape[indices.shape.length - 1] as number;
  const strides = stridesOf(shape);
  const starts = new Float64Array(sizeOf(indices.shape.slice(0, -1)));
  for (let i = 0; i < starts.length; i++) {
    for (let d = 0; d < depth; d++) {
      starts[i] = (starts[i] as number) + (indices.data[i * depth + d] as number) * (strides[d] as number);
    }
  }
  return { starts, block: sizeOf(shape.slice(depth)) };
}

const gatherNd: Kernel<"gatherNd"> = (inputs, _, avals) => {
  const [x, indices] = inputs as readonly [HostArray, HostArray];
  const { starts, block } = blocksOf(x.shape, indices);
  const out = scratch(outOf(avals), starts.length * block);
  for (let i = 0; i < starts.length; i++) {
    for (let k = 0; k < block; k++) out[i * block + k] = x.data[(starts[i] as number) + k] as number;
  }
  return finish(outOf(avals), out);
};

type Combine = (old: number, update: number) => number;
const combiners: Readonly<
  Record<indexing.ScatterParams["mode"], { readonly float: Combine; readonly integer: Combine }>
> = {
  set: { float: (_, b) => b, integer: (_, b) => b },
  add: { float: (a, b) => a + b, integer: (a, b) => a + b },
  multiply: { float: (a, b) => a * b, integer: Math.imul },
  min: { float: Math.min, integer: Math.min },
  max: { float: Math.max, integer: Math.max },
};
const scatterNd: Kernel<"scatterNd"> = (inputs, { mode }, avals) => {
  const [x, indices, updates] = inputs as readonly [HostArray, HostArray, HostArray];
  const aval = outOf(avals);
  const { starts, block } = blocksOf(x.shape, indices);
  const combine = combiners[mode][isFloat(x.dtype) ? "float" : "integer"];
  // Floats are added up in double precision and rounded once.
  const out = isFloat(x.dtype) ? new Float64Array(x.data.length) : scratch(aval, x.data.length);
  out.set(x.data);
  for (let i = 0; i < starts.length; i++) {
    for (let k = 0; k < block; k++) {
      const at = (starts[i] as number) + k;
      out[at] = combine(out[at] as number, updates.data[i * block + k] as number);
    }
  }
  if (aval.dtype === "bool")
    return finish(
      aval,
      Int32Array.from(out, (v) => (v === 0 ? 0 : 1)),
    );
  return finish(aval, out);
};

// Starts moved inside the shape, as a flat offset.
function clampedOffset(shape: Shape, sizes: Shape, starts: TypedArray): number {
  const strides = stridesOf(shape);
  return shape.reduce((offset, size, i) => {
    const start = Math.max(0, Math.min(starts[i] as number, size - (sizes[i] as number)));
    return offset + start * (strides[i] as number);
  }, 0);
}

const dynamicSlice: Kernel<"dynamicSlice"> = (inputs, { sizes }, avals) => {
  const [x, starts] = inputs as readonly [HostArray, HostArray];
  const layout = { shape: sizes, offset: clampedOffset(x.shape, sizes, starts.data), strides: stridesOf(x.shape) };
  return finish(outOf(avals), readStrided(x.data, layout, sizeOf(sizes)));
};

const dynamicUpdateSlice: Kernel<"dynamicUpdateSlice"> = (inputs, _, avals) => {
  const [x, update, starts] = inputs as readonly [HostArray, HostArray, HostArray];
  const out = x.data.slice();
  const offset = clampedOffset(x.shape, update.shape, starts.data);
  writeStrided(out, { shape: update.shape, offset, strides: stridesOf(x.shape) }, update.data);
  return finish(outOf(avals), out);
};

const randomBits: Kernel<"randomBits"> = (inputs, { shape, words }, avals) => {
  const [k0, k1] = first(inputs).data as unknown as readonly [number, number];
  const out = new Uint32Array(sizeOf(shape) * words);
  for (let i = 0; i < out.length / words; i++) {
    const [high, low] = threefry(k0, k1, 0, i);
    if (words === 1) out[i] = high ^ low;
    else out.set([high, low], 2 * i);
  }
  return finish(outOf(avals), out);
};

/** The kernel of `primitives/encrypt.ts`. */
export const encrypt: AnyKernel<"encrypt", HostArray> = (inputs, { count }, avals) => {
  const { data } = first(inputs);
  const size = data.length / 2;
  const out = new Uint32Array(2 * size * count);
  for (let counter = 0, at = 0; counter < count; counter++, at += 2 * size) {
    for (let i = 0; i < size; i++) {
      const [high, low] = threefry(data[i] as number, data[size + i] as number, 0, counter);
      out[at + i] = high;
      out[at + size + i] = low;
    }
  }
  return finish(outOf(avals), out);
};

/** Kernels of `primitives/indexing.ts`. */
export const indexingKernels: Pick<KernelTable<HostArray>, keyof typeof indexing & PrimitiveName> = {
  take,
  gatherNd,
  scatterNd,
  dynamicSlice,
  dynamicUpdateSlice,
  ...sortingKernels,
  randomBits,
};
