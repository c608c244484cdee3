// Matrix products and convolutions.
import { primitives as p, range, sizeOf, type Tensor } from "@keras-ts/core/backend";
import { type Builder, infoOf } from "../builder.ts";
import { layoutOf } from "../graph-passes/layout.ts";
import { convFilterGradInnermost, convInnermost, convInputGradInnermost, MOST_PLACES } from "./innermost.ts";
import { isMirrored, mirror, mirroredParams } from "./mirrored.ts";
import { composed1, type Rows } from "./table.ts";

type Names = "dotGeneral" | "conv" | "convInputGrad" | "convFilterGrad";

export function contraction(b: Builder): Rows<Names> {
  return {
    dotGeneral: ([x, y], params, { outs }) => {
      const out = infoOf(outs[0] as (typeof outs)[number]);
      if (sizeOf(out.shape) === 0 || sizeOf(b.shape(x as string)) === 0) return b.full(out, 0);
      return dot(b, x as string, y as string, params, out.shape);
    },
    conv: (inputs, params, avals) => {
      const [x, kernel] = inputs as readonly [string, string];
      const out = infoOf(avals.outs[0] as (typeof avals.outs)[number]);
      if (sizeOf(out.shape) === 0 || sizeOf(b.shape(x)) === 0 || sizeOf(b.shape(kernel)) === 0) return b.full(out, 0);
      if (out.type !== "float32") return composed1(b, convBySlices)(inputs, params, avals);
      if (layoutOf(params) === "batchInnermost") return convInnermost(b, x, kernel, params, out.shape);
      return conv(b, x, kernel, params, out.shape);
    },
    convInputGrad: (inputs, params, avals) => {
      const [g, kernel] = inputs as readonly [string, string];
      const out = infoOf(avals.outs[0] as (typeof avals.outs)[number]);
      if (sizeOf(out.shape) === 0 || sizeOf(b.shape(g)) === 0 || sizeOf(b.shape(kernel)) === 0) return b.full(out, 0);
      if (out.type !== "float32") return composed1(b, inputGradBySlices)(inputs, params, avals);
      if (layoutOf(params) === "batchInnermost") return convInputGradInnermost(b, g, kernel, params);
      return inputGrad(b, g, kernel, params);
    },
    convFilterGrad: (inputs, params, avals) => {
      const out = infoOf(avals.outs[0] as (typeof avals.outs)[number]);
      if (sizeOf(out.shape) === 0 || inputs.some((x) => sizeOf(b.shape(x)) === 0)) return b.full(out, 0);
      if (layoutOf(params) === "batchInnermost" && sizeOf(params.kernelSpatial) <= MOST_PLACES)
        return convFilterGradInnermost(b, ...(inputs as [string, string]), params);
      if (out.type === "float32" && params.groups === 1)
        return filterGradByConv(b, ...(inputs as [string, string]), params);
      return composed1(b, filterGradBySlices)(inputs, params, avals);
    },
  };
}

/** Channels-last to channels-first and back; a pass moves these along and cancels them. */
export const toChannelsFirst = (b: Builder, x: string): string => {
  const last = b.shape(x).length - 1;
  return b.transpose(x, [0, last, ...range(last - 1).map((i) => i + 1)]);
};
export const toChannelsLast = (b: Builder, x: string): string => {
  const rank = b.shape(x).length;
  return b.transpose(x, [0, ...range(rank - 2).map((i) => i + 2), 1]);
};

// An operand as [batch, rows, columns], without a transpose where its axes allow it read either way round.
function asMatrices(
  b: Builder,
  x: string,
  batch: readonly number[],
  free: readonly number[],
  contract: readonly number[],
): { readonly value: string; readonly flipped: boolean } {
  const shape = b.shape(x);
  const sizes = (axes: readonly number[]): number => axes.reduce((n, i) => n * (shape[i] as number), 1);
  const inOrder = (axes: readonly number[]): boolean => {
    const long = axes.filter((i) => shape[i] !== 1);
    return long.every((axis, i) => i === 0 || axis > (long[i - 1] as number));
  };
  const lead = batch.length > 0 ? [sizes(batch)] : [];
  if (inOrder([...batch, ...free, ...contract])) {
    return { value: b.reshape(x, [...lead, sizes(free), sizes(contract)]), flipped: false };
  }
  if (inOrder([...batch, ...contract, ...free])) {
    return { value: b.reshape(x, [...lead, sizes(contract), sizes(free)]), flipped: true };
  }
  const moved = b.transpose(x, [...batch, ...free, ...contract]);
  return { value: b.reshape(moved, [...lead, sizes(free), sizes(contract)]), flipped: false };
}

function dot(b: Builder, x: string, y: string, params: p.DotParams, out: readonly number[]): string {
  const { lhsBatch, rhsBatch } = params;
  // Pairs of contracted axes may go in any order: take the one in which more operands can stay as they are.
  const pairs = params.lhsContract.map((l, i) => [l, params.rhsContract[i] as number] as const);
  const byRight = [...pairs].sort((s, t) => s[1] - t[1]);
  const rightFits = byRight.every(([l], i) => i === 0 || l > (byRight[i - 1] as readonly [number, number])[0]);
  const order = rightFits ? byRight : [...pairs].sort((s, t) => s[0] - t[0]);
  const lhsContract = order.map(([l]) => l);
  const rhsContract = order.map(([, r]) => r);
  const lhsFree = p.freeAxes(b.shape(x).length, lhsContract, lhsBatch);
  const rhsFree = p.freeAxes(b.shape(y).length, rhsContract, rhsBatch);
  const left = asMatrices(b, x, lhsBatch, lhsFree, lhsContract);
  const right = asMatrices(b, y, rhsBatch, rhsFree, rhsContract);
  return b.reshape(product(b, left.value, left.flipped, right.value, !right.flipped), out);
}

/** `op(x) op(y)` of matrices or stacks of them; float32 operands are read transposed, others are transposed first. */
export function product(b: Builder, x: string, flipX: boolean, y: string, flipY: boolean): string {
  const { type, shape } = b.info(x);
  const rank = shape.length;
  if (type === "bool") {
    return b.cast(product(b, b.cast(x, "int32"), flipX, b.cast(y, "int32"), flipY), "bool");
  }
  const [lead, other] = [shape.slice(0, -2), b.shape(y)];
  const out = {
    type,
    shape: [...lead, shape[flipX ? rank - 1 : rank - 2] as number, other[flipY ? rank - 2 : rank - 1] as number],
  };
  if (!flipX && !flipY) return b.op("MatMul", [x, y], out);
  if (type === "float32") {
    if (rank === 2) return b.op("Gemm", [x, y], out, { transA: flipX ? 1 : 0, transB: flipY ? 1 : 0 });
    if (b.shared.operators.contrib)
      return b.op("FusedMatMul", [x, y], out, { transA: flipX ? 1 : 0, transB: flipY ? 1 : 0 }, "com.microsoft");
  }
  const swap = (v: string): string => b.transpose(v, [...range(rank - 2), rank - 1, rank - 2]);
  return b.op("MatMul", [flipX ? swap(x) : x, flipY ? swap(y) : y], out);
}

const lows = (params: p.WindowParams): number[] => params.padding.map(([low]) => low);
const highs = (params: p.WindowParams): number[] => params.padding.map(([, high]) => high);
/** Spatial amounts of an NHWC tensor. */
const spatial = (values: readonly number[]): number[] => [0, ...values, 0];

// Kernel [...window, C/groups, O] as ONNX has it: [O, C/groups, ...window].
function kernelFirst(b: Builder, kernel: string): string {
  const rank = b.shape(kernel).length - 2;
  return b.transpose(kernel, [rank + 1, rank, ...range(rank)]);
}

function conv(b: Builder, x: string, kernel: string, params: p.ConvParams, out: readonly number[]): string {
  const rank = params.strides.length;
  const cropped = [...lows(params), ...highs(params)].some((n) => n < 0);
  const padded = cropped ? b.pad(x, spatial(lows(params)), spatial(highs(params))) : x;
  const shape = [out[0] as number, out[rank + 1] as number, ...out.slice(1, rank + 1)];
  const y = b.op(
    "Conv",
    [toChannelsFirst(b, padded), kernelFirst(b, kernel)],
    { type: "float32", shape },
    {
      kernel_shape: b.shape(kernel).slice(0, rank),
      strides: params.strides,
      dilations: params.dilation,
      pads: cropped ? params.strides.flatMap(() => [0, 0]) : [...lows(params), ...highs(params)],
      group: params.groups,
    },
  );
  return toChannelsLast(b, y);
}

function inputGrad(b: Builder, g: string, kernel: string, params: p.ConvInputGradParams): string {
  const rank = params.inputSpatial.length;
  const [window, [batch, ...rest]] = [b.shape(kernel).slice(0, rank), b.shape(g)];
  const out = rest.slice(0, rank);
  if (!isMirrored(params, out)) return convTranspose(b, g, kernel, params);
  const mirrored = b.transpose(mirror(b, kernel), [...range(rank), rank + 1, rank]);
  const shape = [batch as number, ...params.inputSpatial, b.shape(kernel)[rank] as number];
  return conv(b, g, mirrored, mirroredParams(params, window, out), shape);
}

// The operator's own pads crop its full result; where they cannot (negative, or more output than a stride reaches), we crop and pad.
function convTranspose(b: Builder, g: string, kernel: string, params: p.ConvInputGradParams): string {
  const { strides, dilation, groups, inputSpatial } = params;
  const rank = strides.length;
  const [window, gShape] = [b.shape(kernel).slice(0, rank), b.shape(g)];
  const full = range(rank).map(
    (i) =>
      ((gShape[i + 1] as number) - 1) * (strides[i] as number) +
      ((window[i] as number) - 1) * (dilation[i] as number) +
      1,
  );
  const extra = range(rank).map(
    (i) =>
      (inputSpatial[i] as number) - ((full[i] as number) - (lows(params)[i] as number) - (highs(params)[i] as number)),
  );
  const direct = range(rank).every(
    (i) =>
      (lows(params)[i] as number) >= 0 &&
      (highs(params)[i] as number) >= 0 &&
      (extra[i] as number) >= 0 &&
      (extra[i] as number) < (strides[i] as number),
  );
  const out = direct ? inputSpatial : full;
  const shape = [gShape[0] as number, (b.shape(kernel)[rank] as number) * groups, ...out];
  const y = b.op(
    "ConvTranspose",
    [toChannelsFirst(b, g), kernelFirst(b, kernel)],
    { type: "float32", shape },
    {
      kernel_shape: window,
      strides,
      dilations: dilation,
      pads: direct ? [...lows(params), ...highs(params)] : strides.flatMap(() => [0, 0]),
      output_padding: direct ? extra : strides.map(() => 0),
      group: groups,
    },
  );
  const last = toChannelsLast(b, y);
  if (direct) return last;
  const after = range(rank).map((i) => (inputSpatial[i] as number) + (lows(params)[i] as number) - (full[i] as number));
  return b.pad(last, spatial(lows(params).map((n) => -n)), spatial(after));
}

const offsets = (window: readonly number[]): number[][] =>
  window.reduce<number[][]>((all, n) => all.flatMap((o) => range(n).map((k) => [...o, k])), [[]]);

// What each offset of the window sees: one strided slice of the padded input, [N, ...out, C].
function windowSlices(
  x: Tensor,
  window: readonly number[],
  out: readonly number[],
  params: p.WindowParams & { readonly dilation: readonly number[] },
): Tensor[] {
  const { strides, dilation } = params;
  const padded = p.pad(x, { low: spatial(lows(params)), high: spatial(highs(params)), interior: x.shape.map(() => 0) });
  return offsets(window).map((offset) => {
    const starts = offset.map((k, i) => k * (dilation[i] as number));
    const limits = starts.map((s, i) => s + ((out[i] as number) - 1) * (strides[i] as number) + 1);
    return p.slice(padded, {
      starts: spatial(starts),
      limits: [x.shape[0] as number, ...limits, x.shape[x.ndim - 1] as number],
      strides: [1, ...strides, 1],
    });
  });
}

const groupsOf = (x: Tensor, groups: number): Tensor =>
  p.reshape(x, { shape: [...x.shape.slice(0, -1), groups, (x.shape[x.ndim - 1] as number) / groups] });

/**
 * The same as one convolution: images are its channels, the gradient is its kernel, the stride its dilation, and the channels of x
 * lie within its rows: x as [1, N, H, W C], g as [O, N, H', W'], dilation [sH, sW C]; the result is [1, O, kH, kW C].
 */
function filterGradByConv(b: Builder, x: string, g: string, params: p.ConvFilterGradParams): string {
  const { strides, dilation, kernelSpatial } = params;
  const rank = strides.length;
  const [shape, out] = [b.shape(x), b.shape(g)];
  const [n, channels, filters] = [shape[0] as number, shape[rank + 1] as number, out[rank + 1] as number];
  // Exactly what the windows reach.
  const reach = range(rank).map(
    (i) =>
      ((out[i + 1] as number) - 1) * (strides[i] as number) +
      ((kernelSpatial[i] as number) - 1) * (dilation[i] as number) +
      1,
  );
  const after = reach.map((size, i) => size - (shape[i + 1] as number) - (lows(params)[i] as number));
  const seen = b.pad(x, spatial(lows(params)), spatial(after));
  const outer = range(rank - 1);
  const rows = b.reshape(seen, [1, n, ...outer.map((i) => reach[i] as number), (reach[rank - 1] as number) * channels]);
  const kernel = b.transpose(g, [rank + 1, 0, ...range(rank).map((i) => i + 1)]);
  const places = kernelSpatial.map((k, i) => (k - 1) * (dilation[i] as number) + 1);
  const y = b.op(
    "Conv",
    [rows, kernel],
    {
      type: "float32",
      shape: [1, filters, ...outer.map((i) => places[i] as number), (places[rank - 1] as number) * channels],
    },
    {
      kernel_shape: out.slice(1, rank + 1),
      strides: strides.map(() => 1),
      dilations: strides.map((s, i) => (i === rank - 1 ? s * channels : s)),
      pads: strides.flatMap(() => [0, 0]),
      group: 1,
    },
  );
  const apart = b.reshape(y, [filters, ...places, channels]);
  const taken = b.slice(
    apart,
    b.shape(apart).map(() => 0),
    b.shape(apart),
    [1, ...dilation, 1],
  );
  return b.transpose(taken, [...range(rank + 1).map((i) => i + 1), 0]);
}

/** `dW[k] = sum over images and places of x[k] g`: one product for each offset of the window. */
export function filterGradBySlices([a, c]: readonly Tensor[], params: p.ConvFilterGradParams): Tensor {
  const [x, g] = [a as Tensor, c as Tensor];
  const { kernelSpatial, groups } = params;
  const rank = kernelSpatial.length;
  const summed = range(rank + 1);
  const [channels, filters] = [(x.shape[rank + 1] as number) / groups, g.shape[rank + 1] as number];
  const parts = windowSlices(x, kernelSpatial, g.shape.slice(1, rank + 1), params).map((part) => {
    if (groups === 1)
      return p.dotGeneral(part, g, { lhsContract: summed, rhsContract: summed, lhsBatch: [], rhsBatch: [] });
    const [xs, gs] = [groupsOf(part, groups), groupsOf(g, groups)];
    if (channels === 1) return p.reshape(p.reduceSum(p.mul(xs, gs), { axes: summed }), { shape: [1, filters] });
    const byGroup = p.dotGeneral(xs, gs, {
      lhsContract: summed,
      rhsContract: summed,
      lhsBatch: [rank + 1],
      rhsBatch: [rank + 1],
    });
    return p.reshape(p.transpose(byGroup, { permutation: [1, 0, 2] }), { shape: [channels, filters] });
  });
  return p.reshape(
    p.concat(
      parts.map((part) => p.reshape(part, { shape: [1, channels, filters] })),
      { axis: 0 },
    ),
    {
      shape: [...kernelSpatial, channels, filters],
    },
  );
}

// Element types without a convolution operator: one product for each offset of the window.
function convBySlices([a, c]: readonly Tensor[], params: p.ConvParams): Tensor {
  const [x, kernel] = [a as Tensor, c as Tensor];
  const rank = params.strides.length;
  const window = kernel.shape.slice(0, rank);
  const out = range(rank).map((i) => {
    const [low, high] = params.padding[i] as readonly [number, number];
    return p.windowedSize(
      x.shape[i + 1] as number,
      window[i] as number,
      params.strides[i] as number,
      low,
      high,
      params.dilation[i],
    );
  });
  const [channels, filters] = kernel.shape.slice(rank) as [number, number];
  const taps = p.reshape(kernel, { shape: [window.reduce((n, w) => n * w, 1), channels, filters] });
  return windowSlices(x, window, out, params)
    .map((part, k) => {
      const tap = p.reshape(
        p.slice(taps, { starts: [k, 0, 0], limits: [k + 1, channels, filters], strides: [1, 1, 1] }),
        { shape: [channels, params.groups, filters / params.groups] },
      );
      const byGroup = p.dotGeneral(groupsOf(part, params.groups), tap, {
        lhsContract: [rank + 2],
        rhsContract: [0],
        lhsBatch: [rank + 1],
        rhsBatch: [1],
      });
      const last = p.transpose(byGroup, { permutation: [...range(rank + 1).map((i) => i + 1), 0, rank + 2] });
      return p.reshape(last, { shape: [x.shape[0] as number, ...out, filters] });
    })
    .reduce((sum, part) => p.add(sum, part));
}

// The transpose of `convBySlices`: a convolution of the spread-out gradient with the mirrored kernel, channels and filters swapped.
function inputGradBySlices([a, c]: readonly Tensor[], params: p.ConvInputGradParams): Tensor {
  const [g, kernel] = [a as Tensor, c as Tensor];
  const { strides, dilation, groups, inputSpatial } = params;
  const rank = strides.length;
  const [channels, filters] = kernel.shape.slice(rank) as [number, number];
  const perGroup = filters / groups;
  const split = p.reshape(p.reverse(kernel, { axes: range(rank) }), {
    shape: [...kernel.shape.slice(0, rank), channels, groups, perGroup],
  });
  const swapped = p.reshape(p.transpose(split, { permutation: [...range(rank), rank + 2, rank + 1, rank] }), {
    shape: [...kernel.shape.slice(0, rank), perGroup, groups * channels],
  });
  const spread = p.pad(g, {
    low: g.shape.map(() => 0),
    high: g.shape.map(() => 0),
    interior: spatial(strides.map((s) => s - 1)),
  });
  const padding = range(rank).map((i) => {
    const reach = ((kernel.shape[i] as number) - 1) * (dilation[i] as number);
    const low = reach - (lows(params)[i] as number);
    return [low, (inputSpatial[i] as number) + reach - low - (spread.shape[i + 1] as number)] as const;
  });
  return convBySlices([spread, swapped], { strides: strides.map(() => 1), padding, dilation, groups });
}
