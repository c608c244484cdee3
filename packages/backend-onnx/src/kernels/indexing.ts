// Reading and writing at computed places, sorting, random bits.
import { range, sizeOf, stridesOf } from "@keras-ts/core/backend";
import { type Builder, infoOf, isFloatType } from "../builder.ts";
import type { OnnxType } from "../proto.ts";
import { select } from "./elementwise.ts";
import { randomBits } from "./random.ts";
import { hasZero, isWorthABranch, mayHaveNan, separate, unlessRare, unseparated } from "./rare.ts";
import { composed1, type Rows } from "./table.ts";

type Names =
  | "take"
  | "gatherNd"
  | "scatterNd"
  | "dynamicSlice"
  | "dynamicUpdateSlice"
  | "sort"
  | "argSort"
  | "topK"
  | "randomBits";

export function indexing(b: Builder): Rows<Names> {
  return {
    take: ([x, indices], { axis }, { outs }) => {
      const out = infoOf(outs[0] as (typeof outs)[number]);
      if (sizeOf(out.shape) === 0) return b.full(out, 0);
      return b.op("Gather", [x as string, indices as string], out, { axis });
    },
    gatherNd: ([x, indices], _, { outs }) => {
      const out = infoOf(outs[0] as (typeof outs)[number]);
      if (sizeOf(out.shape) === 0) return b.full(out, 0);
      const at = b.shape(indices as string);
      if (at[at.length - 1] === 0) return b.expand(x as string, out.shape);
      return b.op("GatherND", [x as string, b.cast(indices as string, "int64")], out, { batch_dims: 0 });
    },
    scatterNd: ([x, indices, updates], { mode }) => scatter(b, x as string, indices as string, updates as string, mode),
    dynamicSlice: ([x, starts], { sizes }) => {
      const info = b.info(x as string);
      const begin = clampedStarts(b, starts as string, info.shape, sizes);
      const end = b.map("Add", [begin, b.ints(sizes)]);
      if (info.shape.length === 0) return x as string;
      return b.op("Slice", [x as string, begin, end, b.ints(range(sizes.length))], { type: info.type, shape: sizes });
    },
    dynamicUpdateSlice: ([x, update, starts]) => updateSlice(b, x as string, update as string, starts as string),
    sort: ([x], { axis }) => sorted(b, x as string, axis).values,
    argSort: ([x], { axis }) => sorted(b, x as string, axis).places,
    topK: ([x], { k }) => topK(b, x as string, k),
    randomBits: composed1(b, randomBits),
  };
}

const reductions = { set: "none", add: "add", multiply: "mul", min: "min", max: "max" } as const;

function scatter(b: Builder, x: string, indices: string, updates: string, mode: keyof typeof reductions): string {
  const { type, shape } = b.info(x);
  const at = b.shape(indices);
  if (sizeOf(b.shape(updates)) === 0 || sizeOf(shape) === 0) return x;
  if (type === "bool" && mode !== "set") {
    const wide = [b.cast(x, "int32"), b.cast(updates, "int32")] as const;
    return b.cast(scatter(b, wide[0], indices, wide[1], mode), "bool");
  }
  // Rows of x by one flat index each, then elements one after the other: ScatterND writes in parallel, so that equal indices race.
  const depth = at[at.length - 1] as number;
  const [count, width] = [sizeOf(at.slice(0, -1)), sizeOf(shape.slice(depth))];
  const flat = b.reshape(flatIndices(b, indices, shape.slice(0, depth)), [count, 1]);
  const rows = [
    b.reshape(x, [sizeOf(shape) / width, width]),
    b.expand(flat, [count, width]),
    b.reshape(updates, [count, width]),
  ];
  const info = { type, shape: [sizeOf(shape) / width, width] };
  return b.reshape(b.op("ScatterElements", rows, info, { axis: 0, reduction: reductions[mode] }), shape);
}

// Row-major positions in `shape` of index tuples [..., depth], as int32.
function flatIndices(b: Builder, indices: string, shape: readonly number[]): string {
  const at = b.shape(indices);
  const lead = at.slice(0, -1);
  if (shape.length === 0) return b.full({ type: "int32", shape: lead }, 0);
  if (shape.length === 1) return b.reshape(indices, lead);
  const strides = stridesOf(shape);
  return b.reduce("ReduceSum", b.map("Mul", [indices, b.constant("int32", [strides.length], strides)]), [
    at.length - 1,
  ]);
}

// Starts moved so that the block lies inside.
function clampedStarts(b: Builder, starts: string, shape: readonly number[], sizes: readonly number[]): string {
  const room = b.ints(shape.map((n, i) => n - (sizes[i] as number)));
  const wide = b.cast(starts, "int64");
  return b.map("Min", [b.map("Max", [wide, b.scalar(0, "int64")]), room]);
}

// Only the axes up to the last on which the block is smaller than x need coordinates: the rest are whole rows.
function updateSlice(b: Builder, x: string, update: string, starts: string): string {
  const { shape } = b.info(x);
  const block = b.shape(update);
  if (sizeOf(block) === 0) return x;
  const depth = shape.reduce((d, n, i) => (n === block[i] ? d : i + 1), 0);
  if (depth === 0) return update;
  const begin = clampedStarts(b, starts, shape, block);
  const lead = block.slice(0, depth);
  const grid = new Float64Array(sizeOf(lead) * depth);
  let rest = 0;
  for (let flat = 0; flat < sizeOf(lead); flat++) {
    rest = flat;
    for (let i = depth - 1; i >= 0; i--) {
      const n = lead[i] as number;
      grid[flat * depth + i] = rest % n;
      rest = Math.floor(rest / n);
    }
  }
  const inside = b.constant("int64", [...lead, depth], grid);
  const origin = b.slice(begin, [0], [depth]);
  return b.op("ScatterND", [x, b.map("Add", [inside, origin]), update], b.info(x), { reduction: "none" });
}

const sortable = (type: OnnxType): OnnxType => (type === "uint32" ? "int64" : type === "bool" ? "int32" : type);

// Ascending and stable: TopK puts the earlier of two equal elements first.
function ascending(b: Builder, x: string, axis: number): readonly [values: string, places: string] {
  const { type, shape } = b.info(x);
  const outs = [
    { type, shape },
    { type: "int64" as const, shape },
  ];
  return b.ops("TopK", [x, b.ints([shape[axis] as number])], outs, { axis, largest: 0, sorted: 1 }) as [string, string];
}

// nan last: it is sorted as infinity, and a second stable sort by "is nan" moves it behind true infinities.
function sorted(b: Builder, x: string, axis: number): { readonly values: string; readonly places: string } {
  const { type, shape } = b.info(x);
  if (sizeOf(shape) === 0 || shape.length === 0) {
    return { values: x, places: b.full({ type: "int32", shape }, 0) };
  }
  if (!isFloatType(type)) {
    const [values, places] = ascending(b, b.cast(x, sortable(type)), axis);
    return { values: b.cast(values, type), places: b.cast(places, "int32") };
  }
  const isNan = b.map("IsNaN", [x], "bool");
  const [values, first] = ascending(b, select(b, isNan, b.scalar(Number.POSITIVE_INFINITY, type), x), axis);
  return {
    get values() {
      const count = b.reduce("ReduceSum", b.cast(isNan, "int32"), [axis], true);
      const position = b.constant(
        "int32",
        shape.map((n, i) => (i === axis ? n : 1)),
        range(shape[axis] as number),
      );
      const limit = b.map("Sub", [b.scalar(shape[axis] as number, "int32"), count]);
      return select(b, b.map("GreaterOrEqual", [position, limit], "bool"), b.scalar(Number.NaN, type), values);
    },
    get places() {
      const flags = b.op("GatherElements", [b.cast(isNan, "int32"), first], { type: "int32", shape }, { axis });
      const [, second] = ascending(b, flags, axis);
      return b.cast(b.op("GatherElements", [first, second], { type: "int64", shape }, { axis }), "int32");
    },
  };
}

function topK(b: Builder, x: string, k: number): readonly [string, string] {
  const { type, shape } = b.info(x);
  const out = [...shape.slice(0, -1), k];
  if (sizeOf(out) === 0) return [b.full({ type, shape: out }, 0), b.full({ type: "int32", shape: out }, 0)];
  const source = unseparated(b, x);
  if (source === undefined || !isWorthABranch(b, x)) return largest(b, x, k);
  // Without a zero among the largest it does not matter whether zeros are separated.
  const usual = largest(b, source, k);
  const isRare = b.map("Or", [mayHaveNan(b, source), hasZero(b, usual[0])], "bool");
  return unlessRare(b, isRare, usual, (inner) => largest(inner, separate(inner, source), k)) as [string, string];
}
function largest(b: Builder, x: string, k: number): readonly [string, string] {
  const { type, shape } = b.info(x);
  const out = [...shape.slice(0, -1), k];
  const wide = sortable(type);
  const outs = [
    { type: wide, shape: out },
    { type: "int64" as const, shape: out },
  ];
  const options = { axis: shape.length - 1, largest: 1, sorted: 1 };
  const [values, places] = b.ops("TopK", [b.cast(x, wide), b.ints([k])], outs, options) as [string, string];
  return [b.cast(values, type), b.cast(places, "int32")];
}
