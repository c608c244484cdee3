// Images bent by random displacements.
import { isFloat } from "../../aval/index.ts";
import { complain, ValueError } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { castTo } from "../arithmetic-core.ts";
import { convertToTensor, type TensorLike } from "../convert-core.ts";
import { KerasTensor } from "../keras-tensor.ts";
import { type Op, op } from "../op.ts";
import { drawSeed, normalBits, type Seed } from "../seeds/index.ts";
import { gaussian, separable } from "./filters.ts";
import { asBatch, imageLayout, requireFloat } from "./layout.ts";
import { type AffineTransformOptions, readImages, readingOf } from "./sampling.ts";

export interface ElasticTransformOptions extends AffineTransformOptions {
  /** How strong: factor of the displacements, in pixels. */
  readonly alpha?: number;
  /** How smooth: standard deviation of the blur that the displacements get, above 0. */
  readonly sigma?: number;
  readonly seed?: Seed;
}

/**
 * Images `[N, H, W, C]` or `[H, W, C]` (or channels first) bent: each place reads from `alpha` times a blurred normal number away. As in
 * Keras on JAX, rows and columns move by the same number.
 * @throws ValueError unless `sigma` is above 0. @throws DtypeError for integers. @throws ConfigError for an unknown interpolation or fill mode.
 * Source: Simard et al. 2003; keras.ops.image.elastic_transform.
 * @example ops.image.elasticTransform(ops.ones([8, 8, 1]), { alpha: 2, sigma: 1, seed: 42 }).shape; // [8, 8, 1]
 */
export const elasticTransform: Op<(images: TensorLike, options?: ElasticTransformOptions) => Tensor> =
  /* @__PURE__ */ op(
    "elasticTransform",
    (images: TensorLike, options: ElasticTransformOptions = {}): Tensor => {
      const { alpha = 20, sigma = 5, interpolation = "bilinear", fillMode = "reflect", fillValue = 0 } = options;
      const { seed = null, dataFormat = null } = options;
      const x = convertToTensor(images);
      const layout = imageLayout("elasticTransform", x.shape, dataFormat);
      requireFloat("elasticTransform", x, isFloat(x.dtype));
      const reading = readingOf("elasticTransform", interpolation, fillMode, fillValue);
      if (!(typeof sigma === "number" && sigma > 0)) {
        const todo = "Pass for example 5";
        throw new ValueError(
          complain("elasticTransform", { must: "sigma must be a number above 0", got: String(sigma), todo }),
        );
      }
      const size = Math.trunc(6 * sigma) | 1;
      return asBatch(x, layout, (y) => {
        const [n, h, w] = y.shape as readonly [number, number, number];
        const noise = castTo(normalBits(drawSeed(seed), [n, h, w, 1], x.dtype), "float32");
        const weights = gaussian(size, convertToTensor(sigma, { dtype: "float32" }));
        const smooth = p.reshape(separable(p.mul(noise, sigma), weights, weights, "same"), { shape: [n, h, w] });
        const moved = p.mul(smooth, alpha);
        const place = (axis: 1 | 2): Tensor =>
          p.iota({ shape: axis === 1 ? [1, h, 1] : [1, 1, w], axis, dtype: "float32" });
        return readImages(y, p.add(moved, place(1)), p.add(moved, place(2)), reading);
      });
    },
    // A symbolic call draws nothing.
    (images, { dataFormat = null } = {}) => {
      imageLayout("elasticTransform", images.shape, dataFormat);
      return new KerasTensor(images.shape, { dtype: images.dtype });
    },
  );
