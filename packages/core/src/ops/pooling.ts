// Windows reduced to their largest element or their mean.
import { range } from "../aval/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike, toFloat } from "./convert-core.ts";
import { type Op, op } from "./op.ts";
import { channelsLast, paddingName, type Sizes, spatialRank, spatialSizes, windowPadding } from "./windows.ts";

export interface PoolOptions {
  /** Steps of the window; its own size by default. */
  readonly strides?: Sizes | null;
  readonly padding?: string;
  readonly dataFormat?: string | null;
}
export type PoolOp = Op<(inputs: TensorLike, poolSize: number | readonly number[], options?: PoolOptions) => Tensor>;

function pool(
  where: string,
  x: Tensor,
  poolSize: Sizes,
  options: PoolOptions,
  f: (x: Tensor, params: p.PoolParams) => Tensor,
): Tensor {
  const [format, rank] = spatialRank(where, x, options.dataFormat);
  const window = spatialSizes(where, "poolSize", poolSize, rank);
  const strides = spatialSizes(where, "strides", options.strides ?? window, rank);
  const padding = paddingName(where, options.padding ?? "valid");
  return channelsLast(x, format, (y) => {
    const ones = range(rank).map(() => 1);
    return f(y, {
      window,
      strides,
      padding: windowPadding(padding, y.shape.slice(1, rank + 1), window, strides, ones),
    });
  });
}

/**
 * The largest element of each window.
 * Source: keras.ops.max_pool.
 * @example await ops.maxPool([[[1], [3], [2], [0]]], 2).array(); // [[[3], [2]]]
 */
export const maxPool: PoolOp = /* @__PURE__ */ op(
  "maxPool",
  (inputs: TensorLike, poolSize: Sizes, options: PoolOptions = {}) =>
    pool("maxPool", convertToTensor(inputs), poolSize, options, p.maxPool),
);
/**
 * The mean of each window; padding does not count.
 * Source: keras.ops.average_pool.
 * @example await ops.averagePool([[[1], [3], [2], [0]]], 2).array(); // [[[2], [1]]]
 */
export const averagePool: PoolOp = /* @__PURE__ */ op(
  "averagePool",
  (inputs: TensorLike, poolSize: Sizes, options: PoolOptions = {}): Tensor =>
    pool("averagePool", toFloat(inputs), poolSize, options, (x, params) => {
      const total = p.sumPool(x, params);
      const padded = params.padding.some(([low, high]) => low > 0 || high > 0);
      if (!padded)
        return p.div(
          total,
          params.window.reduce((n, w) => n * w, 1),
        );
      const one = p.full([1, ...x.shape.slice(1, -1), 1], 1, x.dtype);
      return p.div(total, castTo(p.sumPool(one, params), x.dtype));
    }),
);
