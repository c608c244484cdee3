// What this engine cannot do, as data: shown in the docs, and expected to fail in the conformance suite.
import type { Limitation } from "@keras-ts/core/backend";

const GPUS = ["webgl", "webgpu"] as const;
const WEBGL = ["webgl"] as const;
const onHost = (devices: readonly string[], reason: string, ...ops: readonly string[]): Limitation[] =>
  ops.map((op) => ({ op, devices, onHost: true, reason }));

/** All limitations of the TensorFlow.js engine; a `devices` list says where one holds. */
export const limitations: readonly Limitation[] = [
  { op: "*", dtype: "float64", reason: "TensorFlow.js has no 64-bit floats." },
  {
    op: "*",
    dtype: "int32",
    devices: ["webgl"],
    reason: "WebGL holds integers in floats: results beyond 2^24 lose low bits, and products do not wrap.",
  },
  {
    op: "*",
    dtype: "float32",
    devices: ["webgl"],
    reason: "Graphics cards without 32-bit float textures compute in 16 bits, and some do not keep nan and infinities.",
  },
  {
    op: "*",
    dtype: "uint32",
    devices: ["webgl"],
    reason:
      "Carried in the bits of int32, which WebGL holds in floats: comparisons, division and products are inexact.",
  },
  ...["sin", "cos", "tan", "acos", "asinh", "atanh", "sinh", "cosh", "log1p", "pow", "atan2", "div"].map((op) => ({
    op,
    devices: ["webgl"],
    reason: "The graphics card's own function: errors up to 5e-5, and infinities and nan are not as in IEEE 754.",
  })),
  { op: "round", devices: ["cpu"], zeroSigns: true, reason: "Halves below 0 round to 0, not -0." },
  ...["argMax", "argMin", "maxPool", "softplus"].map((op) => ({
    op,
    devices: ["webgl"],
    reason: "Passes over nan, or gives infinity for it.",
  })),
  {
    op: "cast",
    dtype: "int32",
    devices: ["webgl"],
    reason: "Floats outside of the range of int32 wrap, and do not saturate.",
  },
  // WebGPU's device has programs of this package for all but the first.
  ...onHost(
    GPUS,
    "Eigenvalues of matrices without symmetry take hundreds of dependent small steps. JAX has them on the CPU only.",
    "eig",
  ),
  ...onHost(
    WEBGL,
    "TensorFlow.js has no decompositions; its FFT kernels sum over all pairs of elements.",
    ...["cholesky", "triangularSolve", "qr", "eigh", "svd", "lu", "fft"],
  ),
  ...onHost(
    WEBGL,
    "TopK, its one kernel that sorts, keeps neither the order of equal elements nor the place of nan.",
    ...["sort", "argSort", "topK"],
  ),
  ...onHost(
    WEBGL,
    "Needs 32-bit integers that wrap, and shifts: WebGL's device holds integers in floats.",
    ...["randomBits", "shiftLeft", "shiftRightLogical", "shiftRightArithmetic"],
  ),
  ...onHost(WEBGL, "Its Mod takes the sign of the divisor, and loses digits of large quotients.", "rem"),
  ...onHost(
    WEBGL,
    "No kernel, and float32 alone loses the digits near zeros.",
    "erfInv",
    "lgamma",
    "digamma",
    "trigamma",
  ),
  ...["div", "pow", "dotGeneral", "conv", "convInputGrad", "convFilterGrad"].map(
    (op): Limitation => ({
      op,
      dtype: "int32",
      devices: WEBGL,
      onHost: true,
      reason: "Kernels for floats only; of integers, results above 2^24 would lose digits.",
    }),
  ),
  ...onHost(WEBGL, "Only where updates are not added, or to integers: the kernel adds floats.", "scatterNd"),
];
