import { describe, expect, test } from "vitest";
import { lower, reference } from "../backend/index.ts";
import type { Tensor } from "../graph/index.ts";
import {
  input,
  layers,
  losses,
  type Model,
  ops,
  RematScope,
  type RematScopeConfig,
  remat,
  Sequential,
  setRandomSeed,
  tensor,
  Variable,
  valueAndGrad,
} from "../index.ts";
import { vjpGraph } from "../primitives/index.ts";
import { closure, trace } from "../transforms/index.ts";

const wave = (x: Tensor): Tensor => ops.tanh(ops.exp(ops.sin(ops.exp(ops.sin(x)))));

describe("remat", () => {
  test("values and gradients are those of the function", async () => {
    const x = tensor([0.3, -1, 2]);
    const loss = (f: (x: Tensor) => Tensor) => valueAndGrad((y: Tensor) => ops.sum(f(y)))(x);
    const [plain, again] = [loss(wave), loss(remat(wave))];
    expect(await again[0].array()).toEqual(await plain[0].array());
    expect(await again[1].array()).toEqual(await plain[1].array());
  });
  test("nested arguments, several results and second derivatives", async () => {
    const f = remat(
      ({ a, b }: { a: Tensor; b: Tensor }, scale: number) =>
        [a.multiply(b), { c: ops.sin(a).multiply(scale) }] as const,
    );
    const total = (a: Tensor): Tensor => {
      const [y, { c }] = f({ a, b: a }, 2);
      return ops.sum(y.add(c));
    };
    const first = (a: Tensor): Tensor => ops.sum(valueAndGrad(total)(a)[1]);
    expect(await valueAndGrad(total)(tensor([0.5]))[1].array()).toEqual([expect.closeTo(1 + 2 * Math.cos(0.5), 5)]);
    expect(await valueAndGrad(first)(tensor([0.5]))[1].array()).toEqual([expect.closeTo(2 - 2 * Math.sin(0.5), 5)]);
  });
  test("variables are read and assigned", async () => {
    const v = new Variable([2]);
    const f = remat((x: Tensor) => {
      v.assign(v.value.add(1));
      return x.multiply(v.value);
    });
    expect(await f(tensor([5])).array()).toEqual([15]);
    expect(await v.value.array()).toEqual([3]);
  });
});

/** Most bytes that are alive at once when the nodes run in order, and each result lives until its last reader. */
function peak(f: (x: Tensor) => Tensor): number {
  const { body } = closure("peak", (x) => [f(x as Tensor)], [tensor(new Float32Array(1000))]);
  const graph = lower(vjpGraph(body), reference());
  const nodes = graph.nodes;
  const last = new Map<unknown, number>();
  const key = (x: Tensor): unknown => (x.source.kind === "op" ? x.source.node : x);
  nodes.forEach((node, i) => node.inputs.forEach((x) => last.set(key(x), i)));
  graph.outputs.forEach((y) => last.set(key(y), nodes.length));
  let [alive, most] = [0, 0];
  nodes.forEach((node, i) => {
    const bytes = node.outs.reduce((sum, y) => sum + y.shape.reduce((a, b) => a * b, 4), 0);
    alive += bytes;
    most = Math.max(most, alive);
    for (const [made, at] of last)
      if (at === i && nodes.includes(made as (typeof nodes)[number]))
        alive -= (made as (typeof nodes)[number]).outs.reduce((sum, y) => sum + y.shape.reduce((a, b) => a * b, 4), 0);
  });
  return most;
}

test("less is alive at once", () => {
  const deep =
    (block: (x: Tensor) => Tensor) =>
    (x: Tensor): Tensor => {
      let y = x;
      for (let i = 0; i < 6; i++) y = block(y);
      return y;
    };
  const block = (x: Tensor): Tensor => ops.sin(ops.exp(ops.sin(ops.exp(ops.sin(x)))));
  expect(peak(deep(remat(block)))).toBeLessThan(0.6 * peak(deep(block)));
});

describe("RematScope", () => {
  const build = (config: RematScopeConfig | undefined): Model => {
    setRandomSeed(3);
    const make = (): Model =>
      new Sequential([
        input({ shape: [4, 4, 1] }),
        new layers.Conv2D({ filters: 3, kernelSize: 3, activation: "tanh", name: "conv" }),
        new layers.BatchNormalization(),
        new layers.Flatten(),
        new layers.Dense({ units: 6, activation: "gelu", name: "wide", activityRegularizer: "l2" }),
        new layers.Dropout({ rate: 0.4 }),
        new layers.Dense({ units: 2, activation: "softmax" }),
      ]);
    const model = config === undefined ? make() : new RematScope(config).run(make);
    model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy" });
    return model;
  };
  const x = {
    shape: [8, 4, 4, 1],
    dtype: "float32" as const,
    data: Float32Array.from({ length: 128 }, (_, i) => Math.sin(i)),
  };
  const y = { shape: [8], dtype: "int32" as const, data: Int32Array.from({ length: 8 }, (_, i) => i % 2) };
  const configs: RematScopeConfig[] = [
    {},
    { mode: "activations" },
    { mode: "larger_than", outputSizeThreshold: 60 },
    { mode: "list_of_layers", layerNames: ["conv", "wide"] },
    { mode: null },
  ];
  test.each(configs)("%j trains to the same losses, dropout and moving averages included", async (config) => {
    const run = async (model: Model) => (await model.fit(x, y, { batchSize: 4, epochs: 3, verbose: 0 })).history.loss;
    const [plain, again] = [await run(build(undefined)), await run(build(config))];
    again?.forEach((loss, i) => expect(loss).toBeCloseTo((plain as number[])[i] as number, 6));
  });
  test("only what the scope takes is computed again", () => {
    const nodes = (config: RematScopeConfig | undefined): number => {
      const dense = new RematScope(config).run(() => new layers.Dense({ units: 3, activation: "tanh", name: "one" }));
      dense.buildFrom([2, 4]);
      const { graph } = trace(
        (z) => [losses.meanSquaredError(ops.zeros([2, 3]), dense.apply(z) as Tensor)],
        [ops.reshape(new Float32Array(8), [2, 4])],
      );
      return graph.nodes.filter(({ definition }) => definition.name === "customGradient").length;
    };
    expect(nodes({ mode: "full" })).toBe(1);
    expect(nodes({ mode: "activations" })).toBe(1);
    expect(nodes({ mode: "larger_than" })).toBe(0);
    expect(nodes({ mode: "larger_than", outputSizeThreshold: 5 })).toBe(1);
    expect(nodes({ mode: "list_of_layers", layerNames: ["other"] })).toBe(0);
    expect(nodes({ mode: null })).toBe(0);
  });
  test("an unknown mode", () => {
    expect(() => new RematScope({ mode: "all" as "full" })).toThrow(/RematScope: mode must be "full", .* got "all"/);
  });
});
