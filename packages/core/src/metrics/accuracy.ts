// How often predictions are right. Shapes: B batch, C classes. Source: keras/src/metrics/accuracy_metrics.py.
import type { Tensor } from "../graph/index.ts";
import { squeezeOrExpandToSameRank } from "../losses/index.ts";
import { convertToTensor, floatx, type TensorLike } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";

const asFloat = (hits: Tensor): Tensor => ops.cast(hits, floatx());

/** 1 where prediction and target are equal, else 0. */
export function accuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const pred = convertToTensor(yPred);
  const [t, p] = squeezeOrExpandToSameRank(convertToTensor(yTrue, { dtype: pred.dtype }), pred);
  return asFloat(t.equal(p));
}

export interface ThresholdOptions {
  /** Predictions above it count as 1. */
  readonly threshold?: number | undefined;
}
/** 1 where `yPred > threshold` is what the label (0 or 1) says. */
export function binaryAccuracy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { threshold = 0.5 }: ThresholdOptions = {},
): Tensor {
  const [t, p] = squeezeOrExpandToSameRank(convertToTensor(yTrue), convertToTensor(yPred));
  return asFloat(t.equal(ops.cast(p.greater(threshold), t.dtype)));
}

/** 1 where the highest score is at the 1 of a one-hot target: `[..., C]`, `[..., C]` -> `[...]`. */
export function categoricalAccuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return asFloat(ops.argmax(yTrue, { axis: -1 }).equal(ops.argmax(yPred, { axis: -1 })));
}

/** 1 where the highest score is at the target's class number: `[...]` or `[..., 1]`, `[..., C]` -> `[...]`. */
export function sparseCategoricalAccuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const p = convertToTensor(yPred);
  const given = convertToTensor(yTrue, { dtype: p.dtype });
  const t = given.ndim === p.ndim && given.shape.at(-1) === 1 ? ops.squeeze(given, { axis: -1 }) : given;
  const hits = asFloat(t.equal(ops.cast(ops.argmax(p, { axis: -1 }), t.dtype)));
  return hits.ndim > 1 && hits.shape.at(-1) === 1 ? ops.squeeze(hits, { axis: -1 }) : hits;
}

export interface TopKOptions {
  /** Among how many of the highest scores the target must be. */
  readonly k?: number | undefined;
}
export interface SparseTopKOptions extends TopKOptions {
  /** True if predictions are class numbers, best first, rather than scores. */
  readonly fromSortedIds?: boolean | undefined;
}
// Rows of scores, whatever leading axes there are.
const rows = (x: Tensor): Tensor => (x.ndim > 2 ? ops.reshape(x, [-1, x.shape.at(-1) as number]) : x);

/** 1 where the 1 of a one-hot target is among the `k` highest scores. */
export function topKCategoricalAccuracy(yTrue: TensorLike, yPred: TensorLike, { k = 5 }: TopKOptions = {}): Tensor {
  const labels = ops.argmax(yTrue, { axis: -1 });
  return sparseTopKCategoricalAccuracy(labels, yPred, { k });
}

/** 1 where the target's class number is among the `k` highest scores. */
export function sparseTopKCategoricalAccuracy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { k = 5, fromSortedIds = false }: SparseTopKOptions = {},
): Tensor {
  const p = rows(convertToTensor(yPred));
  const given = convertToTensor(yTrue, { dtype: fromSortedIds ? p.dtype : "int32" });
  const t = ops.reshape(given, [-1]);
  const hits = fromSortedIds
    ? ops.any(ops.expandDims(t, 1).equal(p.at("...", [null, k])), { axis: 1 })
    : ops.inTopK(t, p, k);
  return ops.reshape(asFloat(hits), given.shape);
}
