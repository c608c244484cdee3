import { expect, test } from "vitest";
import { Graph, primitives as p, placeholder, type Tensor } from "./core.ts";
import { explain } from "./index.ts";

const shape = [128, 256];
const x = placeholder({ shape, dtype: "float32" });
const y = placeholder({ shape, dtype: "float32" });
const lines = (...outputs: readonly Tensor[]): string[] =>
  explain(new Graph([x, y], outputs))
    .split("\n")
    .filter((line) => / v\d+ = /.test(line))
    .map((line) => line.trim());

test("a temporary that nobody reads afterwards is written over", () => {
  expect(lines(p.exp(p.add(p.mul(x, y), x)))).toEqual([
    "v0 = x0 * x1",
    "v1 = np.add(v0, x0, out=v0)",
    "v2 = np.exp(v1, out=v1)",
  ]);
  expect(lines(p.relu(p.reshape(p.rsqrt(p.sub(x, y)), { shape: [256, 128] })))).toEqual([
    "v0 = x0 - x1",
    "v1 = kt.rsqrt(v0, out=v0)",
    "v2 = v1.reshape((256, 128))",
    "v3 = np.maximum(v2, 0, out=v2)",
  ]);
  expect(lines(p.sub(y, p.mul(p.mul(x, x), y))).at(-1)).toBe("v2 = np.subtract(x1, v1, out=v1)");
});

test("inputs, results and what is read later are not", () => {
  const sum = p.add(x, y);
  expect(lines(sum, p.exp(sum))).toEqual(["v0 = x0 + x1", "v1 = np.exp(v0)"]);
  expect(lines(p.exp(sum), p.sin(sum))).toEqual(["v0 = x0 + x1", "v1 = np.exp(v0)", "v2 = np.sin(v0, out=v0)"]);
  expect(lines(p.exp(x))).toEqual(["v0 = np.exp(x0)"]);
});

test("a view keeps the memory below it: neither may be written over while the other is read", () => {
  const sum = p.add(x, y);
  const view = p.transpose(sum, { permutation: [1, 0] });
  const exp = p.exp(sum);
  expect(lines(exp, p.reduceSum(view, { axes: [0] }))).toContain("v1 = np.exp(v0)");
  expect(lines(p.mul(p.exp(p.reshape(sum, { shape: [256, 128] })), p.reshape(sum, { shape: [256, 128] })))).toEqual([
    "v0 = x0 + x1",
    "v1 = v0.reshape((256, 128))",
    "v2 = np.exp(v1)",
    "v3 = v0.reshape((256, 128))",
    "v4 = np.multiply(v2, v3, out=v2)",
  ]);
  // A view that is returned.
  expect(lines(p.exp(sum), view)).toContain("v1 = np.exp(v0)");
});

test("what repeats memory, may be an operand itself, has another shape or dtype, or is small is not", () => {
  const row = p.reduceSum(x, { axes: [0] });
  expect(lines(p.exp(p.broadcastTo(row, { shape }))).join()).not.toContain("out=");
  expect(lines(p.exp(p.stopGradient(p.add(x, y)))).at(-1)).toBe("v2 = np.exp(v1)");
  expect(lines(p.add(p.exp(row), x)).join()).not.toContain("out=");
  expect(lines(p.cast(p.add(x, y), { dtype: "int32" })).join()).not.toContain("out=");
  // Rows and columns change places: it lies in columns.
  const turned = p.exp(p.transpose(p.add(x, y), { permutation: [1, 0] }));
  expect(lines(p.mul(turned, p.reshape(x, { shape: [256, 128] }))).join()).not.toContain("out=");
  // A choice for whole rows may be the second operand itself, and so may what the program was given.
  const column = p.greater(p.slice(x, { starts: [0, 0], limits: [128, 1], strides: [1, 1] }), 0);
  expect(lines(p.exp(p.where(column, x, y))).at(-1)).toBe("v3 = np.exp(v2)");
});
