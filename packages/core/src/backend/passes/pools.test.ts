import { expect, test } from "vitest";
import type { HostArray } from "../../aval/index.ts";
import { Graph, placeholder, type Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { interpret } from "../plan.ts";
import { reference } from "../reference/index.ts";
import { inlineComposites } from "./inline.ts";
import { poolFirst } from "./pools.ts";

const float = (...shape: number[]): Tensor => placeholder({ shape, dtype: "float32" });
const names = (graph: Graph): string[] => graph.nodes.map((node) => node.definition.name);
const shapes = (graph: Graph, name: string): string[] =>
  graph.nodes.filter((node) => node.definition.name === name).map((node) => String(node.outs[0]?.shape));
const pool = (n: number): p.PoolParams => ({
  window: [n, n],
  strides: [n, n],
  padding: [
    [0, 0],
    [0, 0],
  ],
});
const unit: p.ConvParams = {
  strides: [1, 1],
  padding: [
    [0, 0],
    [0, 0],
  ],
  dilation: [1, 1],
  groups: 1,
};

/** Small whole numbers: equal maxima and zeros are frequent. The same results before and after, exactly. */
async function same(before: Graph, after: Graph): Promise<void> {
  const inputs = before.inputs.map(({ shape }): HostArray => {
    const size = shape.reduce((n, s) => n * s, 1);
    return { shape, dtype: "float32", data: Float32Array.from({ length: size }, (_, i) => ((i * 7919) % 5) - 2) };
  });
  const run = async (graph: Graph): Promise<number[][]> => {
    const outs = await interpret(
      inlineComposites(graph, () => false),
      reference(),
      [],
    ).run(inputs);
    return outs.map((out) => [...out.data].map((value) => Number(value) + 0));
  };
  expect(await run(after)).toEqual(await run(before));
}

/** A convolution, its bias, relu and a pool with their gradients: of the kernel, the bias and the input. */
function block(size: number, params: p.PoolParams): Graph {
  const [x, k, b] = [float(2, size, size, 2), float(3, 3, 2, 3), float(3)];
  const conv = p.conv(x, k, unit);
  const y = p.relu(p.add(conv, b));
  const pooled = p.maxPool(y, params);
  const g = float(...pooled.shape);
  const gy = p.where(p.greater(y, 0), p.maxPoolGrad(y, g, params), 0);
  const inputSpatial = [size, size];
  return new Graph(
    [x, k, b, g],
    [
      pooled,
      p.convFilterGrad(x, gy, { ...unit, kernelSpatial: [3, 3] }),
      p.reduceSum(gy, { axes: [0, 1, 2] }),
      p.convInputGrad(gy, k, { ...unit, inputSpatial }),
    ],
  );
}

test("pools: relu, its mask and the sum for the bias come after the pool", async () => {
  const before = block(8, pool(2));
  const after = poolFirst(before);
  await same(before, after);
  expect(shapes(before, "relu")).toEqual(["2,6,6,3"]);
  expect(shapes(after, "relu")[0]).toBe("2,3,3,3");
  expect(new Set(shapes(after, "where"))).toEqual(new Set(["2,3,3,3"]));
  const sum = after.nodes.find((node) => node.definition.name === "reduceSum");
  expect(sum?.inputs[0]?.shape).toEqual([2, 3, 3, 3]);
});

test("pools: a convolution leaves out what no window reaches, its gradients too", async () => {
  const before = block(9, pool(2));
  const after = poolFirst(before);
  await same(before, after);
  expect(shapes(before, "conv")).toEqual(["2,7,7,3"]);
  expect(shapes(after, "conv")).toEqual(["2,6,6,3"]);
  expect(names(after)).not.toContain("pad");
});

test("pools: overlapping windows, and windows with padding", async () => {
  for (const params of [
    {
      window: [3, 3],
      strides: [2, 2],
      padding: [
        [0, 0],
        [0, 0],
      ],
    },
    {
      window: [3, 3],
      strides: [2, 2],
      padding: [
        [1, 1],
        [1, 1],
      ],
    },
    {
      window: [2, 2],
      strides: [3, 3],
      padding: [
        [0, 0],
        [0, 0],
      ],
    },
  ] as const) {
    const before = block(10, params);
    await same(before, poolFirst(before));
  }
});

test("pools: a map that somebody else reads keeps its border", async () => {
  const [x, k] = [float(1, 7, 7, 1), float(3, 3, 1, 2)];
  const y = p.conv(x, k, unit);
  const before = new Graph([x, k], [p.maxPool(y, pool(2)), p.neg(y)]);
  const after = poolFirst(before);
  await same(before, after);
  expect(shapes(after, "conv")).toEqual(["1,5,5,2"]);
});

test("pools: other selections than relu's mask stay where they are", async () => {
  const x = float(1, 4, 4, 2);
  const g = float(1, 2, 2, 2);
  const before = new Graph([x, g], [p.where(p.greater(x, 0), p.maxPoolGrad(x, g, pool(2)), 0)]);
  expect(names(poolFirst(before))).toEqual(
    ["maxPoolGrad", "greater", "where"].sort((a, b) => names(before).indexOf(a) - names(before).indexOf(b)),
  );
});
