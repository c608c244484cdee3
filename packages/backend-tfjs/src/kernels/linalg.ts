// Decompositions and transforms. TensorFlow.js has Gram-Schmidt and a complex FFT on some devices only; the algorithms are loops
// over single numbers, so that they run where loops do: on the host.
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
