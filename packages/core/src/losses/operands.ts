// What the loss functions do first.
import type { Tensor } from "../graph/index.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import { squeezeOrExpandToSameRank } from "./reduce.ts";

/** Targets in the dtype of the predictions, both as tensors. */
export function operandsOf(yTrue: TensorLike, yPred: TensorLike): [yTrue: Tensor, yPred: Tensor] {
  const pred = convertToTensor(yPred);
  return [convertToTensor(yTrue, { dtype: pred.dtype }), pred];
}
/** The same, also in one rank. */
export const pairOf = (yTrue: TensorLike, yPred: TensorLike): [yTrue: Tensor, yPred: Tensor] =>
  squeezeOrExpandToSameRank(...operandsOf(yTrue, yPred));
