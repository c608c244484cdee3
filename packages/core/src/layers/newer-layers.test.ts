// Transposed and separable convolutions, group and root-mean-square normalisation, beyond the golden files: unknown sizes, masks, errors.
import { beforeEach, describe, expect, test } from "vitest";
import { Sequential } from "../models/index.ts";
import { ones, resetNames, tensor } from "../ops/index.ts";
import { deserializeKerasObject, registerBuiltins, serializeKerasObject } from "../registry/index.ts";
import type { Layer } from "./index.ts";
import * as layers from "./index.ts";

beforeEach(() => {
  resetNames();
  registerBuiltins([...Object.values(layers), Sequential]);
});
const { Conv1DTranspose, Conv2DTranspose, Conv3DTranspose, SeparableConv1D, SeparableConv2D } = layers;
const { GroupNormalization, RMSNormalization } = layers;

type Sizes = readonly (number | null)[];
// What `compute_output_shape` of Keras 3.15.1 gives.
const shapes: readonly (readonly [name: string, make: () => Layer, input: Sizes, output: Sizes])[] = [
  ["valid", () => new Conv1DTranspose({ filters: 2, kernelSize: 3, strides: 2 }), [null, 5, 3], [null, 11, 2]],
  ["small window", () => new Conv1DTranspose({ filters: 2, kernelSize: 1, strides: 3 }), [4, 5, 3], [4, 15, 2]],
  [
    "same, one unknown size",
    () => new Conv2DTranspose({ filters: 2, kernelSize: 3, strides: [2, 3], padding: "same" }),
    [null, null, 4, 3],
    [null, null, 12, 2],
  ],
  [
    "output padding",
    () => new Conv2DTranspose({ filters: 2, kernelSize: 4, strides: 2, padding: "same", outputPadding: [0, 1] }),
    [null, 3, null, 3],
    [null, 4, null, 2],
  ],
  [
    "channels first",
    () => new Conv3DTranspose({ filters: 2, kernelSize: 2, strides: 2, dataFormat: "channels_first" }),
    [null, 3, 2, null, 4],
    [null, 2, 4, null, 8],
  ],
  ["gaps", () => new Conv1DTranspose({ filters: 2, kernelSize: 3, dilationRate: 2 }), [null, 5, 3], [null, 9, 2]],
  ["separable", () => new SeparableConv1D({ filters: 2, kernelSize: 3, strides: 2 }), [null, 8, 3], [null, 3, 2]],
  [
    "separable, unknown sizes",
    () => new SeparableConv2D({ filters: 2, kernelSize: 3, strides: 2, padding: "same" }),
    [null, null, 5, 3],
    [null, null, 3, 2],
  ],
  ["groups", () => new GroupNormalization({ groups: 2 }), [null, null, null, 4], [null, null, null, 4]],
  ["root mean square", () => new RMSNormalization(), [null, null, 4], [null, null, 4]],
];
test.each(shapes)("shape of the output: %s", (_, make, [batch, ...rest], output) => {
  const x = layers.input({ batchShape: [batch ?? null, ...rest] });
  const y = make().apply(x);
  expect([y.shape, y.dtype]).toEqual([output, "float32"]);
});

test("one group for each channel is written as their number once built", () => {
  const layer = new GroupNormalization({ groups: -1 });
  expect(layer.getConfig()["groups"]).toBe(-1);
  layer.apply(ones([2, 3, 4]));
  expect(layer.getConfig()["groups"]).toBe(4);
});

test("the batch may be the axis of the channels, where its size is known: each last place on its own, as Keras", async () => {
  // keras.layers.GroupNormalization(groups=2, axis=0, scale=False, center=False)([[1, 2], [3, 6], [5, 0], [9, 4]])
  const layer = new GroupNormalization({ groups: 2, axis: 0, scale: false, center: false });
  const y = layer.apply(
    tensor([
      [1, 2],
      [3, 6],
      [5, 0],
      [9, 4],
    ]),
  );
  const wanted = [-0.9995, -0.99988, 0.9995, 0.99988, -0.99988, -0.99988, 0.99988, 0.99988];
  [...(await y.data())].forEach((value, i) => expect(value).toBeCloseTo(wanted[i] as number, 4));
});

test("masks go through group normalisation and end at the others, as in Keras", () => {
  expect(new GroupNormalization().supportsMasking).toBe(true);
  for (const layer of [new RMSNormalization(), new SeparableConv1D({ filters: 1, kernelSize: 1 })])
    expect(layer.supportsMasking).toBe(false);
});

test("a subclass of Conv1D may be causal whatever its name, a transposed one may not", () => {
  class Causal extends layers.Conv1D {
    static override readonly className: string = "Causal";
  }
  expect(new Causal({ filters: 1, kernelSize: 2, padding: "causal" }).apply(ones([1, 4, 1])).shape).toEqual([1, 4, 1]);
  expect(() => new Conv1DTranspose({ filters: 1, kernelSize: 2, padding: "causal" })).toThrow(/padding/);
});

test("a model of them says what it is made of, and comes back from its config", async () => {
  const model = new Sequential([
    layers.input({ shape: [4, 4, 2] }),
    new Conv2DTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: "same", outputPadding: 1 }),
    new GroupNormalization({ groups: 2 }),
    new SeparableConv2D({ filters: 3, kernelSize: 3 }),
    new RMSNormalization(),
  ]);
  const rows: string[] = [];
  model.summary({ printFn: (text: string) => rows.push(text) });
  const text = rows.join("\n");
  for (const row of [
    /conv2d_transpose .*8, 8, 4.* 76 /,
    /group_norm.*8, 8, 4.* 8 /,
    /separable_conv2d .*6, 6, 3.* 51 /,
  ])
    expect(text).toMatch(row);
  const written = JSON.parse(JSON.stringify(serializeKerasObject(model)));
  const copy = deserializeKerasObject(written) as unknown as Sequential;
  expect(JSON.parse(JSON.stringify(serializeKerasObject(copy)))).toEqual(written);
  expect(copy.weights.map((w) => w.name)).toEqual(model.weights.map((w) => w.name));
});

describe("mistakes are named", () => {
  const transpose = (options: object) => () => new Conv2DTranspose({ filters: 2, kernelSize: 2, ...options });
  const group = (options: object, shape: readonly number[] = [2, 3, 6]) => {
    return () => new GroupNormalization(options).apply(ones(shape));
  };
  const mistakes: readonly (readonly [string, () => unknown])[] = [
    ["filters", transpose({ filters: 0 })],
    ["kernel size", transpose({ kernelSize: [2, 0] })],
    ["output padding", transpose({ outputPadding: [1, 0], strides: [1, 2] })],
    ["output padding below zero", transpose({ outputPadding: -1 })],
    ["strides and gaps", transpose({ strides: 2, dilationRate: [1, 2] })],
    ["padding", transpose({ padding: "causal" })],
    ["unknown option", transpose({ groups: 2 })],
    ["unknown channels", () => transpose({})().apply(layers.input({ shape: [3, 3, null] }))],
    ["rank", () => transpose({})().apply(ones([1, 3, 3]))],
    ["depth multiplier", () => new SeparableConv2D({ filters: 2, kernelSize: 2, depthMultiplier: 0 })],
    ["pointwise filters", () => new SeparableConv1D({ kernelSize: 2 } as never)],
    ["window", () => new SeparableConv1D({ filters: 2, kernelSize: 4 }).apply(ones([1, 3, 2]))],
    ["groups", group({ groups: 0 })],
    ["more groups than channels", group({})],
    ["groups that do not fit", group({ groups: 4 })],
    ["axis", group({ groups: 2, axis: 3 })],
    ["axes", group({ groups: 2, axis: [1, 2] })],
    ["unknown size", () => new GroupNormalization({ groups: 2 }).apply(layers.input({ shape: [3, null] }))],
    ["axis of the mean", () => new RMSNormalization({ axis: 3 }).apply(ones([2, 3]))],
    ["unknown size of the mean", () => new RMSNormalization().apply(layers.input({ shape: [3, null] }))],
    ["scale of an inner axis", () => new RMSNormalization({ axis: 1 }).apply(ones([2, 3, 4]))],
  ];
  test.each(mistakes)("%s", (_, f) => {
    expect(f).toThrowErrorMatchingSnapshot();
  });
});
