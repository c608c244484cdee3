// Decompositions and transforms: loops over single numbers, so that they run where loops do: on the host, or as programs. TensorFlow.js
// has Gram-Schmidt, and an FFT that wasm lacks, webgl computes as a sum for each element, and cpu too unless the length is a power of
// 2: 4096 numbers take it 295 ms where the host's transform takes 1 ms, 4100 numbers 2.8 s.
import type { KernelTable } from "@keras-ts/core/backend";
import type { Engine, Tensor } from "../engine.ts";

const NAMES = ["cholesky", "triangularSolve", "qr", "eigh", "eig", "svd", "lu", "fft"] as const;
export type LinalgTable = Pick<KernelTable<Tensor>, (typeof NAMES)[number]>;

export const linalg = (e: Engine): LinalgTable =>
  Object.fromEntries(NAMES.map((name) => [name, e.own(name)])) as unknown as LinalgTable;
