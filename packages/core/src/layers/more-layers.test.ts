// Layers and options beyond the golden files, against values that real Keras 3.15.1 gave for the same numbers; errors; round trips.
import { beforeEach, describe, expect, test } from "vitest";
import type { Tensor } from "../graph/index.ts";
import { resetNames, tensor } from "../ops/index.ts";
import { deserializeKerasObject, registerBuiltins, serializeKerasObject } from "../registry/index.ts";
import { jit } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";
import { Variable } from "../weights/index.ts";
import type { Layer } from "./index.ts";
import * as layers from "./index.ts";

// (7 i mod 11) / 5 - 1, times `factor`
const values = (shape: readonly number[], factor = 1): Tensor => {
  const size = shape.reduce((n, s) => n * s, 1);
  return tensor(
    Array.from({ length: size }, (_, i) => (((7 * i) % 11) / 5 - 1) * factor),
    { shape },
  );
};
beforeEach(() => {
  resetNames();
  registerBuiltins(Object.values(layers));
});

type Row = readonly [
  name: string,
  make: () => Layer,
  inputs: readonly (readonly number[])[],
  shape: readonly number[],
  outputs: readonly number[][],
];
const { Conv1D, Conv3D, DepthwiseConv1D, EinsumDense, Dot, RNN, LSTMCell } = layers;
const rows: readonly Row[] = [
  [
    "Conv1D causal",
    () => new Conv1D({ filters: 2, kernelSize: 2, padding: "causal", dilationRate: 2 }),
    [[1, 4, 2]],
    [1, 4, 2],
    [[-0.44, 0.5, -0.14, 0.32, -0.3, 0.14, -0.42, 0.38]],
  ],
  ["Conv3D", () => new Conv3D({ filters: 1, kernelSize: 2 }), [[1, 2, 2, 3, 1]], [1, 1, 1, 2, 1], [[0.3, -0.96]]],
  [
    "DepthwiseConv1D",
    () => new DepthwiseConv1D({ kernelSize: 2, depthMultiplier: 2 }),
    [[1, 3, 2]],
    [1, 2, 4],
    [[-0.04, 0.12, 0.12, 0.7, -0.28, 0.06, -0.64, 1]],
  ],
  ["MaxPooling1D", () => new layers.MaxPooling1D(), [[1, 4, 1]], [1, 2, 1], [[0.4, 1]]],
  ["MaxPooling3D", () => new layers.MaxPooling3D(), [[1, 2, 2, 2, 1]], [1, 1, 1, 1, 1], [[1]]],
  ["AveragePooling3D", () => new layers.AveragePooling3D(), [[1, 2, 2, 2, 1]], [1, 1, 1, 1, 1], [[0.05]]],
  [
    "AveragePooling1D",
    () => new layers.AveragePooling1D({ strides: 1, padding: "same" }),
    [[1, 4, 1]],
    [1, 4, 1],
    [[-0.3, 0, 0.3, 1]],
  ],
  ["GlobalMaxPooling2D", () => new layers.GlobalMaxPooling2D(), [[1, 2, 2, 2]], [1, 2], [[0.8, 1]]],
  [
    "GlobalAveragePooling3D",
    () => new layers.GlobalAveragePooling3D({ keepdims: true }),
    [[1, 2, 1, 1, 2]],
    [1, 1, 1, 1, 2],
    [[-0.7, 0.7]],
  ],
  [
    "EinsumDense, axes behind",
    () => new EinsumDense({ equation: "ab...,bc->ac...", outputShape: 3, biasAxes: "c" }),
    [[1, 2, 3]],
    [1, 3, 3],
    [[0.5, -0.6, -0.6, 0.1, 0.3, 0.06, -0.3, -0.34, 0.06]],
  ],
  [
    "EinsumDense, axes before",
    () => new EinsumDense({ equation: "...x,xy->...y", outputShape: 3, biasAxes: "y" }),
    [[1, 2, 3]],
    [1, 2, 3],
    [[0.04, 0.04, 0.04, -1.14, 0.42, -0.22]],
  ],
  ["Permute", () => new layers.Permute({ dims: [2, 1] }), [[1, 2, 3]], [1, 3, 2], [[-1, 1, 0.4, 0.2, -0.4, -0.6]]],
  ["RepeatVector", () => new layers.RepeatVector({ n: 2 }), [[1, 3]], [1, 2, 3], [[-1, 0.4, -0.4, -1, 0.4, -0.4]]],
  ["PReLU", () => new layers.PReLU({ sharedAxes: [1] }), [[1, 2, 3]], [1, 2, 3], [[0.5, 0.4, 0.08, 1, 0.2, 0.12]]],
  ["LeakyReLU", () => new layers.LeakyReLU(), [[1, 3]], [1, 3], [[-0.3, 0.4, -0.12]]],
  ["ELU", () => new layers.ELU(), [[1, 3]], [1, 3], [[-0.63212, 0.4, -0.32968]]],
  [
    "Subtract",
    () => new layers.Subtract(),
    [
      [1, 3],
      [1, 3],
    ],
    [1, 3],
    [[0, 0, 0]],
  ],
  [
    "Multiply",
    () => new layers.Multiply(),
    [
      [1, 3],
      [1, 1],
    ],
    [1, 3],
    [[1, -0.4, 0.4]],
  ],
  [
    "Average",
    () => new layers.Average(),
    [
      [1, 3],
      [1, 2, 3],
    ],
    [1, 2, 3],
    [[-1, 0.4, -0.4, 0, 0.3, -0.5]],
  ],
  [
    "Maximum",
    () => new layers.Maximum(),
    [
      [1, 3],
      [1, 3],
    ],
    [1, 3],
    [[-1, 0.4, -0.4]],
  ],
  [
    "Minimum",
    () => new layers.Minimum(),
    [
      [1, 3],
      [1, 3],
    ],
    [1, 3],
    [[-1, 0.4, -0.4]],
  ],
  [
    "Dot of unit vectors",
    () => new Dot({ axes: 1, normalize: true }),
    [
      [1, 3],
      [1, 3],
    ],
    [1, 1],
    [[1]],
  ],
  [
    "Dot",
    () => new Dot({ axes: [2, 1] }),
    [
      [1, 2, 3],
      [1, 3, 2],
    ],
    [1, 2, 2],
    [[0.76, 0.24, -1.2, 0.96]],
  ],
  [
    "RNN",
    () => new RNN({ cell: new LSTMCell({ units: 2, name: "lstm_cell" }), returnSequences: true, returnState: true }),
    [[1, 2, 2]],
    [1, 2, 2],
    [
      [0.02019, -0.02156, 0.06736, -0.12294],
      [0.06736, -0.12294],
      [0.09992, -0.23885],
    ],
  ],
  ["Dense with adapters", () => new layers.Dense({ units: 2, loraRank: 1 }), [[1, 3]], [1, 2], [[-0.45, 0.452]]],
];

async function run(layer: Layer, inputs: readonly (readonly number[])[]): Promise<Tensor[]> {
  const xs = inputs.map((shape) => values(shape));
  const x = xs.length === 1 ? (xs[0] as Tensor) : xs;
  layer.invoke([x]);
  for (const w of layer.weights) w.assign(values(w.shape, 0.5));
  return tree.flatten(layer.invoke([x]) as tree.Tree<Tensor>);
}

describe("values of Keras", () => {
  test.each(rows)("%s", async (_, make, inputs, shape, outputs) => {
    const layer = make();
    const found = await run(layer, inputs);
    expect((found[0] as Tensor).shape).toEqual(shape);
    expect(found.length).toBe(outputs.length);
    for (const [i, y] of found.entries()) {
      [...(await y.data())].forEach((value, j) => expect(value).toBeCloseTo((outputs[i] as number[])[j] as number, 4));
    }
  });

  test.each(rows)("%s comes back from its config", async (_, make, inputs) => {
    const layer = make();
    const written = JSON.parse(JSON.stringify(serializeKerasObject(layer)));
    const copy = deserializeKerasObject(written) as unknown as Layer;
    expect(JSON.parse(JSON.stringify(serializeKerasObject(copy)))).toEqual(written);
    const before = await run(layer, inputs);
    const after = await run(copy, inputs);
    for (const [i, y] of after.entries()) expect(await y.array()).toEqual(await (before[i] as Tensor).array());
    copy.setWeights(await layer.getWeights());
    expect(copy.weights.map((w) => w.name)).toEqual(layer.weights.map((w) => w.name));
  });

  test("gated attention in a window", async () => {
    const layer = new layers.MultiHeadAttention({ numHeads: 2, keyDim: 2, useGate: true, slidingWindow: 2 });
    const x = values([1, 3, 2]);
    layer.apply(x, x);
    for (const w of layer.weights) w.assign(values(w.shape, 0.5));
    const wanted = [-0.42342, 0.1209, -0.37287, 0.18522, -0.32364, 0.24118];
    [...(await layer.apply(x, x).data())].forEach((value, i) => expect(value).toBeCloseTo(wanted[i] as number, 4));
  });

  test("batch renormalization moves its statistics", async () => {
    const layer = new layers.BatchNormalization({ renorm: true, renormClipping: { rmax: 2, rmin: 0.5, dmax: 1 } });
    const x = values([3, 2]);
    layer.apply(x);
    expect(layer.weights.map((w) => w.name).slice(4)).toEqual(["moving_stddev", "renorm_mean", "renorm_stddev"]);
    for (const w of layer.weights) w.assign(values(w.shape, 0.5));
    layer.apply(x, { training: true });
    for (const w of layer.weights) w.assign(values(w.shape, 0.5));
    const y = await layer.apply(x, { training: true }).data();
    const wanted = [0.2222, 0.34739, -1, 0.71062, -2.2222, -0.25801];
    [...y].forEach((value, i) => expect(value).toBeCloseTo(wanted[i] as number, 4));
  });
});

describe("structure", () => {
  test("children are named as in weights files", () => {
    const attention = new layers.MultiHeadAttention({ numHeads: 2, keyDim: 2, useGate: true, dropout: 0.1 });
    attention.apply(values([1, 3, 2]), values([1, 3, 2]));
    const children = Object.entries(attention).filter(([, value]) => value instanceof layers.Layer);
    expect(children.map(([name]) => name)).toEqual([
      "queryDense",
      "keyDense",
      "_gateDense",
      "valueDense",
      "_softmax",
      "_dropoutLayer",
      "outputDense",
    ]);
    expect(attention.weights.map((w) => w.path).filter((path) => path.endsWith("kernel"))).toEqual([
      "multi_head_attention/query/kernel",
      "multi_head_attention/key/kernel",
      "multi_head_attention/gate/kernel",
      "multi_head_attention/value/kernel",
      "multi_head_attention/attention_output/kernel",
    ]);
    expect(attention.getBuildConfig()).toEqual({ shapes_dict: { query_shape: [1, 3, 2], value_shape: [1, 3, 2] } });
    const lstm = new layers.LSTM({ units: 2 });
    lstm.apply(values([1, 3, 2]));
    expect(
      Object.entries(lstm)
        .filter(([, value]) => value instanceof layers.Layer || value instanceof Variable)
        .map(([name]) => name),
    ).toEqual(["cell"]);
  });

  test("keys may come by name or place", async () => {
    const [x, k] = [values([1, 3, 2]), values([1, 3, 4], 0.5)];
    const attention = new layers.MultiHeadAttention({ numHeads: 2, keyDim: 2, seed: 1 });
    const a = await attention.apply(x, x, { key: k, useCausalMask: true }).array();
    const b = await attention.apply(x, x, k, { useCausalMask: true }).array();
    expect(a).toEqual(b);
    expect(attention.getBuildConfig()).toEqual({
      shapes_dict: { query_shape: [1, 3, 2], value_shape: [1, 3, 2], key_shape: [1, 3, 4] },
    });
  });

  test("layers without weights are built at once and write no build config, as in Keras", () => {
    const plain = [
      new layers.ReLU(),
      new layers.Dropout({ rate: 0.5 }),
      new layers.MaxPooling2D(),
      new layers.Reshape({ targetShape: [2] }),
    ];
    for (const layer of plain) expect([layer.built, layer.getBuildConfig()]).toEqual([true, undefined]);
    expect(new layers.Flatten().built).toBe(false);
  });

  test("an LSTM is one loop, compiled and eager alike", async () => {
    const lstm = new layers.LSTM({ units: 3, returnSequences: true, seed: 1 });
    const x = values([2, 50, 2]);
    const eager = await lstm.apply(x).data();
    const compiled = await jit((input: Tensor) => lstm.apply(input))(x).data();
    [...eager].forEach((value, i) => expect(compiled[i]).toBeCloseTo(value, 6));
    const unrolled = new layers.LSTM({ units: 3, returnSequences: true, unroll: true });
    unrolled.apply(x);
    unrolled.setWeights(await lstm.getWeights());
    [...(await unrolled.apply(x).data())].forEach((value, i) => expect(value).toBeCloseTo(eager[i] as number, 6));
  });

  test("nested arrays of numbers are one tensor", async () => {
    const layer = new layers.Rescaling({ scale: 2 });
    expect(
      await layer
        .apply([
          [1, 2],
          [3, 4],
        ])
        .array(),
    ).toEqual([
      [2, 4],
      [6, 8],
    ]);
    const sum = new layers.Add();
    expect(await sum.apply([tensor([[1, 2]]), tensor([[3, 4]])]).array()).toEqual([[4, 6]]);
  });

  test("adapters can be added later", async () => {
    const dense = new layers.Dense({ units: 2 });
    const x = values([1, 3]);
    const before = await dense.apply(x).array();
    dense.enableLora(2);
    expect(await dense.apply(x).array()).toEqual(before);
    expect(dense.trainableWeights.map((w) => w.name)).toEqual(["bias", "lora_kernel_a", "lora_kernel_b"]);
    expect(() => dense.enableLora(2)).toThrow(/adapters are added once/);
  });

  test("files hold the kernel with its adapters, as Keras' do", async () => {
    const dense = new layers.Dense({ units: 2, loraRank: 1 });
    const x = values([1, 3]);
    dense.apply(x);
    for (const w of dense.weights) w.assign(values(w.shape, 0.5));
    const before = await dense.apply(x).data();
    const saved = dense.savedWeights();
    expect(saved.map((w) => w.path)).toEqual(["dense/kernel", "dense/bias"]);
    for (const weight of saved) weight.assign(weight.read());
    expect(await dense.weights[2]?.value.array()).toEqual([[0], [0], [0]]);
    [...(await dense.apply(x).data())].forEach((value, i) => expect(value).toBeCloseTo(before[i] as number, 5));
  });

  test("an embedding takes initial vectors", async () => {
    const layer = new layers.Embedding({
      inputDim: 2,
      outputDim: 2,
      weights: [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    });
    expect(await layer.apply(tensor([[1, 0]], { dtype: "int32" })).array()).toEqual([
      [
        [3, 4],
        [1, 2],
      ],
    ]);
  });
});

describe("mistakes are named", () => {
  const image = (): Tensor => values([1, 3, 3, 1]);
  const mistakes: readonly (readonly [string, () => unknown])[] = [
    ["units", () => new layers.Dense({ units: 0 })],
    ["rank", () => new layers.Dense({ units: 2 }).apply(values([3]))],
    ["filters", () => new layers.Conv2D({ filters: 0, kernelSize: 2 })],
    ["kernel size", () => new layers.Conv2D({ filters: 2, kernelSize: [2, 2, 2] })],
    ["groups", () => new layers.Conv2D({ filters: 4, kernelSize: 2, groups: 3 })],
    ["strides and dilation", () => new layers.Conv2D({ filters: 4, kernelSize: 2, strides: 2, dilationRate: 2 })],
    ["window", () => new layers.Conv2D({ filters: 2, kernelSize: 5 }).apply(image())],
    ["padding", () => new layers.Conv2D({ filters: 2, kernelSize: 2, padding: "causal" })],
    ["data format", () => new layers.MaxPooling2D({ dataFormat: "last" })],
    ["activation", () => new layers.Dense({ units: 2, activation: "rleu" })],
    ["rate", () => new layers.Dropout({ rate: 2 })],
    ["target shape", () => new layers.Reshape({ targetShape: [2, 4] }).apply(values([1, 3]))],
    ["two unknown sizes", () => new layers.Reshape({ targetShape: [-1, -1] })],
    ["merge", () => new layers.Add().apply(values([1, 3]))],
    ["shapes", () => new layers.Add().apply([values([1, 3]), values([1, 2])])],
    ["concatenate", () => new layers.Concatenate({ axis: 1 }).apply([values([1, 3, 2]), values([1, 3, 3])])],
    [
      "attention without value",
      () => new layers.MultiHeadAttention({ numHeads: 1, keyDim: 1 }).apply(values([1, 3, 2]) as never),
    ],
    ["heads", () => new layers.MultiHeadAttention({ numHeads: 0, keyDim: 1 })],
    ["synchronized", () => new layers.BatchNormalization({ synchronized: true })],
    ["stateful", () => new layers.LSTM({ units: 2, stateful: true }).apply(layers.input({ shape: [3, 2] }))],
    ["unroll", () => new layers.LSTM({ units: 2, unroll: true }).apply(layers.input({ shape: [null, 2] }))],
    ["input", () => layers.input({})],
    ["einsum", () => new EinsumDense({ equation: "ab->c", outputShape: 2 }).apply(values([1, 2]))],
    [
      "unknown channels",
      () => new layers.Conv2D({ filters: 2, kernelSize: 1 }).apply(layers.input({ shape: [3, 3, null] })),
    ],
  ];
  test.each(mistakes)("%s", (_, f) => {
    expect(f).toThrowErrorMatchingSnapshot();
  });
});
