// Where an image tensor keeps height, width and channels.
import type { SymbolicShape } from "../../aval/index.ts";
import { ConfigError, complain, DtypeError, ShapeError, showAval, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { standardizeDataFormat } from "../config.ts";

export interface FormatOption {
  /** `"channels_last"` or `"channels_first"`; the default of `setImageDataFormat`. */
  readonly dataFormat?: string | null;
}

/** The axes of one image `[H, W, C]` or of a batch `[N, H, W, C]`, in either data format. */
export interface Layout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly channelsLast: boolean;
}

/** @throws ShapeError unless there are 3 or 4 axes. @throws ConfigError for another data format. */
export function imageLayout(where: string, shape: SymbolicShape, dataFormat: string | null | undefined): Layout {
  const channelsLast = standardizeDataFormat(dataFormat, where) === "channels_last";
  const n = shape.length;
  if (n !== 3 && n !== 4) {
    const must = "images must have 3 axes (one image) or 4 (a batch)";
    throw new ShapeError(
      complain(where, { must, got: showShape(shape), todo: "Add or remove axes with expandDims or squeeze" }),
    );
  }
  return channelsLast
    ? { height: n - 3, width: n - 2, channels: n - 1, channelsLast }
    : { height: n - 2, width: n - 1, channels: n - 3, channelsLast };
}

/** Runs `f` on `[N, H, W, C]`, whatever the format, and gives its `[N, ...]` result the form of the input again. */
export function asBatch(x: Tensor, layout: Layout, f: (x: Tensor) => Tensor): Tensor {
  const batch = x.ndim === 4 ? x : p.reshape(x, { shape: [1, ...x.shape] });
  const last = layout.channelsLast ? batch : p.transpose(batch, { permutation: [0, 2, 3, 1] });
  const y = f(last);
  const back = layout.channelsLast ? y : p.transpose(y, { permutation: [0, 3, 1, 2] });
  return x.ndim === 4 ? back : p.reshape(back, { shape: back.shape.slice(1) });
}

/** @throws ConfigError unless `value` is one of `allowed`. */
export function requireChoice<T extends string>(
  where: string,
  what: string,
  value: string,
  allowed: readonly T[],
): asserts value is T {
  if ((allowed as readonly string[]).includes(value)) return;
  const must = `${what} must be one of ${allowed.map((name) => `"${name}"`).join(", ")}`;
  throw new ConfigError(complain(where, { must, got: JSON.stringify(value), todo: "Use one of these" }));
}

/** @throws DtypeError unless the dtype is a float. */
export function requireFloat(where: string, x: Tensor, isFloat: boolean): void {
  if (isFloat) return;
  throw new DtypeError(
    complain(where, { must: "images must be floats", got: showAval(x), todo: "Cast to float32 and divide by 255" }),
  );
}
