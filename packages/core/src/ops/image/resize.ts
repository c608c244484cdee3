// Resampling: each output place is a weighted sum of input places, one axis after the other. Source: jax/_src/image/scale.py.
import { isFloat, isInteger, normalizeAxis, type Shape, sameShape } from "../../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { castTo, promoteFloat } from "../arithmetic-core.ts";
import { convertToTensor, floatx, type TensorLike, toFloat } from "../convert-core.ts";
import { saturateCast } from "../core.ts";
import { sliceAxis } from "../get-item.ts";
import { type Op, op } from "../op.ts";
import { asBatch, type FormatOption, imageLayout, type Layout, requireChoice } from "./layout.ts";

type Kernel = p.SamplingKernel;
// Keys 1981 with a = -1/2.
const cubic: Kernel = (x) => {
  const near = p.add(p.mul(p.mul(p.sub(p.mul(x, 1.5), 2.5), x), x), 1);
  const far = p.add(p.mul(p.sub(p.mul(p.add(p.mul(x, -0.5), 2.5), x), 4), x), 2);
  return p.where(p.greaterEqual(x, 2), 0, p.where(p.greaterEqual(x, 1), far, near));
};
// sinc(x) sinc(x / radius) inside the radius.
const lanczos =
  (radius: number): Kernel =>
  (x) => {
    const wave = p.mul(p.mul(p.sin(p.mul(x, Math.PI)), radius), p.sin(p.mul(x, Math.PI / radius)));
    const square = p.where(p.notEqual(x, 0), p.mul(p.mul(x, Math.PI ** 2), x), 1);
    const inside = p.where(p.greater(x, 1e-3), p.div(wave, square), 1);
    return p.where(p.greater(x, radius), 0, inside);
  };
const [lanczos3, lanczos5] = [lanczos(3), lanczos(5)];

/** How places between places are read. */
export type ResizeInterpolation = "nearest" | "bilinear" | "bicubic" | "lanczos3" | "lanczos5";
const kernels: Readonly<Record<Exclude<ResizeInterpolation, "nearest">, Kernel>> = {
  bilinear: p.triangle,
  bicubic: cubic,
  lanczos3,
  lanczos5,
};
const interpolations: readonly ResizeInterpolation[] = ["bilinear", "nearest", "lanczos3", "lanczos5", "bicubic"];

export interface ResizeOptions extends FormatOption {
  readonly interpolation?: string;
  /** Wider kernels when an image gets smaller, so that no place is left out. */
  readonly antialias?: boolean;
  /** Cut the image to the aspect ratio of `size` first. */
  readonly cropToAspectRatio?: boolean;
  /** Fill the image up to the aspect ratio of `size` first. */
  readonly padToAspectRatio?: boolean;
  /** Only `"constant"`, as in Keras. */
  readonly fillMode?: string;
  /** What the image is filled up with. */
  readonly fillValue?: number;
}

// The middle of the image with the aspect ratio of the target.
function cropped(x: Tensor, { height, width }: Layout, [h, w]: readonly [number, number]): Tensor {
  const [rows, columns] = [x.shape[height] as number, x.shape[width] as number];
  const cut = (y: Tensor, axis: number, size: number, ideal: number): Tensor => {
    const kept = Math.max(Math.min(size, Math.trunc(ideal)), 1);
    return sliceAxis(y, axis, Math.trunc((size - kept) / 2), kept, 1);
  };
  return cut(cut(x, height, rows, (columns * h) / w), width, columns, (rows * w) / h);
}
// The image in the middle of a larger one with (nearly) the aspect ratio of the target.
function padded(x: Tensor, { height, width }: Layout, [h, w]: readonly [number, number], fill: number): Tensor {
  const [rows, columns] = [x.shape[height] as number, x.shape[width] as number];
  const beside = (size: number, ideal: number): number => Math.trunc((Math.max(size, Math.trunc(ideal)) - size) / 2);
  const above = beside(rows, (columns * h) / w);
  const left = beside(columns, (rows * w) / h);
  const [axis, count] = above > 0 ? [height, above] : [width, left];
  if (count === 0) return x;
  // The value need not be one of the integers: Keras goes over to floats here.
  const y = isFloat(x.dtype) ? x : castTo(x, floatx());
  const border = p.full(
    y.shape.map((n, i) => (i === axis ? count : n)),
    fill,
    y.dtype,
  );
  return p.concat([border, y, border], { axis });
}

const nearest = (x: Tensor, axis: number, size: number): Tensor =>
  p.take(x, convertToTensor(p.nearestPlaces(x.shape[axis] as number, size)), { axis });

/** True if products with a rounded quotient, as engines' kernels have them, find the same places in float32 and in double precision. */
function findsNearest(n: number, m: number): boolean {
  const step = Math.fround(n / m);
  return p
    .nearestPlaces(n, m)
    .every((at, i) => at === Math.floor(Math.fround(step * (i + 0.5))) && at === Math.floor((n / m) * (i + 0.5)));
}

/** Where engines may have a kernel: in float32, channels last, and linear without a wider kernel or nearest where all find the same. */
function wholeOf(
  { dtype, shape }: Tensor,
  { height, width, channelsLast }: Layout,
  [rows, columns]: readonly [number, number],
  { interpolation, antialias }: Required<Pick<ResizeOptions, "interpolation" | "antialias">>,
): typeof p.resizeBilinear | undefined {
  if (dtype !== "float32" || !channelsLast) return undefined;
  const [h, w] = [shape[height] as number, shape[width] as number];
  if (interpolation === "nearest")
    return findsNearest(h, rows) && findsNearest(w, columns) ? p.resizeNearest : undefined;
  const isWider = antialias && (rows < h || columns < w);
  return interpolation === "bilinear" && !isWider ? p.resizeBilinear : undefined;
}

/** In the dtype of the images. */
function finished(y: Tensor, { dtype }: Tensor): Tensor {
  if (y.dtype === dtype) return y;
  return saturateCast(isInteger(dtype) ? p.round(y) : y, dtype);
}

/**
 * Images `[N, H, W, C]` or `[H, W, C]` (or channels first) in another `size` `[height, width]`, in their own dtype: integers are
 * rounded to even and limited.
 * @throws ConfigError for an unknown interpolation or fill mode. @throws ShapeError for a wrong rank or size.
 * Source: keras.ops.image.resize; the kernels are those of jax.image.resize.
 * @example ops.image.resize(ops.ones([2, 8, 8, 3]), [4, 6], { interpolation: "bicubic", antialias: true }).shape; // [2, 4, 6, 3]
 */
export const resize: Op<(images: TensorLike, size: readonly number[], options?: ResizeOptions) => Tensor> =
  /* @__PURE__ */ op("resize", (images: TensorLike, size: readonly number[], options: ResizeOptions = {}): Tensor => {
    const { interpolation = "bilinear", antialias = false, fillMode = "constant", fillValue = 0 } = options;
    const { cropToAspectRatio = false, padToAspectRatio = false, dataFormat = null } = options;
    const x = convertToTensor(images);
    const layout = imageLayout("resize", x.shape, dataFormat);
    requireChoice("resize", "interpolation", interpolation, interpolations);
    requireChoice("resize", "fillMode", fillMode, ["constant"]);
    if (cropToAspectRatio && padToAspectRatio) {
      const must = "only one of cropToAspectRatio and padToAspectRatio can be true";
      throw new ConfigError(complain("resize", { must, got: "both", todo: "Leave one of them out" }));
    }
    if (!Array.isArray(size) || size.length !== 2 || !size.every((n) => Number.isInteger(n) && n > 0)) {
      const must = "size must be two whole numbers, height and width, at least 1";
      throw new ShapeError(complain("resize", { must, got: JSON.stringify(size), todo: "Pass [height, width]" }));
    }
    const target = size as unknown as readonly [number, number];
    let y = x;
    if (cropToAspectRatio) y = cropped(x, layout, target);
    if (padToAspectRatio) y = padded(x, layout, target, fillValue);
    if (interpolation !== "nearest") y = toFloat(y);
    const whole = wholeOf(y, layout, target, { interpolation, antialias });
    if (whole !== undefined)
      return finished(
        asBatch(y, layout, (images) => whole(images, { size: target })),
        x,
      );
    for (const [axis, m] of [
      [layout.height, target[0]],
      [layout.width, target[1]],
    ] as const) {
      const n = y.shape[axis] as number;
      if (n === m) continue;
      if (interpolation === "nearest") y = nearest(y, axis, m);
      else {
        const kernel = kernels[interpolation];
        y = p.resample(y, axis, p.samplingWeights(n, m, { step: n / m, shift: 0, kernel, antialias }));
      }
    }
    return finished(y, x);
  });

const methods = {
  linear: p.triangle,
  bilinear: p.triangle,
  trilinear: p.triangle,
  cubic,
  bicubic: cubic,
  tricubic: cubic,
  lanczos3,
  lanczos5,
} as const;

export interface ScaleAndTranslateOptions {
  readonly antialias?: boolean;
}
/**
 * `images` stretched by `scale` and then moved by `translation` along the axes `spatialDims`, cut to `outputShape`: input place `x`
 * lands on `x scale + translation` (places are centred at `i + 1/2`). Outside of the image there are zeros. Result in a float dtype.
 * `scale` and `translation` `[K]` for K axes; both can be differentiated.
 * @throws ShapeError if numbers of axes do not fit. @throws ConfigError for an unknown method.
 * Source: keras.ops.image.scale_and_translate; jax.image.scale_and_translate.
 * @example
 * const x = ops.ones([4, 4, 1]);
 * ops.image.scaleAndTranslate(x, [8, 8, 1], [2, 2], [0, 0], [0, 1], "linear").shape; // [8, 8, 1]
 */
export const scaleAndTranslate: Op<
  (
    images: TensorLike,
    outputShape: Shape,
    scale: TensorLike,
    translation: TensorLike,
    spatialDims: readonly number[],
    method: string,
    options?: ScaleAndTranslateOptions,
  ) => Tensor
> = /* @__PURE__ */ op(
  "scaleAndTranslate",
  (
    images: TensorLike,
    outputShape: Shape,
    scale: TensorLike,
    translation: TensorLike,
    spatialDims: readonly number[],
    method: string,
    { antialias = true }: ScaleAndTranslateOptions = {},
  ): Tensor => {
    const where = "scaleAndTranslate";
    requireChoice(where, "method", method, Object.keys(methods) as (keyof typeof methods)[]);
    const x = toFloat(images);
    if (outputShape.length !== x.ndim) {
      const got = `${showShape(outputShape)} for ${showShape(x.shape)}`;
      const must = "outputShape must have as many axes as the images";
      throw new ShapeError(complain(where, { must, got, todo: "Give the batch and channels too" }));
    }
    const [factors, offsets] = promoteFloat(convertToTensor(scale), convertToTensor(translation)) as [Tensor, Tensor];
    const count = [spatialDims.length];
    if (!sameShape(factors.shape, count) || !sameShape(offsets.shape, count)) {
      const must = `scale and translation must have one number for each of the ${spatialDims.length} spatialDims`;
      const got = `${showShape(factors.shape)} and ${showShape(offsets.shape)}`;
      throw new ShapeError(complain(where, { must, got, todo: "Check the three" }));
    }
    return spatialDims.reduce((y, dim, i) => {
      const axis = normalizeAxis(dim, x.ndim, where);
      const at = (t: Tensor): Tensor => castTo(p.reshape(sliceAxis(t, 0, i, 1, 1), { shape: [1, 1] }), "float32");
      const step = p.div(1, at(factors));
      const sampling = { step, shift: p.mul(at(offsets), step), kernel: methods[method], antialias };
      return p.resample(y, axis, p.samplingWeights(x.shape[axis] as number, outputShape[axis] as number, sampling));
    }, x);
  },
);
