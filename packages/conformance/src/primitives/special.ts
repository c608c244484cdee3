import { array, floatDtypes, INF, NAN, type PrimitiveSamples, scattered } from "./sample.ts";

type SpecialSampleName = "bitcast" | "erfc" | "gammainc" | "gammaincGradA";

const edges = [0, -0, 1, -1.5, 2 ** -126, -(2 ** -149), 3.4028234663852886e38, -INF, Math.PI, 0.99999994, 7e-42, 1e-30];
const bits = [0, -(2 ** 31), 1, 0x7f800000, 0x3f800000, 0x40490fdb, 0x00800000, -0x00800000, 0x12345678, 0x7f7fffff];
const shapes = scattered([2, 3], 0.3, 6);
const places = scattered([2, 3], 0.1, 12, "float32", 2);
const corners = [
  [0.5, 0],
  [2, INF],
  [3, -1],
  [-1, 2],
  [NAN, 1],
  [1, NAN],
  [0.01, 0.02],
  [10, 9.99],
  [0.1, 30],
] as const;
const column = (i: 0 | 1): ReturnType<typeof array> => array(corners.map((pair) => pair[i]));

export const specialSamples: Pick<PrimitiveSamples, SpecialSampleName> = {
  bitcast: [
    { name: "float32 to int32", inputs: [array(edges)], params: { dtype: "int32" } },
    { name: "int32 to float32", inputs: [array(bits, "int32")], params: { dtype: "float32" } },
    { name: "infinity to bits", inputs: [array([INF])], params: { dtype: "int32" } },
    { name: "bits of nan", inputs: [array([0x7fc00000, -1], "int32")], params: { dtype: "float32" } },
    { name: "float32 to uint32", inputs: [array(edges)], params: { dtype: "uint32" } },
    { name: "uint32 to float32", inputs: [array(bits, "uint32")], params: { dtype: "float32" } },
    { name: "int32 to uint32", inputs: [array(bits, "int32", [2, 5])], params: { dtype: "uint32" } },
    { name: "scalar", inputs: [array([-2.5], "float32", [])], params: { dtype: "int32" } },
    { name: "empty", inputs: [array([], "float32", [0, 2])], params: { dtype: "int32" } },
  ],
  erfc: [
    { name: "matrix", inputs: [scattered([2, 3], -2, 2)], params: {}, gradient: "smooth" },
    { name: "tail", inputs: [array([0.49, 0.5, 1, 2, 4, 6, 8, 9])], params: {} },
    { name: "special", inputs: [array([INF, -INF, NAN, 0, -0, -9, 12, 20])], params: {} },
    { name: "scalar", inputs: [scattered([])], params: {} },
    { name: "empty", inputs: [scattered([0, 2])], params: {} },
    ...floatDtypes.map((d) => ({ name: d, inputs: [scattered([5], -3, 3, d)], params: {} })),
  ],
  gammainc: [
    { name: "matrix", inputs: [shapes, places], params: {}, gradient: "first" },
    { name: "broadcast", inputs: [scattered([2, 1], 0.5, 4), places], params: {} },
    { name: "edges", inputs: [column(0), column(1)], params: {} },
    { name: "scalar", inputs: [array([2], "float32", []), array([1.5], "float32", [])], params: {} },
    { name: "empty", inputs: [scattered([0]), scattered([0])], params: {} },
  ],
  gammaincGradA: [
    { name: "matrix", inputs: [shapes, places], params: {} },
    { name: "edges", inputs: [column(0), column(1)], params: {} },
  ],
};
