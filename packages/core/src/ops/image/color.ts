// Colours of pixels, from one space to another.
import { isFloat } from "../../aval/index.ts";
import { complain, ShapeError, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { castTo, modCore } from "../arithmetic-core.ts";
import { convertToTensor, floatx, type TensorLike } from "../convert-core.ts";
import { sliceAxis } from "../get-item.ts";
import { type Op, op } from "../op.ts";
import { type FormatOption, imageLayout, requireFloat } from "./layout.ts";

export type ColorOp = Op<(images: TensorLike, options?: FormatOption) => Tensor>;

function requireChannels(where: string, x: Tensor, count: number, allowed: readonly number[]): void {
  if (allowed.includes(count)) return;
  const must = `images must have ${allowed.join(" or ")} channels`;
  throw new ShapeError(
    complain(where, { must, got: `${count} in ${showShape(x.shape)}`, todo: "Check the data format" }),
  );
}

/**
 * Brightness of each pixel, `0.2989 R + 0.587 G + 0.114 B`, in the images' dtype (integers are cut off).
 * `images` `[..., H, W, 3]` to `[..., H, W, 1]` (or channels first); one channel stays as it is.
 * @throws ShapeError unless there are 1 or 3 channels. Source: ITU-R BT.601; keras.ops.image.rgb_to_grayscale.
 * @example ops.image.rgbToGrayscale(ops.ones([4, 4, 3])).shape; // [4, 4, 1]
 */
export const rgbToGrayscale: ColorOp = /* @__PURE__ */ op(
  "rgbToGrayscale",
  (images: TensorLike, { dataFormat = null }: FormatOption = {}): Tensor => {
    const x = convertToTensor(images);
    const { channels } = imageLayout("rgbToGrayscale", x.shape, dataFormat);
    const count = x.shape[channels] as number;
    requireChannels("rgbToGrayscale", x, count, [1, 3]);
    if (count === 1) return x;
    const float = isFloat(x.dtype) ? x : castTo(x, floatx());
    const shape = x.shape.map((_, i) => (i === channels ? 3 : 1));
    const weights = p.reshape(convertToTensor([0.2989, 0.587, 0.114], { dtype: float.dtype }), { shape });
    const total = p.reduceSum(p.mul(float, weights), { axes: [channels] });
    return castTo(p.reshape(total, { shape: x.shape.map((n, i) => (i === channels ? 1 : n)) }), x.dtype);
  },
);

// The three planes of a float image, and how to stack three again.
function planes(
  where: string,
  images: TensorLike,
  dataFormat: string | null,
  f: (a: Tensor, b: Tensor, c: Tensor) => readonly Tensor[],
): Tensor {
  const x = convertToTensor(images);
  const { channels } = imageLayout(where, x.shape, dataFormat);
  requireFloat(where, x, isFloat(x.dtype));
  requireChannels(where, x, x.shape[channels] as number, [3]);
  const plane = (i: number): Tensor => sliceAxis(x, channels, i, 1, 1);
  return p.concat(f(plane(0), plane(1), plane(2)), { axis: channels });
}

const tiny: Readonly<Partial<Record<Tensor["dtype"], number>>> = {
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
  float32: 2 ** -23,
  float64: 2 ** -52,
};

/**
 * Hue, saturation and value of RGB in `[0, 1]`; hue is in `[0, 1)` too. `[..., H, W, 3]` to the same (or channels first).
 * @throws DtypeError for integers. @throws ShapeError unless there are 3 channels. Source: Smith 1978; keras.ops.image.rgb_to_hsv.
 * @example await ops.image.rgbToHsv([[[1, 0.5, 0]]]).array(); // [[[0.0833, 1, 1]]]
 */
export const rgbToHsv: ColorOp = /* @__PURE__ */ op(
  "rgbToHsv",
  (images: TensorLike, { dataFormat = null }: FormatOption = {}): Tensor =>
    planes("rgbToHsv", images, dataFormat, (...rgb) => {
      const [r, g, b] = rgb.map((x) => p.where(p.less(p.abs(x), tiny[x.dtype] as number), 0, x)) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      const value = p.max(p.max(r, g), b);
      const spread = p.sub(value, p.min(p.min(r, g), b));
      const [lit, colored] = [p.greater(value, 0), p.greater(spread, 0)];
      const saturation = p.where(lit, p.div(spread, p.where(lit, value, 1)), 0);
      const norm = p.div(1, p.mul(p.where(colored, spread, 1), 6));
      const fromGreen = p.add(p.mul(norm, p.sub(b, r)), 2 / 6);
      const fromBlue = p.add(p.mul(norm, p.sub(r, g)), 4 / 6);
      const others = p.where(p.equal(value, g), fromGreen, fromBlue);
      const hue = p.where(p.equal(value, r), p.mul(norm, p.sub(g, b)), others);
      const turned = p.add(p.where(colored, hue, 0), castTo(p.less(hue, 0), hue.dtype));
      return [turned, saturation, value];
    }),
);

/**
 * RGB in `[0, 1]` of hue, saturation and value; whole turns of the hue do not count. `[..., H, W, 3]` to the same (or channels first).
 * @throws DtypeError for integers. @throws ShapeError unless there are 3 channels. Source: Smith 1978; keras.ops.image.hsv_to_rgb.
 * @example await ops.image.hsvToRgb([[[0, 1, 1]]]).array(); // [[[1, 0, 0]]]
 */
export const hsvToRgb: ColorOp = /* @__PURE__ */ op(
  "hsvToRgb",
  (images: TensorLike, { dataFormat = null }: FormatOption = {}): Tensor =>
    planes("hsvToRgb", images, dataFormat, (hue, saturation, value) => {
      const sector = p.mul(modCore(hue, 1), 6);
      const ramp = (x: Tensor): Tensor => p.min(p.max(x, 0), 1);
      const distance = (from: number): Tensor => p.abs(p.sub(sector, from));
      const shares = [p.sub(distance(3), 1), p.sub(2, distance(2)), p.sub(2, distance(4))];
      const white = p.sub(1, saturation);
      return shares.map((share) => p.mul(value, p.add(white, p.mul(saturation, ramp(share)))));
    }),
);
