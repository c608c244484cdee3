// Keras names a recorded op after its Python class, which is the op's name in PascalCase, except for these.
const exceptions: Readonly<Record<string, string>> = {
  abs: "Absolute",
  allclose: "AllClose",
  batchNormalization: "BatchNorm",
  cdist: "CDist",
  conj: "Conjugate",
  ctcDecode: "CTCDecode",
  ctcLoss: "CTCLoss",
  extractPatches3d: "ExtractPatches",
  fft: "FFT",
  fft2: "FFT2",
  hardSwish: "HardSilu",
  hsvToRgb: "HSVToRGB",
  ifft2: "IFFT2",
  irfft: "IRFFT",
  isin: "IsIn",
  istft: "ISTFT",
  jvp: "JVP",
  layerNormalization: "LayerNorm",
  psnr: "PSNR",
  rfft: "RFFT",
  rgbToGrayscale: "RGBToGrayscale",
  rgbToHsv: "RGBToHSV",
  rmsNormalization: "RMSNorm",
  searchsorted: "SearchSorted",
  ssim: "SSIM",
  stft: "STFT",
  svd: "SVD",
  swish: "Silu",
};

/** The Python class of a public op. @example classNameOf("logSoftmax") // "LogSoftmax" */
export function classNameOf(op: string): string {
  const name = op.slice(op.lastIndexOf(".") + 1);
  return exceptions[name] ?? name.charAt(0).toUpperCase() + name.slice(1);
}
