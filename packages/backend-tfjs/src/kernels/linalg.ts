// Decompositions and transforms: loops over single numbers, so that they run where loops do, on the host. TensorFlow.js has
// Gram-Schmidt, and an FFT that wasm lacks, webgl computes as a sum for each element, and cpu too unless the length is a power of 2:
// 4096 numbers take it 295 ms where the host's transform takes 1 ms, 4100 numbers 2.8 s.
import type { KernelTable } from "@keras-ts/core/backend";
import type { Engine, Tensor } from "../engine.ts";

export type LinalgTable = Pick<
  KernelTable<Tensor>,
  "cholesky" | "triangularSolve" | "qr" | "eigh" | "eig" | "svd" | "lu" | "fft"
>;

export function linalg(e: Engine): LinalgTable {
  return {
    cholesky: e.own("cholesky"),
    triangularSolve: e.own("triangularSolve"),
    qr: e.own("qr"),
    eigh: e.own("eigh"),
    eig: e.own("eig"),
    svd: e.own("svd"),
    lu: e.own("lu"),
    fft: e.own("fft"),
  };
}
