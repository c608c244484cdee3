// Movement, and reductions along axes. On wasm the kernels for any rank or stride are slow, so that axes are handled one at a
// time as [outer, size, inner], where they are a copy of whole runs.
import {
  type Aval,
  arrayTypeOf,
  copyStrided,
  type KernelTable,
  range,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
  type TypedArray,
} from "@keras-ts/core/backend";
import type { Engine, NativeDType, Tensor } from "../engine.ts";
import { broadcast } from "./broadcast.ts";

export type StructuralTable = Pick<
  KernelTable<Tensor>,
  "reshape" | "transpose" | "broadcastTo" | "slice" | "pad" | "reverse" | "concat" | "iota"
>;

export const reshaped = (e: Engine, x: Tensor, shape: Shape): Tensor => e.run("Reshape", { x }, { shape: [...shape] });

export function transposed(e: Engine, x: Tensor, permutation: readonly number[]): Tensor {
  const long = permutation.filter((axis) => x.shape[axis] !== 1);
  if (long.every((axis, i) => i === 0 || axis > (long[i - 1] as number))) {
    // Only axes of size 1 move.
    return reshaped(
      e,
      x,
      permutation.map((axis) => x.shape[axis] as number),
    );
  }
  return e.run("Transpose", { x }, { perm: [...permutation] });
}

const around = (shape: Shape, axis: number): [outer: number, size: number, inner: number] => [
  sizeOf(shape.slice(0, axis)),
  shape[axis] as number,
  sizeOf(shape.slice(axis + 1)),
];
const withSize = (shape: Shape, axis: number, size: number): number[] => shape.map((n, i) => (i === axis ? size : n));

/** For kernels without bool on some device (on wasm they write beyond its single bytes): computes on int32 instead. */
export function asInteger(e: Engine, x: Tensor, kernel: (x: Tensor) => Tensor): Tensor {
  if (x.dtype !== "bool") return kernel(x);
  return e.scoped(() => {
    const out = kernel(e.run("Cast", { x }, { dtype: "int32" }));
    return e.run("NotEqual", { a: out, b: e.fill([], 0, "int32") });
  });
}

// On the host: wasm's own kernel copies all of `x` first.
function copied(
  e: Engine,
  x: Tensor,
  starts: readonly number[],
  counts: readonly number[],
  strides: readonly number[],
): Tensor {
  const own = stridesOf(x.shape);
  const layout = {
    shape: counts,
    offset: own.reduce((sum, stride, i) => sum + stride * (starts[i] as number), 0),
    strides: own.map((stride, i) => stride * (strides[i] as number)),
  };
  return e.build([x], counts, x.dtype as NativeDType, (out, [values]) =>
    copyStrided(values as TypedArray, layout, out),
  );
}

// A block of unit steps. Axes that are whole join the axis before them, so that the kernel copies long runs.
function block(e: Engine, x: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
  if (sameShape(x.shape, size)) return x;
  if (e.onHost)
    return copied(
      e,
      x,
      begin,
      size,
      begin.map(() => 1),
    );
  const [sizes, starts, counts]: [number[], number[], number[]] = [[], [], []];
  x.shape.forEach((n, i) => {
    const [start, count] = [begin[i] as number, size[i] as number];
    const at = sizes.length - 1;
    if (at >= 0 && count === n) {
      for (const list of [sizes, starts, counts]) list[at] = (list[at] as number) * n;
    } else {
      sizes.push(n);
      starts.push(start);
      counts.push(count);
    }
  });
  return reshaped(e, e.run("Slice", { x: reshaped(e, x, sizes) }, { begin: starts, size: counts }), size);
}

// x[..., start:start+count, ...]
function sliceAxis(e: Engine, x: Tensor, axis: number, start: number, count: number): Tensor {
  const [outer, size, inner] = around(x.shape, axis);
  if (count === size) return x;
  const part = block(e, reshaped(e, x, [outer, size * inner]), [0, start * inner], [outer, count * inner]);
  return reshaped(e, part, withSize(x.shape, axis, count));
}

// x[..., start::stride, ...] of `count` elements: rows of `stride` elements of which the first is kept.
function stepAxis(e: Engine, x: Tensor, axis: number, start: number, count: number, stride: number): Tensor {
  if (stride === 1) return sliceAxis(e, x, axis, start, count);
  const [outer, size, inner] = around(x.shape, axis);
  const missing = start + count * stride - size;
  let rows = sliceAxis(e, x, axis, start, Math.min(size - start, count * stride));
  if (missing > 0) rows = padAxis(e, rows, axis, 0, missing);
  const kept = block(e, reshaped(e, rows, [outer * count, stride * inner]), [0, 0], [outer * count, inner]);
  return reshaped(e, kept, withSize(x.shape, axis, count));
}

/** `x` from `starts` with `strides`, `counts` elements on each axis. The result may be `x` itself. */
export function sliced(
  e: Engine,
  x: Tensor,
  starts: readonly number[],
  counts: readonly number[],
  strides: readonly number[],
): Tensor {
  if (sameShape(x.shape, counts)) return x;
  if (e.onHost) return copied(e, x, starts, counts, strides);
  if (x.rank <= 4 && strides.every((s) => s === 1)) return block(e, x, starts, counts);
  let out = x;
  for (let axis = 0; axis < x.rank; axis++) {
    out = stepAxis(e, out, axis, starts[axis] as number, counts[axis] as number, strides[axis] as number);
  }
  return out;
}

function padAxis(e: Engine, x: Tensor, axis: number, low: number, high: number): Tensor {
  if (low === 0 && high === 0) return x;
  const [outer, size, inner] = around(x.shape, axis);
  const flat = reshaped(e, x, [outer, size * inner]);
  const wide = padBlock(e, flat, [
    [0, 0],
    [low * inner, high * inner],
  ]);
  return reshaped(e, wide, withSize(x.shape, axis, low + size + high));
}

function padBlock(e: Engine, x: Tensor, paddings: readonly (readonly [number, number])[], value = 0): Tensor {
  if (paddings.every(([low, high]) => low === 0 && high === 0)) return x;
  return asInteger(e, x, (wide) => e.run("PadV2", { x: wide }, { paddings, constantValue: value }));
}

// `between` zeros after each element but the last.
function spreadAxis(e: Engine, x: Tensor, axis: number, between: number): Tensor {
  const [outer, size, inner] = around(x.shape, axis);
  if (between === 0 || size < 2) return x;
  const rows = padBlock(e, reshaped(e, x, [outer * size, inner]), [
    [0, 0],
    [0, between * inner],
  ]);
  const wide = reshaped(e, rows, withSize(x.shape, axis, size * (between + 1)));
  return sliceAxis(e, wide, axis, 0, size * (between + 1) - between);
}

/** `x` with `low` and `high` elements of `value` around (negative: cropped), zeros between. The result may be `x` itself. */
export function padded(
  e: Engine,
  x: Tensor,
  low: readonly number[],
  high: readonly number[],
  interior: readonly number[],
  value = 0,
): Tensor {
  let out = x;
  for (let axis = 0; axis < x.rank; axis++) {
    out = spreadAxis(e, out, axis, interior[axis] as number);
    const size = out.shape[axis] as number;
    const start = Math.min(size, Math.max(0, -(low[axis] as number)));
    const end = Math.max(start, Math.min(size, size + (high[axis] as number)));
    out = sliceAxis(e, out, axis, start, end - start);
  }
  const target = x.shape.map(
    (n, i) => n + Math.max(0, n - 1) * (interior[i] as number) + (low[i] as number) + (high[i] as number),
  );
  if (out.size === 0) return e.fill(target, value, x.dtype as NativeDType);
  const amounts = low.map((n, i): [number, number] => [Math.max(0, n), Math.max(0, high[i] as number)]);
  if (x.rank <= 4 || value !== 0) return padBlock(e, out, amounts, value);
  amounts.forEach(([before, after], axis) => {
    out = padAxis(e, out, axis, before, after);
  });
  return out;
}

/** `parts` one after the other along `axis`. A single part is the result itself. */
export function joined(e: Engine, parts: readonly Tensor[], axis: number): Tensor {
  return parts.length === 1 ? (parts[0] as Tensor) : e.run("Concat", parts, { axis });
}

export function structural(e: Engine): StructuralTable {
  const first = (inputs: readonly Tensor[]): Tensor => inputs[0] as Tensor;
  return {
    reshape: (inputs, { shape }) => reshaped(e, first(inputs), shape),
    transpose: (inputs, { permutation }) => transposed(e, first(inputs), permutation),
    broadcastTo: (inputs, { shape }) => broadcast(e, first(inputs), shape),
    slice: (inputs, { starts, strides }, { outs }) =>
      e.scoped(() => sliced(e, first(inputs), starts, (outs[0] as Aval).shape, strides)),
    pad: (inputs, { low, high, interior }) => e.scoped(() => padded(e, first(inputs), low, high, interior)),
    reverse: (inputs, { axes }) => asInteger(e, first(inputs), (x) => e.run("Reverse", { x }, { dims: [...axes] })),
    concat: (inputs, { axis }) =>
      joined(
        e,
        inputs.filter((x) => x.size > 0),
        axis,
      ),
    iota: (_, { axis }, { outs }) => {
      const { shape, dtype } = outs[0] as Aval;
      const [outer, size, inner] = around(shape, axis);
      const data = new (arrayTypeOf(dtype))(outer * size * inner);
      const isBool = dtype === "bool";
      for (let i = 0, at = 0; i < outer; i++) {
        for (let j = 0; j < size; j++)
          for (let end = at + inner; at < end; at++) data[at] = isBool ? Math.min(j, 1) : j;
      }
      return e.make(data, shape, dtype);
    },
  };
}

/** Axes `0..ndim-1` without `axes`. */
export const otherAxes = (ndim: number, axes: readonly number[]): number[] =>
  range(ndim).filter((i) => !axes.includes(i));
