import {
  compileGraph,
  Graph,
  type HostArray,
  primitives as p,
  placeholder,
  sizeOf,
  type Tensor,
} from "@keras-ts/core/backend";
import { afterAll, describe, expect, test } from "vitest";
import { onnx } from "../index.ts";
import { chooseLayouts, layoutOf } from "./layout.ts";
import { poolPhases } from "./pool-phases.ts";

const float = (...shape: number[]): Tensor => placeholder({ shape, dtype: "float32" });
const unit: p.ConvParams = {
  strides: [1, 1],
  padding: [
    [0, 0],
    [0, 0],
  ],
  dilation: [1, 1],
  groups: 1,
};
const pairs: p.PoolParams = {
  window: [2, 2],
  strides: [2, 2],
  padding: [
    [0, 0],
    [0, 0],
  ],
};
const names = (graph: Graph): string[] => graph.nodes.map((node) => node.definition.name);
const laid = (graph: Graph): string[] =>
  graph.nodes.filter((node) => layoutOf(node.params) !== undefined).map((node) => node.definition.name);

/** `batch` images through a convolution and a pool, with the gradients of kernel and input. */
function block(batch: number, channels: number, params: p.ConvParams = unit, pool = pairs, rank = 2): Graph {
  const spatial = [13, 12].slice(0, rank);
  const window = [3, 2].slice(0, rank);
  const [x, k] = [float(batch, ...spatial, channels), float(...window, channels / params.groups, 4)];
  const y = p.conv(x, k, params);
  const pooled = p.maxPool(y, pool);
  const g = float(...pooled.shape);
  const back = p.maxPoolGrad(y, g, pool);
  return new Graph(
    [x, k, g],
    [
      pooled,
      p.convFilterGrad(x, back, { ...params, kernelSpatial: window }),
      p.convInputGrad(back, k, { ...params, inputSpatial: spatial }),
    ],
  );
}

test("layout: a region with pools is written with the batch innermost, all of it", () => {
  expect(laid(chooseLayouts(block(32, 8)))).toEqual([
    "conv",
    "maxPool",
    "maxPoolGrad",
    "convFilterGrad",
    "convInputGrad",
  ]);
});

test("layout: small batches, groups, and strides whose gradient has no such form stay channels-first", () => {
  expect(laid(chooseLayouts(block(8, 8)))).toEqual([]);
  expect(laid(chooseLayouts(block(32, 8, { ...unit, groups: 2 })))).toEqual([]);
  expect(laid(chooseLayouts(block(32, 8, { ...unit, strides: [2, 2] })))).toEqual([]);
  const overlapping = { ...pairs, window: [3, 3] };
  expect(laid(chooseLayouts(block(32, 8, unit, overlapping)))).toEqual([]);
});

test("layout: the choice flips where the transposes at the edges cost more than the windows gain", () => {
  const alone = (filters: number, taps: number): Graph => {
    const [x, k] = [float(32, 9, 9, 16), float(taps, taps, 16, filters)];
    return new Graph([x, k], [p.conv(x, k, unit)]);
  };
  expect(laid(chooseLayouts(alone(8, 3)))).toEqual([]);
  expect(laid(chooseLayouts(alone(8, 5)))).toEqual(["conv"]);
});

test("layout: regions are chosen each for itself", () => {
  const [one, two] = [block(32, 8), block(8, 8)];
  const both = new Graph([...one.inputs, ...two.inputs], [...one.outputs, ...two.outputs]);
  expect(laid(chooseLayouts(both)).length).toBe(5);
});

/** A convolution with few taps under a pool, with the gradient of the kernel only. */
function firstBlock(channels: number, pool = pairs): Graph {
  const [x, k] = [float(16, 12, 12, channels), float(3, 3, channels, 5)];
  const params: p.ConvParams = {
    ...unit,
    padding: [
      [1, 1],
      [1, 1],
    ],
  };
  const y = p.conv(x, k, params);
  const pooled = p.maxPool(y, pool);
  const g = float(...pooled.shape);
  const filter = p.convFilterGrad(x, p.maxPoolGrad(y, g, pool), { ...params, kernelSpatial: [3, 3] });
  return new Graph([x, k, g], [pooled, filter]);
}

test("poolPhases: a convolution for each place of the pool's window, and no pool", () => {
  const before = firstBlock(1);
  expect(names(before)).toEqual(["conv", "maxPool", "maxPoolGrad", "convFilterGrad"]);
  const after = poolPhases(before);
  const count = (name: string): number => names(after).filter((n) => n === name).length;
  expect([count("conv"), count("max"), count("convFilterGrad")]).toEqual([4, 6, 4]);
  expect(names(after)).not.toContain("maxPool");
  expect(names(after)).not.toContain("maxPoolGrad");
});

test("poolPhases: many taps, overlapping windows and gradients of the input stay as they are", () => {
  for (const graph of [firstBlock(4), firstBlock(1, { ...pairs, strides: [1, 1] }), block(16, 1)])
    expect(names(poolPhases(graph))).toEqual(names(graph));
});

const off = { poolPhases: false, layout: false };
const engines = await Promise.all(
  (["node", "web"] as const).flatMap((engine) => [
    onnx({ engine, threads: 1 }),
    onnx({ engine, threads: 1, passes: off }),
  ]),
);

/** Small whole numbers, so that equal maxima are frequent and sums exact. */
async function run(graph: Graph, backend: (typeof engines)[number]): Promise<number[][]> {
  const inputs = graph.inputs.map(({ shape }): HostArray => {
    return {
      shape,
      dtype: "float32",
      data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7919) % 5) - 2),
    };
  });
  const program = await compileGraph(graph, backend);
  const outs = await program.run(inputs.map((x) => backend.upload(x)));
  const hosts = await Promise.all(outs.map((x) => backend.download(x)));
  return hosts.map(({ data }) => [...data].map((value) => Number(value) + 0));
}

const cases: readonly [name: string, graph: Graph][] = [
  ["valid", block(16, 12)],
  ["few taps", block(16, 2)],
  ["few channels, more taps", block(16, 8)],
  [
    "padded",
    block(16, 12, {
      ...unit,
      padding: [
        [1, 1],
        [1, 0],
      ],
    }),
  ],
  ["dilated", block(16, 12, { ...unit, dilation: [2, 3] })],
  [
    "one axis",
    block(
      16,
      12,
      { strides: [1], padding: [[1, 1]], dilation: [1], groups: 1 },
      { window: [2], strides: [2], padding: [[0, 0]] },
      1,
    ),
  ],
  ["first block", firstBlock(1)],
  ["first block, several channels", firstBlock(3)],
];
describe("the same numbers in both layouts, ties included", () => {
  afterAll(() => Promise.all(engines.map((engine) => engine.dispose?.())));
  test.each(cases)("%s", async (_, graph) => {
    expect(laid(chooseLayouts(poolPhases(graph)))).not.toEqual([]);
    const [node, plainNode, web, plainWeb] = await Promise.all(engines.map((engine) => run(graph, engine)));
    expect(node).toEqual(plainNode);
    expect(web).toEqual(plainWeb);
    expect(web).toEqual(node);
  });
});
