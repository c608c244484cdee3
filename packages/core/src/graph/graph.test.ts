import { expect, test } from "vitest";
import { add, exp, mul, reduceSum, topK } from "../primitives/index.ts";
import { below, Graph, placeholder, rebuild, type Tensor } from "./index.ts";

const x = (): Tensor => placeholder({ shape: [2], dtype: "float32" });

test("structure, not identity, makes the key; constants count by value", () => {
  const program = (scale: number): Graph => {
    const a = x();
    return new Graph([a], [mul(exp(a), scale)]);
  };
  expect(program(2).key).toBe(program(2).key);
  expect(program(2).key).not.toBe(program(3).key);
  expect(program(0).key).not.toBe(program(-0).key);
});

test("a graph prints as a program", () => {
  const a = x();
  const graph = new Graph([a], [reduceSum(mul(a, 2), { axes: [0] })]);
  expect(graph.toString()).toMatchInlineSnapshot(`
    "graph(%0: float32[2]) {
      %1: float32[2] = mul(%0, float32[]{2})
      %2: float32[] = reduceSum(%1) {"axes":[0]}
      return %2
    }"
  `);
});

test("nodes come after what they need, and stop where told", () => {
  const a = x();
  const b = exp(a);
  const c = add(b, b);
  const names = (stop: Tensor): string[] => below([c], (t) => t === stop).nodes.map((n) => n.definition.name);
  expect(names(a)).toEqual(["exp", "add"]);
  expect(names(b)).toEqual(["add"]);
  expect(below([c, a], (t) => t === a || t === b).leaves).toEqual([b, a]);
});

test("a graph is rebuilt over other inputs; several outputs of a node stay apart", () => {
  const a = x();
  const [values, indices] = topK(a, { k: 1 });
  const graph = new Graph([a], [values, indices]);
  const b = x();
  const [v, i] = rebuild(graph, [b]) as [Tensor, Tensor];
  expect([v.dtype, i.dtype]).toEqual(["float32", "int32"]);
  expect(new Graph([b], [v, i]).key).toBe(graph.key);
});
