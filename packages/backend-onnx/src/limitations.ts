import type { Limitation } from "@keras-ts/core/backend";

/** What this engine cannot do. */
export const limitations: readonly Limitation[] = [
  { op: "*", dtype: "float64", reason: "float64 kernels exist for plain arithmetic only, so it is used inside of kernels but not offered" },
  { op: "*", dtype: "complex64", reason: "ONNX Runtime has no complex kernels; fft works on real and imaginary parts" },
];
