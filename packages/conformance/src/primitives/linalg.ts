import { primitives, type Tensor } from "@keras-ts/core/backend";
import { array, type PrimitiveSamples, scattered } from "./sample.ts";

type LinalgName = "cholesky" | "triangularSolve" | "solve" | "qr" | "eigh" | "eig" | "svd" | "lu" | "fft";

const { abs, add, matmul, matrixTranspose, mul, reshape, sort, sub } = primitives;

// Free matrices to symmetric ones, and to positive definite ones (near-diagonal input).
const symmetric = ([x]: readonly Tensor[]): readonly Tensor[] => [
  mul(add(x as Tensor, matrixTranspose(x as Tensor)), 0.5),
];
const positive = ([x]: readonly Tensor[]): readonly Tensor[] => [matmul(x as Tensor, matrixTranspose(x as Tensor))];
// Signs of vectors are free: compare |u|, which has no derivative at 0 but is smooth elsewhere.
const unsigned = (outs: readonly Tensor[]): readonly Tensor[] => outs.map((x) => abs(x));
// Without the free signs and the free basis of the rest: values only.
const values =
  (place: number) =>
  (outs: readonly Tensor[]): readonly Tensor[] => [outs[place] as Tensor];

// The values of eig without their order, and the sum of w v v^H, in which neither order nor factors of the vectors matter.
function spectrum(outs: readonly Tensor[]): readonly Tensor[] {
  const [re, im, vr, vi] = outs as readonly [Tensor, Tensor, Tensor, Tensor];
  const last = { axis: re.ndim - 1 };
  const wide = (w: Tensor): Tensor => reshape(w, { shape: [...w.shape.slice(0, -1), 1, w.shape.at(-1) as number] });
  const [a, b] = [sub(mul(vr, wide(re)), mul(vi, wide(im))), add(mul(vr, wide(im)), mul(vi, wide(re)))];
  const [c, d] = [matrixTranspose(vr), matrixTranspose(vi)];
  const sums = [add(matmul(a, c), matmul(b, d)), sub(matmul(b, c), matmul(a, d))];
  return [sort(re, last), sort(im, last), ...sums];
}

// Matrices with well separated spectra, given as literals so that every run agrees on them.
const square = array([2.1, 0.3, -0.4, 0.7, 1.2, 0.5, -0.2, 0.9, 3.4], "float32", [3, 3]);
const tall = array([2.1, 0.3, -0.4, 0.7, 1.2, 0.5, -0.2, 0.9, 3.4, 0.6, -1.1, 0.8], "float32", [4, 3]);
const wide = array([2.1, 0.3, -0.4, 0.7, 1.2, 0.5, -0.2, 0.9, 3.4, 0.6, -1.1, 0.8], "float32", [3, 4]);
const batch = array([2.1, 0.3, -0.4, 1.7, 1.2, 0.5, -0.2, 3.9], "float32", [2, 2, 2]);
const permuting = array([0.1, 2, 1, 3, -1, 0.5, 1, 1.5, -2], "float32", [3, 3]);
const right = scattered([3, 2]);
const substituting = { lower: true, transposeA: false, unitDiagonal: false };

export const linalgSamples: Pick<PrimitiveSamples, LinalgName> = {
  cholesky: [
    { name: "matrix", inputs: [square], params: {}, prepare: positive, gradient: "smooth", slack: 4 },
    { name: "batch", inputs: [batch], params: {}, prepare: positive, gradient: "first", slack: 4 },
    { name: "1 by 1", inputs: [array([4], "float32", [1, 1])], params: {} },
    { name: "not positive", inputs: [array([1, 2, 2, 1], "float32", [2, 2])], params: {} },
  ],
  solve: [
    { name: "columns", inputs: [square, right], params: { transposeA: false }, gradient: "smooth", slack: 4 },
    { name: "transposed", inputs: [permuting, right], params: { transposeA: true }, gradient: "smooth", slack: 4 },
    { name: "exchanged rows", inputs: [permuting, right], params: { transposeA: false }, slack: 4 },
    { name: "batch", inputs: [batch, batch], params: { transposeA: false }, gradient: "first", slack: 4 },
    {
      name: "singular",
      inputs: [array([1, 2, 2, 4], "float32", [2, 2]), array([1, 1], "float32", [2, 1])],
      params: { transposeA: false },
    },
    {
      name: "singular, transposed",
      inputs: [array([1, 2, 2, 4], "float32", [2, 2]), array([1, 1], "float32", [2, 1])],
      params: { transposeA: true },
    },
    {
      name: "nothing",
      inputs: [array([], "float32", [0, 0]), array([], "float32", [0, 2])],
      params: { transposeA: false },
    },
  ],
  triangularSolve: [
    { name: "lower", inputs: [square, right], params: substituting, gradient: "smooth", slack: 4 },
    {
      name: "lower transposed",
      inputs: [square, right],
      params: { ...substituting, transposeA: true },
      gradient: "smooth",
      slack: 4,
    },
    { name: "upper", inputs: [square, right], params: { ...substituting, lower: false }, gradient: "smooth", slack: 4 },
    {
      name: "upper transposed",
      inputs: [square, right],
      params: { ...substituting, lower: false, transposeA: true },
      gradient: "smooth",
      slack: 4,
    },
    {
      name: "unit diagonal",
      inputs: [square, right],
      params: { ...substituting, unitDiagonal: true },
      gradient: "smooth",
      slack: 4,
    },
    {
      name: "upper unit diagonal",
      inputs: [square, right],
      params: { ...substituting, lower: false, unitDiagonal: true },
      gradient: "first",
      slack: 4,
    },
    { name: "batch", inputs: [batch, scattered([2, 2, 1])], params: substituting, gradient: "first", slack: 4 },
  ],
  qr: [
    { name: "square", inputs: [square], params: { fullMatrices: false }, gradient: "smooth", slack: 4 },
    { name: "tall", inputs: [tall], params: { fullMatrices: false }, gradient: "smooth", slack: 4 },
    { name: "wide", inputs: [wide], params: { fullMatrices: false }, slack: 4 },
    { name: "full", inputs: [tall], params: { fullMatrices: true }, observe: values(1), slack: 4 },
    { name: "batch", inputs: [batch], params: { fullMatrices: false }, gradient: "first", slack: 4 },
  ],
  eigh: [
    {
      name: "matrix",
      inputs: [square],
      params: {},
      prepare: symmetric,
      observe: unsigned,
      gradient: "smooth",
      slack: 8,
    },
    { name: "batch", inputs: [batch], params: {}, prepare: symmetric, observe: unsigned, gradient: "first", slack: 8 },
    { name: "reads the lower triangle", inputs: [square], params: {}, observe: values(0), slack: 8 },
  ],
  eig: [
    { name: "scattered", inputs: [scattered([2, 6, 6])], params: {}, observe: spectrum, slack: 50 },
    ...(
      [
        ["distinct", [2, 1, 0, 0, 3, 1, 1, 0, -1], 3],
        ["a pair", [0, -1, 0, 1, 0, 0, 0.5, 0.25, 2], 3],
        ["one", [4], 1],
        ["a cycle", [0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], 4],
        ["the identity", [1, 0, 0, 1], 2],
        ["zeros", [0, 0, 0, 0], 2],
        ["triangular", [1, 5, 2, 0, -2, 3, 0, 0, 4], 3],
        ["large and small", [1e6, 2e-3, -3e3, 1e-3], 2],
      ] as const
    ).map(([name, data, n]) => ({
      name,
      inputs: [array(data, "float32", [n, n])],
      params: {},
      observe: spectrum,
      slack: 50,
    })),
  ],
  svd: [
    {
      name: "square",
      inputs: [square],
      params: { fullMatrices: false },
      observe: unsigned,
      gradient: "smooth",
      slack: 8,
    },
    { name: "tall", inputs: [tall], params: { fullMatrices: false }, observe: unsigned, gradient: "smooth", slack: 8 },
    { name: "wide", inputs: [wide], params: { fullMatrices: false }, observe: unsigned, gradient: "first", slack: 8 },
    { name: "batch", inputs: [batch], params: { fullMatrices: false }, observe: unsigned, gradient: "first", slack: 8 },
    { name: "full", inputs: [tall], params: { fullMatrices: true }, observe: values(1), slack: 8 },
    {
      name: "singular",
      inputs: [array([1, 2, 2, 4], "float32", [2, 2])],
      params: { fullMatrices: false },
      observe: values(1),
      slack: 8,
    },
  ],
  lu: [
    { name: "square", inputs: [square], params: {}, gradient: "smooth", slack: 4 },
    { name: "permuting", inputs: [permuting], params: {}, gradient: "smooth", slack: 4 },
    { name: "tall", inputs: [tall], params: {}, slack: 4 },
    { name: "wide", inputs: [wide], params: {}, slack: 4 },
    { name: "batch", inputs: [batch], params: {}, gradient: "first", slack: 4 },
  ],
  fft: [
    { name: "vector", inputs: [scattered([6]), scattered([6])], params: { inverse: false }, slack: 4 },
    ...[1, 2, 3, 4, 5, 8, 12, 17].map((n) => ({
      name: `length ${n}`,
      inputs: [scattered([2, n]), scattered([2, n], -2, 2, "float32", 2)],
      params: { inverse: n % 2 === 0 },
      gradient: "smooth" as const,
      slack: 4,
    })),
  ],
};
