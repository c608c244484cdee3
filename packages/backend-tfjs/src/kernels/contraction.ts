// Matrix products, and convolutions with both gradients. TensorFlow.js' own convolution gradients are missing or naive on wasm
// (ten times slower than the convolution), so both are written as convolutions, which are fast everywhere.
import {
  type Aval,
  isFloat,
  type Kernel,
  type KernelTable,
  type ParamsOf,
  primitives,
  range,
  type Shape,
  sizeOf,
} from "@keras-ts/core/backend";
import type { Engine, Tensor } from "../engine.ts";
import { hasNan } from "./elementwise.ts";
import { summed } from "./reduction.ts";
import { joined, otherAxes, padded, reshaped, sliced, transposed } from "./structural.ts";

export type ContractionTable = Pick<KernelTable<Tensor>, "dotGeneral" | "conv" | "convInputGrad" | "convFilterGrad">;
type ConvParams = ParamsOf<"conv">;
type Padding = ConvParams["padding"];

export function contractions(e: Engine): ContractionTable {
  return { dotGeneral: dotGeneral(e), conv: convKernel(e), convInputGrad: inputGrad(e), convFilterGrad: filterGrad(e) };
}

// --- products -------------------------------------------------------------------------------------------------------------

// wasm multiplies fast only whole matrices that are not transposed; above this many products a matrix is worth its own call.
const OWN_CALL = 2 ** 21;

interface Side {
  readonly x: Tensor;
  readonly transposed: boolean;
}

// The operand as [batch, rows, columns], or with rows and columns swapped and `transposed` set, whichever needs no copy.
function arrange(
  e: Engine,
  x: Tensor,
  axes: readonly [batch: number[], rows: number[], columns: number[]],
  copy: boolean,
): Side {
  const sizes = axes.map((part) => sizeOf(part.map((axis) => x.shape[axis] as number))) as [number, number, number];
  const [batch, rows, columns] = axes;
  const inPlace = (order: readonly number[]): boolean => {
    const long = order.filter((axis) => x.shape[axis] !== 1);
    return long.every((axis, i) => i === 0 || axis > (long[i - 1] as number));
  };
  if (inPlace([...batch, ...rows, ...columns])) return { x: reshaped(e, x, sizes), transposed: false };
  if (inPlace([...batch, ...columns, ...rows])) {
    const flipped = reshaped(e, x, [sizes[0], sizes[2], sizes[1]]);
    return copy ? { x: transposed(e, flipped, [0, 2, 1]), transposed: false } : { x: flipped, transposed: true };
  }
  return { x: reshaped(e, transposed(e, x, [...batch, ...rows, ...columns]), sizes), transposed: false };
}

/** Product of `[batch, m, k]` and `[batch, k, n]` matrices. */
export function product(e: Engine, a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  return e.run("BatchMatMul", { a, b }, { transposeA, transposeB });
}

function dotGeneral(e: Engine): Kernel<"dotGeneral", Tensor> {
  const host = e.host("dotGeneral");
  return (inputs, params, avals) => {
    const [a, b] = inputs as readonly [Tensor, Tensor];
    const { shape, dtype } = avals.outs[0] as Aval;
    if (a.size === 0 || b.size === 0) return e.fill(shape, 0, dtype);
    if (!isFloat(dtype)) return host(inputs, params, avals);
    const { lhsContract, rhsContract, lhsBatch, rhsBatch } = params;
    const batch = sizeOf(lhsBatch.map((axis) => a.shape[axis] as number));
    const k = sizeOf(lhsContract.map((axis) => a.shape[axis] as number));
    const own = e.device === "wasm" && (batch === 1 || (a.size / batch) * (b.size / batch / k) >= OWN_CALL);
    return e.scoped(() => {
      const left = arrange(
        e,
        a,
        [[...lhsBatch], otherAxes(a.rank, [...lhsBatch, ...lhsContract]), [...lhsContract]],
        own,
      );
      const right = arrange(
        e,
        b,
        [[...rhsBatch], [...rhsContract], otherAxes(b.rank, [...rhsBatch, ...rhsContract])],
        own,
      );
      if (!own || batch === 1)
        return reshaped(e, product(e, left.x, right.x, left.transposed, right.transposed), shape);
      const one = (x: Tensor, i: number): Tensor =>
        sliced(e, x, [i, 0, 0], [1, x.shape[1] as number, x.shape[2] as number], [1, 1, 1]);
      const parts = range(batch).map((i) => product(e, one(left.x, i), one(right.x, i)));
      return reshaped(e, joined(e, parts, 0), shape);
    });
  };
}

// --- convolution ------------------------------------------------------------------------------------------------------------

const spatialOf = (x: Tensor): number[] => x.shape.slice(1, -1);
const last = (x: Tensor): number => x.shape[x.rank - 1] as number;
const none = (rank: number): Padding => range(rank).map(() => [0, 0] as const);
const ones = (rank: number): number[] => range(rank).map(() => 1);

function padSpatial(
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
function conv(e: Engine, x: Tensor, kernel: Tensor, p: ConvParams): Tensor {
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

function conv2d(e: Engine, x: Tensor, kernel: Tensor, p: ConvParams): Tensor {
  // wasm's kernels for single channels make minus infinity of nan, which must be seen.
  const mayHideNan = e.device === "wasm" && (p.groups > 1 || last(x) === 1);
  if (mayHideNan && (hasNan(e, x) || hasNan(e, kernel))) return hostConv(e, x, kernel, p);
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

function hostConv(e: Engine, x: Tensor, kernel: Tensor, p: ConvParams): Tensor {
  const spatial = p.strides.map((stride, i) => {
    const [low, high] = p.padding[i] as readonly [number, number];
    const [size, window] = [x.shape[i + 1] as number, kernel.shape[i] as number];
    return primitives.windowedSize(size, window, stride, low, high, p.dilation[i] as number);
  });
  const aval = (shape: Shape): Aval => ({ shape, dtype: "float32" });
  const outs = [aval([x.shape[0] as number, ...spatial, last(kernel)])];
  return e.host("conv")([x, kernel], p, { ins: [aval(x.shape), aval(kernel.shape)], outs });
}

/** The last axis cut into equal parts. */
function split(e: Engine, x: Tensor, parts: number): Tensor[] {
  const size = last(x) / parts;
  const flat = reshaped(e, x, [x.size / last(x), last(x)]);
  return range(parts).map((i) =>
    reshaped(e, sliced(e, flat, [0, i * size], [x.size / last(x), size], [1, 1]), [...x.shape.slice(0, -1), size]),
  );
}

function convKernel(e: Engine): Kernel<"conv", Tensor> {
  const host = e.host("conv");
  return (inputs, params, avals) => {
    const [x, kernel] = inputs as readonly [Tensor, Tensor];
    const { shape, dtype } = avals.outs[0] as Aval;
    if (x.size === 0 || kernel.size === 0) return e.fill(shape, 0, dtype);
    return isFloat(dtype) ? e.scoped(() => conv(e, x, kernel, params)) : host(inputs, params, avals);
  };
}

/**
 * The transpose of a convolution in its input: a convolution of the gradients, spread by the strides, with the kernel turned
 * around and its input and output channels swapped.
 */
function inputGrad(e: Engine): Kernel<"convInputGrad", Tensor> {
  const host = e.host("convInputGrad");
  return (inputs, params, avals) => {
    const [g, kernel] = inputs as readonly [Tensor, Tensor];
    const { shape, dtype } = avals.outs[0] as Aval;
    if (g.size === 0 || kernel.size === 0) return e.fill(shape, 0, dtype);
    if (!isFloat(dtype)) return host(inputs, params, avals);
    const { strides, dilation, groups, inputSpatial } = params;
    const rank = strides.length;
    return e.scoped(() => {
      const padding = range(rank).map((i): [number, number] => {
        const reach = ((kernel.shape[i] as number) - 1) * (dilation[i] as number);
        const spread = ((g.shape[i + 1] as number) - 1) * (strides[i] as number) + 1;
        const low = reach - (params.padding[i] as readonly [number, number])[0];
        return [low, (inputSpatial[i] as number) + reach - spread - low];
      });
      const strided = strides.some((s) => s > 1);
      if (strided && rank <= 2 && dilation.every((d) => d === 1)) return inputGradByPhases(e, g, kernel, params);
      const wide = strided
        ? padSpatial(
            e,
            g,
            none(rank),
            strides.map((s) => s - 1),
          )
        : g;
      const turned = turnKernel(e, kernel, groups);
      return conv(e, wide, turned, { strides: ones(rank), padding, dilation, groups });
    });
  };
}

// Steps of s give each input position one of s phases, which sees every s-th place of the window only: one small convolution for
// each phase, interleaved, instead of a large one over gradients that are mostly zeros (4 times faster for steps of 2).
function inputGradByPhases(e: Engine, g: Tensor, kernel: Tensor, p: ParamsOf<"convInputGrad">): Tensor {
  const { strides, groups, inputSpatial } = p;
  const rank = strides.length;
  const [batch, channels] = [g.shape[0] as number, (kernel.shape[rank] as number) * groups];
  const counts = inputSpatial.map((size, i) => Math.ceil(size / (strides[i] as number)));
  const phase = (start: readonly number[]): Tensor => {
    const axes = start.map((at, i) => {
      const stride = strides[i] as number;
      const place = at + (p.padding[i] as readonly [number, number])[0];
      const first = ((place % stride) + stride) % stride;
      const taps = Math.max(0, Math.ceil(((kernel.shape[i] as number) - first) / stride));
      const low = taps - 1 - (place - first) / stride;
      return {
        first,
        taps,
        padding: [low, (counts[i] as number) + taps - 1 - (g.shape[i + 1] as number) - low] as const,
      };
    });
    const taps = axes.map((axis) => axis.taps);
    if (taps.includes(0)) return e.fill([batch, ...counts, channels], 0, "float32");
    const starts = [...axes.map((axis) => axis.first), 0, 0];
    const part = sliced(e, kernel, starts, [...taps, ...kernel.shape.slice(rank)], [...strides, 1, 1]);
    const padding = axes.map((axis) => axis.padding);
    return conv(e, g, turnKernel(e, part, groups), { strides: ones(rank), padding, dilation: ones(rank), groups });
  };
  const together = joined(e, windowStarts(strides, ones(rank)).map(phase), rank + 1);
  const apart = reshaped(e, together, [batch, ...counts, ...strides, channels]);
  const order = [0, ...range(rank).flatMap((i) => [1 + i, 1 + rank + i]), 1 + 2 * rank];
  const wide = [batch, ...counts.map((count, i) => count * (strides[i] as number)), channels];
  const whole = reshaped(e, transposed(e, apart, order), wide);
  return sliced(
    e,
    whole,
    wide.map(() => 0),
    [batch, ...inputSpatial, channels],
    wide.map(() => 1),
  );
}

// [...window, C/G, O] to [...window reversed, O/G, C]
function turnKernel(e: Engine, kernel: Tensor, groups: number): Tensor {
  const rank = kernel.rank - 2;
  const window = kernel.shape.slice(0, rank);
  const [channels, outputs] = kernel.shape.slice(rank) as [number, number];
  const positions = sizeOf(window);
  const flat = reshaped(e, kernel, [positions, channels, groups, outputs / groups]);
  const backwards = positions === 1 ? flat : e.run("Reverse", { x: flat }, { dims: [0] });
  return reshaped(e, transposed(e, backwards, [0, 3, 2, 1]), [...window, outputs / groups, groups * channels]);
}

// Below this many input channels products over shifted copies of the input beat the convolution (measured on wasm).
const FEW_CHANNELS = 4;

/** The transpose of a convolution in its kernel. */
function filterGrad(e: Engine): Kernel<"convFilterGrad", Tensor> {
  const host = e.host("convFilterGrad");
  return (inputs, params, avals) => {
    const [x, g] = inputs as readonly [Tensor, Tensor];
    const { shape, dtype } = avals.outs[0] as Aval;
    if (x.size === 0 || g.size === 0) return e.fill(shape, 0, dtype);
    if (!isFloat(dtype)) return host(inputs, params, avals);
    return e.scoped(() => filterGradOf(e, x, g, params));
  };
}

function filterGradOf(e: Engine, x: Tensor, g: Tensor, p: ParamsOf<"convFilterGrad">): Tensor {
  const { groups, kernelSpatial } = p;
  const shape = [...kernelSpatial, last(x) / groups, last(g)];
  if (groups === last(x)) return reshaped(e, shiftedSums(e, x, g, p), shape);
  if (groups > 1) {
    const gs = split(e, g, groups);
    const parts = split(e, x, groups).map((part, i) => filterGradOf(e, part, gs[i] as Tensor, { ...p, groups: 1 }));
    return joined(e, parts, shape.length - 1);
  }
  if (p.strides.length === 2 && last(x) > FEW_CHANNELS) return filterGradByConv(e, x, g, p);
  return reshaped(e, shiftedProducts(e, x, g, p), shape);
}

// Batch and channels change places: the gradients are a kernel as large as the image, and the batch is summed as channels are.
// Steps of the window become dilation, and dilation of the window becomes steps.
function filterGradByConv(e: Engine, x: Tensor, g: Tensor, p: ParamsOf<"convFilterGrad">): Tensor {
  const padding = p.padding.map(([low], i): [number, number] => {
    const extent = ((p.kernelSpatial[i] as number) - 1) * (p.dilation[i] as number);
    const spread = ((g.shape[i + 1] as number) - 1) * (p.strides[i] as number) + 1;
    return [low, extent + spread - (x.shape[i + 1] as number) - low];
  });
  const params = { strides: p.dilation, dilation: p.strides, padding, groups: 1 };
  const out = conv2d(e, transposed(e, x, [3, 1, 2, 0]), transposed(e, g, [1, 2, 0, 3]), params);
  return transposed(e, out, [1, 2, 0, 3]);
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

// The input padded so that every window of every step is inside.
function paddedFor(e: Engine, x: Tensor, g: Tensor, p: ParamsOf<"convFilterGrad">): Tensor {
  const padding = p.padding.map(([low, high], i): [number, number] => {
    const needed =
      ((p.kernelSpatial[i] as number) - 1) * (p.dilation[i] as number) +
      ((g.shape[i + 1] as number) - 1) * (p.strides[i] as number) +
      1;
    return [low, Math.max(high, needed - (x.shape[i + 1] as number) - low)];
  });
  return padSpatial(e, x, padding);
}

// One product [C, N...'] x [N...', O] for each place in the window. Channels come first, so that no view must be transposed.
function shiftedProducts(e: Engine, x: Tensor, g: Tensor, p: ParamsOf<"convFilterGrad">): Tensor {
  const rows = g.size / last(g);
  const channels = last(x);
  const flat = reshaped(e, g, [1, rows, last(g)]);
  const wide = paddedFor(e, x, g, p);
  const moved = transposed(e, wide, [wide.rank - 1, ...range(wide.rank - 1)]);
  const views = windowStarts(p.kernelSpatial, p.dilation).map(
    (starts) => () => sliced(e, moved, [0, 0, ...starts], [channels, ...g.shape.slice(0, -1)], [1, 1, ...p.strides]),
  );
  const parts = views.map((view) => e.scoped(() => product(e, reshaped(e, view(), [1, channels, rows]), flat)));
  return joined(e, parts, 0);
}

// Depthwise: sum over batch and places of x[..., c] g[..., c m + j] for each place in the window.
function shiftedSums(e: Engine, x: Tensor, g: Tensor, p: ParamsOf<"convFilterGrad">): Tensor {
  const channels = last(x);
  const multiplier = last(g) / channels;
  const rows = g.size / last(g);
  const wide = reshaped(e, g, [rows, channels, multiplier]);
  const views = windowViews(e, paddedFor(e, x, g, p), p.kernelSpatial, p.strides, p.dilation, spatialOf(g));
  const parts = views.map((view) =>
    e.scoped(() => {
      const seen = reshaped(e, view(), [rows, channels, 1]);
      const both = reshaped(e, e.run("Multiply", { a: seen, b: wide }), [rows, channels * multiplier]);
      return reshaped(e, summed(e, both, [0], [channels * multiplier]), [1, channels * multiplier]);
    }),
  );
  return joined(e, parts, 0);
}
