import type { None } from "@keras-ts/core/backend";
import { array, floatDtypes, INF, NAN, type PrimitiveSamples, type Samples, scattered } from "./sample.ts";

type CompositeSampleName = "relu" | "softplus" | "silu" | "gelu" | "geluTanh" | "softmax" | "logSoftmax" | "normalize";

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
const matrix = scattered([2, 3], -3, 3);
const cube = scattered([2, 3, 4]);
const epsilon = 1e-3;

export const compositeSamples: Pick<PrimitiveSamples, CompositeSampleName> = {
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
  normalize: [
    { name: "last axis", inputs: [cube], params: { axes: [2], epsilon }, gradient: "smooth" },
    { name: "two axes", inputs: [cube], params: { axes: [1, 2], epsilon }, gradient: "smooth" },
    { name: "constant rows", inputs: [array([3, 3, 3, 3], "float32", [2, 2])], params: { axes: [1], epsilon } },
    { name: "float16", inputs: [scattered([2, 5], -3, 3, "float16")], params: { axes: [1], epsilon }, slack: 4 },
  ],
};
