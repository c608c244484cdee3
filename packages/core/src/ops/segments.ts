// Rows with equal ids combined.
import { bitsOf, isFloat, isUnsigned } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { indexTensor, scatterInto } from "./indexing-core.ts";
import { type Op, op } from "./op.ts";

export interface SegmentOptions {
  /** How many segments there are; it must be known. */
  readonly numSegments?: number | null;
  /** A hint that ids are sorted. */
  readonly sorted?: boolean;
}
export type SegmentOp = Op<(data: TensorLike, segmentIds: TensorLike, options?: SegmentOptions) => Tensor>;
const segment = (name: string, mode: "add" | "max" | "min" | "multiply", start: (x: Tensor) => number): SegmentOp =>
  op(
    name,
    (
      data: TensorLike,
      segmentIds: TensorLike,
      { numSegments = null, sorted: _hint = false }: SegmentOptions = {},
    ): Tensor => {
      if (numSegments === null) {
        const todo = "Pass the option numSegments";
        throw new ConfigError(complain(name, { must: "the number of segments must be given", got: "null", todo }));
      }
      const x = convertToTensor(data);
      const ids = indexTensor(name, segmentIds);
      if (ids.ndim !== 1 || x.ndim === 0 || ids.size !== x.shape[0]) {
        const must = "segmentIds must be a vector with an id for each row of data";
        const got = `${showShape(ids.shape)} for ${showShape(x.shape)}`;
        throw new ShapeError(complain(name, { must, got, todo: "Flatten both to rows" }));
      }
      // Negative ids are dropped, not counted from the end.
      const known = p.where(p.less(ids, 0), numSegments, ids);
      const column = p.reshape(known, { shape: [...ids.shape, 1] });
      return scatterInto(p.full([numSegments, ...x.shape.slice(1)], start(x), x.dtype), column, x, mode);
    },
  );
const lowest = (x: Tensor): number =>
  isFloat(x.dtype)
    ? Number.NEGATIVE_INFINITY
    : isUnsigned(x.dtype) || x.dtype === "bool"
      ? 0
      : -(2 ** (bitsOf(x.dtype) - 1));
const highest = (x: Tensor): number =>
  isFloat(x.dtype)
    ? Number.POSITIVE_INFINITY
    : x.dtype === "bool"
      ? 1
      : 2 ** (isUnsigned(x.dtype) ? bitsOf(x.dtype) : bitsOf(x.dtype) - 1) - 1;
/**
 * Sums of the rows of `data` with equal ids.
 * Source: keras.ops.segment_sum.
 * @example await ops.segmentSum([1, 2, 3], [0, 0, 1], { numSegments: 2 }).array(); // [3, 3]
 */
export const segmentSum: SegmentOp = /* @__PURE__ */ segment("segmentSum", "add", () => 0);
/**
 * Largest of the rows of `data` with equal ids; -inf for empty segments.
 * Source: keras.ops.segment_max.
 * @example await ops.segmentMax([1, 2, 3], [0, 0, 1], { numSegments: 2 }).array(); // [2, 3]
 */
export const segmentMax: SegmentOp = /* @__PURE__ */ segment("segmentMax", "max", lowest);
/**
 * Smallest of the rows of `data` with equal ids; inf for empty segments.
 * Source: keras.ops.segment_min.
 * @example await ops.segmentMin([1, 2, 3], [0, 0, 1], { numSegments: 2 }).array(); // [1, 3]
 */
export const segmentMin: SegmentOp = /* @__PURE__ */ segment("segmentMin", "min", highest);
/**
 * Products of the rows of `data` with equal ids.
 * Source: keras.ops.segment_prod.
 * @example await ops.segmentProd([2, 3, 4], [0, 0, 1], { numSegments: 2 }).array(); // [6, 4]
 */
export const segmentProd: SegmentOp = /* @__PURE__ */ segment("segmentProd", "multiply", () => 1);
