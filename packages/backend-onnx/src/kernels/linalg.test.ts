// Decompositions of matrices larger than a panel, in odd sizes and batches: the factors give the matrix back, on both builds.
import { compileGraph, Graph, type HostArray, primitives as p, placeholder, type Tensor } from "@keras-ts/core/backend";
import { afterAll, describe, expect, test } from "vitest";
import { onnx } from "../index.ts";

const engines = await Promise.all((["node", "web"] as const).map((engine) => onnx({ engine, threads: 2 })));
const t = p.matrixTranspose;
// Well mixed numbers in (-1, 1).
const mixed = (shape: readonly number[]): HostArray => ({
  shape,
  dtype: "float32",
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(12.9898 * (i + 1) ** 1.1)),
});
const triangular = (x: Tensor, lower: boolean, unit: boolean): Tensor => {
  const at = (axis: number): Tensor => p.iota({ shape: x.shape, axis, dtype: "int32" });
  const [r, c] = [at(x.ndim - 2), at(x.ndim - 1)];
  const kept = p.where(lower ? p.greaterEqual(r, c) : p.lessEqual(r, c), x, 0);
  return unit ? p.where(p.equal(r, c), p.full([], 1, "float32"), kept) : kept;
};
const identity = (x: Tensor): Tensor => {
  const like = { shape: [x.shape[0] as number, x.shape[1] as number, x.shape[1] as number], dtype: "int32" } as const;
  return p.cast(p.equal(p.iota({ ...like, axis: 1 }), p.iota({ ...like, axis: 2 })), { dtype: "float32" });
};
const asRow = (x: Tensor): Tensor => p.reshape(x, { shape: [...x.shape.slice(0, -1), 1, x.shape.at(-1) as number] });
const cut = (x: Tensor, rows: number, columns: number): Tensor =>
  p.slice(x, { starts: [0, 0, 0], limits: [x.shape[0] as number, rows, columns], strides: [1, 1, 1] });

const solves =
  (lower: boolean, transposeA: boolean) =>
  (x: Tensor): readonly [Tensor, Tensor] => {
    const a = p.mul(p.matmul(x, t(x)), 0.002);
    const solved = p.triangularSolve(a, x, { lower, transposeA, unitDiagonal: true });
    const own = triangular(a, lower, true);
    return [p.matmul(transposeA ? t(own) : own, solved), x];
  };

// What must be equal.
const checks: Readonly<Record<string, (x: Tensor) => readonly [Tensor, Tensor]>> = {
  cholesky: (x) => {
    const square = p.add(p.matmul(x, t(x)), identity(x));
    const l = p.cholesky(square);
    return [p.matmul(l, t(l)), square];
  },
  lu: (x) => {
    const [m, n] = x.shape.slice(1) as [number, number];
    const k = Math.min(m, n);
    const [factors, , order] = p.lu(x);
    const places = p.broadcastTo(p.reshape(order, { shape: [...order.shape, 1] }), { shape: x.shape });
    const product = p.matmul(triangular(cut(factors, m, k), true, true), triangular(cut(factors, k, n), false, false));
    return [product, p.takeAlong(x, places, 1)];
  },
  "qr, whole": (x) => {
    const [q, r] = p.qr(x, { fullMatrices: true });
    return [p.matmul(q, r), x];
  },
  qr: (x) => {
    const [q, r] = p.qr(x, { fullMatrices: false });
    return [p.matmul(p.matmul(q, p.matmul(t(q), q)), r), x];
  },
  svd: (x) => {
    const [u, s, vh] = p.svd(x, { fullMatrices: false });
    return [p.matmul(p.mul(u, asRow(s)), p.matmul(vh, p.matmul(t(vh), vh))), x];
  },
  // Pairs of equal ones have no angle that turning all at once could find: sweeps end what that began.
  "svd, equal values": (x) => {
    const [q] = p.qr(x, { fullMatrices: false });
    const scale = p.cast(p.lessEqual(p.iota({ shape: [1, 1, q.shape[2] as number], axis: 2, dtype: "int32" }), 7), {
      dtype: "float32",
    });
    const given = p.mul(q, p.add(scale, 1));
    const [u, s, vh] = p.svd(given, { fullMatrices: false });
    return [p.matmul(p.mul(u, asRow(s)), p.matmul(vh, p.matmul(t(vh), vh))), given];
  },
  eigh: (x) => {
    const square = p.matmul(x, t(x));
    const [w, v] = p.eigh(square);
    return [p.matmul(p.mul(v, asRow(w)), t(v)), square];
  },
  ...Object.fromEntries(
    [0, 1, 2, 3].map((i) => {
      const [lower, transposeA] = [i % 2 === 0, i > 1];
      return [`triangular ${lower ? "lower" : "upper"}${transposeA ? ", transposed" : ""}`, solves(lower, transposeA)];
    }),
  ),
};

describe.each(engines)("$name", (backend) => {
  afterAll(() => backend.dispose?.());
  const shapes = [
    [2, 45, 45],
    [1, 70, 100],
    [1, 100, 37],
  ];
  const cases = Object.entries(checks).flatMap(([name, f]) => shapes.map((shape) => [name, shape, f] as const));
  test.each(cases)("%s %j", async (_, shape, f) => {
    const x = placeholder({ shape, dtype: "float32" });
    const program = await compileGraph(new Graph([x], [...f(x)]), backend);
    const outs = await program.run([backend.upload(mixed(shape))]);
    const [got, wanted] = await Promise.all(
      outs.map(async (y) => Array.from((await backend.download(y)).data, Number)),
    );
    const largest = Math.max(...(wanted as number[]).map(Math.abs));
    const differences = (wanted as number[]).map((v, i) => Math.abs(v - ((got as number[])[i] as number)));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1e-5 * largest);
  });
});
