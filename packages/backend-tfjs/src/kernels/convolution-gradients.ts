// Both gradients of convolutions. TensorFlow.js' own are missing or naive on wasm (ten times slower than the convolution), so
// they are written as convolutions, which are fast everywhere.
import {
  type Aval,
  isFloat,
  type Kernel,
  type KernelTable,
  type ParamsOf,
  range,
  sizeOf,
} from "@keras-ts/core/backend";
import type { Engine, Tensor } from "../engine.ts";
import { product } from "./contraction.ts";
import {
  conv,
  conv2d,
  convKernel,
  last,
  none,
  ones,
  padSpatial,
  spatialOf,
  split,
  windowStarts,
  windowViews,
} from "./convolution.ts";
import { summed } from "./reduction.ts";
import { joined, reshaped, sliced, transposed } from "./structural.ts";

export type ConvolutionTable = Pick<KernelTable<Tensor>, "conv" | "convInputGrad" | "convFilterGrad">;

export function convolutions(e: Engine): ConvolutionTable {
  return { conv: convKernel(e), convInputGrad: inputGrad(e), convFilterGrad: filterGrad(e) };
}

/**
 * The transpose of a convolution in its input: a convolution of the gradients, spread by the strides, with the kernel turned
 * around and its input and output channels swapped.
 */
function inputGrad(e: Engine): Kernel<"convInputGrad", Tensor> {
  const own = e.own("convInputGrad");
  return (inputs, params, avals) => {
    const [g, kernel] = inputs as readonly [Tensor, Tensor];
    const { shape, dtype } = avals.outs[0] as Aval;
    if (g.size === 0 || kernel.size === 0) return e.fill(shape, 0, dtype);
    if (!isFloat(dtype)) return own(inputs, params, avals);
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
  const own = e.own("convFilterGrad");
  return (inputs, params, avals) => {
    const [x, g] = inputs as readonly [Tensor, Tensor];
    const { shape, dtype } = avals.outs[0] as Aval;
    if (x.size === 0 || g.size === 0) return e.fill(shape, 0, dtype);
    if (!isFloat(dtype)) return own(inputs, params, avals);
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
