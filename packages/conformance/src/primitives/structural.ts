import type { HostArray, primitives } from "@keras-ts/core/backend";
import {
  array,
  INF,
  integerDtypes,
  NAN,
  type PrimitiveSample,
  type PrimitiveSamples,
  type Samples,
  scattered,
} from "./sample.ts";

type MovementName = "reshape" | "transpose" | "broadcastTo" | "slice" | "pad" | "reverse" | "concat" | "iota";
type ReductionName = "reduceSum" | "reduceMax" | "reduceMin" | "reduceProd" | "reduceAnd" | "reduceOr";
type RunningName = "argMax" | "argMin" | "cumSum" | "cumProd" | "cumMax" | "cumMin";

const x: HostArray = scattered([2, 3, 4]);
const bools: HostArray = array([1, 0, 1, 1, 1, 1], "bool", [2, 3]);

const movement: Pick<PrimitiveSamples, MovementName> = {
  reshape: [
    { name: "splits and joins", inputs: [x], params: { shape: [4, 6] }, gradient: "smooth" },
    { name: "from scalar", inputs: [scattered([])], params: { shape: [1, 1] }, gradient: "smooth" },
    { name: "to scalar", inputs: [scattered([1])], params: { shape: [] } },
    { name: "empty", inputs: [scattered([0, 3])], params: { shape: [5, 0, 2] } },
    { name: "bool", inputs: [bools], params: { shape: [6] } },
    { name: "int8", inputs: [scattered([4], -9, 9, "int8")], params: { shape: [2, 2] } },
  ],
  transpose: [
    { name: "rotates axes", inputs: [x], params: { permutation: [2, 0, 1] }, gradient: "smooth" },
    { name: "matrix", inputs: [scattered([3, 2])], params: { permutation: [1, 0] }, gradient: "smooth" },
    { name: "batch of matrices", inputs: [x], params: { permutation: [0, 2, 1] } },
    { name: "five axes", inputs: [scattered([2, 1, 3, 2, 2])], params: { permutation: [4, 2, 0, 1, 3] } },
    { name: "empty", inputs: [scattered([0, 3])], params: { permutation: [1, 0] } },
    { name: "bool", inputs: [bools], params: { permutation: [1, 0] } },
  ],
  broadcastTo: [
    { name: "new and old axes", inputs: [scattered([3, 1])], params: { shape: [2, 3, 4] }, gradient: "smooth" },
    { name: "scalar", inputs: [scattered([])], params: { shape: [2, 2] }, gradient: "smooth" },
    { name: "to empty", inputs: [scattered([1, 3])], params: { shape: [0, 3] } },
    { name: "to empty rows", inputs: [scattered([2, 1])], params: { shape: [2, 0] } },
    { name: "int32", inputs: [array([1, 2], "int32")], params: { shape: [3, 2] } },
    { name: "bool", inputs: [array([1], "bool", [])], params: { shape: [3] } },
  ],
  slice: [
    {
      name: "with strides",
      inputs: [x],
      params: { starts: [0, 1, 0], limits: [2, 3, 4], strides: [1, 1, 2] },
      gradient: "smooth",
    },
    {
      name: "stride past the end",
      inputs: [scattered([7])],
      params: { starts: [1], limits: [7], strides: [4] },
      gradient: "smooth",
    },
    { name: "to nothing", inputs: [x], params: { starts: [1, 1, 1], limits: [1, 3, 2], strides: [1, 1, 1] } },
    { name: "bool", inputs: [bools], params: { starts: [0, 1], limits: [2, 3], strides: [1, 1] } },
  ],
  pad: [
    {
      name: "both sides",
      inputs: [scattered([2, 3])],
      params: { low: [1, 0], high: [0, 2], interior: [0, 0] },
      gradient: "smooth",
    },
    {
      name: "between elements",
      inputs: [scattered([2, 3])],
      params: { low: [0, 1], high: [1, 0], interior: [2, 1] },
      gradient: "smooth",
    },
    {
      name: "crops",
      inputs: [scattered([4, 5])],
      params: { low: [-1, 2], high: [-1, -3], interior: [0, 0] },
      gradient: "smooth",
    },
    {
      name: "crops between",
      inputs: [scattered([5])],
      params: { low: [-2], high: [-3], interior: [2] },
      gradient: "smooth",
    },
    {
      name: "crops inside a gap",
      inputs: [scattered([3])],
      params: { low: [-1], high: [-1], interior: [3] },
      gradient: "smooth",
    },
    { name: "from empty", inputs: [scattered([0, 2])], params: { low: [1, 0], high: [2, 1], interior: [3, 0] } },
    { name: "int32", inputs: [array([1, 2], "int32")], params: { low: [1], high: [1], interior: [1] } },
    { name: "bool", inputs: [array([1, 1], "bool")], params: { low: [1], high: [0], interior: [0] } },
  ],
  reverse: [
    { name: "two axes", inputs: [x], params: { axes: [0, 2] }, gradient: "smooth" },
    { name: "one axis", inputs: [scattered([5])], params: { axes: [0] } },
    { name: "empty", inputs: [scattered([0, 2])], params: { axes: [0, 1] } },
    { name: "int32", inputs: [array([1, 2, 3], "int32")], params: { axes: [0] } },
  ],
  concat: [
    {
      name: "middle axis",
      inputs: [x, scattered([2, 1, 4], -2, 2, "float32", 2), scattered([2, 2, 4], -2, 2, "float32", 3)],
      params: { axis: 1 },
      gradient: "smooth",
    },
    { name: "with empty", inputs: [scattered([2, 0]), scattered([2, 3]), scattered([2, 0])], params: { axis: 1 } },
    { name: "bool", inputs: [bools, bools], params: { axis: 0 } },
    { name: "int32", inputs: [array([1], "int32"), array([2, 3], "int32")], params: { axis: 0 } },
  ],
  iota: [
    { name: "int32", inputs: [], params: { shape: [2, 3], axis: 1, dtype: "int32" } },
    { name: "first axis", inputs: [], params: { shape: [3, 2], axis: 0, dtype: "float32" } },
    { name: "middle axis of uint32", inputs: [], params: { shape: [2, 3, 2], axis: 1, dtype: "uint32" } },
    { name: "float16 rounds", inputs: [], params: { shape: [5], axis: 0, dtype: "float16" } },
    { name: "empty", inputs: [], params: { shape: [0], axis: 0, dtype: "int32" } },
  ],
};

type ReductionSample = PrimitiveSample<primitives.AxesParams>;
const axesList = [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]];
function reductions(gradient: "first" | "smooth", emptyToo: boolean): Samples<primitives.AxesParams> {
  const floats = axesList.map(
    (axes): ReductionSample => ({ name: `axes ${axes}`, inputs: [x], params: { axes }, gradient }),
  );
  const integers = integerDtypes.map(
    (dtype): ReductionSample => ({
      name: dtype,
      inputs: [scattered([3, 4], dtype.startsWith("u") ? 0 : -90, 90, dtype)],
      params: { axes: [1] },
    }),
  );
  const rest: [ReductionSample, ...ReductionSample[]] = [
    { name: "of size 1", inputs: [scattered([2, 1])], params: { axes: [1] } },
    { name: "to empty", inputs: [scattered([0, 3])], params: { axes: [1] } },
    {
      name: "nan and infinity",
      inputs: [array([1, NAN, 2, INF, 1, 1, -INF, 0, 5], "float32", [3, 3])],
      params: { axes: [1] },
    },
    { name: "ties", inputs: [array([2, 2, 1, 0, 0, 0], "float32", [2, 3])], params: { axes: [1] } },
    { name: "float16", inputs: [scattered([4, 9], -2, 2, "float16")], params: { axes: [1] } },
    { name: "bfloat16", inputs: [scattered([4, 9], -2, 2, "bfloat16")], params: { axes: [1] } },
  ];
  if (emptyToo) rest.push({ name: "of nothing", inputs: [scattered([2, 0])], params: { axes: [1] } });
  return [...rest, ...floats, ...integers];
}
const logical: PrimitiveSamples["reduceAnd"] = [
  { name: "last axis", inputs: [bools], params: { axes: [1] } },
  { name: "first axis", inputs: [bools], params: { axes: [0] } },
  { name: "all", inputs: [bools], params: { axes: [0, 1] } },
  { name: "of nothing", inputs: [array([], "bool", [2, 0])], params: { axes: [1] } },
];
const boolExtremes = (): ReductionSample => ({ name: "bool", inputs: [bools], params: { axes: [1] } });

const reduced: Pick<PrimitiveSamples, ReductionName> = {
  reduceSum: reductions("smooth", true),
  reduceMax: [...reductions("first", false), boolExtremes()],
  reduceMin: [...reductions("first", false), boolExtremes()],
  reduceProd: [
    ...reductions("smooth", true),
    {
      name: "with zeros",
      inputs: [array([2, 0, 3, 0, 0, 5, 1, 2, 3], "float32", [3, 3])],
      params: { axes: [1] },
      gradient: "first",
    },
  ],
  reduceAnd: logical,
  reduceOr: logical,
};

const argReductions: PrimitiveSamples["argMax"] = [
  { name: "last axis", inputs: [x], params: { axis: 2 } },
  { name: "first axis", inputs: [x], params: { axis: 0 } },
  { name: "first of ties", inputs: [array([1, 3, 3, 1, 1, 3], "float32", [2, 3])], params: { axis: 1 } },
  { name: "first nan", inputs: [array([1, NAN, 3, NAN])], params: { axis: 0 } },
  { name: "infinity", inputs: [array([-INF, INF, -INF, INF])], params: { axis: 0 } },
  { name: "int32", inputs: [scattered([3, 4], -90, 90, "int32")], params: { axis: 1 } },
  { name: "uint8", inputs: [scattered([3, 4], 0, 250, "uint8")], params: { axis: 0 } },
  { name: "bool", inputs: [bools], params: { axis: 1 } },
  { name: "float16", inputs: [scattered([7], -2, 2, "float16")], params: { axis: 0 } },
];

const running = (gradient: "first" | "smooth"): Samples<primitives.CumulativeParams> => [
  { name: "forwards", inputs: [x], params: { axis: 1, reverse: false }, gradient },
  { name: "backwards", inputs: [x], params: { axis: 1, reverse: true }, gradient },
  { name: "last axis", inputs: [x], params: { axis: 2, reverse: false }, gradient },
  { name: "vector", inputs: [scattered([6])], params: { axis: 0, reverse: true } },
  { name: "int32", inputs: [scattered([2, 5], -9, 9, "int32")], params: { axis: 1, reverse: false } },
  { name: "nan", inputs: [array([1, NAN, 2])], params: { axis: 0, reverse: false } },
  { name: "empty", inputs: [scattered([2, 0])], params: { axis: 1, reverse: false } },
  { name: "float16", inputs: [scattered([2, 5], -2, 2, "float16")], params: { axis: 1, reverse: false } },
];

export const structuralSamples: Pick<PrimitiveSamples, MovementName | ReductionName | RunningName> = {
  ...movement,
  ...reduced,
  argMax: argReductions,
  argMin: argReductions,
  cumSum: running("smooth"),
  cumProd: [
    ...running("smooth"),
    { name: "with zeros", inputs: [array([2, 0, 3, 0, 5])], params: { axis: 0, reverse: false }, gradient: "first" },
  ],
  cumMax: running("first"),
  cumMin: running("first"),
};
