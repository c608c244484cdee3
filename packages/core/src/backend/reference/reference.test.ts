import { expect, test } from "vitest";
import { type Aval, castData, type DType, type HostArray, sizeOf } from "../../aval/index.ts";
import { Graph, placeholder, type Tensor } from "../../graph/index.ts";
import * as primitives from "../../primitives/index.ts";
import { compileGraph } from "../compile.ts";
import type { Executable } from "../contract.ts";
import { reference } from "./index.ts";
import { digamma, erf, erfInv, lgamma, trigamma } from "./special.ts";

const host = (
  values: readonly number[],
  dtype: DType = "float32",
  shape: readonly number[] = [values.length],
): HostArray => ({
  shape,
  dtype,
  data: castData(values, dtype, "float64"),
});

function run(
  build: (...inputs: readonly Tensor[]) => Tensor | readonly Tensor[],
  ...inputs: readonly HostArray[]
): HostArray[] {
  const backend = reference();
  const xs = inputs.map((x) => placeholder(x));
  const made = build(...xs);
  const graph = new Graph(xs, Array.isArray(made) ? made : [made as Tensor]);
  const program = compileGraph(graph, backend) as Executable<HostArray>;
  return [...(program.run(inputs) as readonly HostArray[])];
}
const values = (...args: Parameters<typeof run>): number[] => [...(run(...args)[0] as HostArray).data];
const t = (x: Tensor | undefined): Tensor => x as Tensor;

test("random bits are JAX's", () => {
  const key = host([7, 3], "uint32");
  const bits = (words: 1 | 2): number[] => values((k) => primitives.randomBits(t(k), { shape: [5], words }), key);
  expect(bits(1)).toEqual([771269580, 2590461243, 3066716433, 3196467460, 4041614116]);
  const pairs = bits(2);
  expect([0, 1, 2, 3, 4].map((i) => ((pairs[2 * i] as number) ^ (pairs[2 * i + 1] as number)) >>> 0)).toEqual(bits(1));
});

test("integers behave as XLA's: wrapping, truncating, -1 for division by zero", () => {
  const two = (op: (a: Tensor, b: Tensor) => Tensor, a: number[], b: number[], dtype: DType = "int32"): number[] =>
    values((x, y) => op(t(x), t(y)), host(a, dtype), host(b, dtype));
  expect(two(primitives.div, [5, -5, -(2 ** 31), 7], [0, 2, -1, -2])).toEqual([-1, -2, -(2 ** 31), -3]);
  expect(two(primitives.div, [5], [0], "uint32")).toEqual([4294967295]);
  expect(two(primitives.rem, [5, -5, -(2 ** 31)], [0, 3, -1])).toEqual([5, -2, 0]);
  expect(two(primitives.mul, [123456789, 2147483647], [987654321, 2147483647])).toEqual([-67153019, 1]);
  expect(two(primitives.mul, [4294967295], [4294967295], "uint32")).toEqual([1]);
  expect(two(primitives.shiftLeft, [-8, 1, 8], [1, 32, -1])).toEqual([-16, 0, 0]);
  expect(two(primitives.shiftRightArithmetic, [-8, -8, 8], [1, 40, -1])).toEqual([-4, -1, 0]);
  expect(two(primitives.shiftRightArithmetic, [0x80000000, 5], [1, 40], "uint32")).toEqual([3221225472, 0]);
  expect(two(primitives.shiftRightLogical, [-8, -8], [1, 9], "int8")).toEqual([124, 0]);
});

test("pow, sort and topK treat special values as JAX", () => {
  const a = host([1, -1, 0, -0, -2, Number.NaN, 0]);
  const b = host([Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 0.5, 0, -1]);
  expect(values((x, y) => primitives.pow(t(x), t(y)), a, b)).toEqual([
    1,
    1,
    1,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    1,
    Number.POSITIVE_INFINITY,
  ]);
  const odd = host([0, -0, Number.NaN, Number.NEGATIVE_INFINITY, 1, -0]);
  expect(values((x) => primitives.argSort(t(x), { axis: 0 }), odd)).toEqual([3, 0, 1, 5, 4, 2]);
  const top = run(
    (x) => primitives.topK(t(x), { k: 6 }),
    host([1, Number.NaN, 3, Number.NEGATIVE_INFINITY, Number.NaN, 3]),
  );
  expect([...(top[1] as HostArray).data]).toEqual([1, 4, 2, 5, 0, 3]);
});

test.each([
  // Values from tables with 15 digits.
  [erf, 0.5, 0.520499877813047],
  [erf, -2, -0.995322265018953],
  [erf, 1e-10, 1.1283791670955126e-10],
  [erf, 7, 1],
  [erfInv, 0.5, 0.47693627620447],
  [erfInv, -0.995322265018953, -2],
  [erfInv, 1e-12, 8.862269254527581e-13],
  [lgamma, 0.5, 0.5723649429247],
  [lgamma, 100, 359.134205369575],
  [lgamma, -2.5, -0.056243716497674],
  [lgamma, 1e-8, 18.42068073818021],
  [digamma, 1, -0.577215664901533],
  [digamma, 0.25, -4.22745353337627],
  [digamma, -2.5, 1.10315664064524],
  [trigamma, 1, 1.64493406684823],
  [trigamma, 20, 0.0512708229352032],
  [trigamma, -2.5, 9.539246644989124],
])("%o at %d", (f, x, y) => {
  expect(Math.abs(f(x) / y - 1)).toBeLessThan(2e-13 + (1e-15 / Math.abs(y)) * 20);
});

function random(aval: Aval, seed: number): HostArray {
  const data = Float64Array.from(
    { length: sizeOf(aval.shape) },
    (_, i) => Math.sin((i + 1) ** 2 * 12.9898 + seed * 78.233) * 2,
  );
  return { ...aval, data };
}
const product = (a: Tensor, b: Tensor): Tensor => primitives.matmul(a, b);
const T = (x: Tensor): Tensor => primitives.matrixTranspose(x);
const close = (a: ArrayLike<number>, b: ArrayLike<number>): void => {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(Math.abs((a[i] as number) - (b[i] as number))).toBeLessThan(1e-12);
};
const scaledColumns = (u: Tensor, s: Tensor): Tensor =>
  primitives.mul(u, primitives.reshape(s, { shape: [...s.shape.slice(0, -1), 1, s.shape.at(-1) as number] }));

test.each([[[3, 3]], [[2, 5, 3]], [[3, 5]], [[1, 4]], [[0, 3, 3]]])("decompositions of %j multiply back", (shape) => {
  const a = random({ shape, dtype: "float64" }, 3);
  const eye = (q: Tensor): Tensor => product(T(q), q);
  for (const fullMatrices of [true, false]) {
    const [qr, unit] = run((x) => {
      const [q, r] = primitives.qr(t(x), { fullMatrices });
      return [product(q, r), eye(q)];
    }, a) as [HostArray, HostArray];
    close(qr.data, a.data);
    close(
      unit.data,
      unit.data.map((_, i) =>
        (i % (unit.shape.at(-1) as number) ** 2) % ((unit.shape.at(-1) as number) + 1) === 0 ? 1 : 0,
      ),
    );
    const [u, s, vh, uu, vv] = run((x) => {
      const parts = primitives.svd(t(x), { fullMatrices });
      return [...parts, eye(parts[0]), product(parts[2], T(parts[2]))];
    }, a) as [HostArray, HostArray, HostArray, HostArray, HostArray];
    for (const m of [uu, vv]) {
      const n = m.shape.at(-1) as number;
      close(
        m.data,
        m.data.map((_, i) => ((i % n ** 2) % (n + 1) === 0 ? 1 : 0)),
      );
    }
    if (!fullMatrices) {
      const [back] = run((x, y, z) => product(scaledColumns(t(x), t(y)), t(z)), u, s, vh) as [HostArray];
      close(back.data, a.data);
    }
  }
});

test("eigh, cholesky, lu, triangularSolve multiply back", () => {
  const a = random({ shape: [2, 4, 4], dtype: "float64" }, 5);
  const [rebuilt, symmetric, ll, spd] = run((x) => {
    const s = primitives.add(t(x), T(t(x)));
    const [w, v] = primitives.eigh(s);
    const p = product(t(x), T(t(x)));
    const l = primitives.cholesky(p);
    return [product(scaledColumns(v, w), T(v)), s, product(l, T(l)), p];
  }, a) as [HostArray, HostArray, HostArray, HostArray];
  close(rebuilt.data, symmetric.data);
  close(ll.data, spd.data);
  const [lu, , permutation] = run((x) => primitives.lu(t(x)), a) as [HostArray, HostArray, HostArray];
  const rows = (i: number): number[] => [...permutation.data.subarray(4 * i, 4 * i + 4)];
  for (let batch = 0; batch < 2; batch++) {
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        let sum = 0;
        const at = (r: number, c: number): number => lu.data[batch * 16 + r * 4 + c] as number;
        for (let k = 0; k <= Math.min(i, j); k++) sum += (k === i ? 1 : at(i, k)) * at(k, j);
        expect(sum).toBeCloseTo(a.data[batch * 16 + (rows(batch)[i] as number) * 4 + j] as number, 12);
      }
    }
  }
  expect(values((x) => primitives.cholesky(t(x)), host([1, 2, 2, 1], "float32", [2, 2]))).toEqual([
    Number.NaN,
    0,
    Number.NaN,
    Number.NaN,
  ]);
});

test("qr has LAPACK's signs", () => {
  const [q, r] = run((x) => primitives.qr(t(x), { fullMatrices: false }), host([1, 2, 3, 4], "float64", [2, 2])) as [
    HostArray,
    HostArray,
  ];
  close(q.data, [-0.316227766016838, -0.948683298050514, -0.948683298050514, 0.316227766016838]);
  close(r.data, [-3.16227766016838, -4.42718872423573, 0, -0.632455532033676]);
});

test.each([1, 2, 6, 7, 8, 12, 13])("fft of length %d is the defining sum", (n) => {
  const [re, im] = [random({ shape: [2, n], dtype: "float64" }, 1), random({ shape: [2, n], dtype: "float64" }, 2)];
  const [a, b] = run((x, y) => primitives.fft(t(x), t(y), { inverse: false }), re, im) as [HostArray, HostArray];
  for (let k = 0; k < 2 * n; k++) {
    const [line, place] = [Math.floor(k / n) * n, k % n];
    let [x, y] = [0, 0];
    for (let j = 0; j < n; j++) {
      const angle = (-2 * Math.PI * place * j) / n;
      const [p, q] = [re.data[line + j] as number, im.data[line + j] as number];
      x += p * Math.cos(angle) - q * Math.sin(angle);
      y += p * Math.sin(angle) + q * Math.cos(angle);
    }
    expect(a.data[k]).toBeCloseTo(x, 10);
    expect(b.data[k]).toBeCloseTo(y, 10);
  }
  const [back] = run((x, y) => primitives.fft(t(x), t(y), { inverse: true }), a, b) as [HostArray];
  close(back.data, re.data);
});

test("convolutions are their defining sums, in every parameter", () => {
  const params = {
    strides: [2, 1],
    padding: [
      [1, 0],
      [2, 1],
    ] as const,
    dilation: [1, 2],
    groups: 2,
  };
  const x = random({ shape: [2, 5, 4, 4], dtype: "float64" }, 1);
  const k = random({ shape: [2, 3, 2, 6], dtype: "float64" }, 2);
  const [y] = run((a, b) => primitives.conv(t(a), t(b), params), x, k) as [HostArray];
  expect(y.shape).toEqual([2, 3, 3, 6]);
  const at = (v: HostArray, ...index: number[]): number =>
    v.data[index.reduce((sum, i, axis) => sum * (v.shape[axis] as number) + i, 0)] as number;
  for (const [n, i, j, o] of [
    [0, 0, 0, 0],
    [1, 2, 2, 5],
    [0, 1, 1, 3],
    [1, 0, 2, 2],
  ] as const) {
    let sum = 0;
    for (let p = 0; p < 2; p++)
      for (let q = 0; q < 3; q++)
        for (let c = 0; c < 2; c++) {
          const [row, column] = [i * 2 + p - 1, j + 2 * q - 2];
          if (row < 0 || row > 4 || column < 0 || column > 3) continue;
          sum += at(x, n, row, column, Math.floor(o / 3) * 2 + c) * at(k, p, q, c, o);
        }
    expect(at(y, n, i, j, o)).toBeCloseTo(sum, 12);
  }
});

test("handles are counted until released", () => {
  const backend = reference();
  const x = backend.upload(host([1, 2]));
  const y = backend.kernels?.neg([x], {}, { ins: [x], outs: [x] }) as HostArray;
  expect(backend.memory?.()).toEqual({ handles: 2, bytes: 16 });
  backend.release(x);
  backend.release(x);
  backend.release(y);
  expect(backend.memory?.()).toEqual({ handles: 0, bytes: 0 });
});
