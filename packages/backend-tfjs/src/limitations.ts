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
    devices: WEBGL,
    sometimes: true,
    reason: "WebGL holds integers in floats: results beyond 2^24 lose low bits, and do not wrap.",
  },
  {
    op: "*",
    dtype: "uint32",
    devices: WEBGL,
    sometimes: true,
    reason: "Carried in the bits of int32, which WebGL holds in floats.",
  },
  ...["sin", "cos", "tan", "acos", "asinh", "atanh", "sinh", "cosh", "log1p", "pow", "atan2", "div"].map((op) => ({
    op,
    devices: WEBGL,
    sometimes: true,
    reason: "The graphics card's own: errors up to 5e-5, and nan and infinities not as in IEEE 754.",
  })),
  { op: "round", devices: ["cpu"], zeroSigns: true, reason: "Halves below 0 round to 0, not -0." },
  { op: "maxPool", devices: ["webgpu"], nonFinite: true, reason: "Passes over nan." },
  { op: "maxPool", devices: ["webgpu"], sample: "nan", reason: "Passes over nan." },
  ...["argMax", "argMin", "maxPool", "softplus"].map((op) => ({
    op,
    devices: WEBGL,
    sometimes: true,
    reason: "Passes over nan, or gives infinity for it.",
  })),
  {
    op: "cast",
    dtype: "int32",
    devices: WEBGL,
    sometimes: true,
    reason: "Floats outside of int32's range wrap.",
  },
  // WebGPU's device has programs of this package for all but the first.
  ...onHost(GPUS, "Hundreds of small steps that depend on each other: JAX has it on the CPU only, too.", "eig"),
  ...onHost(
    WEBGL,
    "Programs give one element at a time.",
    ...["cholesky", "triangularSolve", "qr", "eigh", "svd", "lu"],
  ),
  ...onHost(WEBGL, "WebGL holds integers in floats.", "randomBits", "encrypt"),
  ...onHost(WEBGL, "Where updates are not added, or to integers.", "scatterNd"),
];
