// What this engine cannot do, as data: shown in the docs, and expected to fail in the conformance suite.
import type { Limitation } from "@keras-ts/core/backend";

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
];
