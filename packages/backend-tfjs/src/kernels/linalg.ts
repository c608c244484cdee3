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
    cholesky: e.host("cholesky"),
    triangularSolve: e.host("triangularSolve"),
    qr: e.host("qr"),
    eigh: e.host("eigh"),
    eig: e.host("eig"),
    svd: e.host("svd"),
    lu: e.host("lu"),
    fft: e.host("fft"),
  };
}
