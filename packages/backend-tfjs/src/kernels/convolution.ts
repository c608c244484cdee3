// Convolutions over any number of spatial axes, and windows.
import {
  type Aval,
  isFloat,
  type Kernel,
  type ParamsOf,
  primitives,
  range,
  type Shape,
  sizeOf,
} from "@keras-ts/core/backend";
import type { Engine, Tensor } from "../engine.ts";
import { hasNan } from "./reduction.ts";
import { joined, padded, reshaped, sliced } from "./structural.ts";

type ConvParams = ParamsOf<"conv">;
type Padding = ConvParams["padding"];

/** Sizes of the spatial axes of `[N, ...spatial, C]`. */
export const spatialOf = (x: Tensor): number[] => x.shape.slice(1, -1);
export const last = (x: Tensor): number => x.shape[x.rank - 1] as number;
export const none = (rank: number): Padding => range(rank).map(() => [0, 0] as const);
export const ones = (rank: number): number[] => range(rank).map(() => 1);

export function padSpatial(
  e: Engine,
  x: Tensor,
  padding: Padding,
  interior: readonly number[] = padding.map(() => 0),
): Tensor {
  const low = [0, ...padding.map(([n]) => n), 0];
  const high = [0, ...padding.map(([, n]) => n), 0];
  return padded(e, x, low, high, [0, ...interior, 0]);
}

/** A convolution over any number of spatial axes, in terms of those over two. */
export function conv(e: Engine, x: Tensor, kernel: Tensor, p: ConvParams): Tensor {
  const rank = p.strides.length;
  if (rank === 1) {
    const wide = reshaped(e, x, [x.shape[0] as number, 1, ...x.shape.slice(1)]);
    const [stride, dilation] = [p.strides[0] as number, p.dilation[0] as number];
    const params = {
      ...p,
      strides: [stride, stride],
      padding: [[0, 0] as const, ...p.padding],
      dilation: [dilation, dilation],
    };
    const out = conv2d(e, wide, reshaped(e, kernel, [1, ...kernel.shape]), params);
    return reshaped(e, out, [out.shape[0] as number, ...out.shape.slice(2)]);
  }
  if (rank === 2) return conv2d(e, x, kernel, p);
  return overDepth(e, x, kernel, p);
}

// Three (or more) spatial axes: for each place along the first axis of the window a convolution over the others, summed.
function overDepth(e: Engine, x: Tensor, kernel: Tensor, p: ConvParams): Tensor {
  const [depth, inner] = [kernel.shape[0] as number, { ...p, ...tail(p) }];
  const deep = padSpatial(e, x, [p.padding[0] as readonly [number, number], ...none(p.strides.length - 1)]);
  const [stride, dilation] = [p.strides[0] as number, p.dilation[0] as number];
  const count = Math.floor(((deep.shape[1] as number) - ((depth - 1) * dilation + 1)) / stride) + 1;
  let total: Tensor | undefined;
  for (let k = 0; k < depth; k++) {
    const part = conv(e, mergeDepth(e, deep, k * dilation, count, stride), kernelAt(e, kernel, k), inner);
    total = total === undefined ? part : e.run("Add", { a: total, b: part });
  }
  const out = total as Tensor;
  return reshaped(e, out, [x.shape[0] as number, count, ...out.shape.slice(1)]);
}
const tail = (p: ConvParams): ConvParams => ({
  strides: p.strides.slice(1),
  padding: p.padding.slice(1),
  dilation: p.dilation.slice(1),
  groups: p.groups,
});
// [N, D, ...] from `start` in steps, as [N count, ...]
function mergeDepth(e: Engine, x: Tensor, start: number, count: number, stride: number): Tensor {
  const zeros = x.shape.map((_, i) => (i === 1 ? start : 0));
  const part = sliced(
    e,
    x,
    zeros,
    x.shape.map((n, i) => (i === 1 ? count : n)),
    x.shape.map((_, i) => (i === 1 ? stride : 1)),
  );
  return reshaped(e, part, [(x.shape[0] as number) * count, ...x.shape.slice(2)]);
}
function kernelAt(e: Engine, kernel: Tensor, k: number): Tensor {
  const part = sliced(
    e,
    reshaped(e, kernel, [kernel.shape[0] as number, kernel.size / (kernel.shape[0] as number)]),
    [k, 0],
    [1, kernel.size / (kernel.shape[0] as number)],
    [1, 1],
  );
  return reshaped(e, part, kernel.shape.slice(1));
}

export function conv2d(e: Engine, x: Tensor, kernel: Tensor, p: ConvParams): Tensor {
  // wasm's kernels for single channels make minus infinity of nan, which must be seen.
  const mayHideNan = e.device === "wasm" && (p.groups > 1 || last(x) === 1);
  if (mayHideNan && (hasNan(e, x) || hasNan(e, kernel))) return ownConv(e, x, kernel, p);
  const cropped = p.padding.some(([low, high]) => low < 0 || high < 0);
  const input = cropped ? padSpatial(e, x, p.padding) : x;
  const padding = cropped ? none(2) : p.padding;
  const attributes = {
    strides: p.strides,
    pad: [[0, 0], ...padding, [0, 0]],
    dataFormat: "NHWC",
    dilations: p.dilation,
    dimRoundingMode: "floor",
  };
  if (p.groups === 1) return e.run("Conv2D", { x: input, filter: kernel }, attributes);
  const [channels, outputs] = [last(x), last(kernel)];
  if (p.groups === channels) {
    // Output c m + j comes from channel c: the order of a depthwise kernel [h, w, C, M].
    const filter = reshaped(e, kernel, [...kernel.shape.slice(0, 2), channels, outputs / channels]);
    return e.run("DepthwiseConv2dNative", { x: input, filter }, attributes);
  }
  const xs = split(e, input, p.groups);
  const kernels = split(e, kernel, p.groups);
  return joined(
    e,
    xs.map((part, i) => e.run("Conv2D", { x: part, filter: kernels[i] as Tensor }, attributes)),
    3,
  );
}

function ownConv(e: Engine, x: Tensor, kernel: Tensor, p: ConvParams): Tensor {
  const spatial = p.strides.map((stride, i) => {
    const [low, high] = p.padding[i] as readonly [number, number];
    const [size, window] = [x.shape[i + 1] as number, kernel.shape[i] as number];
    return primitives.windowedSize(size, window, stride, low, high, p.dilation[i] as number);
  });
  const aval = (shape: Shape): Aval => ({ shape, dtype: "float32" });
  const outs = [aval([x.shape[0] as number, ...spatial, last(kernel)])];
  return e.own("conv")([x, kernel], p, { ins: [aval(x.shape), aval(kernel.shape)], outs });
}

/** The last axis cut into equal parts. */
export function split(e: Engine, x: Tensor, parts: number): Tensor[] {
  const size = last(x) / parts;
  const flat = reshaped(e, x, [x.size / last(x), last(x)]);
  return range(parts).map((i) =>
    reshaped(e, sliced(e, flat, [0, i * size], [x.size / last(x), size], [1, 1]), [...x.shape.slice(0, -1), size]),
  );
}

export function convKernel(e: Engine): Kernel<"conv", Tensor> {
  const own = e.own("conv");
  return (inputs, params, avals) => {
    const [x, kernel] = inputs as readonly [Tensor, Tensor];
    const { shape, dtype } = avals.outs[0] as Aval;
    if (x.size === 0 || kernel.size === 0) return e.fill(shape, 0, dtype);
    return isFloat(dtype) ? e.scoped(() => conv(e, x, kernel, params)) : own(inputs, params, avals);
  };
}

/** For each place in the window (row-major) what of the padded input it sees: `[N, ...spatial', C]` each. */
export function windowViews(
  e: Engine,
  x: Tensor,
  window: Shape,
  strides: readonly number[],
  dilation: readonly number[],
  counts: Shape,
): (() => Tensor)[] {
  const counted = [x.shape[0] as number, ...counts, last(x)];
  return windowStarts(window, dilation).map(
    (starts) => () => sliced(e, x, [0, ...starts, 0], counted, [1, ...strides, 1]),
  );
}

/** Where each place of a window stands, row-major. */
export function windowStarts(window: Shape, dilation: readonly number[]): number[][] {
  return range(sizeOf(window)).map((flat) => {
    const starts = new Array<number>(window.length);
    let rest = flat;
    for (let i = window.length - 1; i >= 0; i--) {
      starts[i] = (rest % (window[i] as number)) * (dilation[i] as number);
      rest = Math.floor(rest / (window[i] as number));
    }
    return starts;
  });
}
