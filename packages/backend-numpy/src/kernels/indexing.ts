import type { KernelTable } from "../core.ts";
import { tuple } from "./text.ts";

export type IndexingName =
  | "take"
  | "gatherNd"
  | "scatterNd"
  | "dynamicSlice"
  | "dynamicUpdateSlice"
  | "sort"
  | "argSort"
  | "topK"
  | "randomBits";

export const indexing: { readonly [N in IndexingName]: KernelTable<string>[N] } = {
  // Indices are in range by contract; "clip" spares NumPy its check.
  take: ([x, indices], { axis }) => `np.take(${x}, ${indices}, axis=${axis}, mode="clip")`,
  gatherNd: ([x, indices]) => `kt.gather_nd(${x}, ${indices})`,
  scatterNd: ([x, indices, updates], { mode }) => `kt.scatter_nd(${x}, ${indices}, ${updates}, "${mode}")`,
  dynamicSlice: ([x, starts], { sizes }) => `kt.dynamic_slice(${x}, ${starts}, ${tuple(sizes)})`,
  dynamicUpdateSlice: ([x, update, starts]) => `kt.dynamic_update_slice(${x}, ${update}, ${starts})`,
  sort: ([x], { axis }) => `kt.sort(${x}, ${axis})`,
  argSort: ([x], { axis }) => `np.argsort(${x}, axis=${axis}, kind="stable").astype(np.int32)`,
  topK: ([x], { k }) => [`kt.top_k(${x}, ${k})`],
  randomBits: ([key], { shape, words }) => `kt.random_bits(${key}, ${tuple(shape)}, ${words})`,
};
