// Margin losses for labels -1 and 1 (0 and 1 are taken as such).
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import { FunctionLoss, type LossConfig } from "./loss.ts";
import { operandsOf } from "./operands.ts";

// Only if every label is 0 or 1.
function toSigns(labels: Tensor): Tensor {
  const binary = ops.all(ops.logicalOr(labels.equal(0), labels.equal(1)));
  return ops.where(binary, labels.multiply(2).subtract(1), labels);
}
function margin(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = operandsOf(yTrue, yPred);
  return ops.maximum(ops.subtract(1, toSigns(t).multiply(p)), 0);
}

/** `mean(max(1 - yTrue yPred, 0))` over the last axis. @example await losses.hinge([[-1, 1]], [[0.5, 2]]).array(); // [0.75] */
export function hinge(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return ops.mean(margin(yTrue, yPred), { axis: -1 });
}
/** `mean(max(1 - yTrue yPred, 0)^2)` over the last axis. */
export function squaredHinge(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return ops.mean(ops.square(margin(yTrue, yPred)), { axis: -1 });
}
/** `max(neg - pos + 1, 0)`, `pos = sum(yTrue yPred)`, `neg = max((1 - yTrue) yPred)`, for one-hot targets `[..., C]`. */
export function categoricalHinge(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = operandsOf(yTrue, yPred);
  const positive = ops.sum(t.multiply(p), { axis: -1 });
  const negative = ops.max(ops.subtract(1, t).multiply(p), { axis: -1 });
  return ops.maximum(negative.subtract(positive).add(1), 0);
}

/** Hinge loss, `mean(max(1 - yTrue yPred, 0))`, labels -1 and 1 (or 0 and 1). */
export class Hinge extends FunctionLoss {
  static override readonly className: string = "Hinge";
  static override readonly module: string = "keras.losses";
  constructor(config: LossConfig = {}) {
    super(hinge, config, "hinge");
  }
}
/** Squared hinge loss, `mean(max(1 - yTrue yPred, 0)^2)`. */
export class SquaredHinge extends FunctionLoss {
  static override readonly className: string = "SquaredHinge";
  static override readonly module: string = "keras.losses";
  constructor(config: LossConfig = {}) {
    super(squaredHinge, config, "squared_hinge");
  }
}
/** Categorical hinge loss: the margin between the right class and the best wrong one. */
export class CategoricalHinge extends FunctionLoss {
  static override readonly className: string = "CategoricalHinge";
  static override readonly module: string = "keras.losses";
  constructor(config: LossConfig = {}) {
    super(categoricalHinge, config, "categorical_hinge");
  }
}
