import { expect, test } from "vitest";
import { Graph, primitives as p, placeholder, type Tensor } from "./core.ts";
import { explain } from "./index.ts";

const a = placeholder({ shape: [4, 3], dtype: "float32" });
const b = placeholder({ shape: [4, 5], dtype: "float32" });
const product = (x: Tensor, y: Tensor): Tensor =>
  p.dotGeneral(x, y, { lhsContract: [0], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
const text = (...outputs: readonly Tensor[]): string => explain(new Graph([a, b], outputs));

test("a product that is only read transposed is taken the other way round", () => {
  expect(text(p.transpose(product(a, b), { permutation: [1, 0] }))).toContain("v0 = x1.swapaxes(-1, -2) @ x0\n");
  const c = placeholder({ shape: [2, 4, 3], dtype: "float32" });
  const d = placeholder({ shape: [2, 5, 4, 6], dtype: "float32" });
  const batched = p.dotGeneral(c, d, { lhsContract: [1], rhsContract: [2], lhsBatch: [0], rhsBatch: [0] });
  const turned = p.transpose(batched, { permutation: [0, 2, 3, 1] });
  expect(explain(new Graph([c, d], [turned]))).toContain("v0 = kt.dot_general(x1, x0, (2,), (1,), (0,), (0,))\n");
});

test("one that is read as it is, and one whose axes are mixed, are not", () => {
  const both = product(a, b);
  expect(text(p.transpose(both, { permutation: [1, 0] }), both)).toContain("v0 = x0.swapaxes(-1, -2) @ x1\n");
  const c = placeholder({ shape: [4, 5, 6], dtype: "float32" });
  const wide = p.dotGeneral(a, c, { lhsContract: [0], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
  const mixed = p.transpose(wide, { permutation: [2, 0, 1] });
  expect(explain(new Graph([a, c], [mixed]))).toContain("v0 = kt.dot_general(x0, x1, (0,), (0,), (), ())\n");
});
