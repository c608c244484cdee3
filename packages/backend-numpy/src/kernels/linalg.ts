import type { KernelTable } from "../core.ts";
import { bool } from "./text.ts";

export type LinalgName = "cholesky" | "triangularSolve" | "qr" | "eigh" | "eig" | "svd" | "lu" | "fft";

export const linalg: { readonly [N in LinalgName]: KernelTable<string>[N] } = {
  cholesky: ([x]) => `kt.cholesky(${x})`,
  triangularSolve: ([a, b], { lower, transposeA, unitDiagonal }) =>
    `kt.triangular_solve(${a}, ${b}, ${bool(lower)}, ${bool(transposeA)}, ${bool(unitDiagonal)})`,
  qr: ([x], { fullMatrices }) => [`np.linalg.qr(${x}, mode="${fullMatrices ? "complete" : "reduced"}")`],
  eigh: ([x]) => [`kt.eigh(${x})`],
  eig: ([x]) => [`kt.eig(${x})`],
  svd: ([x], { fullMatrices }) => [`kt.svd(${x}, ${bool(fullMatrices)})`],
  lu: ([x]) => [`kt.lu(${x})`],
  fft: ([re, im], { inverse }) => [`kt.fft(${re}, ${im}, ${bool(inverse)})`],
};
