import type { Limitation } from "@keras-ts/core/backend";

/** What this engine cannot do. */
export const limitations: readonly Limitation[] = [
  {
    op: "*",
    dtype: "float64",
    reason:
      "ONNX Runtime has float64 kernels for plain arithmetic only; they are used inside of kernels, but not offered",
  },
  ...["where", "trunc", "sign", "log1p", "expm1", "atan2", "topK"].map((op) => ({
    op,
    zeroSigns: true,
    reason: "ONNX Runtime's Where adds the chosen parts, so that -0 becomes 0; these ops are, or are made of, Where",
  })),
  { op: "*", dtype: "float16", zeroSigns: true, reason: "rounding to float16 chooses its parts with Where" },
  {
    op: "topK",
    sample: "nan",
    reason: "several nan in a row come in any order, as ONNX Runtime's operator finds them",
  },
  {
    op: "maxPool",
    sample: "nan",
    reason: "nan in a window is passed over, as ONNX Runtime's operator does; the other values are compared",
  },
];
