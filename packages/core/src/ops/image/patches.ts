// Images cut into patches, and put together again.
import { range, type Shape, type SymbolicShape, sizeOf } from "../../aval/index.ts";
import { complain, ShapeError, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { type DataFormat, standardizeDataFormat } from "../config.ts";
import { convertToTensor, type TensorLike } from "../convert-core.ts";
import { KerasTensor } from "../keras-tensor.ts";
import { type Op, op } from "../op.ts";
import { channelsLast, paddingName, type Sizes, spatialSizes, windowPadding } from "../windows.ts";
import type { FormatOption } from "./layout.ts";

export interface ExtractPatchesOptions extends FormatOption {
  /** Steps from patch to patch; the patch's own size by default. */
  readonly strides?: Sizes | null;
  /** Gaps inside a patch. */
  readonly dilationRate?: Sizes;
  readonly padding?: string;
}
export type ExtractPatchesOp = Op<(images: TensorLike, size: Sizes, options?: ExtractPatchesOptions) => Tensor>;

// A batch of one around images without a batch axis, and off again.
function batched(where: string, x: Tensor, rank: number, f: (x: Tensor) => Tensor): Tensor {
  if (x.ndim === rank + 2) return f(x);
  if (x.ndim !== rank + 1) {
    const must = `the input must have ${rank + 1} axes (one image), or ${rank + 2} (a batch)`;
    throw new ShapeError(complain(where, { must, got: showShape(x.shape), todo: "Check the size of the patches" }));
  }
  const y = f(p.reshape(x, { shape: [1, ...x.shape] }));
  return p.reshape(y, { shape: y.shape.slice(1) });
}
/** The part `starts + step [0, count)` of each spatial axis of `[N, ...spatial, C]`. */
const window = (x: Tensor, starts: Shape, counts: Shape, steps: Shape): Tensor =>
  p.slice(x, {
    starts: [0, ...starts, 0],
    limits: [
      x.shape[0] as number,
      ...starts.map((s, i) => s + ((counts[i] as number) - 1) * (steps[i] as number) + 1),
      x.shape.at(-1) as number,
    ],
    strides: [1, ...steps, 1],
  });
/** Every place of a window of that size, in row-major order. */
const placesOf = (size: Shape): number[][] =>
  size.reduce<number[][]>((places, n) => places.flatMap((place) => range(n).map((i) => [...place, i])), [[]]);

/** Patches side by side, none overlapping: only the order of axes changes. `[N, g p ..., C]` to `[N, g ..., p ... C]`. */
function tiles(x: Tensor, counts: Shape, size: Shape): Tensor {
  const rank = size.length;
  const [n, c] = [x.shape[0] as number, x.shape.at(-1) as number];
  const cut = window(
    x,
    range(rank).map(() => 0),
    counts.map((count, i) => count * (size[i] as number)),
    range(rank).map(() => 1),
  );
  const split = p.reshape(cut, { shape: [n, ...counts.flatMap((count, i) => [count, size[i] as number]), c] });
  const order = [0, ...range(rank).map((i) => 2 * i + 1), ...range(rank).map((i) => 2 * i + 2), 2 * rank + 1];
  const values = size.reduce((a, b) => a * b, c);
  return p.reshape(p.transpose(split, { permutation: order }), { shape: [n, ...counts, values] });
}
/** The reverse of `tiles`. */
function untiled(y: Tensor, counts: Shape, size: Shape, c: number): Tensor {
  const rank = size.length;
  const n = y.shape[0] as number;
  const split = p.reshape(y, { shape: [n, ...counts, ...size, c] });
  const order = [0, ...range(rank).flatMap((i) => [i + 1, rank + i + 1]), 2 * rank + 1];
  const shape = [n, ...counts.map((count, i) => count * (size[i] as number)), c];
  return p.reshape(p.transpose(split, { permutation: order }), { shape });
}

function extract(where: string, x: Tensor, size: readonly number[], options: ExtractPatchesOptions): Tensor {
  const rank = size.length;
  const strides = spatialSizes(where, "strides", options.strides || size, rank);
  const dilation = spatialSizes(where, "dilationRate", options.dilationRate ?? 1, rank);
  const padding = paddingName(where, options.padding ?? "valid");
  const format = standardizeDataFormat(options.dataFormat, where);
  return batched(where, x, rank, (batch) =>
    channelsLast(batch, format, (y) => {
      const spatial = y.shape.slice(1, -1);
      const pads = windowPadding(padding, spatial, size, strides, dilation);
      const low = [0, ...pads.map(([before]) => before), 0];
      const high = [0, ...pads.map(([, after]) => after), 0];
      const wide = p.pad(y, { low, high, interior: low.map(() => 0) });
      const counts = size.map((n, i) =>
        p.windowedSize(
          spatial[i] as number,
          n,
          strides[i] as number,
          ...(pads[i] as readonly [number, number]),
          dilation[i],
        ),
      );
      if (counts.some((n) => n < 1)) {
        const must = "patches must fit into the image";
        const got = `patches of ${showShape(size)} in ${showShape(x.shape)}`;
        throw new ShapeError(complain(where, { must, got, todo: 'Use padding "same" or smaller patches' }));
      }
      const plain = padding === "valid" && dilation.every((d) => d === 1);
      if (plain && String(strides) === String(size)) return tiles(y, counts, size);
      const parts = placesOf(size).map((place) =>
        window(
          wide,
          place.map((i, axis) => i * (dilation[axis] as number)),
          counts,
          strides,
        ),
      );
      return p.concat(parts, { axis: rank + 1 });
    }),
  );
}

/**
 * Patches of images, each flattened: `[N, H, W, C]` with `size` `[h, w]` gives `[N, rows, columns, h w C]`; volumes with three sizes
 * likewise. Without a batch axis there is none in the result; channels first has the patch's values on axis 1.
 * @throws ShapeError for a wrong rank or size. Source: keras.ops.image.extract_patches.
 * @example ops.image.extractPatches(ops.ones([2, 8, 8, 3]), 4).shape; // [2, 2, 2, 48]
 */
export const extractPatches: ExtractPatchesOp = /* @__PURE__ */ op(
  "extractPatches",
  (images: TensorLike, size: Sizes, options: ExtractPatchesOptions = {}): Tensor => {
    const rank = typeof size !== "number" && size.length === 3 ? 3 : 2;
    return extract(
      "extractPatches",
      convertToTensor(images),
      spatialSizes("extractPatches", "size", size, rank),
      options,
    );
  },
);
/**
 * Patches of volumes `[N, D, H, W, C]` with `size` `[d, h, w]`: `[N, ..., d h w C]`; see `extractPatches`.
 * @throws ShapeError for a wrong rank or size. Source: keras.ops.image.extract_patches_3d.
 * @example ops.image.extractPatches3d(ops.ones([1, 4, 4, 4, 2]), 2).shape; // [1, 2, 2, 2, 16]
 */
export const extractPatches3d: ExtractPatchesOp = /* @__PURE__ */ op(
  "extractPatches3d",
  (volumes: TensorLike, size: Sizes, options: ExtractPatchesOptions = {}): Tensor =>
    extract("extractPatches3d", convertToTensor(volumes), spatialSizes("extractPatches3d", "size", size, 3), options),
);

export interface ReconstructPatchesOptions extends FormatOption {
  /** Steps from patch to patch; the patch's own size by default. */
  readonly strides?: Sizes | null;
  readonly padding?: string;
}
interface Puzzle {
  readonly rank: number;
  readonly spatial: readonly number[];
  readonly own: readonly number[];
  readonly values: number;
  readonly format: DataFormat;
}
function puzzle(size: Sizes, outputSize: readonly number[], dataFormat: string | null | undefined): Puzzle {
  const where = "reconstructPatches";
  const rank = outputSize.length === 3 ? 3 : 2;
  const spatial = spatialSizes(where, "outputSize", outputSize, rank);
  const own = spatialSizes(where, "size", size, rank);
  return { rank, spatial, own, values: sizeOf(own), format: standardizeDataFormat(dataFormat, where) };
}
function wholeShape(shape: SymbolicShape, { rank, spatial, values, format }: Puzzle): (number | null)[] {
  const last = format === "channels_last";
  const lead = shape.length === rank + 2 ? [shape[0] as number | null] : [];
  const flat = shape[last ? shape.length - 1 : lead.length] as number | null;
  const channels = flat === null ? null : flat / values;
  return last ? [...lead, ...spatial, channels] : [...lead, channels, ...spatial];
}
/**
 * The image that `extractPatches` cut up, `outputSize` its height and width: `[N, rows, columns, h w C]` to `[N, H, W, C]` (also without a
 * batch axis, with channels first, and for volumes). Where patches overlap their mean counts; what none covers is 0.
 * @throws ShapeError if the patches do not fit. Source: keras.ops.image.reconstruct_patches (Keras 3.16).
 * @example
 * const patches = ops.image.extractPatches(ops.ones([2, 8, 8, 3]), 4);
 * ops.image.reconstructPatches(patches, 4, [8, 8]).shape; // [2, 8, 8, 3]
 */
export const reconstructPatches: Op<
  (patches: TensorLike, size: Sizes, outputSize: readonly number[], options?: ReconstructPatchesOptions) => Tensor
> = /* @__PURE__ */ op(
  "reconstructPatches",
  (
    patches: TensorLike,
    size: Sizes,
    outputSize: readonly number[],
    options: ReconstructPatchesOptions = {},
  ): Tensor => {
    const where = "reconstructPatches";
    const x = convertToTensor(patches);
    const { rank, spatial, own, values, format } = puzzle(size, outputSize, options.dataFormat);
    const strides = spatialSizes(where, "strides", options.strides || own, rank);
    const padding = paddingName(where, options.padding ?? "valid");
    const ones = own.map(() => 1);
    const pads = windowPadding(padding, spatial, own, strides, ones);
    return batched(where, x, rank, (batch) =>
      channelsLast(batch, format, (y) => {
        const counts = own.map((n, i) =>
          p.windowedSize(spatial[i] as number, n, strides[i] as number, ...(pads[i] as readonly [number, number])),
        );
        const flat = y.shape.at(-1) as number;
        if (String(counts) !== String(y.shape.slice(1, -1)) || flat % values !== 0) {
          const must = `there must be ${counts.join(" x ")} patches with a multiple of ${values} values each`;
          const todo = "Check outputSize, strides and padding";
          throw new ShapeError(complain(where, { must, got: showShape(x.shape), todo }));
        }
        if (padding === "valid" && String(strides) === String(own)) {
          const whole = untiled(y, counts, own, flat / values);
          const high = spatial.map((n, i) => n - (whole.shape[i + 1] as number));
          const zero = whole.shape.map(() => 0);
          return p.pad(whole, { low: zero, high: [0, ...high, 0], interior: zero });
        }
        const params = { strides, padding: pads, window: own, inputSpatial: spatial };
        return overlapped(y, placesOf(own), flat / values, params);
      }),
    );
  },
  (patches, size, outputSize, { dataFormat = null } = {}) => {
    const parts = puzzle(size, outputSize, dataFormat);
    return new KerasTensor(wholeShape(patches.shape, parts), { dtype: patches.dtype });
  },
);
// Each place of the patches is an image of its own with gaps; their sum, over how many reach each place.
function overlapped(y: Tensor, places: readonly Shape[], channels: number, params: p.PoolGradParams): Tensor {
  const { strides, padding, inputSpatial } = params;
  const rank = strides.length;
  const first = y.shape.map(() => 0);
  const spread = places.map((place, i) => {
    const part = p.slice(y, {
      starts: [...first.slice(1), i * channels],
      limits: [...y.shape.slice(0, -1), (i + 1) * channels],
      strides: y.shape.map(() => 1),
    });
    const low = place.map((at, axis) => at - (padding[axis]?.[0] ?? 0));
    const high = range(rank).map((axis) => {
      const extent = ((y.shape[axis + 1] as number) - 1) * (strides[axis] as number) + 1;
      return (inputSpatial[axis] as number) - extent - (low[axis] as number);
    });
    return p.pad(part, { low: [0, ...low, 0], high: [0, ...high, 0], interior: [0, ...strides.map((s) => s - 1), 0] });
  });
  const total = spread.reduce((a, b) => p.add(a, b));
  const covered = p.sumPoolGrad(p.full([1, ...y.shape.slice(1, -1), 1], 1, y.dtype), params);
  return p.div(total, p.max(covered, 1));
}
