// Reading and writing at computed places, and sorting. Indices are int32 and must be in range: the ops above clamp or fill.
import { type Aval, type DType, range, type Shape, sameShape, sizeOf } from "../aval/index.ts";
import { complain, DtypeError, ShapeError, showAval, showShape } from "../errors/index.ts";
import {
  apply,
  apply1,
  type Configured,
  type Definition,
  type Marked,
  marked,
  type None,
  type Params,
  type Tensor,
} from "../graph/index.ts";
import { cast, div, equal, requireOrdered, where } from "./elementwise.ts";
import { concat, full, iota, reshape, transpose } from "./structural.ts";

function requireIndices(name: string, indices: Aval): void {
  if (indices.dtype === "int32") return;
  const must = "indices must be int32";
  throw new DtypeError(complain(name, { must, got: showAval(indices), todo: "Cast the indices to int32" }));
}

function refuse(name: string, must: string, got: string): never {
  throw new ShapeError(complain(name, { must, got, todo: "Check the shapes of the indices and values" }));
}

export type AxisParams = { readonly axis: number };
export type Taking<P extends Params> = ((x: Tensor, indices: Tensor, params: P) => Tensor) & Marked<P, "primitive">;

const takeDefinition: Definition<AxisParams> = {
  name: "take",
  infer: ([x, indices], { axis }) => {
    const [a, i] = [x as Aval, indices as Aval];
    requireIndices("take", i);
    return [{ shape: [...a.shape.slice(0, axis), ...i.shape, ...a.shape.slice(axis + 1)], dtype: a.dtype }];
  },
  vjp: ({ g, inputs, params: { axis } }) => {
    const [x, indices] = inputs as readonly [Tensor, Tensor];
    // Index axes to the front, scatter rows, and the taken axis back to its place.
    const places = range(indices.ndim).map((i) => axis + i);
    const rest = range(g.ndim).filter((i) => !places.includes(i));
    const rows = transpose(g, { permutation: [...places, ...rest] });
    const shape = [x.shape[axis] as number, ...x.shape.filter((_, i) => i !== axis)];
    const flat = reshape(indices, { shape: [...indices.shape, 1] });
    const summed = scatterNd(full(shape, 0, x.dtype), flat, rows, { mode: "add" });
    const back = range(x.ndim).map((i) => (i === axis ? 0 : i < axis ? i + 1 : i));
    return [transpose(summed, { permutation: back }), null];
  },
};
/** Rows of `x` along `axis` at `indices` of any shape: the indices' shape replaces the axis. */
export const take: Taking<AxisParams> = marked(
  (x: Tensor, indices: Tensor, params: AxisParams) => apply1(takeDefinition, [x, indices], params),
  "primitive",
  takeDefinition,
);

const gatherDefinition: Definition<None> = {
  name: "gatherNd",
  infer: ([x, indices]) => {
    const [a, i] = [x as Aval, indices as Aval];
    requireIndices("gatherNd", i);
    const depth = i.shape[i.shape.length - 1];
    if (depth === undefined || depth > a.shape.length) {
      refuse(
        "gatherNd",
        "the last axis of indices must not be longer than x has axes",
        `${showAval(a)} and ${showAval(i)}`,
      );
    }
    return [{ shape: [...i.shape.slice(0, -1), ...a.shape.slice(depth)], dtype: a.dtype }];
  },
  vjp: ({ g, inputs }) => {
    const [x, indices] = inputs as readonly [Tensor, Tensor];
    return [scatterNd(full(x.shape, 0, x.dtype), indices, g, { mode: "add" }), null];
  },
};
/** `x[indices[..., 0], indices[..., 1], ...]`. */
export const gatherNd: ((x: Tensor, indices: Tensor) => Tensor) & Marked<None, "primitive"> = marked(
  (x: Tensor, indices: Tensor) => apply1(gatherDefinition, [x, indices], {}),
  "primitive",
  gatherDefinition,
);

export type ScatterParams = { readonly mode: "set" | "add" | "multiply" | "min" | "max" };
const scatterDefinition: Definition<ScatterParams> = {
  name: "scatterNd",
  infer: (inputs, { mode }) => {
    const [x, i, updates] = inputs as readonly [Aval, Aval, Aval];
    requireIndices("scatterNd", i);
    if (mode !== "set" && mode !== "add") requireOrdered("scatterNd", x);
    const depth = i.shape[i.shape.length - 1] ?? 0;
    const expected = [...i.shape.slice(0, -1), ...x.shape.slice(depth)];
    if (!sameShape(updates.shape, expected) || updates.dtype !== x.dtype) {
      refuse("scatterNd", `updates must be ${x.dtype} ${showShape(expected)}`, showAval(updates));
    }
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  vjp: ({ g, inputs, out, params: { mode } }) => {
    const [x, indices, updates] = inputs as readonly [Tensor, Tensor, Tensor];
    const taken = gatherNd(g, indices);
    if (mode === "add") return [g, null, taken];
    if (mode === "set") return [scatterNd(g, indices, full(updates.shape, 0, g.dtype), { mode: "set" }), null, taken];
    if (mode === "min" || mode === "max") {
      // All that are equal to the result share its gradient.
      const [kept, won] = [equal(x, out), equal(gatherNd(out, indices), updates)];
      const [one, ones] = [cast(kept, { dtype: x.dtype }), cast(won, { dtype: x.dtype })];
      const share = div(g, scatterNd(one, indices, ones, { mode: "add" }));
      return [where(kept, share, 0), null, where(won, gatherNd(share, indices), 0)];
    }
    const must = 'scatterNd has gradients for the modes "set", "add", "min" and "max"';
    throw new ShapeError(
      complain("scatterNd", { must, got: `mode "${mode}"`, todo: "Scatter logarithms with mode add" }),
    );
  },
};
/** `x` with `updates` written, added ... at `indices` (as `gatherNd` reads). Equal indices: all are added; with "set" the last wins. */
export const scatterNd: ((x: Tensor, indices: Tensor, updates: Tensor, params: ScatterParams) => Tensor) &
  Marked<ScatterParams, "primitive"> = marked(
  (x: Tensor, indices: Tensor, updates: Tensor, params: ScatterParams) =>
    apply1(scatterDefinition, [x, indices, updates], params),
  "primitive",
  scatterDefinition,
);

export type SizesParams = { readonly sizes: Shape };
const dynamicSliceDefinition: Definition<SizesParams> = {
  name: "dynamicSlice",
  infer: ([x, starts], { sizes }) => {
    const [a, s] = [x as Aval, starts as Aval];
    requireIndices("dynamicSlice", s);
    if (!sameShape(s.shape, [a.shape.length]) || sizes.some((n, i) => n > (a.shape[i] as number))) {
      const must = "starts must have one entry an axis and sizes must not exceed the shape";
      refuse("dynamicSlice", must, `${showAval(a)}, starts ${showAval(s)}, sizes ${showShape(sizes)}`);
    }
    return [{ shape: sizes, dtype: a.dtype }];
  },
  vjp: ({ g, inputs }) => {
    const [x, starts] = inputs as readonly [Tensor, Tensor];
    return [dynamicUpdateSlice(full(x.shape, 0, x.dtype), g, starts), null];
  },
};
/** A block of static `sizes` at computed `starts` (int32 `[ndim]`), moved inside the shape if it sticks out. */
export const dynamicSlice: Taking<SizesParams> = marked(
  (x: Tensor, starts: Tensor, params: SizesParams) => apply1(dynamicSliceDefinition, [x, starts], params),
  "primitive",
  dynamicSliceDefinition,
);

const dynamicUpdateDefinition: Definition<None> = {
  name: "dynamicUpdateSlice",
  infer: (inputs) => {
    const [x, update, starts] = inputs as readonly [Aval, Aval, Aval];
    requireIndices("dynamicUpdateSlice", starts);
    const fits = update.shape.length === x.shape.length && update.shape.every((n, i) => n <= (x.shape[i] as number));
    if (!fits || update.dtype !== x.dtype) {
      refuse(
        "dynamicUpdateSlice",
        "the update must fit into x and have its dtype",
        `${showAval(x)} and ${showAval(update)}`,
      );
    }
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  vjp: ({ g, inputs }) => {
    const [, update, starts] = inputs as readonly [Tensor, Tensor, Tensor];
    const kept = dynamicUpdateSlice(g, full(update.shape, 0, g.dtype), starts);
    return [kept, dynamicSlice(g, starts, { sizes: update.shape }), null];
  },
};
/** `x` with a block replaced by `update` at computed `starts`, moved inside the shape if it sticks out. */
export const dynamicUpdateSlice: ((x: Tensor, update: Tensor, starts: Tensor) => Tensor) & Marked<None, "primitive"> =
  marked(
    (x: Tensor, update: Tensor, starts: Tensor) => apply1(dynamicUpdateDefinition, [x, update, starts], {}),
    "primitive",
    dynamicUpdateDefinition,
  );

/** `x[..., indices[...], ...]` along `axis`: both have the same shape except on that axis. */
export function takeAlong(x: Tensor, indices: Tensor, axis: number): Tensor {
  return gatherNd(x, alongIndices(indices, axis));
}
// Full coordinates of every element of `indices`, with `indices` itself on `axis`.
function alongIndices(indices: Tensor, axis: number): Tensor {
  const wide = [...indices.shape, 1];
  const coordinate = (i: number): Tensor =>
    reshape(i === axis ? indices : iota({ shape: indices.shape, axis: i, dtype: "int32" }), { shape: wide });
  return concat(range(indices.ndim).map(coordinate), { axis: indices.ndim });
}

const sameAs =
  (dtype?: DType) =>
  (inputs: readonly Aval[]): Aval[] => {
    const x = inputs[0] as Aval;
    return [{ shape: x.shape, dtype: dtype ?? x.dtype }];
  };
const sortDefinition: Definition<AxisParams> = {
  name: "sort",
  infer: sameAs(),
  vjp: ({ g, inputs, params }) => {
    const order = argSort(inputs[0] as Tensor, params);
    return [takeAlong(g, argSort(order, params), params.axis)];
  },
};
/** Ascending along `axis`, nan last. */
export const sort: Configured<AxisParams> = marked(
  (x: Tensor, params: AxisParams) => apply1(sortDefinition, [x], params),
  "primitive",
  sortDefinition,
);
const argSortDefinition: Definition<AxisParams> = { name: "argSort", infer: sameAs("int32"), vjp: "none" };
/** int32 positions that sort `x` ascending along `axis`; equal elements keep their order. */
export const argSort: Configured<AxisParams> = marked(
  (x: Tensor, params: AxisParams) => apply1(argSortDefinition, [x], params),
  "primitive",
  argSortDefinition,
);

export type TopKParams = { readonly k: number };
const topKDefinition: Definition<TopKParams> = {
  name: "topK",
  infer: ([x], { k }) => {
    const { shape, dtype } = x as Aval;
    requireOrdered("topK", x as Aval);
    const last = shape[shape.length - 1];
    if (last === undefined || !Number.isInteger(k) || k < 0 || k > last) {
      refuse("topK", "k must be an integer between 0 and the size of the last axis", `k ${k} for ${showShape(shape)}`);
    }
    const out = [...shape.slice(0, -1), k];
    return [
      { shape: out, dtype },
      { shape: out, dtype: "int32" },
    ];
  },
  vjp: ({ g, inputs, outs }) => {
    const x = inputs[0] as Tensor;
    const places = alongIndices(outs[1] as Tensor, x.ndim - 1);
    return [scatterNd(full(x.shape, 0, x.dtype), places, g, { mode: "add" })];
  },
};
/** The `k` largest of the last axis, descending, and their int32 positions; of equal ones the first comes first. */
export const topK: ((x: Tensor, params: TopKParams) => readonly [values: Tensor, indices: Tensor]) &
  Marked<TopKParams, "primitive"> = marked(
  (x: Tensor, params: TopKParams) => apply(topKDefinition, [x], params) as readonly [Tensor, Tensor],
  "primitive",
  topKDefinition,
);

/** `words: 2` keeps both output words of the cipher on a trailing axis of size 2 (new keys); 1 combines them by exclusive or (bits). */
export type BitsParams = { readonly shape: Shape; readonly words: 1 | 2 };
const randomBitsDefinition: Definition<BitsParams> = {
  name: "randomBits",
  infer: ([key], { shape, words }) => {
    const k = key as Aval;
    if (!sameShape(k.shape, [2]) || k.dtype !== "uint32")
      refuse("randomBits", "the key must be uint32 [2]", showAval(k));
    if (sizeOf(shape) >= 2 ** 32)
      refuse("randomBits", "fewer than 2^32 numbers can be drawn at once", showShape(shape));
    return [{ shape: words === 2 ? [...shape, 2] : shape, dtype: "uint32" }];
  },
  vjp: "none",
};
/**
 * Uniform uint32 bits: threefry2x32 (20 rounds) of `key` over the counters `(0, i)` for element `i` in row-major order. Source: Salmon et al. 2011; JAX' partitionable `random_bits`.
 */
export const randomBits: ((key: Tensor, params: BitsParams) => Tensor) & Marked<BitsParams, "primitive"> = marked(
  (key: Tensor, params: BitsParams) => apply1(randomBitsDefinition, [key], params),
  "primitive",
  randomBitsDefinition,
);
