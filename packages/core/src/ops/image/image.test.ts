// What golden files cannot say of image ops: round trips, symbolic shapes, saved calls, errors.
import { describe, expect, test } from "vitest";
import { Graph, placeholder } from "../../graph/index.ts";
import { gradients } from "../../transforms/index.ts";
import * as ops from "../catalog.ts";
import { KerasTensor } from "../keras-tensor.ts";
import { fromPython, publicOp, toPython } from "../python.ts";

const { image } = ops;
const counting = (shape: readonly number[]) => ops.reshape(ops.arange(shape.reduce((a, b) => a * b, 1)), shape);
const batch = new KerasTensor([null, null, null, 3]);

describe("reconstructPatches is the inverse of extractPatches", () => {
  test.each([
    [[2, 6, 8, 3], 2, {}],
    [[2, 6, 8, 3], [3, 2], {}],
    [[2, 7, 5, 1], 3, { strides: 2 }],
    [[5, 6, 2], 3, { strides: 1, padding: "same" }],
    [[7, 7, 2], 2, { strides: 2, padding: "same" }],
    [[2, 2, 6, 8], 2, { dataFormat: "channels_first" }],
    [[1, 4, 4, 6, 2], [2, 2, 3], {}],
    [[1, 4, 5, 6, 2], [2, 3, 3], { strides: [1, 2, 3] }],
  ] as const)("%j by %j %j", async (shape, size, options) => {
    const x = counting(shape);
    const rank = typeof size !== "number" && size.length === 3 ? 3 : 2;
    const channelsFirst = "dataFormat" in options;
    const space = channelsFirst ? shape.slice(-rank) : shape.slice(-rank - 1, -1);
    const again = image.reconstructPatches(image.extractPatches(x, size, options), size, space, options);
    expect(again.shape).toEqual(shape);
    const [want, got] = [await x.data(), await again.data()];
    got.forEach((value, i) => {
      expect(value).toBeCloseTo(want[i] as number, 4);
    });
  });
  test("what no patch covers is 0", async () => {
    const patches = image.extractPatches(ops.ones([3, 3, 1]), 2);
    const whole = await image.reconstructPatches(patches, 2, [3, 3]).array();
    expect(whole).toEqual([
      [[1], [1], [0]],
      [[1], [1], [0]],
      [[0], [0], [0]],
    ]);
  });
});

describe("shapes of symbolic images", () => {
  test.each([
    ["resize", () => image.resize(batch, [32, 40]), [null, 32, 40, 3]],
    [
      "crop",
      () => image.cropImages(batch, { topCropping: 0, leftCropping: 1, targetHeight: 224, targetWidth: 200 }),
      [null, 224, 200, 3],
    ],
    [
      "pad",
      () => image.padImages(batch, { topPadding: 1, bottomPadding: 2, leftPadding: 1, targetWidth: 30 }),
      [null, null, 30, 3],
    ],
    ["patches", () => image.extractPatches(batch, 4), [null, null, null, 48]],
    ["whole", () => image.reconstructPatches(new KerasTensor([null, null, null, 12]), 2, [10, 12]), [null, 10, 12, 3]],
    ["affine", () => image.affineTransform(batch, new KerasTensor([null, 8])), [null, null, null, 3]],
    ["elastic", () => image.elasticTransform(batch, { seed: 1 }), [null, null, null, 3]],
    ["blur", () => image.gaussianBlur(batch), [null, null, null, 3]],
    ["sobel", () => image.sobelEdges(batch), [null, null, null, 3, 2]],
    ["ssim", () => image.ssim(batch, batch), [null]],
    ["gray", () => image.rgbToGrayscale(batch), [null, null, null, 1]],
    ["hsv", () => image.rgbToHsv(batch), [null, null, null, 3]],
    ["space", () => ops.spaceToDepth(batch, 2), [null, null, null, 12]],
    ["depth", () => ops.depthToSpace(new KerasTensor([null, null, null, null]), 2), [null, null, null, null]],
    ["fold", () => ops.fold(new KerasTensor([null, 12, null]), [5, 6], 2), [null, 3, 5, 6]],
    ["unfold", () => ops.unfold(new KerasTensor([null, 3, 5, 6]), 2), [null, 12, 20]],
    ["adaptive", () => ops.adaptiveMaxPool(batch, [2, 3]), [null, 2, 3, 3]],
    [
      "ctc",
      () =>
        ops.ctcLoss(
          new KerasTensor([null, 4]),
          new KerasTensor([null, 9, 5]),
          new KerasTensor([null]),
          new KerasTensor([null]),
        ),
      [null],
    ],
  ] as const)("%s", (_, make, shape) => {
    expect(make().shape).toEqual(shape);
  });
  test("of decoded sequences", () => {
    const options = { strategy: "beam_search", topPaths: 3, beamWidth: 4 } as const;
    const [labels, scores] = ops.ctcDecode(
      new KerasTensor([2, 5, 6]),
      new KerasTensor([2], { dtype: "int32" }),
      options,
    );
    expect([labels.shape, labels.dtype, scores.shape]).toEqual([[3, 2, 5], "int32", [2, 3]]);
  });
});

test("calls are saved and read as Keras does", () => {
  const saved = toPython("resize", [batch, [4, 5], { interpolation: "nearest" }]);
  expect(saved).toMatchObject({ module: "keras.src.ops.image", className: "Resize", args: [batch] });
  expect(saved.config).toMatchObject({ size: [4, 5], interpolation: "nearest", antialias: false });
  const back = fromPython(saved);
  expect(back.call).toBe(image.resize);
  expect(back.args).toEqual([batch, [4, 5], { interpolation: "nearest" }]);
  expect(publicOp("resize")).toBe(undefined);
});

test("elasticTransform: one seed, one result; integers are refused", async () => {
  const x = ops.cast(counting([6, 6, 1]), "float32");
  const bend = (seed: number) => image.elasticTransform(x, { alpha: 5, sigma: 1, seed }).array();
  expect(await bend(3)).toEqual(await bend(3));
  expect(await bend(3)).not.toEqual(await bend(4));
  expect(() => image.elasticTransform(ops.cast(x, "uint8"))).toThrow("images must be floats");
});

test("adaptive pooling to the size that is there changes nothing", async () => {
  const x = ops.cast(counting([1, 7, 2]), "float32");
  expect(await ops.adaptiveAveragePool(x, 7).array()).toEqual(await x.array());
  expect(await ops.adaptiveMaxPool(x, 7).array()).toEqual(await x.array());
});

test("ctcLoss of labels that do not fit has finite gradients", async () => {
  const scores = ops.zeros([1, 2, 3]);
  const loss = ops.ctcLoss([[1, 1, 2]], scores, [3], [2]);
  const [slope] = gradients(ops.sum(loss), [scores]);
  expect(await loss.item()).toBeGreaterThan(1e4);
  expect(Array.from(await (slope as typeof scores).data()).every(Number.isFinite)).toBe(true);
});

test("errors say what must hold", () => {
  const x = ops.ones([2, 4, 4, 3]);
  const faults: readonly (() => unknown)[] = [
    () => image.resize(x, [0, 4]),
    () => image.resize(ops.ones([4, 4]), [2, 2]),
    () => image.resize(x, [2, 2], { interpolation: "area" }),
    () => image.resize(x, [2, 2], { cropToAspectRatio: true, padToAspectRatio: true }),
    () => image.scaleAndTranslate(x, [2, 4, 4, 3], [1], [0], [1, 2], "linear"),
    () => image.mapCoordinates([1, 2, 3], [[0.5]], 2),
    () => image.mapCoordinates([1, 2, 3], [0.5], 1),
    () => image.affineTransform(x, [1, 0, 0]),
    () => image.affineTransform(x, ops.ones([3, 8])),
    () => image.perspectiveTransform(x, ops.ones([4, 2]), ops.ones([3, 2])),
    () => image.rgbToHsv(ops.ones([4, 4, 1])),
    () => image.rgbToGrayscale(ops.ones([4, 4, 2])),
    () => image.cropImages(x, { topCropping: 1, leftCropping: 1, targetHeight: 9, targetWidth: 1 }),
    () => image.padImages(x, { topPadding: 1 }),
    () => image.cropImages(batch, { topCropping: 1, bottomCropping: 1, leftCropping: 0, targetWidth: 4 }),
    () => image.extractPatches(x, 5),
    () => image.reconstructPatches(x, 2, [4, 4]),
    () => image.sobelEdges(ops.ones([4, 4, 3])),
    () => image.ssim(x, x),
    () => ops.depthToSpace(x, 2),
    () => ops.spaceToDepth(x, 3),
    () => ops.fold(ops.ones([1, 5, 4]), 4, 2),
    () => ops.unfold(ops.ones([4, 4]), 2),
    () => ops.ctcLoss([[1]], ops.ones([2, 3, 4]), [1], [3]),
    () => ops.ctcDecode(ops.ones([1, 3, 4]), [3], { strategy: "best" }),
    () => ops.psnr([1, 2], [1], 1),
  ];
  const texts = faults.map((fault) => {
    try {
      fault();
    } catch (error) {
      return (error as Error).message;
    }
    return "no error";
  });
  expect(texts).toMatchSnapshot();
});

describe("resize is one composite for engines that have it", () => {
  const names = (
    shape: readonly number[],
    size: readonly number[],
    options: object = {},
    dtype = "float32",
  ): string[] => {
    const x = placeholder({ shape, dtype: dtype as "float32" });
    const { nodes } = new Graph([x], [image.resize(x, size, options)]);
    return nodes.map((node) => node.definition.name).filter((name) => name.startsWith("resize"));
  };
  const nearest = { interpolation: "nearest" };
  test.each([
    ["larger", [2, 4, 5, 3], [8, 9], {}, "resizeBilinear"],
    ["smaller, without a wider kernel", [2, 8, 9, 3], [4, 5], {}, "resizeBilinear"],
    ["larger, where antialiasing changes nothing", [2, 4, 5, 3], [8, 9], { antialias: true }, "resizeBilinear"],
    ["one image", [4, 5, 3], [8, 9], {}, "resizeBilinear"],
    ["nearest", [2, 4, 5, 3], [8, 9], nearest, "resizeNearest"],
  ] as const)("%s", (_, shape, size, options, name) => {
    expect(names(shape, size, options)).toEqual([name]);
  });
  test.each([
    ["smaller with antialiasing", [2, 8, 9, 3], [4, 12], { antialias: true }],
    ["another kernel", [2, 4, 5, 3], [8, 9], { interpolation: "bicubic" }],
    ["channels first", [2, 3, 4, 5], [8, 9], { dataFormat: "channels_first" }],
    ["nearest where rounding chooses", [1, 2, 4, 1], [41, 4], nearest],
  ] as const)("not %s", (_, shape, size, options) => {
    expect(names(shape, size, options)).toEqual([]);
  });
  test("not halves, which round after each axis", () => {
    expect(names([1, 4, 4, 1], [8, 8], {}, "bfloat16")).toEqual([]);
  });
});
