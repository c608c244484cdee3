import type { Limitation } from "@keras-ts/core/backend";

/** What this engine cannot do. */
export const limitations: readonly Limitation[] = [
  {
    op: "*",
    dtype: "float64",
    reason:
      "ONNX Runtime has float64 kernels for plain arithmetic only; they are used inside of kernels, but not offered",
  },
  {
    op: "maxPool",
    sample: "nan",
    reason: "nan in a window is passed over, as ONNX Runtime's operator does; the other values are compared",
  },
];
