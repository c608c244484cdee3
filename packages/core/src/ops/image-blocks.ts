// Blocks of pixels as channels or columns, and back.
import { range, type Shape, type SymbolicShape } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { type DataFormat, standardizeDataFormat } from "./config.ts";
import { convertToTensor, promote, type TensorLike, toFloat } from "./convert-core.ts";
import { KerasTensor } from "./keras-tensor.ts";
import { type Op, op } from "./op.ts";
import { meanOver } from "./reduction-core.ts";
import { type Sizes, spatialSizes } from "./windows.ts";

export interface BlockOptions {
  /** `"channels_last"` or `"channels_first"`. */
  readonly dataFormat?: string;
}
export type BlockOp = Op<(x: TensorLike, blockSize: number, options?: BlockOptions) => Tensor>;

type Size = number | null;
// Batch, height, width and channels of an input, once it is clear that the block fits.
function blockSizes(
  where: string,
  shape: SymbolicShape,
  block: number,
  format: DataFormat,
  divided: "channels" | "space",
): Size[] {
  if (!Number.isInteger(block) || block < 2) {
    const must = "blockSize must be a whole number, at least 2";
    throw new ShapeError(complain(where, { must, got: String(block), todo: "Leave the op out for blocks of 1" }));
  }
  if (shape.length !== 4) {
    const must = "the input must have 4 axes";
    throw new ShapeError(complain(where, { must, got: showShape(shape), todo: "Add a batch axis with expandDims" }));
  }
  const [n, a, b, c] = shape as readonly [Size, Size, Size, Size];
  const sizes = format === "channels_last" ? [n, a, b, c] : [n, b, c, a];
  const by = divided === "channels" ? block ** 2 : block;
  const wanted = divided === "channels" ? sizes.slice(3) : sizes.slice(1, 3);
  if (wanted.some((size) => (size as number) % by !== 0)) {
    const must = `${divided === "channels" ? "channels" : "height and width"} must be divisible by ${by}`;
    throw new ShapeError(complain(where, { must, got: showShape(shape), todo: "Check blockSize and dataFormat" }));
  }
  return sizes;
}
const ordered = (format: DataFormat, n: Size, h: Size, w: Size, c: Size): Size[] =>
  format === "channels_last" ? [n, h, w, c] : [n, c, h, w];
const scale = (n: Size, by: number): Size => (n === null ? null : n * by);
const deepSizes = (where: string, shape: SymbolicShape, block: number, format: DataFormat): Size[] => {
  const [n, h, w, c] = blockSizes(where, shape, block, format, "channels") as [Size, Size, Size, Size];
  return ordered(format, n, scale(h, block), scale(w, block), scale(c, 1 / block ** 2));
};
const flatSizes = (where: string, shape: SymbolicShape, block: number, format: DataFormat): Size[] => {
  const [n, h, w, c] = blockSizes(where, shape, block, format, "space") as [Size, Size, Size, Size];
  return ordered(format, n, scale(h, 1 / block), scale(w, 1 / block), scale(c, block ** 2));
};

/**
 * Channels laid out as blocks of pixels: `[N, H, W, b b C]` to `[N, b H, b W, C]` for `blockSize` b (channels first: `[N, C b b, H, W]`).
 * @throws ShapeError unless `b b` divides the channels. Source: keras.ops.depth_to_space.
 * @example ops.depthToSpace(ops.ones([1, 2, 2, 12]), 2).shape; // [1, 4, 4, 3]
 */
export const depthToSpace: BlockOp = /* @__PURE__ */ op(
  "depthToSpace",
  (x: TensorLike, blockSize: number, { dataFormat = "channels_last" }: BlockOptions = {}): Tensor => {
    const [t, b] = [convertToTensor(x), blockSize];
    const format = standardizeDataFormat(dataFormat, "depthToSpace");
    const shape = deepSizes("depthToSpace", t.shape, b, format) as number[];
    const [n, d1, d2, d3] = t.shape as readonly [number, number, number, number];
    const [split, permutation] =
      format === "channels_last"
        ? [
            [n, d1, d2, b, b, shape[3] as number],
            [0, 1, 3, 2, 4, 5],
          ]
        : [
            [n, shape[1] as number, b, b, d2, d3],
            [0, 1, 4, 2, 5, 3],
          ];
    return p.reshape(p.transpose(p.reshape(t, { shape: split }), { permutation }), { shape });
  },
  (x, blockSize, { dataFormat = "channels_last" } = {}) =>
    new KerasTensor(deepSizes("depthToSpace", x.shape, blockSize, standardizeDataFormat(dataFormat, "depthToSpace")), {
      dtype: x.dtype,
    }),
);
/**
 * Blocks of pixels as channels: `[N, b H, b W, C]` to `[N, H, W, b b C]` for `blockSize` b (channels first: `[N, C b b, H, W]`).
 * @throws ShapeError unless b divides height and width. Source: keras.ops.space_to_depth.
 * @example ops.spaceToDepth(ops.ones([1, 4, 4, 3]), 2).shape; // [1, 2, 2, 12]
 */
export const spaceToDepth: BlockOp = /* @__PURE__ */ op(
  "spaceToDepth",
  (x: TensorLike, blockSize: number, { dataFormat = "channels_last" }: BlockOptions = {}): Tensor => {
    const [t, b] = [convertToTensor(x), blockSize];
    const format = standardizeDataFormat(dataFormat, "spaceToDepth");
    const shape = flatSizes("spaceToDepth", t.shape, b, format) as number[];
    const [n, , , last] = t.shape as readonly [number, number, number, number];
    const [, d1, d2, d3] = shape as [number, number, number, number];
    const [split, permutation] =
      format === "channels_last"
        ? [
            [n, d1, b, d2, b, last],
            [0, 1, 3, 2, 4, 5],
          ]
        : [
            [n, t.shape[1] as number, d2, b, d3, b],
            [0, 1, 3, 5, 2, 4],
          ];
    return p.reshape(p.transpose(p.reshape(t, { shape: split }), { permutation }), { shape });
  },
  (x, blockSize, { dataFormat = "channels_last" } = {}) =>
    new KerasTensor(flatSizes("spaceToDepth", x.shape, blockSize, standardizeDataFormat(dataFormat, "spaceToDepth")), {
      dtype: x.dtype,
    }),
);

export interface WindowOptions {
  /** Gaps inside a window. */
  readonly dilation?: Sizes;
  /** Zeros on both sides. */
  readonly padding?: Sizes;
  readonly stride?: Sizes;
}
interface Windows {
  readonly kernel: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly number[];
  readonly stride: readonly number[];
  /** How many windows there are along height and width. */
  readonly counts: readonly number[];
}
function windowsOf(where: string, space: Shape, kernelSize: Sizes, options: WindowOptions): Windows {
  const { dilation = 1, padding = 0, stride = 1 } = options;
  const kernel = spatialSizes(where, "kernelSize", kernelSize, 2);
  const [gaps, steps] = [spatialSizes(where, "dilation", dilation, 2), spatialSizes(where, "stride", stride, 2)];
  const zeros = typeof padding === "number" ? [padding, padding] : padding;
  if (zeros.length !== 2 || zeros.some((n) => !Number.isInteger(n) || n < 0)) {
    const must = "padding must be one whole number, or 2 of them, at least 0";
    throw new ShapeError(complain(where, { must, got: JSON.stringify(padding), todo: "Check padding" }));
  }
  const counts = kernel.map((k, i) => {
    const z = zeros[i] as number;
    return p.windowedSize(space[i] as number, k, steps[i] as number, z, z, gaps[i]);
  });
  return { kernel, dilation: gaps, padding: zeros, stride: steps, counts };
}
const placesOf = ([height = 1, width = 1]: readonly number[]): [number, number][] =>
  range(height).flatMap((i) => range(width).map((j): [number, number] => [i, j]));
function requireRank(where: string, shape: SymbolicShape, rank: number, form: string): void {
  if (shape.length === rank) return;
  throw new ShapeError(
    complain(where, { must: `the input must be ${form}`, got: showShape(shape), todo: "Reshape it" }),
  );
}

/**
 * The windows of an image as columns (im2col): `[N, C, H, W]` to `[N, C kh kw, L]` for L windows.
 * @throws ShapeError for a wrong rank or sizes. Source: keras.ops.unfold.
 * @example ops.unfold(ops.ones([1, 3, 8, 8]), 2, { stride: 2 }).shape; // [1, 12, 16]
 */
export const unfold: Op<(x: TensorLike, kernelSize: Sizes, options?: WindowOptions) => Tensor> = /* @__PURE__ */ op(
  "unfold",
  (x: TensorLike, kernelSize: Sizes, options: WindowOptions = {}): Tensor => {
    const t = convertToTensor(x);
    requireRank("unfold", t.shape, 4, "[N, C, H, W]");
    const [n, c, ...space] = t.shape as [number, number, number, number];
    const { kernel, dilation, padding, stride, counts } = windowsOf("unfold", space, kernelSize, options);
    const [rows, columns] = counts as [number, number];
    const around = [0, 0, ...padding];
    const wide = p.pad(t, { low: around, high: around, interior: [0, 0, 0, 0] });
    const parts = placesOf(kernel).map((place) => {
      const starts = place.map((at, i) => at * (dilation[i] as number));
      const part = p.slice(wide, {
        starts: [0, 0, ...starts],
        limits: [n, c, ...starts.map((s, i) => s + ((counts[i] as number) - 1) * (stride[i] as number) + 1)],
        strides: [1, 1, ...stride],
      });
      return p.reshape(part, { shape: [n, c, 1, rows * columns] });
    });
    const shape = [n, c * parts.length, rows * columns];
    return p.reshape(p.concat(parts, { axis: 2 }), { shape });
  },
);

function foldedShape(shape: SymbolicShape, outputSize: Sizes, kernelSize: Sizes): Size[] {
  requireRank("fold", shape, 3, "[N, C kh kw, L]");
  const [height, width] = spatialSizes("fold", "outputSize", outputSize, 2) as [number, number];
  const values = spatialSizes("fold", "kernelSize", kernelSize, 2).reduce((a, b) => a * b);
  const [n, flat] = shape as readonly [Size, Size];
  if (flat !== null && flat % values !== 0) {
    const must = `the second axis must be divisible by the kernel's size (${values})`;
    throw new ShapeError(complain("fold", { must, got: showShape(shape), todo: "Check kernelSize" }));
  }
  return [n, scale(flat, 1 / values), height, width];
}
/**
 * Columns put back to where `unfold` took them, summed where windows overlap: `[N, C kh kw, L]` to `[N, C, H, W]` of `outputSize`.
 * @throws ShapeError if the number of windows does not fit. Source: keras.ops.fold.
 * @example ops.fold(ops.ones([1, 12, 16]), 8, 2, { stride: 2 }).shape; // [1, 3, 8, 8]
 */
export const fold: Op<(x: TensorLike, outputSize: Sizes, kernelSize: Sizes, options?: WindowOptions) => Tensor> =
  /* @__PURE__ */ op(
    "fold",
    (x: TensorLike, outputSize: Sizes, kernelSize: Sizes, options: WindowOptions = {}): Tensor => {
      const t = convertToTensor(x);
      const [n, c, ...space] = foldedShape(t.shape, outputSize, kernelSize) as [number, number, number, number];
      const { kernel, dilation, padding, stride, counts } = windowsOf("fold", space, kernelSize, options);
      const [rows, columns] = counts as [number, number];
      if (rows * columns !== t.shape[2]) {
        const must = `there must be ${rows} x ${columns} columns`;
        throw new ShapeError(complain("fold", { must, got: showShape(t.shape), todo: "Check outputSize and stride" }));
      }
      const places = placesOf(kernel);
      const split = p.reshape(t, { shape: [n, c, places.length, rows, columns] });
      const parts = places.map((place, index) => {
        const part = p.slice(split, {
          starts: [0, 0, index, 0, 0],
          limits: [n, c, index + 1, rows, columns],
          strides: [1, 1, 1, 1, 1],
        });
        const low = place.map((at, i) => at * (dilation[i] as number) - (padding[i] as number));
        const high = low.map((before, i) => {
          const extent = ((counts[i] as number) - 1) * (stride[i] as number) + 1;
          return (space[i] as number) - extent - before;
        });
        const interior = [0, 0, ...stride.map((s) => s - 1)];
        return p.pad(p.reshape(part, { shape: [n, c, rows, columns] }), {
          low: [0, 0, ...low],
          high: [0, 0, ...high],
          interior,
        });
      });
      return parts.reduce((a, b) => p.add(a, b));
    },
    (x, outputSize, kernelSize) => new KerasTensor(foldedShape(x.shape, outputSize, kernelSize), { dtype: x.dtype }),
  );

/**
 * Peak signal-to-noise ratio in decibels, `20 log10(maxVal) - 10 log10(mean (x1 - x2)^2)`; infinite for equal inputs. A scalar.
 * @throws ShapeError unless both have one shape. Source: keras.ops.psnr.
 * @example await ops.psnr([0, 1], [0, 0.9], 1).item(); // 23.01
 */
export const psnr: Op<(x1: TensorLike, x2: TensorLike, maxVal: TensorLike) => Tensor> = /* @__PURE__ */ op(
  "psnr",
  (x1: TensorLike, x2: TensorLike, maxVal: TensorLike): Tensor => {
    const [a, b] = promote(convertToTensor(x1), convertToTensor(x2)) as [Tensor, Tensor];
    if (String(a.shape) !== String(b.shape)) {
      const got = `${showShape(a.shape)} and ${showShape(b.shape)}`;
      throw new ShapeError(complain("psnr", { must: "both inputs must have one shape", got, todo: "Resize one" }));
    }
    const difference = p.sub(a, b);
    const error = meanOver(toFloat(p.mul(difference, difference)), range(a.ndim));
    const log10 = (x: Tensor): Tensor => p.div(p.log(x), Math.LN10);
    const peak = castTo(convertToTensor(maxVal, { dtype: convertToTensor(x2).dtype }), error.dtype);
    return p.sub(p.mul(log10(peak), 20), p.mul(log10(error), 10));
  },
);
