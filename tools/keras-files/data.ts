import { type Tensor, tensor, tree } from "@keras-ts/core";
import type { DataShape, SavedModel } from "./models.ts";

/** An array as JSON has it. */
export interface Plain {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly number[];
}
export type PlainTree = Plain | readonly PlainTree[] | { readonly [key: string]: PlainTree };

/** Numbers that look random and are the same everywhere. */
export function plainData(shapes: NonNullable<SavedModel["x"]>, seed: number): PlainTree {
  let state = seed;
  const next = (): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.fround(state / 2147483648);
  };
  const make = ({ shape, below }: DataShape): Plain => {
    const size = shape.reduce((a, b) => a * b, 1);
    const data = Array.from({ length: size }, () =>
      below === undefined ? Math.fround(next() * 2 - 1) : Math.floor(next() * below),
    );
    return { shape, dtype: below === undefined ? "float32" : "int32", data };
  };
  if ("shape" in shapes && Array.isArray(shapes.shape)) return make(shapes as DataShape);
  if (Array.isArray(shapes)) return (shapes as readonly DataShape[]).map(make);
  return Object.fromEntries(
    Object.entries(shapes as Readonly<Record<string, DataShape>>).map(([key, shape]) => [key, make(shape)]),
  );
}

const isPlain = (value: PlainTree): value is Plain => "data" in value && "dtype" in value;

/** The same as tensors. */
export function tensors(value: PlainTree): tree.Tree<Tensor> {
  if (isPlain(value)) return tensor(value.data as number[], { shape: value.shape, dtype: value.dtype });
  if (Array.isArray(value)) return (value as readonly PlainTree[]).map(tensors);
  return Object.fromEntries(
    Object.entries(value as Record<string, PlainTree>).map(([key, item]) => [key, tensors(item)]),
  );
}

/** Values of outputs, flat. */
export const valuesOf = (outputs: unknown): Promise<number[][]> =>
  Promise.all(
    tree
      .flatten(outputs as tree.Tree<Tensor>)
      .map(async (t) => [...((await t.host()).data as ArrayLike<number> & Iterable<number>)]),
  );

/** The largest difference, relative where values are large; infinite if the numbers of values differ. */
export function difference(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  if (a.length !== b.length || a.some((list, i) => list.length !== b[i]?.length)) return Number.POSITIVE_INFINITY;
  let worst = 0;
  a.forEach((list, i) => {
    list.forEach((value, k) => {
      const other = b[i]?.[k] as number;
      const gap = Math.abs(value - other) / Math.max(1, Math.abs(other));
      worst = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : Math.max(worst, gap);
    });
  });
  return worst;
}
