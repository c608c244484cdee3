import type { Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/convert.ts";
import { type Config, checkOptions, type Serializable, scheduleOptions } from "../../registry/index.ts";

/**
 * The base of learning rates that change with the step. Subclasses declare a static `className` and compute in `call`.
 * @example
 * class Halving extends optimizers.schedules.LearningRateSchedule {
 *   static override readonly className: string = "Halving";
 *   override call(step: TensorLike): Tensor {
 *     return ops.power(0.5, convertToTensor(step, { dtype: "float32" }));
 *   }
 *   override getConfig(): Config {
 *     return {};
 *   }
 * }
 */
export abstract class LearningRateSchedule implements Serializable {
  static readonly className: string = "LearningRateSchedule";
  static readonly module?: string;
  /** @throws ConfigError for options that the class does not have. */
  constructor(config?: object) {
    checkOptions(new.target, config, [], scheduleOptions);
  }
  /** The rate at a step (an integer scalar, counted from 0). */
  abstract call(step: TensorLike): Tensor;
  /** Constructor options that make the same schedule again. */
  abstract getConfig(): Config;
}
