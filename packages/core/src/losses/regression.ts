// Losses of numbers: distances between targets and predictions, over the last axis.
import type { Tensor } from "../graph/index.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import { FunctionLoss, type LossConfig } from "./loss.ts";
import { pairOf } from "./operands.ts";

const last = { axis: -1 } as const;

/**
 * `mean((yTrue - yPred)^2)` over the last axis: `[..., D]`, `[..., D]` -> `[...]`.
 * @example await losses.meanSquaredError([[0, 1]], [[0.5, 1]]).array(); // [0.125]
 */
export function meanSquaredError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pairOf(yTrue, yPred);
  return ops.mean(ops.square(t.subtract(p)), last);
}
/** `mean(|yTrue - yPred|)` over the last axis. */
export function meanAbsoluteError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pairOf(yTrue, yPred);
  return ops.mean(t.subtract(p).abs(), last);
}
/** `100 mean(|(yTrue - yPred) / yTrue|)` over the last axis; targets nearer to 0 than 1e-7 count as 1e-7. */
export function meanAbsolutePercentageError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pairOf(yTrue, yPred);
  return ops.mean(t.subtract(p).divide(ops.maximum(t.abs(), ops.epsilon())).abs(), last).multiply(100);
}
/** `mean((log(1 + yTrue) - log(1 + yPred))^2)` over the last axis; values below 1e-7 count as 1e-7. */
export function meanSquaredLogarithmicError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pairOf(yTrue, yPred);
  const log = (x: Tensor): Tensor => ops.log(ops.maximum(x, convertToTensor(ops.epsilon())).add(1));
  return ops.mean(ops.square(log(p).subtract(log(t))), last);
}

/** Where the parabola of Huber's loss ends. */
export interface HuberOptions {
  /** Errors up to it are squared, larger ones are linear. Positive. */
  readonly delta?: number | undefined;
}
/** `mean(e^2 / 2 if |e| <= delta else delta |e| - delta^2 / 2)` with `e = yPred - yTrue`. Source: Huber 1964. */
export function huber(yTrue: TensorLike, yPred: TensorLike, { delta = 1 }: HuberOptions = {}): Tensor {
  const [t, p] = pairOf(yTrue, yPred);
  const error = p.subtract(t);
  const size = error.abs();
  const bound = convertToTensor(delta, { dtype: p.dtype });
  const straight = size.multiply(bound).subtract(ops.square(bound).multiply(0.5));
  return ops.mean(ops.where(size.lessEqual(bound), ops.square(error).multiply(0.5), straight), last);
}
/** `mean(log(cosh(yPred - yTrue)))` over the last axis, as `x + softplus(-2 x) - log 2`. */
export function logCosh(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pairOf(yTrue, yPred);
  const x = p.subtract(t);
  return ops.mean(x.add(ops.softplus(x.multiply(-2))).subtract(Math.LN2), last);
}

/** The axis along which vectors lie. */
export interface AxisOptions {
  readonly axis?: number | undefined;
}
/** `-sum(yTrue / |yTrue| * yPred / |yPred|)` over `axis`: -1 for the same direction, 1 for the opposite. */
export function cosineSimilarity(yTrue: TensorLike, yPred: TensorLike, { axis = -1 }: AxisOptions = {}): Tensor {
  const [t, p] = pairOf(yTrue, yPred);
  return ops.sum(ops.normalize(t, { axis }).multiply(ops.normalize(p, { axis })), { axis }).negative();
}

/**
 * Mean squared error, `mean((yTrue - yPred)^2)`. `[B, ..., D]` -> one number.
 * @example await new losses.MeanSquaredError().apply([[0, 1]], [[0.5, 1]]).item(); // 0.125
 */
export class MeanSquaredError extends FunctionLoss {
  static override readonly className: string = "MeanSquaredError";
  static override readonly module: string = "keras.losses";
  constructor(config: LossConfig = {}) {
    super(meanSquaredError, config, "mean_squared_error");
  }
}
/** Mean absolute error, `mean(|yTrue - yPred|)`. @example new losses.MeanAbsoluteError({ reduction: "sum" }) */
export class MeanAbsoluteError extends FunctionLoss {
  static override readonly className: string = "MeanAbsoluteError";
  static override readonly module: string = "keras.losses";
  constructor(config: LossConfig = {}) {
    super(meanAbsoluteError, config, "mean_absolute_error");
  }
}
/** Mean absolute percentage error, `100 mean(|(yTrue - yPred) / yTrue|)`. */
export class MeanAbsolutePercentageError extends FunctionLoss {
  static override readonly className: string = "MeanAbsolutePercentageError";
  static override readonly module: string = "keras.losses";
  constructor(config: LossConfig = {}) {
    super(meanAbsolutePercentageError, config, "mean_absolute_percentage_error");
  }
}
/** Mean squared logarithmic error, `mean((log(1 + yTrue) - log(1 + yPred))^2)`. */
export class MeanSquaredLogarithmicError extends FunctionLoss {
  static override readonly className: string = "MeanSquaredLogarithmicError";
  static override readonly module: string = "keras.losses";
  constructor(config: LossConfig = {}) {
    super(meanSquaredLogarithmicError, config, "mean_squared_logarithmic_error");
  }
}
/**
 * Huber's loss: squared near 0, linear beyond `delta`. As in Keras, its config does not keep `delta`.
 * Source: Huber 1964. @example new losses.Huber({ delta: 2 })
 */
export class Huber extends FunctionLoss {
  static override readonly className: string = "Huber";
  static override readonly module: string = "keras.losses";
  constructor(config: LossConfig & HuberOptions = {}) {
    const { delta }: LossConfig & HuberOptions = config ?? {};
    super((t, p) => huber(t, p, { delta }), config, "huber_loss");
  }
}
/** `mean(log(cosh(yPred - yTrue)))`: squared near 0, linear far away. */
export class LogCosh extends FunctionLoss {
  static override readonly className: string = "LogCosh";
  static override readonly module: string = "keras.losses";
  constructor(config: LossConfig = {}) {
    super(logCosh, config, "log_cosh");
  }
}
/** Negative cosine similarity along `axis`. As in Keras, its config does not keep `axis`. */
export class CosineSimilarity extends FunctionLoss {
  static override readonly className: string = "CosineSimilarity";
  static override readonly module: string = "keras.losses";
  constructor(config: LossConfig & AxisOptions = {}) {
    const { axis }: LossConfig & AxisOptions = config ?? {};
    super((t, p) => cosineSimilarity(t, p, { axis }), config, "cosine_similarity");
  }
}
