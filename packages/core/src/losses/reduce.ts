// From one value for each sample to one number: weights, masks, reductions. Source: keras/src/losses/loss.py.
import { type DType, sizeOf } from "../aval/index.ts";
import { ConfigError, complain, didYouMean } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import { toSnake } from "../registry/index.ts";

const reductions = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none"] as const;
/** How per-sample losses become the loss; `null` and `"none"` leave them as they are. */
export type Reduction = (typeof reductions)[number] | null;

/** A reduction from its name in either spelling. @throws ConfigError for an unknown one. */
export function standardizeReduction(reduction: string | null): Reduction {
  if (reduction === null) return null;
  const found = reductions.find((name) => name === toSnake(reduction));
  if (found !== undefined) return found;
  const todo = didYouMean(reduction, reductions) || `Use one of ${reductions.join(", ")} or null`;
  throw new ConfigError(complain("Loss", { must: "reduction must be a known name", got: `"${reduction}"`, todo }));
}

/**
 * Removes or adds a last axis of size 1 where the ranks of two tensors differ by one.
 * @example squeezeOrExpandToSameRank(tensor([1, 0]), tensor([[0.9], [0.2]])) // [B], [B, 1] -> [B, 1], [B, 1]
 */
export function squeezeOrExpandToSameRank(x1: Tensor, x2: Tensor): [x1: Tensor, x2: Tensor] {
  if (x1.ndim === x2.ndim + 1 && x1.shape.at(-1) === 1) {
    return x2.ndim === 1 ? [x1, ops.expandDims(x2, -1)] : [ops.squeeze(x1, { axis: -1 }), x2];
  }
  if (x2.ndim === x1.ndim + 1 && x2.shape.at(-1) === 1) {
    return x1.ndim === 1 ? [ops.expandDims(x1, -1), x2] : [x1, ops.squeeze(x2, { axis: -1 })];
  }
  return [x1, x2];
}

/** What `reduceWeightedValues` may be told. */
export interface ReduceWeightedOptions {
  readonly sampleWeight?: TensorLike | null | undefined;
  readonly mask?: Tensor | undefined;
  readonly reduction?: Reduction;
  readonly dtype: DType;
}

/** Values times weights, without masked ones, reduced. */
export function reduceWeightedValues(
  values: TensorLike,
  { sampleWeight, mask, reduction = "sum_over_batch_size", dtype }: ReduceWeightedOptions,
): Tensor {
  const own = convertToTensor(values, { dtype });
  const given =
    sampleWeight === null || sampleWeight === undefined ? undefined : convertToTensor(sampleWeight, { dtype });
  const weight = applyMask(given, mask, dtype, reduction);
  if (weight === undefined) return reduceValues(own, undefined, reduction);
  const [same, fitting] = squeezeOrExpandToSameRank(own, weight);
  return reduceValues(same.multiply(fitting), fitting, reduction);
}

function reduceValues(values: Tensor, weight: Tensor | undefined, reduction: Reduction): Tensor {
  const empty = values.ndim === 1 && values.shape[0] === 0;
  if (reduction === null || reduction === "none" || values.ndim === 0 || empty) return values;
  const total = ops.sum(values);
  if (reduction === "sum") return total;
  if (reduction === "mean_with_sample_weight" && weight !== undefined) return ops.divideNoNan(total, ops.sum(weight));
  return values.size === 0 ? total : total.divide(values.size);
}

/**
 * The weights with masked samples at 0. For means the rest counts `total / valid` times, so that the mean is one over valid samples.
 */
export function applyMask(
  weight: Tensor | undefined,
  mask: Tensor | undefined,
  dtype: DType,
  reduction: Reduction,
): Tensor | undefined {
  if (mask === undefined) return weight;
  let masked = convertToTensor(mask, { dtype });
  if (reduction === "mean" || reduction === "sum_over_batch_size") {
    const valid = ops.sum(masked);
    const share = ops.divideNoNan(convertToTensor(sizeOf(mask.shape), { dtype }), valid);
    masked = ops.where(convertToTensor(mask, { dtype: "bool" }), share, 0);
  }
  if (weight === undefined) return masked;
  const [a, b] = squeezeOrExpandToSameRank(masked, convertToTensor(weight, { dtype }));
  return b.multiply(a);
}
