// Convolutions and pools with the batch innermost, `[C, ...spatial, B]`: every window is seen by copying runs of B numbers, whatever
// its stride. A convolution is one over one more axis, of window 1. The pass `layout` decides who is written so.
import { type primitives as p, range, sizeOf } from "@keras-ts/core/backend";
import type { Builder } from "../builder.ts";
import { isMirrored, mirror, mirroredParams } from "./mirrored.ts";

/** With at most so many numbers in a window (channels counted), a convolution is one product with the written-out windows. */
export const FEW_TAPS = 32;

/** A filter's gradient is made place by place of the window, if it has no more. */
export const MOST_PLACES = 64;

/** Products of so few rows are slower than writing windows out. */
const FEW_CHANNELS = 12;

/** `[B, ...spatial, C]` to `[C, ...spatial, B]`, and back. */
function swapped(b: Builder, x: string): string {
  const last = b.shape(x).length - 1;
  return b.transpose(x, [last, ...range(last - 1).map((i) => i + 1), 0]);
}

const lows = (params: p.WindowParams): number[] => params.padding.map(([low]) => low);
const offsetsOf = (window: readonly number[]): number[][] =>
  window.reduce<number[][]>((all, n) => all.flatMap((o) => range(n).map((k) => [...o, k])), [[]]);

/** What each place of the window sees of `[C, ...spatial, B]`: `[C, ...out, B]`, in the order of the window. */
function views(
  b: Builder,
  x: string,
  window: readonly number[],
  out: readonly number[],
  params: p.WindowParams & { readonly dilation?: readonly number[] },
  fill = 0,
): string[] {
  const shape = b.shape(x);
  const { strides } = params;
  const dilation = params.dilation ?? strides.map(() => 1);
  const reach = out.map(
    (n, i) => (n - 1) * (strides[i] as number) + ((window[i] as number) - 1) * (dilation[i] as number) + 1,
  );
  // Padded to what is reached; what is not reached is never read, before or after.
  const before = lows(params).map((low) => Math.max(0, low));
  const skipped = lows(params).map((low) => Math.max(0, -low));
  const after = reach.map((n, i) => Math.max(0, n - (shape[i + 1] as number) - (lows(params)[i] as number)));
  const padded = b.pad(x, [0, ...before, 0], [0, ...after, 0], fill);
  return offsetsOf(window).map((offset) => {
    const starts = offset.map((k, i) => (skipped[i] as number) + k * (dilation[i] as number));
    const limits = starts.map((s, i) => s + ((out[i] as number) - 1) * (strides[i] as number) + 1);
    const [c, n] = [shape[0] as number, shape[shape.length - 1] as number];
    return b.slice(padded, [0, ...starts, 0], [c, ...limits, n], [1, ...strides, 1]);
  });
}

/** The windows written out: `[window C, out B]`. */
function columns(
  b: Builder,
  x: string,
  window: readonly number[],
  out: readonly number[],
  params: p.ConvParams,
): string {
  const rows = views(b, x, window, out, params).map((view) => {
    const [c, ...rest] = b.shape(view);
    return b.reshape(view, [c as number, sizeOf(rest)]);
  });
  return b.concat(rows, 0);
}

const gemm = (b: Builder, x: string, y: string, flip: "left" | "right"): string => {
  const [m, n] = [b.shape(x)[flip === "left" ? 1 : 0] as number, b.shape(y)[flip === "left" ? 1 : 0] as number];
  const attributes = { transA: flip === "left" ? 1 : 0, transB: flip === "right" ? 1 : 0 };
  return b.op("Gemm", [x, y], { type: "float32", shape: [m, n] }, attributes);
};

/** Kernel `[...window, C, O]` as `[O, C, ...window, 1]`. */
function kernelFor(b: Builder, kernel: string): string {
  const shape = b.shape(kernel);
  const rank = shape.length - 2;
  const first = b.transpose(kernel, [rank + 1, rank, ...range(rank)]);
  return b.reshape(first, [shape[rank + 1] as number, shape[rank] as number, ...shape.slice(0, rank), 1]);
}

/** `[C, ...spatial, B]` under one more axis of windows of 1. Negative padding crops. */
function convolve(
  b: Builder,
  x: string,
  kernel: string,
  out: readonly number[],
  { strides, padding, dilation }: Omit<p.ConvParams, "groups">,
): string {
  const cropped = b.pad(
    x,
    [0, ...padding.map(([low]) => Math.min(0, low)), 0],
    [0, ...padding.map(([, high]) => Math.min(0, high)), 0],
  );
  const [, , ...window] = b.shape(kernel);
  const filters = b.shape(kernel)[0] as number;
  const batch = b.shape(x).at(-1) as number;
  const y = b.op(
    "Conv",
    [b.reshape(cropped, [1, ...b.shape(cropped)]), kernel],
    { type: "float32", shape: [1, filters, ...out, batch] },
    {
      kernel_shape: window,
      strides: [...strides, 1],
      dilations: [...dilation, 1],
      pads: [...padding.map(([low]) => Math.max(0, low)), 0, ...padding.map(([, high]) => Math.max(0, high)), 0],
      group: 1,
    },
  );
  return b.reshape(y, [filters, ...out, batch]);
}

export function convInnermost(
  b: Builder,
  x: string,
  kernel: string,
  params: p.ConvParams,
  shape: readonly number[],
): string {
  const out = shape.slice(1, -1);
  const [own, window] = [b.shape(kernel), b.shape(kernel).slice(0, out.length)];
  const [filters, taps] = [own.at(-1) as number, sizeOf(own.slice(0, -1))];
  const inner = swapped(b, x);
  if (taps > FEW_TAPS) return swapped(b, convolve(b, inner, kernelFor(b, kernel), out, params));
  const written = columns(b, inner, window, out, params);
  const y = gemm(b, b.reshape(kernel, [taps, filters]), written, "left");
  return swapped(b, b.reshape(y, [filters, ...out, shape[0] as number]));
}

/**
 * Few channels: one product with the written-out windows. Else a product for each place of the window, with what it sees: no window is
 * written out, and nothing is transposed.
 */
export function convFilterGradInnermost(b: Builder, x: string, g: string, params: p.ConvFilterGradParams): string {
  const { kernelSpatial } = params;
  const [inner, gradient] = [swapped(b, x), swapped(b, g)];
  const [filters, ...rest] = b.shape(gradient) as [number, ...number[]];
  const channels = b.shape(inner)[0] as number;
  const flat = (map: string): string => b.reshape(map, [b.shape(map)[0] as number, sizeOf(rest)]);
  const seen = views(b, inner, kernelSpatial, rest.slice(0, -1), params).map(flat);
  const few = channels < FEW_CHANNELS || channels * seen.length <= FEW_TAPS;
  const parts = few ? [b.concat(seen, 0)] : seen;
  const products = parts.map((part) => gemm(b, part, flat(gradient), "right"));
  return b.reshape(b.concat(products, 0), [...kernelSpatial, channels, filters]);
}

/** Only for stride 1. As a convolution with the mirrored kernel, or transposed where that reads far less. */
export function convInputGradInnermost(b: Builder, g: string, kernel: string, params: p.ConvInputGradParams): string {
  const own = b.shape(kernel);
  const rank = params.inputSpatial.length;
  const window = own.slice(0, rank);
  const gradient = swapped(b, g);
  const out = b.shape(gradient).slice(1, -1);
  if (!isMirrored(params, out)) return swapped(b, transposed(b, gradient, kernel, params));
  const mirrored = b.transpose(mirror(b, kernel), [rank, rank + 1, ...range(rank)]);
  const weights = b.reshape(mirrored, [own[rank] as number, own[rank + 1] as number, ...window, 1]);
  return swapped(b, convolve(b, gradient, weights, params.inputSpatial, mirroredParams(params, window, out)));
}

// The transposed convolution has no third axis that is fast: rows are W B long, and the dilation of W is B times as wide.
function transposed(
  b: Builder,
  g: string,
  kernel: string,
  { dilation, inputSpatial, padding }: p.ConvInputGradParams,
): string {
  const own = b.shape(kernel);
  const rank = inputSpatial.length;
  const [window, filters, channels] = [own.slice(0, rank), own[rank + 1] as number, own[rank] as number];
  const [batch, out] = [b.shape(g).at(-1) as number, b.shape(g).slice(1, -1)];
  const wide = (sizes: readonly number[]): number[] => sizes.map((n, i) => (i === rank - 1 ? n * batch : n));
  const full = out.map((n, i) => n + ((window[i] as number) - 1) * (dilation[i] as number));
  const y = b.op(
    "ConvTranspose",
    [b.reshape(g, [1, filters, ...wide(out)]), b.transpose(kernel, [rank + 1, rank, ...range(rank)])],
    { type: "float32", shape: [1, channels, ...wide(full)] },
    {
      kernel_shape: window,
      strides: window.map(() => 1),
      dilations: wide(dilation),
      pads: window.flatMap(() => [0, 0]),
      group: 1,
    },
  );
  const apart = b.reshape(y, [channels, ...full, batch]);
  const after = full.map((n, i) => (inputSpatial[i] as number) + (padding[i] as readonly [number, number])[0] - n);
  return b.pad(apart, [0, ...padding.map(([low]) => -low), 0], [0, ...after, 0]);
}

const largest = (b: Builder, parts: readonly string[]): string =>
  parts.length === 1 ? (parts[0] as string) : b.map("Max", parts);

export function maxPoolInnermost(b: Builder, x: string, params: p.PoolParams, shape: readonly number[]): string {
  const parts = views(b, swapped(b, x), params.window, shape.slice(1, -1), params, Number.NEGATIVE_INFINITY);
  return swapped(b, largest(b, parts));
}

/** Only for windows side by side without padding. The first place that has the maximum takes the gradient. */
export function maxPoolGradInnermost(b: Builder, x: string, g: string, params: p.PoolParams): string {
  const { window } = params;
  const [inner, gradient] = [swapped(b, x), swapped(b, g)];
  const out = b.shape(gradient).slice(1, -1);
  const parts = views(b, inner, window, out, params);
  const highest = largest(b, parts);
  let left = gradient;
  const taken = parts.map((part, k) => {
    if (k === parts.length - 1) return left;
    const won = b.map("Mul", [b.cast(b.map("Equal", [part, highest], "bool"), "float32"), left]);
    left = b.map("Sub", [left, won]);
    return won;
  });
  // Put side by side again, axis by axis from the last: [C, ...before, n, 1, rest].
  const joined = [...window].reduceRight<string[]>((rows, w, axis) => {
    return range(rows.length / w).map((i) => {
      const group = rows.slice(i * w, (i + 1) * w);
      const [before, n, rest] = [
        b.shape(group[0] as string).slice(0, axis + 1),
        out[axis] as number,
        b.shape(group[0] as string).slice(axis + 2),
      ];
      const together = b.concat(
        group.map((y) => b.reshape(y, [...before, n, 1, ...rest])),
        axis + 2,
      );
      return b.reshape(together, [...before, n * w, ...rest]);
    });
  }, taken);
  const [back] = joined as [string];
  const none = b.shape(inner).map(() => 0);
  return swapped(
    b,
    b.pad(
      back,
      none,
      b.shape(inner).map((n, i) => n - (b.shape(back)[i] as number)),
    ),
  );
}
