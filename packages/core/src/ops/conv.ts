// Convolutions in the layout of Keras: kernels `[...window, in, out]`, inputs `[N, ...spatial, C]` or `[N, C, ...spatial]`.
import { range } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, promote, type TensorLike } from "./convert-core.ts";
import { type Op, op } from "./op.ts";
import { channelsLast, paddingName, type Sizes, spatialRank, spatialSizes, windowPadding } from "./windows.ts";

export interface ConvOptions {
  /** Steps of the window; one number or one for each spatial axis. */
  readonly strides?: Sizes;
  readonly padding?: string;
  readonly dataFormat?: string | null;
  /** Gaps inside the window. */
  readonly dilationRate?: Sizes;
}
export type ConvOp = Op<(inputs: TensorLike, kernel: TensorLike, options?: ConvOptions) => Tensor>;

function requireKernel(where: string, x: Tensor, kernel: Tensor): void {
  if (kernel.ndim === x.ndim) return;
  const must = "input and kernel must have as many dimensions";
  throw new ShapeError(
    complain(where, { must, got: `${showShape(x.shape)} and ${showShape(kernel.shape)}`, todo: "Check the kernel" }),
  );
}

// Products of bools are summed in int32, and are bools again.
function ofNumbers<P>(
  f: (x: Tensor, kernel: Tensor, params: P) => Tensor,
  x: Tensor,
  kernel: Tensor,
  params: P,
): Tensor {
  if (x.dtype !== "bool") return f(x, kernel, params);
  return castTo(f(castTo(x, "int32"), castTo(kernel, "int32"), params), "bool");
}

function convolve(
  where: string,
  x: Tensor,
  kernel: Tensor,
  options: ConvOptions,
  groupsOf: (channels: number) => number,
): Tensor {
  const [format, rank] = spatialRank(where, x, options.dataFormat);
  requireKernel(where, x, kernel);
  const strides = spatialSizes(where, "strides", options.strides ?? 1, rank);
  const dilation = spatialSizes(where, "dilationRate", options.dilationRate ?? 1, rank);
  const padding = paddingName(where, options.padding ?? "valid");
  return channelsLast(x, format, (y) => {
    const window = kernel.shape.slice(0, rank);
    const pads = windowPadding(padding, y.shape.slice(1, rank + 1), window, strides, dilation);
    return ofNumbers(p.conv, y, kernel, {
      strides,
      padding: pads,
      dilation,
      groups: groupsOf(y.shape[rank + 1] as number),
    });
  });
}

/**
 * Convolution (cross-correlation, as every deep-learning library). Shapes: N batch, C channels, O filters.
 * `inputs` `[N, ...spatial, C]`, `kernel` `[...window, C / groups, O]`, result `[N, ...spatial', O]`; the groups follow from
 * the shapes.
 * Source: keras.ops.conv.
 * @throws ShapeError if the channels are no multiple of the kernel's, or the window does not fit.
 * @example await ops.conv([[[1], [2], [3]]], [[[1]], [[10]]]).array(); // [[[21], [32]]]
 */
export const conv: ConvOp = /* @__PURE__ */ op(
  "conv",
  (inputs: TensorLike, kernel: TensorLike, options: ConvOptions = {}): Tensor => {
    const k = convertToTensor(kernel);
    const x = convertToTensor(inputs, { dtype: k.dtype });
    return convolve("conv", x, k, options, (channels) => {
      const own = k.shape[k.ndim - 2] as number;
      if (channels % own === 0) return channels / own;
      const must = `input channels must be a multiple of the kernel's (${own})`;
      const got = `${channels} channels in ${showShape(x.shape)}, kernel ${showShape(k.shape)}`;
      throw new ShapeError(complain("conv", { must, got, todo: "Check the data format and the kernel" }));
    });
  },
);

function depthwise(where: string, x: Tensor, kernel: Tensor, options: ConvOptions): Tensor {
  requireKernel(where, x, kernel);
  const [channels, multiplier] = kernel.shape.slice(-2) as [number, number];
  const merged = p.reshape(kernel, { shape: [...kernel.shape.slice(0, -2), 1, channels * multiplier] });
  return convolve(where, x, merged, options, (own) => {
    if (own === channels) return own;
    const must = `input channels must be the kernel's (${channels})`;
    throw new ShapeError(
      complain(where, { must, got: `${own} channels in ${showShape(x.shape)}`, todo: "Check the data format" }),
    );
  });
}
/**
 * Every channel convolved on its own: `kernel` `[...window, C, M]`, result `[N, ...spatial', C M]`.
 * Source: keras.ops.depthwise_conv.
 * @example await ops.depthwiseConv([[[1], [2], [3]]], [[[1]], [[10]]]).array(); // [[[21], [32]]]
 */
export const depthwiseConv: ConvOp = /* @__PURE__ */ op(
  "depthwiseConv",
  (inputs: TensorLike, kernel: TensorLike, options: ConvOptions = {}): Tensor => {
    const [x, k] = promote(convertToTensor(inputs), convertToTensor(kernel)) as [Tensor, Tensor];
    return depthwise("depthwiseConv", x, k, options);
  },
);
/**
 * A depthwise convolution, then one with windows of size 1 over `pointwiseKernel` `[1, ..., C M, O]`.
 * Source: keras.ops.separable_conv.
 * @example await ops.separableConv([[[1], [2], [3]]], [[[1]], [[10]]], [[[2]]]).array(); // [[[42], [64]]]
 */
export const separableConv: Op<
  (inputs: TensorLike, depthwiseKernel: TensorLike, pointwiseKernel: TensorLike, options?: ConvOptions) => Tensor
> = /* @__PURE__ */ op(
  "separableConv",
  (inputs: TensorLike, depthwiseKernel: TensorLike, pointwiseKernel: TensorLike, options: ConvOptions = {}): Tensor => {
    const operands = [inputs, depthwiseKernel, pointwiseKernel].map((x) => convertToTensor(x));
    const [x, depth, point] = promote(...operands) as [Tensor, Tensor, Tensor];
    const y = depthwise("separableConv", x, depth, options);
    const { dataFormat = null, dilationRate = 1 } = options;
    return convolve("separableConv", y, point, { dataFormat, dilationRate }, () => 1);
  },
);

export interface ConvTransposeOptions extends ConvOptions {
  /** Extra size of the result; by default what makes `strides` times the input ("same"). */
  readonly outputPadding?: Sizes | null;
}
// JAX' two-sided padding of the stretched input, from Keras' names. Source: keras/src/backend/common/backend_utils.py.
function transposePadding(
  padding: "valid" | "same",
  extent: number,
  stride: number,
  extra: number | null,
): readonly [number, number] {
  if (padding === "valid") return [extent - 1, extent - 1 + (extra ?? Math.max(extent, stride) - extent)];
  const total = extra === null ? stride + extent - 2 : extent + (extent % 2) - 2 + extra;
  const left = Math.min(Math.ceil(total / 2), extent - 1);
  return [left, total - left];
}
/**
 * The transpose of a convolution: `inputs` `[N, ...spatial, C]`, `kernel` `[...window, O, C]`, result `[N, ...spatial', O]`.
 * Source: keras.ops.conv_transpose.
 * @throws ShapeError if the channels differ.
 * @example await ops.convTranspose([[[1], [2]]], [[[1]], [[10]]], { strides: 2 }).array(); // [[[1], [10], [2], [20]]]
 */
export const convTranspose: Op<(inputs: TensorLike, kernel: TensorLike, options?: ConvTransposeOptions) => Tensor> =
  /* @__PURE__ */ op(
    "convTranspose",
    (inputs: TensorLike, kernel: TensorLike, options: ConvTransposeOptions = {}): Tensor => {
      const [x, k] = promote(convertToTensor(inputs), convertToTensor(kernel)) as [Tensor, Tensor];
      const [format, rank] = spatialRank("convTranspose", x, options.dataFormat);
      requireKernel("convTranspose", x, k);
      const strides = spatialSizes("convTranspose", "strides", options.strides ?? 1, rank);
      const dilation = spatialSizes("convTranspose", "dilationRate", options.dilationRate ?? 1, rank);
      const padding = paddingName("convTranspose", options.padding ?? "valid");
      const extra = options.outputPadding ?? null;
      return channelsLast(x, format, (y) => {
        if (y.shape[rank + 1] !== k.shape[rank + 1]) {
          const must = `input channels must be the kernel's last axis (${k.shape[rank + 1]})`;
          const todo = "Transposed kernels are [...window, out, in]";
          throw new ShapeError(complain("convTranspose", { must, got: showShape(x.shape), todo }));
        }
        const extents = range(rank).map((i) => ((k.shape[i] as number) - 1) * (dilation[i] as number) + 1);
        const pads = range(rank).map((i) => {
          const more = extra === null || typeof extra === "number" ? extra : (extra[i] as number);
          return transposePadding(padding, extents[i] as number, strides[i] as number, more);
        });
        const spatial = range(rank).map((i) => {
          const [low, high] = pads[i] as readonly [number, number];
          const stretched = ((y.shape[i + 1] as number) - 1) * (strides[i] as number) + 1;
          return stretched + low + high - (extents[i] as number) + 1;
        });
        // Padding (low, high) of the stretched input is what a forward convolution with padding (extent - 1 - low, ...) leaves.
        const forward = range(rank).map((i) => {
          const [low, high] = pads[i] as readonly [number, number];
          return [(extents[i] as number) - 1 - low, (extents[i] as number) - 1 - high] as const;
        });
        const params = {
          strides,
          padding: forward.map(([low, high]) => [low, Math.max(high, 0)] as const),
          dilation,
          groups: 1,
        };
        const covered = range(rank).map((i) => {
          const [low, high] = params.padding[i] as readonly [number, number];
          return ((y.shape[i + 1] as number) - 1) * (strides[i] as number) + (extents[i] as number) - low - high;
        });
        // Where more is asked for than windows cover, the rest is zeros.
        const out = ofNumbers(p.convInputGrad, y, k, { ...params, inputSpatial: covered });
        const high = spatial.map((n, i) => n - (covered[i] as number));
        const zero = [0, ...high.map(() => 0), 0];
        return p.pad(out, { low: zero, high: [0, ...high, 0], interior: zero });
      });
    },
  );
