// Windows that slide over images: blur, edges, and the likeness that compares them.
import { isFloat, range } from "../../aval/index.ts";
import { complain, ShapeError, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { castTo } from "../arithmetic-core.ts";
import { convertToTensor, floatx, type TensorLike } from "../convert-core.ts";
import { type Op, op } from "../op.ts";
import { meanOver } from "../reduction-core.ts";
import { type PaddingName, spatialSizes, windowPadding } from "../windows.ts";
import { asBatch, type FormatOption, imageLayout } from "./layout.ts";

/** `[size]` weights of a normal distribution around the middle; they add up to 1. */
export function gaussian(size: number, sigma: Tensor): Tensor {
  const places = p.sub(p.iota({ shape: [size], axis: 0, dtype: sigma.dtype }), (size - 1) / 2);
  const scaled = p.div(places, sigma);
  const bell = p.exp(p.mul(p.mul(scaled, scaled), -0.5));
  return p.div(bell, p.reshape(p.reduceSum(bell, { axes: [0] }), { shape: [1] }));
}

/** `[N, H, W, C]` with every channel convolved with a column of weights and then with a row. */
export function separable(x: Tensor, column: Tensor, row: Tensor, padding: PaddingName): Tensor {
  const channels = x.shape[3] as number;
  const pass = (y: Tensor, weights: Tensor, axis: 0 | 1): Tensor => {
    const window = axis === 0 ? [weights.size, 1] : [1, weights.size];
    const flat = p.reshape(weights, { shape: [...window, 1, 1] });
    const kernel = p.broadcastTo(flat, { shape: [...window, 1, channels] });
    const ones = [1, 1];
    const pads = windowPadding(padding, y.shape.slice(1, 3), window, ones, ones);
    return p.conv(y, kernel, { strides: ones, padding: pads, dilation: ones, groups: channels });
  };
  return pass(pass(x, column, 0), row, 1);
}

export interface GaussianBlurOptions extends FormatOption {
  /** Size of the window: one number, or one for each axis. */
  readonly kernelSize?: number | readonly number[];
  /** Standard deviations in pixels. */
  readonly sigma?: TensorLike;
}
/**
 * Images `[N, H, W, C]` or `[H, W, C]` (or channels first), each place a mean of its neighbours with the weights of a normal
 * distribution; zeros around the image. As in Keras, the first size and deviation belong to the width.
 * Differs from Keras on JAX without `dataFormat`: the default format holds (there: channels first).
 * @throws ShapeError for a wrong rank or kernel size. Source: keras.ops.image.gaussian_blur.
 * @example ops.image.gaussianBlur(ops.ones([8, 8, 3]), { kernelSize: 5, sigma: [2, 2] }).shape; // [8, 8, 3]
 */
export const gaussianBlur: Op<(images: TensorLike, options?: GaussianBlurOptions) => Tensor> = /* @__PURE__ */ op(
  "gaussianBlur",
  (images: TensorLike, { kernelSize = 3, sigma = [1, 1], dataFormat = null }: GaussianBlurOptions = {}): Tensor => {
    const x = convertToTensor(images);
    const layout = imageLayout("gaussianBlur", x.shape, dataFormat);
    const [across, down] = spatialSizes("gaussianBlur", "kernelSize", kernelSize, 2) as [number, number];
    const given = convertToTensor(sigma, { dtype: x.dtype });
    const sigmas = given.ndim === 0 ? p.broadcastTo(given, { shape: [2] }) : given;
    if (sigmas.ndim !== 1 || sigmas.size !== 2) {
      const must = "sigma must be one number, or one for each axis";
      throw new ShapeError(complain("gaussianBlur", { must, got: showShape(given.shape), todo: "Pass two numbers" }));
    }
    const at = (i: number): Tensor => p.slice(sigmas, { starts: [i], limits: [i + 1], strides: [1] });
    return asBatch(x, layout, (y) => separable(y, gaussian(down, at(1)), gaussian(across, at(0)), "same"));
  },
);

/**
 * Slopes of brightness by Sobel's windows. `[N, H, W, C]` to `[N, H, W, C, 2]` (or channels first): down, then across.
 * @throws ShapeError unless there are 4 axes. Source: Sobel 1968; keras.ops.image.sobel_edges.
 * @example ops.image.sobelEdges(ops.ones([1, 8, 8, 3])).shape; // [1, 8, 8, 3, 2]
 */
export const sobelEdges: Op<(images: TensorLike, options?: FormatOption) => Tensor> = /* @__PURE__ */ op(
  "sobelEdges",
  (images: TensorLike, { dataFormat = null }: FormatOption = {}): Tensor => {
    const x = convertToTensor(images);
    if (x.ndim !== 4) {
      const must = "images must be a batch of 4 axes";
      throw new ShapeError(
        complain("sobelEdges", { must, got: showShape(x.shape), todo: "Add a batch axis with expandDims" }),
      );
    }
    const layout = imageLayout("sobelEdges", x.shape, dataFormat);
    const [smooth, slope] = [
      [1, 2, 1],
      [-1, 0, 1],
    ].map((row) => convertToTensor(row, { dtype: x.dtype })) as [Tensor, Tensor];
    const edges = [
      [slope, smooth],
      [smooth, slope],
    ].map(([column, row]) => {
      const y = asBatch(x, layout, (t) => separable(t, column as Tensor, row as Tensor, "same"));
      return p.reshape(y, { shape: [...y.shape, 1] });
    });
    return p.concat(edges, { axis: 4 });
  },
);

export interface SsimOptions extends FormatOption {
  /** The largest value a pixel can have. */
  readonly maxVal?: number;
  readonly filterSize?: number;
  readonly filterSigma?: number;
  readonly k1?: number;
  readonly k2?: number;
}
/**
 * Structural similarity of two images, 1 for equal ones: in windows with means mu, variances and covariance sigma,
 * `(2 mu1 mu2 + c1)(2 sigma12 + c2) / ((mu1^2 + mu2^2 + c1)(sigma1^2 + sigma2^2 + c2))`, averaged. `[N, H, W, C]` to `[N]`, `[H, W, C]` to a scalar.
 * @throws ShapeError for a wrong rank, or images smaller than the window. Source: Wang et al. 2004; keras.ops.image.ssim.
 * @example await ops.image.ssim(ops.ones([16, 16, 1]), ops.ones([16, 16, 1])).item(); // 1
 */
export const ssim: Op<(image1: TensorLike, image2: TensorLike, options?: SsimOptions) => Tensor> = /* @__PURE__ */ op(
  "ssim",
  (image1: TensorLike, image2: TensorLike, options: SsimOptions = {}): Tensor => {
    const { maxVal = 1, filterSize = 11, filterSigma = 1.5, k1 = 0.01, k2 = 0.03, dataFormat = null } = options;
    const given = convertToTensor(image1);
    const dtype = isFloat(given.dtype) ? given.dtype : floatx();
    const layout = imageLayout("ssim", given.shape, dataFormat);
    const other = convertToTensor(image2);
    if (String(other.shape) !== String(given.shape)) {
      const got = `${showShape(given.shape)} and ${showShape(other.shape)}`;
      throw new ShapeError(complain("ssim", { must: "both images must have one shape", got, todo: "Resize one" }));
    }
    const [height, width] = [given.shape[layout.height] as number, given.shape[layout.width] as number];
    if (height < filterSize || width < filterSize) {
      const must = `images must be at least as large as the window (${filterSize})`;
      const todo = "Use a smaller filterSize, or larger images";
      throw new ShapeError(complain("ssim", { must, got: showShape(given.shape), todo }));
    }
    // Channels are images of their own.
    const planes = (x: Tensor): Tensor => {
      const batch = x.ndim === 4 ? x : p.reshape(x, { shape: [1, ...x.shape] });
      const first = layout.channelsLast ? p.transpose(batch, { permutation: [0, 3, 1, 2] }) : batch;
      return p.reshape(castTo(first, dtype), { shape: [first.size / (height * width), height, width, 1] });
    };
    const [a, b] = [planes(given), planes(other)];
    const weights = gaussian(filterSize, convertToTensor(filterSigma, { dtype }));
    const mean = (x: Tensor): Tensor => separable(x, weights, weights, "valid");
    const [c1, c2] = [(k1 * maxVal) ** 2, (k2 * maxVal) ** 2];
    const [muA, muB] = [mean(a), mean(b)];
    const [squareA, squareB, both] = [p.mul(muA, muA), p.mul(muB, muB), p.mul(muA, muB)];
    const varianceA = p.sub(mean(p.mul(a, a)), squareA);
    const varianceB = p.sub(mean(p.mul(b, b)), squareB);
    const covariance = p.sub(mean(p.mul(a, b)), both);
    const top = p.mul(p.add(p.mul(both, 2), c1), p.add(p.mul(covariance, 2), c2));
    const bottom = p.mul(p.add(p.add(squareA, squareB), c1), p.add(p.add(varianceA, varianceB), c2));
    const each = meanOver(
      p.div(top, bottom),
      range(3).map((i) => i + 1),
    );
    const batch = given.ndim === 4 ? [given.shape[0] as number] : [];
    const rows = p.reshape(each, { shape: [...batch, given.shape[layout.channels] as number] });
    return castTo(meanOver(rows, [rows.ndim - 1]), given.dtype);
  },
);
