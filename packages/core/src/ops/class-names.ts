// Keras names a recorded op after its Python class, which is the op's name in PascalCase, except for these.
const exceptions: Readonly<Record<string, string>> = {
  abs: "Absolute",
  allclose: "AllClose",
  batchNormalization: "BatchNorm",
  cdist: "CDist",
  conj: "Conjugate",
  fft: "FFT",
  fft2: "FFT2",
  hardSwish: "HardSilu",
  ifft2: "IFFT2",
  irfft: "IRFFT",
  isin: "IsIn",
  layerNormalization: "LayerNorm",
  psnr: "PSNR",
  rfft: "RFFT",
  rmsNormalization: "RMSNorm",
  searchsorted: "SearchSorted",
  svd: "SVD",
  swish: "Silu",
};

/** The Python class of a public op. @example classNameOf("logSoftmax") // "LogSoftmax" */
export function classNameOf(op: string): string {
  const name = op.slice(op.lastIndexOf(".") + 1);
  return exceptions[name] ?? name.charAt(0).toUpperCase() + name.slice(1);
}
