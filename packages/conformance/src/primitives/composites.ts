import type { None, primitives } from "@keras-ts/core/backend";
import { array, floatDtypes, INF, NAN, type PrimitiveSamples, type Samples, scattered } from "./sample.ts";

type CompositeSampleName =
  | "relu"
  | "softplus"
  | "silu"
  | "gelu"
  | "geluTanh"
  | "softmax"
  | "logSoftmax"
  | "normalize"
  | "multiplyAdd"
  | "encrypt"
  | "separateZeros"
  | "oneHot"
  | "resizeBilinear"
  | "resizeNearest"
  | "barrier";

function activation(gradient: "first" | "smooth"): Samples<None> {
  return [
    { name: "matrix", inputs: [scattered([2, 3], -3, 3)], params: {}, gradient },
    { name: "scalar", inputs: [scattered([])], params: {} },
    { name: "empty", inputs: [scattered([0, 2])], params: {} },
    { name: "far out", inputs: [array([-100, -20, -1e-4, 0, 1e-4, 20, 100])], params: {} },
    { name: "nan", inputs: [array([NAN, 1])], params: {} },
    ...floatDtypes.map((d) => ({ name: d, inputs: [scattered([5], -3, 3, d)], params: {} })),
  ];
}
const resizings = (): Samples<primitives.ResizeParams> => [
  { name: "larger", inputs: [scattered([2, 3, 4, 2])], params: { size: [7, 5] }, gradient: "first" },
  { name: "smaller", inputs: [scattered([1, 7, 9, 3])], params: { size: [3, 2] }, gradient: "first" },
  { name: "one axis", inputs: [scattered([2, 4, 3, 1])], params: { size: [4, 8] } },
  { name: "larger and smaller", inputs: [scattered([1, 4, 8, 1])], params: { size: [10, 3] } },
  { name: "from one place", inputs: [scattered([2, 1, 1, 3])], params: { size: [2, 3] } },
  { name: "to one place", inputs: [scattered([2, 5, 4, 3])], params: { size: [1, 1] } },
  { name: "as it is", inputs: [scattered([1, 2, 3, 1])], params: { size: [2, 3] } },
  { name: "no images", inputs: [scattered([0, 2, 3, 1])], params: { size: [3, 3] } },
];
const matrix = scattered([2, 3], -3, 3);
const cube = scattered([2, 3, 4]);
const epsilon = 1e-3;

export const compositeSamples: Pick<PrimitiveSamples, CompositeSampleName> = {
  encrypt: [
    { name: "new keys", inputs: [array([0, 7, 2 ** 31, 42, 1, 4294967295], "uint32", [2, 3])], params: { count: 3 } },
    { name: "words", inputs: [array([0, 1, 5, 42], "uint32", [2, 2])], params: { count: 1 } },
    { name: "one key", inputs: [array([1, 2], "uint32", [2])], params: { count: 2 } },
    { name: "matrix of keys", inputs: [array([1, 2, 3, 4, 5, 6, 7, 8], "uint32", [2, 2, 2])], params: { count: 2 } },
    { name: "no keys", inputs: [array([], "uint32", [2, 0])], params: { count: 2 } },
  ],
  separateZeros: [
    { name: "zeros", inputs: [array([0, -0, 1, -1, NAN, INF, -INF, -0])], params: {} },
    { name: "matrix", inputs: [matrix], params: {}, gradient: "first" },
    { name: "none", inputs: [scattered([0, 2])], params: {} },
  ],
  oneHot: [
    { name: "last axis", inputs: [array([2, 0, 1, 3, -1], "int32")], params: { axis: 1, size: 3, dtype: "float32" } },
    {
      name: "first axis",
      inputs: [array([2, 0, 1, 3, -1, 1], "int32", [3, 2])],
      params: { axis: 0, size: 4, dtype: "float32" },
    },
    {
      name: "axis between",
      inputs: [array([2, 0, 1, 3, -1, 1], "int32", [3, 2])],
      params: { axis: 1, size: 3, dtype: "bool" },
    },
    { name: "integers", inputs: [array([2, 0, 255], "uint8")], params: { axis: 1, size: 3, dtype: "int32" } },
    { name: "narrow", inputs: [array([2, 0, 1], "int32")], params: { axis: 1, size: 3, dtype: "float16" } },
    { name: "scalar", inputs: [array([1], "int32", [])], params: { axis: 0, size: 3, dtype: "float32" } },
    { name: "no classes", inputs: [array([1], "int32")], params: { axis: 1, size: 0, dtype: "float32" } },
  ],
  resizeBilinear: resizings(),
  resizeNearest: resizings(),
  relu: activation("first"),
  softplus: activation("smooth"),
  silu: activation("smooth"),
  gelu: activation("smooth"),
  geluTanh: activation("smooth"),
  softmax: [
    { name: "last axis", inputs: [matrix], params: { axes: [1] }, gradient: "smooth" },
    { name: "first axis", inputs: [matrix], params: { axes: [0] }, gradient: "smooth" },
    { name: "two axes", inputs: [cube], params: { axes: [1, 2] }, gradient: "smooth" },
    { name: "large", inputs: [array([1000, 1001, -1000])], params: { axes: [0] } },
    { name: "masked", inputs: [array([-INF, 1, 2])], params: { axes: [0] } },
    { name: "float16", inputs: [scattered([2, 5], -3, 3, "float16")], params: { axes: [1] } },
  ],
  logSoftmax: [
    { name: "last axis", inputs: [matrix], params: { axes: [1] }, gradient: "smooth" },
    { name: "first axis", inputs: [matrix], params: { axes: [0] }, gradient: "smooth" },
    { name: "two axes", inputs: [cube], params: { axes: [1, 2] }, gradient: "smooth" },
    { name: "large", inputs: [array([1000, 1001, -1000])], params: { axes: [0] } },
    { name: "float16", inputs: [scattered([2, 5], -3, 3, "float16")], params: { axes: [1] } },
  ],
  barrier: [
    { name: "matrix", inputs: [matrix, scattered([3])], params: {}, gradient: "smooth" },
    { name: "scalar", inputs: [scattered([]), scattered([])], params: {} },
    { name: "after nan", inputs: [matrix, array([NAN, 1])], params: {} },
    { name: "integers", inputs: [array([1, 2, 3], "int32"), matrix], params: {} },
    { name: "empty", inputs: [scattered([0, 2]), matrix], params: {} },
    { name: "after nothing", inputs: [matrix, scattered([0])], params: {} },
  ],
  multiplyAdd: [
    { name: "matrix", inputs: [matrix, scattered([2, 3], -3, 3), scattered([2, 3])], params: {}, gradient: "smooth" },
    { name: "broadcast", inputs: [matrix, scattered([3], -3, 3), scattered([])], params: {}, gradient: "smooth" },
    {
      name: "what the product loses",
      inputs: [array([1 + 2 ** -23, 0.1, 3e10]), array([1 - 2 ** -23, 10, 1 / 3]), array([-1, -1, -1e10])],
      params: {},
    },
    { name: "empty", inputs: [scattered([0, 2]), scattered([2]), scattered([])], params: {} },
    {
      name: "float16",
      inputs: [scattered([5], -3, 3, "float16"), scattered([5], -3, 3, "float16"), scattered([5], -3, 3, "float16")],
      params: {},
    },
  ],
  normalize: [
    { name: "last axis", inputs: [cube], params: { axes: [2], epsilon }, gradient: "smooth" },
    { name: "two axes", inputs: [cube], params: { axes: [1, 2], epsilon }, gradient: "smooth" },
    { name: "constant rows", inputs: [array([3, 3, 3, 3], "float32", [2, 2])], params: { axes: [1], epsilon } },
    { name: "float16", inputs: [scattered([2, 5], -3, 3, "float16")], params: { axes: [1], epsilon }, slack: 4 },
  ],
};
