// What optimizers are told, and the variable that holds their learning rate.
import type { Shape } from "../aval/index.ts";
import type { Tensor } from "../graph/index.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import type { SerializedObject } from "../registry/index.ts";
import { insideScope } from "../transforms/index.ts";
import { Variable } from "../weights/index.ts";
import type { LearningRateSchedule } from "./schedules/index.ts";

/** A number, a schedule, or a function that gives the rate when asked. */
export type LearningRate = number | LearningRateSchedule | (() => TensorLike);
/** The gradient of one variable, null if the loss does not depend on it. */
export type Gradient = Tensor | null;

/** Options that every optimizer takes. */
export interface OptimizerConfig {
  readonly name?: string | null | undefined;
  readonly learningRate?: LearningRate | SerializedObject | undefined;
  /** Decoupled: before each update weights shrink by `weightDecay * learningRate` of themselves. */
  readonly weightDecay?: number | null | undefined;
  /** Bound on the norm of each gradient. */
  readonly clipnorm?: number | null | undefined;
  /** Bound on the norm of all gradients together. */
  readonly globalClipnorm?: number | null | undefined;
  /** Bound on each element of a gradient. */
  readonly clipvalue?: number | null | undefined;
  /** True to keep an exponential moving average of the weights. */
  readonly useEma?: boolean | undefined;
  /** In [0, 1]: how much of the average stays at each step. */
  readonly emaMomentum?: number | undefined;
  /** Weights are overwritten by their average every so many steps; null only at the end of training. */
  readonly emaOverwriteFrequency?: number | null | undefined;
  /** The loss is multiplied by it and gradients divided by it. */
  readonly lossScaleFactor?: number | null | undefined;
  /** At least 2: gradients of so many steps are averaged before one update. */
  readonly gradientAccumulationSteps?: number | null | undefined;
}

/** Options of `addVariable`. */
export interface OptimizerVariableOptions {
  readonly shape: Shape;
  /** A number to fill it with, a function of shape and dtype, or an initializer's name, config or object. */
  readonly initializer?: unknown;
  readonly dtype?: string;
  readonly name?: string;
}

// Remembers the number, because configs are written without waiting for an engine.
export class RateVariable extends Variable {
  number = 0;
  override assign(value: TensorLike): void {
    const next = convertToTensor(value, { dtype: this.dtype });
    if (next.source.kind === "literal" && !insideScope()) this.number = next.source.value.data[0] as number;
    super.assign(next);
  }
}
