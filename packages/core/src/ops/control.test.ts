import { describe, expect, test } from "vitest";
import type { Tensor } from "../graph/index.ts";
import { grad, jit } from "../transforms/index.ts";
import * as ops from "./catalog.ts";
import { tensor } from "./convert.ts";

const int = (n: number): Tensor => tensor(n, { dtype: "int32" });

describe("branches", () => {
  test("cond runs the branch that the condition names, and closes over tensors", async () => {
    const [x, y] = [tensor([1, 2]), tensor([10, 20])];
    const f = jit((p: Tensor) =>
      ops.cond(
        ops.greater(p, 0),
        () => x.add(p),
        () => y.multiply(p),
      ),
    );
    expect(await f(tensor(1)).array()).toEqual([2, 3]);
    expect(await f(tensor(-1)).array()).toEqual([-10, -20]);
  });
  test("cond is differentiated through the branch taken", async () => {
    const f = grad((x: Tensor) =>
      ops.cond(
        ops.greater(x, 0),
        () => ops.square(x),
        () => ops.negative(x),
      ),
    );
    expect(await (f(tensor(3)) as Tensor).item()).toBe(6);
    expect(await (f(tensor(-3)) as Tensor).item()).toBe(-1);
  });
  test("cond wants the same from both branches", () => {
    expect(() =>
      ops.cond(
        true,
        () => tensor([1, 2]),
        () => tensor([1]),
      ),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: cond: both branches must have equal shapes and dtypes, got float32 [2] and float32 [1]. Cast or reshape. [docs/errors.md#shapeerror]]`,
    );
  });
  test.each([
    [-1, 10],
    [0, 10],
    [1, 11],
    [5, 12],
  ])("switch with index %i", async (index, expected) => {
    const y = ops.switch(int(index), [(x) => x, (x) => x.add(1), (x) => x.add(2)], tensor(10));
    expect(await (y as Tensor).item()).toBe(expected);
  });
});

describe("loops", () => {
  test("whileLoop carries several values of their own dtypes", async () => {
    const [i, sum] = ops.whileLoop(
      (n) => ops.less(n as Tensor, 5),
      (n, s) => [(n as Tensor).add(1), (s as Tensor).add(0.5)],
      [int(0), tensor(0)] as const,
    );
    expect([await (i as Tensor).item(), await (sum as Tensor).item()]).toEqual([5, 2.5]);
  });
  test("whileLoop stops after maximumIterations", async () => {
    const n = ops.whileLoop(
      () => true,
      (x) => (x as Tensor).multiply(2),
      tensor(1),
      { maximumIterations: 4 },
    );
    expect(await n.item()).toBe(16);
  });
  test("foriLoop counts, and is differentiated", async () => {
    const power = (x: Tensor): Tensor => ops.foriLoop(0, 4, (_, y: Tensor) => y.multiply(x), tensor(1));
    expect(await power(tensor(3)).item()).toBe(81);
    expect(await (grad(power)(tensor(3)) as Tensor).item()).toBe(108);
  });
  test("scan stacks what each step gives, in both directions", async () => {
    const xs = tensor([1, 2, 3]);
    const step = (sum: Tensor, x: unknown): [Tensor, Tensor] => {
      const next = sum.add(x as Tensor);
      return [next, next];
    };
    const [last, sums] = ops.scan(step, tensor(0), { xs });
    expect([await last.item(), await sums.array()]).toEqual([6, [1, 3, 6]]);
    expect(await ops.scan(step, tensor(0), { xs, reverse: true })[1].array()).toEqual([6, 5, 3]);
  });
  test("map applies a function to each row", async () => {
    const y = ops.map(
      (row: Tensor) => ops.sum(row),
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    expect(await y.array()).toEqual([3, 7]);
  });
  test("associativeScan equals a running total", async () => {
    const y = ops.associativeScan((a: Tensor, b: Tensor) => a.add(b), tensor([1, 2, 3, 4, 5]));
    expect(await y.array()).toEqual([1, 3, 6, 10, 15]);
    const back = ops.associativeScan((a: Tensor, b: Tensor) => a.add(b), tensor([1, 2, 3]), { reverse: true });
    expect(await back.array()).toEqual([6, 5, 3]);
  });
});

test("customGradient replaces the rule", async () => {
  const f = ops.customGradient((x) => [ops.square(x as Tensor), (g) => (g as Tensor).multiply(100)]);
  const y = grad((x: Tensor) => f(x) as Tensor)(tensor(3)) as Tensor;
  expect(await y.item()).toBe(100);
});
