// Pooling to a given size: windows as equal as they can be, which overlap where the sizes do not divide.
import { range } from "../aval/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { convertToTensor, type TensorLike, toFloat } from "./convert-core.ts";
import { type Op, op } from "./op.ts";
import { channelsLast, type Sizes, spatialRank, spatialSizes } from "./windows.ts";

export interface AdaptivePoolOptions {
  /** `"channels_last"` or `"channels_first"`. */
  readonly dataFormat?: string | null;
}
export type AdaptivePoolOp = Op<(inputs: TensorLike, outputSize: Sizes, options?: AdaptivePoolOptions) => Tensor>;

// Differs from Keras on JAX where its float32 quotient of a whole number comes out a bit too large, so that a window gets one place more (7 to 7).
/** Window `i` of `m` over `n` places: from `floor(i n / m)` up to `ceil((i + 1) n / m)`. */
const windowsOf = (n: number, m: number): (readonly [start: number, end: number])[] =>
  range(m).map((i) => [Math.floor((i * n) / m), Math.ceil(((i + 1) * n) / m)]);

function adaptive(
  where: string,
  x: Tensor,
  outputSize: Sizes,
  dataFormat: string | null,
  pool: (x: Tensor, axis: number, size: number) => Tensor,
): Tensor {
  const [format, rank] = spatialRank(where, x, dataFormat);
  const sizes = spatialSizes(where, "outputSize", outputSize, rank);
  return channelsLast(x, format, (y) => sizes.reduce((z, size, i) => pool(z, i + 1, size), y));
}

// One product with a matrix of window means.
function meanTo(x: Tensor, axis: number, size: number): Tensor {
  const n = x.shape[axis] as number;
  const weights = new Float32Array(size * n);
  windowsOf(n, size).forEach(([start, end], i) => {
    weights.fill(1 / (end - start), i * n + start, i * n + end);
  });
  return p.resample(x, axis, p.reshape(convertToTensor(weights), { shape: [size, n] }));
}

/**
 * Means of windows that cover the input evenly: `[N, ...spatial, C]` to `[N, ...outputSize, C]` (or channels first), 1 to 3 spatial axes.
 * @throws ShapeError for a wrong rank or size. Source: keras.ops.adaptive_average_pool.
 * @example await ops.adaptiveAveragePool([[[1], [2], [3], [4]]], 2).array(); // [[[1.5], [3.5]]]
 */
export const adaptiveAveragePool: AdaptivePoolOp = /* @__PURE__ */ op(
  "adaptiveAveragePool",
  (inputs: TensorLike, outputSize: Sizes, { dataFormat = null }: AdaptivePoolOptions = {}): Tensor =>
    adaptive("adaptiveAveragePool", toFloat(inputs), outputSize, dataFormat, meanTo),
);

// Windows have one of two sizes: every place is pooled with both, and the right ones are picked.
function maxTo(x: Tensor, axis: number, size: number): Tensor {
  const n = x.shape[axis] as number;
  const windows = windowsOf(n, size);
  const along = (length: number): number[] => range(x.ndim - 2).map((i) => (i === axis - 1 ? length : 1));
  const padding = range(x.ndim - 2).map(() => [0, 0] as const);
  if (n % size === 0) return p.maxPool(x, { window: along(n / size), strides: along(n / size), padding });
  const lengths = [...new Set(windows.map(([start, end]) => end - start))];
  const pooled = lengths.map((length) => p.maxPool(x, { window: along(length), strides: along(1), padding }));
  const starts = lengths.map((_, i) => pooled.slice(0, i).reduce((sum, t) => sum + (t.shape[axis] as number), 0));
  const at = windows.map(([start, end]) => start + (starts[lengths.indexOf(end - start)] as number));
  return p.take(p.concat(pooled, { axis }), convertToTensor(Int32Array.from(at)), { axis });
}

/**
 * The largest of windows that cover the input evenly: `[N, ...spatial, C]` to `[N, ...outputSize, C]` (or channels first), 1 to 3 spatial axes.
 * @throws ShapeError for a wrong rank or size. Source: keras.ops.adaptive_max_pool.
 * @example await ops.adaptiveMaxPool([[[1], [2], [3], [4]]], 2).array(); // [[[2], [4]]]
 */
export const adaptiveMaxPool: AdaptivePoolOp = /* @__PURE__ */ op(
  "adaptiveMaxPool",
  (inputs: TensorLike, outputSize: Sizes, { dataFormat = null }: AdaptivePoolOptions = {}): Tensor =>
    adaptive("adaptiveMaxPool", convertToTensor(inputs), outputSize, dataFormat, maxTo),
);
