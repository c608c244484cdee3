// What convolutions and pooling share: sizes for each spatial axis, padding as XLA computes "same", data formats.
import { range, type Shape } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { type DataFormat, standardizeDataFormat } from "./config.ts";

export type Sizes = number | readonly number[];
export type PaddingName = "valid" | "same";

/** One number for each spatial axis. @throws ShapeError for another count, or numbers below 1. */
export function spatialSizes(where: string, what: string, value: Sizes, rank: number): number[] {
  const sizes = typeof value === "number" ? range(rank).map(() => value) : [...value];
  if (sizes.length === rank && sizes.every((n) => Number.isInteger(n) && n >= 1)) return sizes;
  const must = `${what} must be one whole number, or ${rank} of them, at least 1`;
  throw new ShapeError(complain(where, { must, got: JSON.stringify(value), todo: `Check ${what}` }));
}

/** @throws ConfigError unless it is "valid" or "same" (any case). */
export function paddingName(where: string, padding: string): PaddingName {
  const name = typeof padding === "string" ? padding.toLowerCase() : "";
  if (name === "valid" || name === "same") return name;
  const must = 'padding must be "valid" or "same"';
  throw new ConfigError(complain(where, { must, got: JSON.stringify(padding), todo: "Use one of these" }));
}

/** Zeros before and after: "same" gives `ceil(size / stride)` windows and puts the odd one at the end. */
export function windowPadding(
  padding: PaddingName,
  spatial: Shape,
  window: Shape,
  strides: Shape,
  dilation: Shape,
): (readonly [number, number])[] {
  return spatial.map((size, i) => {
    if (padding === "valid") return [0, 0];
    const stride = strides[i] as number;
    const extent = ((window[i] as number) - 1) * (dilation[i] as number) + 1;
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + extent - size);
    const low = Math.floor(total / 2);
    return [low, total - low];
  });
}

/** Runs `f` on `[N, ...spatial, C]`, whatever the format. */
export function channelsLast(x: Tensor, format: DataFormat, f: (x: Tensor) => Tensor): Tensor {
  if (format === "channels_last") return f(x);
  const last = x.ndim - 1;
  const toLast = [0, ...range(x.ndim - 2).map((i) => i + 2), 1];
  const toFirst = [0, last, ...range(x.ndim - 2).map((i) => i + 1)];
  return p.transpose(f(p.transpose(x, { permutation: toLast })), { permutation: toFirst });
}

/** The format and the number of spatial axes. @throws ShapeError below three dimensions. */
export function spatialRank(
  where: string,
  x: Tensor,
  dataFormat: string | null | undefined,
): readonly [DataFormat, number] {
  const format = standardizeDataFormat(dataFormat, where);
  if (x.ndim >= 3) return [format, x.ndim - 2];
  const must = "the input must have a batch axis, spatial axes and channels";
  throw new ShapeError(
    complain(where, { must, got: showShape(x.shape), todo: "Add the missing axes with expandDims" }),
  );
}
