// Large inputs on a device of TensorFlow.js: lines that no group of lanes holds, lengths with large factors, matrices of more columns than
// lanes. The corpus has small ones.
import { tfjs } from "@keras-ts/backend-tfjs";
import { checkProgram, programOf, scattered } from "@keras-ts/conformance";
import { type HostArray, primitives as p, type Tensor } from "@keras-ts/core/backend";

/** What the test reads: a line for each failure. */
export interface LargeReport {
  readonly passed: number;
  readonly failures: readonly string[];
}
type Build = (inputs: readonly Tensor[]) => Tensor | readonly Tensor[];
interface Case {
  readonly name: string;
  readonly inputs: readonly HostArray[];
  readonly build: Build;
  /** Beyond the tolerance of small inputs: errors grow with the number of roundings. */
  readonly slack?: number;
}

const x = (inputs: readonly Tensor[]): Tensor => inputs[0] as Tensor;
// Without any structure, so that matrices have full rank.
function noise(shape: readonly number[]): HostArray {
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 30;
  };
  return { shape, dtype: "float32", data: Float32Array.from({ length: shape.reduce((n, size) => n * size, 1) }, next) };
}
// Of a matrix without structure: a well conditioned one, and a symmetric one that is positive definite.
const steady = (t: Tensor): Tensor => p.add(t, p.mul(identity(t), 20));
const identity = (t: Tensor): Tensor => {
  const along = (axis: number): Tensor => p.iota({ shape: t.shape, axis, dtype: "int32" });
  return p.cast(p.equal(along(0), along(1)), { dtype: "float32" });
};
const symmetric = (t: Tensor): Tensor => p.add(t, p.transpose(t, { permutation: [1, 0] }));
const product = (a: Tensor, b: Tensor): Tensor =>
  p.dotGeneral(a, b, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
const turned = (t: Tensor): Tensor => p.transpose(t, { permutation: [1, 0] });
const asRow = (t: Tensor): Tensor => p.reshape(t, { shape: [1, t.shape[0] as number] });

const cases: readonly Case[] = [
  { name: "sort 5000", inputs: [noise([5000])], build: (i) => p.sort(x(i), { axis: 0 }) },
  { name: "argSort along the first axis", inputs: [noise([300, 3])], build: (i) => p.argSort(x(i), { axis: 0 }) },
  { name: "topK of 3000", inputs: [noise([2, 3000])], build: (i) => p.topK(x(i), { k: 7 }) },
  ...[1024, 1000, 1009, 2310].map(
    (n): Case => ({
      name: `fft ${n}`,
      inputs: [noise([2, n]), noise([2, n])],
      build: ([re, im]) => p.fft(re as Tensor, im as Tensor, { inverse: false }),
      slack: 50,
    }),
  ),
  { name: "cumMax 3000", inputs: [noise([3000])], build: (i) => p.cumMax(x(i), { axis: 0, reverse: true }) },
  {
    name: "cumSum 3000",
    inputs: [noise([3000])],
    build: (i) => p.cumSum(x(i), { axis: 0, reverse: false }),
    slack: 20,
  },
];
// Inexact elsewhere.
const integers: readonly Case[] = [
  {
    name: "sum of 20000 integers",
    inputs: [scattered([20000], -1e5, 1e5, "int32")],
    build: (i) => p.reduceSum(x(i), { axes: [0] }),
  },
];
// Computed on the host elsewhere.
const matrices: readonly Case[] = [
  {
    name: "cholesky 70",
    inputs: [noise([70, 70])],
    build: (i) => p.cholesky(steady(product(x(i), turned(x(i))))),
    slack: 50,
  },
  { name: "lu 70", inputs: [noise([70, 70])], build: (i) => p.lu(steady(x(i))), slack: 50 },
  {
    name: "qr 80 by 70",
    inputs: [noise([80, 70])],
    // Signs are LAPACK's on both sides.
    build: (i) => p.qr(x(i), { fullMatrices: false }),
    slack: 200,
  },
  { name: "eigh 70", inputs: [noise([70, 70])], build: (i) => p.eigh(symmetric(x(i)))[0], slack: 50 },
  {
    name: "svd 80 by 70, put together",
    inputs: [noise([80, 70])],
    build: (i) => {
      const [u, s, vh] = p.svd(x(i), { fullMatrices: false });
      return [s, product(p.mul(u, asRow(s)), vh)];
    },
    slack: 50,
  },
  {
    name: "svd of few columns, all of u",
    inputs: [noise([40, 3])],
    build: (i) => {
      const [u] = p.svd(x(i), { fullMatrices: true });
      return product(turned(u), u);
    },
    slack: 50,
  },
];

const device = new URLSearchParams(location.search).get("device") === "webgpu" ? "webgpu" : "webgl";
if (device === "webgpu") await import("@tensorflow/tfjs-backend-webgpu");
const backend = await tfjs({ device });
let passed = 0;
const failures: string[] = [];
for (const { name, inputs, build, slack } of device === "webgpu" ? [...cases, ...integers, ...matrices] : cases) {
  try {
    const program = programOf(inputs, (given) => [build(given)].flat() as Tensor[]);
    await checkProgram(backend, program, slack);
    passed++;
  } catch (error) {
    failures.push(`${name}: ${(error instanceof Error ? error.message : String(error)).slice(-200)}`);
  }
}
const report: LargeReport = { passed, failures };
Object.assign(window, { __result: report });
