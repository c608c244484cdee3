// Composites for which the reference engine has a kernel: what it computes is what their bodies mean.
import { expect, test } from "vitest";
import { inlineComposites } from "../backend/passes/inline.ts";
import { interpret } from "../backend/plan.ts";
import { reference } from "../backend/reference/reference.ts";
import { Graph, literal, type Tensor } from "../graph/index.ts";
import * as p from "./index.ts";

async function bothWays(y: Tensor): Promise<number[][]> {
  const engine = reference();
  const graph = new Graph([], [y]);
  const ways = [graph, inlineComposites(graph, () => false)];
  return Promise.all(
    ways.map(async (way) =>
      Array.from((await engine.download((await interpret(way, engine, []).run([]))[0] as never)).data),
    ),
  );
}

test("encrypt", async () => {
  const words = Uint32Array.of(0, 7, 2 ** 31, 42, 1, 2 ** 32 - 1);
  const [kernel, body] = await bothWays(
    p.encrypt(literal({ shape: [2, 3], dtype: "uint32", data: words }), { count: 3 }),
  );
  expect(kernel).toEqual(body);
});

test("multiplyAdd", async () => {
  const numbers = (seed: number): Tensor => {
    const data = Float32Array.from({ length: 500 }, (_, i) => Math.sin(seed * (i + 1)) * 2 ** (i % 9));
    return literal({ shape: [500], dtype: "float32", data });
  };
  const [kernel, body] = await bothWays(p.multiplyAdd(numbers(1), numbers(2), numbers(3)));
  expect(kernel).toEqual(body);
});
