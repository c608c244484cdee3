import type { Limitation } from "@keras-ts/core/backend";

const onGpu = (sample: string, reason: string, ...ops: readonly string[]): Limitation[] =>
  ops.map((op) => ({ op, sample, devices: ["webgpu"], reason }));
const onHost = (reason: string, ...ops: readonly string[]): Limitation[] =>
  ops.map((op) => ({ op, devices: ["webgpu"], onHost: true, reason }));

const WHERE = "ONNX Runtime's Where adds the chosen parts, so that -0 becomes 0; these ops are, or are made of, Where";

/** What this engine cannot do. Devices: `cpu` is the native build in Node, `wasm` the one of browsers on the CPU, `webgpu` that on a graphics card. */
export const limitations: readonly Limitation[] = [
  {
    op: "*",
    dtype: "float64",
    reason:
      "ONNX Runtime has float64 kernels for plain arithmetic only; they are used inside of kernels, but not offered",
  },
  ...["where", "sign", "log1p", "expm1"].map((op) => ({ op, zeroSigns: true, reason: WHERE })),
  ...["trunc", "atan2", "topK"].map((op) => ({ op, devices: ["cpu", "wasm"], zeroSigns: true, reason: WHERE })),
  { op: "*", dtype: "float16", zeroSigns: true, reason: "rounding to float16 chooses its parts with Where" },
  {
    op: "topK",
    sample: "nan",
    reason: "several nan in a row come in any order, as ONNX Runtime's operator finds them",
  },
  ...[{ sample: "nan" }, { sample: "nan in a window", devices: ["cpu", "webgpu"] }].map((where) => ({
    op: "maxPool",
    ...where,
    reason: "nan in a window is passed over, as ONNX Runtime's operator does; the other values are compared",
  })),
  ...["erf", "tanh", "sinh"].map((op) => ({
    op,
    devices: ["webgpu"],
    zeroSigns: true,
    reason: "The graphics card's functions give 0 for -0",
  })),
  {
    op: "*",
    devices: ["webgpu"],
    nonFinite: true,
    reason: "WGSL lets the graphics card compute as if there were no nan and no infinities",
  },
  ...onGpu(
    "special values",
    "WGSL lets the graphics card compute as if there were no nan and no infinities",
    ...["acosh", "atanh", "cosh", "erfInv", "exp", "log", "log1p", "logistic"],
  ),
  ...onGpu("certain and right", "WGSL lets the graphics card be off by 2^-21 for logarithms of numbers near 1", "log"),
  {
    op: "max",
    sample: "a negative zero at the limit",
    devices: ["wasm"],
    reason: "wasm's fast maximum of 0 and -0 is either of them",
  },
  ...onGpu("nan", "WGSL lets the graphics card compute as if there were no nan", "relu", "softplus"),
  ...onGpu("nan last", "WGSL lets the graphics card compute as if there were no nan", "sort", "argSort"),
  ...onGpu("max with nan", "WGSL lets the graphics card compute as if there were no nan", "scatterNd"),
  ...onGpu("float32 to int32", "WGSL lets the graphics card take subnormal numbers for 0", "bitcast"),
  ...onGpu("float32 to uint32", "WGSL lets the graphics card take subnormal numbers for 0", "bitcast"),
  ...onGpu(
    "convnet",
    "its losses go 1.3e-4 away from Keras': WGSL lets quotients and roots be off by some units",
    "fit",
  ),
  ...onHost(
    "Needs float64 inside, which ONNX Runtime's WebGPU build has not: the whole program runs in its plain wasm build",
    ...["digamma", "trigamma", "lgamma", "gammainc", "gammaincGradA", "multiplyAdd"],
    ...["cholesky", "triangularSolve", "qr", "eigh", "eig", "svd", "lu", "fft"],
  ),
  ...onHost("WGSL lets the graphics card be off by 5e-5", "sin", "cos", "tan", "asin", "acos"),
  ...onHost("ONNX Runtime's WebGPU provider loses all digits of large negative numbers", "asinh"),
  ...onHost("ONNX Runtime's WebGPU provider takes the absolute value of a negative base", "pow"),
  ...onHost("ONNX Runtime's WebGPU provider finds no places of maxima", "maxPoolGrad", "maxPoolGather"),
  ...onHost(
    "Only 3-D, and in groups: ONNX Runtime's WebGPU provider has neither, or computes it wrongly",
    "convInputGrad",
  ),
];
