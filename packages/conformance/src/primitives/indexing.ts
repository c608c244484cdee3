import { array, INF, NAN, type PrimitiveSamples, scattered } from "./sample.ts";

type IndexingName =
  | "take"
  | "gatherNd"
  | "scatterNd"
  | "dynamicSlice"
  | "dynamicUpdateSlice"
  | "sort"
  | "argSort"
  | "topK"
  | "randomBits";

const x = scattered([3, 4]);
const int = (values: readonly number[], shape: readonly number[] = [values.length]): ReturnType<typeof array> =>
  array(values, "int32", shape);
const modes = ["set", "add", "min", "max"] as const;
const key = array([7, 3], "uint32");

export const indexingSamples: Pick<PrimitiveSamples, IndexingName> = {
  take: [
    { name: "rows", inputs: [x, int([2, 0, 2])], params: { axis: 0 }, gradient: "smooth" },
    { name: "columns with a matrix", inputs: [x, int([3, 0, 1, 1], [2, 2])], params: { axis: 1 }, gradient: "smooth" },
    { name: "middle axis", inputs: [scattered([2, 3, 2]), int([1, 1, 0, 2])], params: { axis: 1 }, gradient: "smooth" },
    { name: "scalar index", inputs: [x, int([1], [])], params: { axis: 0 }, gradient: "smooth" },
    { name: "of a vector", inputs: [scattered([5]), int([4, 0])], params: { axis: 0 } },
    { name: "no indices", inputs: [x, int([])], params: { axis: 0 } },
    { name: "int32", inputs: [int([5, 6, 7]), int([2, 0])], params: { axis: 0 } },
    { name: "bool", inputs: [array([1, 0], "bool"), int([1, 1, 0])], params: { axis: 0 } },
  ],
  gatherNd: [
    { name: "elements", inputs: [x, int([0, 1, 2, 3, 0, 1], [3, 2])], params: {}, gradient: "smooth" },
    { name: "rows", inputs: [x, int([2, 0], [2, 1])], params: {}, gradient: "smooth" },
    {
      name: "grid of indices",
      inputs: [scattered([2, 3, 2]), int([0, 1, 1, 2, 1, 1, 0, 0], [2, 2, 2])],
      params: {},
      gradient: "smooth",
    },
    { name: "int32", inputs: [int([5, 6, 7]), int([2, 0], [2, 1])], params: {} },
    { name: "no indices", inputs: [x, int([], [0, 2])], params: {} },
  ],
  scatterNd: [
    {
      name: "multiply rows",
      inputs: [x, int([0, 2], [2, 1]), scattered([2, 4], -2, 2, "float32", 2)],
      params: { mode: "multiply" },
    },
    {
      name: "set rows",
      inputs: [x, int([2, 0], [2, 1]), scattered([2, 4], -2, 2, "float32", 2)],
      params: { mode: "set" },
      gradient: "smooth",
    },
    {
      name: "add twice to a place",
      inputs: [x, int([1, 1], [2, 1]), scattered([2, 4], -2, 2, "float32", 2)],
      params: { mode: "add" },
      gradient: "smooth",
    },
    {
      name: "last set wins",
      inputs: [scattered([4]), int([1, 1, 2], [3, 1]), array([5, 6, 7])],
      params: { mode: "set" },
    },
    { name: "int32 add", inputs: [int([1, 2, 3]), int([0, 0], [2, 1]), int([10, 20])], params: { mode: "add" } },
    { name: "no updates", inputs: [x, int([], [0, 1]), scattered([0, 4])], params: { mode: "add" } },
    { name: "max with nan", inputs: [array([1, 2]), int([0, 1], [2, 1]), array([NAN, 5])], params: { mode: "max" } },
    {
      name: "bool set",
      inputs: [array([0, 0, 0], "bool"), int([1], [1, 1]), array([1], "bool")],
      params: { mode: "set" },
    },
    ...modes.map((mode) => ({
      name: `${mode} elements`,
      inputs: [x, int([0, 1, 2, 3], [2, 2]), scattered([2], -2, 2, "float32", 5)],
      params: { mode },
      gradient: "first" as const,
    })),
  ],
  dynamicSlice: [
    { name: "block", inputs: [x, int([1, 2])], params: { sizes: [2, 2] }, gradient: "smooth" },
    { name: "moved inside", inputs: [x, int([9, -5])], params: { sizes: [2, 2] }, gradient: "smooth" },
    { name: "whole", inputs: [scattered([3]), int([1])], params: { sizes: [3] } },
    { name: "int32", inputs: [int([1, 2, 3]), int([1])], params: { sizes: [2] } },
  ],
  dynamicUpdateSlice: [
    { name: "block", inputs: [x, scattered([2, 2], -2, 2, "float32", 2), int([1, 2])], params: {}, gradient: "smooth" },
    {
      name: "moved inside",
      inputs: [x, scattered([2, 2], -2, 2, "float32", 2), int([9, -5])],
      params: {},
      gradient: "smooth",
    },
    { name: "int32", inputs: [int([1, 2, 3]), int([9]), int([2])], params: {} },
  ],
  sort: [
    { name: "last axis", inputs: [x], params: { axis: 1 }, gradient: "smooth" },
    { name: "first axis", inputs: [x], params: { axis: 0 }, gradient: "smooth" },
    { name: "nan last", inputs: [array([3, NAN, -INF, 1, NAN, INF])], params: { axis: 0 } },
    { name: "int32", inputs: [scattered([2, 5], -90, 90, "int32")], params: { axis: 1 } },
    { name: "uint8", inputs: [scattered([2, 5], 0, 250, "uint8")], params: { axis: 1 } },
    { name: "empty", inputs: [scattered([2, 0])], params: { axis: 1 } },
    { name: "float16", inputs: [scattered([6], -2, 2, "float16")], params: { axis: 0 } },
  ],
  argSort: [
    { name: "last axis", inputs: [x], params: { axis: 1 } },
    { name: "first axis", inputs: [x], params: { axis: 0 } },
    { name: "stable", inputs: [array([2, 1, 2, 1, 2, 1])], params: { axis: 0 } },
    { name: "nan last", inputs: [array([3, NAN, -INF, 1, NAN, INF])], params: { axis: 0 } },
    { name: "int32", inputs: [scattered([2, 5], -90, 90, "int32")], params: { axis: 1 } },
  ],
  topK: [
    { name: "three of five", inputs: [scattered([2, 5])], params: { k: 3 }, gradient: "smooth" },
    { name: "all", inputs: [scattered([4])], params: { k: 4 }, gradient: "smooth" },
    { name: "none", inputs: [scattered([4])], params: { k: 0 } },
    { name: "first of ties", inputs: [array([1, 3, 3, 2, 3])], params: { k: 3 } },
    { name: "int32", inputs: [scattered([2, 5], -90, 90, "int32")], params: { k: 2 } },
  ],
  randomBits: [
    { name: "vector", inputs: [key], params: { shape: [5], words: 1 } },
    { name: "pairs", inputs: [key], params: { shape: [2, 3], words: 2 } },
    { name: "scalar", inputs: [key], params: { shape: [], words: 1 } },
    { name: "one pair", inputs: [key], params: { shape: [], words: 2 } },
    { name: "large key", inputs: [array([2 ** 32 - 1, 2 ** 31], "uint32")], params: { shape: [4, 3], words: 1 } },
    { name: "many", inputs: [key], params: { shape: [1000], words: 1 } },
    { name: "none", inputs: [key], params: { shape: [0], words: 1 } },
  ],
};
