import type { Limitation } from "@keras-ts/core/backend";

const missing = (reason: string, ...ops: readonly string[]): Limitation[] => ops.map((op) => ({ op, reason }));

/** What jax-js 0.1.25 cannot do, or not inside its traces. */
export const limitations: readonly Limitation[] = [
  ...missing(
    "jax-js has no such special function",
    "erfInv",
    "lgamma",
    "digamma",
    "trigamma",
    "gammainc",
    "gammaincGradA",
  ),
  ...missing("jax-js cannot write to computed places of an array", "scatterNd", "dynamicUpdateSlice"),
  ...missing("jax-js has no running maximum", "cumMax", "cumMin"),
  ...missing(
    "gradients are taken by jax-js itself, so core's kernels for them are not there",
    "convFilterGrad",
    "maxPoolGrad",
    "maxPoolGather",
    "sumPoolGrad",
  ),
  ...missing("jax-js has no QR decomposition and no eigenvalues of general matrices", "qr", "eig"),
  { op: "*", dtype: "float64", reason: "jax-js reads no float64 arrays on Node 20" },
  { op: "pow", dtype: "int32", reason: "jax-js has powers of floats only" },
  ...missing("a condition cannot be read while jax-js traces", "cond", "whileLoop"),
];
