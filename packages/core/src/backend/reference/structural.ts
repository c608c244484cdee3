// Movement of elements. Everything is a strided read or write, see `Layout`.
import { arrayTypeOf, castData, type HostArray, range, sizeOf, stridesOf } from "../../aval/index.ts";
import type * as structural from "../../primitives/structural.ts";
import type { KernelTable } from "../contract.ts";
import { finish, first, outOf, permuted, readStrided, writeStrided } from "./arrays.ts";
import { repeatOver } from "./loops.ts";

type Movement = "reshape" | "transpose" | "broadcastTo" | "slice" | "pad" | "reverse" | "concat" | "iota";

const reshape: KernelTable<HostArray>["reshape"] = (inputs, { shape }) => ({ ...first(inputs), shape });

const transpose: KernelTable<HostArray>["transpose"] = (inputs, { permutation }, avals) =>
  finish(outOf(avals), permuted(first(inputs), permutation));

const broadcastTo: KernelTable<HostArray>["broadcastTo"] = (inputs, { shape }, avals) => {
  const x = first(inputs);
  const aval = outOf(avals);
  const out = new (arrayTypeOf(aval.dtype))(sizeOf(shape));
  repeatOver(x.data, x.shape, out, shape);
  return finish(aval, out);
};

const slice: KernelTable<HostArray>["slice"] = (inputs, { starts, strides }, avals) => {
  const x = first(inputs);
  const { shape } = outOf(avals);
  const own = stridesOf(x.shape);
  const offset = own.reduce((sum, stride, i) => sum + stride * (starts[i] as number), 0);
  const layout = { shape, offset, strides: own.map((stride, i) => stride * (strides[i] as number)) };
  return finish(outOf(avals), readStrided(x.data, layout, sizeOf(shape)));
};

const reverse: KernelTable<HostArray>["reverse"] = (inputs, { axes }, avals) => {
  const { shape, data } = first(inputs);
  const own = stridesOf(shape);
  const offset = axes.reduce((sum, axis) => sum + (own[axis] as number) * ((shape[axis] as number) - 1), 0);
  const layout = { shape, offset, strides: own.map((stride, i) => (axes.includes(i) ? -stride : stride)) };
  return finish(outOf(avals), readStrided(data, layout, data.length));
};

// Elements that negative padding crops are left out of what is read; the others land `interior + 1` apart.
const pad: KernelTable<HostArray>["pad"] = (inputs, { low, interior }, avals) => {
  const x = first(inputs);
  const aval = outOf(avals);
  const [from, to] = [stridesOf(x.shape), stridesOf(aval.shape)];
  const axes = range(x.shape.length).map((i) => {
    const [start, step] = [low[i] as number, (interior[i] as number) + 1];
    const begin = start < 0 ? Math.ceil(-start / step) : 0; // the first element at or after position 0
    const end = Math.min(x.shape[i] as number, Math.ceil(((aval.shape[i] as number) - start) / step));
    return { begin, count: Math.max(0, end - begin), at: start + begin * step, step };
  });
  const shape = axes.map(({ count }) => count);
  const out = new (arrayTypeOf(aval.dtype))(sizeOf(aval.shape));
  if (shape.includes(0)) return finish(aval, out);
  const kept = readStrided(
    x.data,
    { shape, offset: axes.reduce((sum, { begin }, i) => sum + begin * (from[i] as number), 0), strides: from },
    sizeOf(shape),
  );
  const offset = axes.reduce((sum, { at }, i) => sum + at * (to[i] as number), 0);
  writeStrided(out, { shape, offset, strides: to.map((stride, i) => stride * (axes[i]?.step as number)) }, kept);
  return finish(aval, out);
};

const concat: KernelTable<HostArray>["concat"] = (inputs, { axis }, avals) => {
  const aval = outOf(avals);
  const strides = stridesOf(aval.shape);
  const out = new (arrayTypeOf(aval.dtype))(sizeOf(aval.shape));
  let start = 0;
  for (const x of inputs) {
    writeStrided(out, { shape: x.shape, offset: start * (strides[axis] as number), strides }, x.data);
    start += x.shape[axis] as number;
  }
  return finish(aval, out);
};

const iota: KernelTable<HostArray>["iota"] = (_, { shape, axis, dtype }) => {
  const counted = {
    shape: [shape[axis] as number],
    dtype,
    data: castData(range(shape[axis] as number), dtype, "float64"),
  };
  const layout = { shape, offset: 0, strides: shape.map((_size, i) => (i === axis ? 1 : 0)) };
  return { shape, dtype, data: readStrided(counted.data, layout, sizeOf(shape)) };
};

/** Kernels of the movement ops of `primitives/structural.ts`. */
export const structuralKernels: Pick<KernelTable<HostArray>, Movement & keyof typeof structural> = {
  reshape,
  transpose,
  broadcastTo,
  slice,
  pad,
  reverse,
  concat,
  iota,
};
