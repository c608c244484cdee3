// What holds for every factorization, and derivatives of first and second order against differences in double precision.
import { describe, expect, test } from "vitest";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { gradients } from "../transforms/index.ts";
import * as ops from "./catalog.ts";
import { tensor } from "./convert.ts";
import { KerasTensor } from "./keras-tensor.ts";

// Well mixed numbers in (-1, 1) that no test depends on in particular.
const mixed = (n: number, seed = 1): number[] =>
  Array.from({ length: n }, (_, i) => Math.sin(12.9898 * (i + seed * 7.3)));
const wide = (data: readonly number[], shape: readonly number[]): Tensor =>
  p.cast(tensor(Float64Array.from(data), { shape, dtype: "float32" }), { dtype: "float64" });
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
// A heavy diagonal of different entries: well conditioned, spectra apart.
function heavy(shape: readonly number[], seed = 1): Tensor {
  const [m, n] = shape.slice(-2) as [number, number];
  const data = mixed(size(shape), seed).map((x, i) => {
    const [row, column] = [Math.floor(i / n) % m, i % n];
    return row === column ? x + 1.5 * (row + 1) : x;
  });
  return wide(data, shape);
}
const numbers = async (x: Tensor): Promise<number[]> => Array.from((await x.data()) as ArrayLike<number>, Number);
async function expectClose(x: Tensor, y: Tensor, tolerance = 1e-10): Promise<void> {
  expect(x.shape).toEqual(y.shape);
  const [a, b] = [await numbers(x), await numbers(y)];
  a.forEach((value, i) => {
    expect(Math.abs(value - (b[i] as number))).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(b[i] as number)));
  });
}
const t = p.matrixTranspose;
const eye = (x: Tensor): Tensor => p.cast(ops.eye(x.shape[x.ndim - 1] as number), { dtype: x.dtype });

describe("products give the matrix back", () => {
  const shapes = [
    [1, 1],
    [3, 3],
    [5, 3],
    [2, 6],
    [2, 4, 4],
    [2, 1, 3, 2],
  ] as const;
  test.each(shapes.map((shape) => [shape]))("%j", async (shape) => {
    const x = heavy(shape);
    for (const fullMatrices of [true, false]) {
      const [u, s, vh] = ops.svd(x, { fullMatrices });
      const k = s.shape[s.ndim - 1] as number;
      const first = (y: Tensor): Tensor => y.at("...", [0, k]);
      await expectClose(
        p.matmul(p.mul(first(u), p.reshape(s, { shape: [...s.shape.slice(0, -1), 1, k] })), t(first(t(vh)))),
        x,
      );
      await expectClose(p.matmul(t(u), u), p.broadcastTo(eye(u), { shape: p.matmul(t(u), u).shape }));
      await expectClose(p.matmul(vh, t(vh)), p.broadcastTo(eye(t(vh)), { shape: p.matmul(vh, t(vh)).shape }));
    }
    for (const mode of ["reduced", "complete"] as const) {
      const [q, r] = ops.qr(x, { mode });
      await expectClose(p.matmul(q, r), x);
      await expectClose(p.matmul(t(q), q), p.broadcastTo(eye(q), { shape: p.matmul(t(q), q).shape }));
      await expectClose(ops.triu(r), r);
    }
    const inverse = ops.pinv(x);
    await expectClose(p.matmul(p.matmul(x, inverse), x), x);
    const square = p.matmul(t(x), x);
    const [w, v] = ops.eigh(square);
    await expectClose(
      p.matmul(square, v),
      p.mul(v, p.reshape(w, { shape: [...w.shape.slice(0, -1), 1, w.shape.at(-1) as number] })),
    );
    if (shape.at(-1) === shape.at(-2)) {
      const upper = ops.cholesky(square, { upper: true });
      await expectClose(p.matmul(t(upper), upper), square);
      await expectClose(ops.choleskyInverse(upper, { upper: true }), ops.inv(square), 1e-8);
      await expectClose(p.matmul(x, ops.inv(x)), p.broadcastTo(eye(x), { shape: x.shape }));
      const [sign, logarithm] = ops.slogdet(x);
      await expectClose(p.mul(sign, p.exp(logarithm)), ops.det(x));
    }
  });
  test("a singular matrix still has orthonormal vectors", async () => {
    const x = wide([1, 2, 2, 4, 3, 6], [3, 2]);
    const [u, s, vh] = ops.svd(x);
    await expectClose(p.matmul(t(u), u), eye(u));
    await expectClose(p.matmul(vh, t(vh)), eye(vh));
    expect((await numbers(s))[1]).toBeCloseTo(0, 12);
  });
});

type Scalar = (x: Tensor) => Tensor;
const weighted = (y: Tensor, seed: number): Tensor =>
  p.reduceSum(p.mul(y, wide(mixed(y.size, seed), y.shape)), { axes: y.shape.map((_, i) => i) });
const slope = (f: Scalar, x: Tensor): Tensor => gradients(f(x), [x])[0] as Tensor;
async function checkSlope(
  f: Scalar,
  data: readonly number[],
  shape: readonly number[],
  tolerance: number,
): Promise<void> {
  const h = 1e-4;
  const direction = mixed(data.length, 3);
  // The shape and the point in double precision: a sum of what float32 holds exactly and a small rest.
  const at = (step: number): Tensor => p.add(wide(data, shape), p.mul(wide(direction, shape), step));
  const along = async (step: number): Promise<number> => (await numbers(f(at(step))))[0] as number;
  const [far, near] = [(await along(2 * h)) - (await along(-2 * h)), (await along(h)) - (await along(-h))];
  const wanted = (8 * near - far) / (12 * h);
  const found = await numbers(slope(f, at(0)));
  const exact = await numbers(wide(direction, shape));
  const got = found.reduce((sum, g, i) => sum + g * (exact[i] as number), 0);
  expect(Math.abs(got - wanted)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(wanted)));
}

const squared = (x: Tensor): Tensor => p.mul(x, x);
// Without their free signs.
const vectors = ([u, , vh]: readonly [Tensor, Tensor, Tensor]): Tensor =>
  p.add(weighted(squared(u), 2), weighted(squared(vh), 4));
const right = wide(mixed(6, 5), [3, 2]);
const squares: Readonly<Record<string, Scalar>> = {
  cholesky: (x) => weighted(ops.cholesky(p.add(p.matmul(x, t(x)), eye(x))), 2),
  "cholesky upper": (x) => weighted(ops.cholesky(p.add(p.matmul(x, t(x)), eye(x)), { upper: true }), 2),
  choleskyInverse: (x) => weighted(ops.choleskyInverse(x), 2),
  det: (x) => ops.det(x),
  logdet: (x) => ops.logdet(x),
  inv: (x) => weighted(ops.inv(x), 2),
  solve: (x) => weighted(ops.solve(x, p.mul(right, 1)), 2),
  "solve, right side": (x) => weighted(ops.solve(heavy([3, 3], 4), x), 2),
  "solveTriangular lower": (x) => weighted(ops.solveTriangular(x, right, { lower: true }), 2),
  "eigh values": (x) => weighted(ops.eigh(x)[0], 2),
  "eigh vectors": (x) => weighted(squared(ops.eigh(x)[1]), 2),
  "qr q": (x) => weighted(ops.qr(x)[0], 2),
  "qr r": (x) => weighted(ops.qr(x)[1], 2),
  "svd values": (x) => weighted(ops.svd(x, { computeUv: false }), 2),
  "svd vectors": (x) => vectors(ops.svd(x)),
  luFactor: (x) => weighted(ops.luFactor(x)[0], 2),
  pinv: (x) => weighted(ops.pinv(x), 2),
  lstsq: (x) => weighted(ops.lstsq(x, right), 2),
  "norm nuc": (x) => ops.norm(x, { ord: "nuc" }),
  "norm 2": (x) => ops.norm(x, { ord: 2 }),
  "norm -2": (x) => ops.norm(x, { ord: -2 }),
  cdist: (x) => weighted(ops.cdist(x, p.matmul(t(right), heavy([3, 3], 6))), 2),
};
const oblongs: Readonly<Record<string, Scalar>> = {
  "svd values": squares["svd values"] as Scalar,
  "svd vectors": (x) => vectors(ops.svd(x, { fullMatrices: false })),
  luFactor: squares["luFactor"] as Scalar,
  pinv: squares["pinv"] as Scalar,
  lstsq: (x) => weighted(ops.lstsq(x, wide(mixed(x.shape[0] as number, 8), [x.shape[0] as number])), 2),
};
const tall: Readonly<Record<string, Scalar>> = { "qr q": squares["qr q"] as Scalar, "qr r": squares["qr r"] as Scalar };

describe("derivatives", () => {
  const cases = [
    ...Object.entries(squares).map(([name, f]) => [`${name} ${[3, 3].join("x")}`, f, [3, 3]] as const),
    ...["det", "logdet", "inv", "luFactor", "pinv"].map(
      (name) => [`${name} 5x5`, squares[name] as Scalar, [5, 5]] as const,
    ),
    ...Object.entries({ ...oblongs, ...tall }).map(([name, f]) => [`${name} ${[5, 3].join("x")}`, f, [5, 3]] as const),
    ...Object.entries(oblongs).map(([name, f]) => [`${name} ${[3, 4].join("x")}`, f, [3, 4]] as const),
  ];
  test.each(cases)("%s", async (_, f, shape) => {
    const data = await numbers(heavy(shape, 9));
    await checkSlope(f, data, shape, 1e-7);
    // Of the gradient along another direction: second order.
    await checkSlope((x) => weighted(slope(f, x), 6), data, shape, 1e-6);
  });
  test("determinants of matrices of rank M - 1 have cofactors", async () => {
    const x = [4, 0, 0, 1, 2, 2, 0, 0, 0, 1, 1, 0, 6, 3, 1, 1];
    await checkSlope((y) => ops.det(y), x, [4, 4], 1e-8);
  });
  test("equal singular values and eigenvalues have finite slopes", async () => {
    const x = eye(heavy([3, 3]));
    for (const f of [(y: Tensor) => ops.norm(y, { ord: "nuc" }), (y: Tensor) => weighted(ops.eigh(y)[0], 2)]) {
      expect((await numbers(slope(f, x))).every(Number.isFinite)).toBe(true);
    }
  });
});

describe("jvp", () => {
  test("gives the value, the derivative and what stands beside", async () => {
    const f = (x: { a: Tensor }, y: Tensor): [Tensor[], string] => [[ops.multiply(x.a, y), ops.sin(y)], "beside"];
    const given = [{ a: tensor([1, 2]) }, tensor([3, 4])];
    const along = [{ a: tensor([1, 0]) }, tensor([0, 1])];
    const [value, tangent, aux] = ops.jvp(f, given, along, { hasAux: true }) as [Tensor[], Tensor[], string];
    expect(await Promise.all(value.map((x) => x.array()))).toEqual([[3, 8], await ops.sin([3, 4]).array()]);
    expect(await tangent[0]?.array()).toEqual([3, 2]);
    expect(await tangent[1]?.array()).toEqual([-0, await ops.cos(4).item()]);
    expect(aux).toBe("beside");
  });
  test("goes through decompositions", async () => {
    const [x, dx] = [heavy([3, 3]), wide(mixed(9, 2), [3, 3])];
    const [, tangent] = ops.jvp((a: Tensor) => ops.inv(a), [x], [dx]) as [Tensor, Tensor];
    const inverse = ops.inv(x);
    await expectClose(tangent, p.neg(p.matmul(p.matmul(inverse, dx), inverse)));
  });
  test("wants a tangent for each primal", () => {
    expect(() => ops.jvp((x: Tensor) => x, [tensor(1)], [])).toThrow(
      /jvp: primals and tangents must have one structure/,
    );
    expect(() => ops.jvp((x: Tensor) => x, [tensor(1)], [tensor([1])])).toThrow(
      /jvp: each tangent must have the shape/,
    );
  });
});

test("symbolic shapes, with unknown sizes", () => {
  const x = new KerasTensor([null, 4, 3]);
  const square = new KerasTensor([null, 3, 3]);
  const shapes = (y: unknown): unknown => (Array.isArray(y) ? y.map(shapes) : (y as KerasTensor).shape);
  expect(shapes(ops.svd(x))).toEqual([
    [null, 4, 4],
    [null, 3],
    [null, 3, 3],
  ]);
  expect(shapes(ops.svd(x, { fullMatrices: false }))).toEqual([
    [null, 4, 3],
    [null, 3],
    [null, 3, 3],
  ]);
  expect(shapes(ops.svd(x, { computeUv: false }))).toEqual([null, 3]);
  expect(shapes(ops.qr(x, { mode: "complete" }))).toEqual([
    [null, 4, 4],
    [null, 4, 3],
  ]);
  expect(shapes(ops.luFactor(x))).toEqual([
    [null, 4, 3],
    [null, 3],
  ]);
  expect(shapes(ops.pinv(x))).toEqual([null, 3, 4]);
  expect(shapes(ops.matrixRank(x))).toEqual([null]);
  expect(shapes(ops.eigh(square))).toEqual([
    [null, 3],
    [null, 3, 3],
  ]);
  expect(shapes(ops.det(square))).toEqual([null]);
  expect(shapes(ops.slogdet(square))).toEqual([[null], [null]]);
  expect(shapes(ops.solve(square, new KerasTensor([null, 3, 2])))).toEqual([null, 3, 2]);
  expect(shapes(ops.cdist(new KerasTensor([null, 5, 3]), new KerasTensor([7, 3])))).toEqual([null, 5, 7]);
  expect(shapes(ops.jvp((y: Tensor) => ops.sin(y), [x], [x]) as unknown[])).toEqual([
    [null, 4, 3],
    [null, 4, 3],
  ]);
});

test("errors come before any kernel runs", () => {
  const lines = [
    () => ops.cholesky([1, 2]),
    () =>
      ops.det([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    () => ops.qr([[1]], { mode: "full" as "reduced" }),
    () =>
      ops.solve(
        [
          [1, 2],
          [3, 4],
        ],
        [1, 2, 3],
      ),
    () =>
      ops.solveTriangular(
        [
          [1, 2],
          [3, 4],
        ],
        1,
      ),
    () => ops.lstsq([[[1]]], [1]),
    () => ops.pinv([1]),
    () => ops.cdist([[1, 2]], [[1]]),
  ].map((f) => {
    try {
      return String(f());
    } catch (error) {
      return (error as Error).message;
    }
  });
  expect(lines.join("\n")).toMatchInlineSnapshot(`
    "cholesky: the input must be matrices [..., M, N], got [2]. Reshape the input. [docs/errors.md#shapeerror]
    det: the input must be square matrices [..., M, M], got [2, 3]. Use ops.pinv or ops.svd. [docs/errors.md#shapeerror]
    qr: mode must be "reduced" or "complete", got "full". Check mode. [docs/errors.md#configerror]
    solve: a [..., M, M] and b must have the same M, got [2, 2] and [3]. Reshape b, with ops.expandDims for vectors. [docs/errors.md#shapeerror]
    solveTriangular: b must be vectors [M] or matrices [..., M, N], got [2, 2] and []. Reshape b, with ops.expandDims for vectors. [docs/errors.md#shapeerror]
    lstsq: a must be a matrix [M, N] and b a vector [M] or a matrix [M, K], got [1, 1, 1] and [1]. Use ops.pinv for stacks of matrices. [docs/errors.md#shapeerror]
    pinv: the input must be matrices [..., M, N], got [1]. Reshape the input. [docs/errors.md#shapeerror]
    cdist: x and y must be rows [..., M, D] and [..., N, D] of one size D, got [1, 2] and [1, 1]. Reshape the inputs. [docs/errors.md#shapeerror]"
  `);
});
