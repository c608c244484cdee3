// Learning rates along half a cosine. Source: Loshchilov and Hutter 2016; keras/src/optimizers/schedules.
import { ConfigError, complain } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import { convertToTensor, floatx, type TensorLike } from "../../ops/convert.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import { LearningRateSchedule } from "./learning-rate-schedule.ts";

const float = (x: TensorLike): Tensor => convertToTensor(x, { dtype: floatx() });

function positive(where: string, option: string, value: number): void {
  if (value > 0) return;
  const todo = "Give the number of steps over which the rate falls";
  throw new ConfigError(complain(where, { must: `${option} must be positive`, got: String(value), todo }));
}

export interface CosineDecayConfig {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  /** The rate at the end, as a share of that at the start. */
  readonly alpha?: number | undefined;
  readonly name?: string | undefined;
  /** The rate after a linear warm-up; none without it. */
  readonly warmupTarget?: number | null | undefined;
  readonly warmupSteps?: number | undefined;
}
/**
 * `start * ((1 - alpha) (1 + cos(pi * step / decaySteps)) / 2 + alpha)`, after an optional linear warm-up.
 * @example new optimizers.schedules.CosineDecay({ initialLearningRate: 0, decaySteps: 1000, warmupTarget: 0.1, warmupSteps: 100 })
 */
export class CosineDecay extends LearningRateSchedule {
  static override readonly className: string = "CosineDecay";
  static override readonly module: string = "keras.optimizers.schedules";
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly alpha: number;
  readonly name: string;
  readonly warmupTarget: number | null;
  readonly warmupSteps: number;
  constructor(config: CosineDecayConfig) {
    super(config);
    const {
      initialLearningRate,
      decaySteps,
      alpha = 0,
      name = "CosineDecay",
      warmupTarget = null,
      warmupSteps = 0,
    } = config;
    positive(name, "decaySteps", decaySteps);
    this.initialLearningRate = initialLearningRate;
    this.decaySteps = decaySteps;
    this.alpha = alpha;
    this.name = name;
    this.warmupTarget = warmupTarget;
    this.warmupSteps = warmupSteps;
  }
  #decayed(step: Tensor, start: Tensor): Tensor {
    const wave = ops
      .cos(step.divide(float(this.decaySteps)).multiply(Math.PI))
      .add(1)
      .multiply(0.5);
    return start.multiply(wave.multiply(1 - this.alpha).add(this.alpha));
  }
  override call(step: TensorLike): Tensor {
    const initial = float(this.initialLearningRate);
    if (this.warmupTarget === null) return this.#decayed(ops.minimum(float(step), float(this.decaySteps)), initial);
    const target = float(this.warmupTarget);
    const warm = float(this.warmupSteps);
    const at = ops.minimum(float(step), float(this.decaySteps).add(warm));
    const rising = target.subtract(initial).multiply(at.divide(warm)).add(initial);
    return ops.where(at.less(warm), rising, this.#decayed(at.subtract(warm), target));
  }
  override getConfig(): Config {
    const { initialLearningRate, decaySteps, alpha, name, warmupTarget, warmupSteps } = this;
    return { initialLearningRate, decaySteps, alpha, name, warmupTarget, warmupSteps };
  }
}

export interface CosineDecayRestartsConfig {
  readonly initialLearningRate: number;
  readonly firstDecaySteps: number;
  /** Each period is so many times longer than the one before. */
  readonly tMul?: number | undefined;
  /** Each period starts at so many times the rate of the one before. */
  readonly mMul?: number | undefined;
  readonly alpha?: number | undefined;
  readonly name?: string | undefined;
}
/** Cosine decay that starts again after each period. */
export class CosineDecayRestarts extends LearningRateSchedule {
  static override readonly className: string = "CosineDecayRestarts";
  static override readonly module: string = "keras.optimizers.schedules";
  readonly initialLearningRate: number;
  readonly firstDecaySteps: number;
  readonly tMul: number;
  readonly mMul: number;
  readonly alpha: number;
  readonly name: string;
  constructor(config: CosineDecayRestartsConfig) {
    super(config);
    const { initialLearningRate, firstDecaySteps, tMul = 2, mMul = 1, alpha = 0, name = "SGDRDecay" } = config;
    positive(name, "firstDecaySteps", firstDecaySteps);
    this.initialLearningRate = initialLearningRate;
    this.firstDecaySteps = firstDecaySteps;
    this.tMul = tMul;
    this.mMul = mMul;
    this.alpha = alpha;
    this.name = name;
  }
  // The number of the period, and how far it has come, in [0, 1).
  #period(fraction: Tensor): readonly [restarts: Tensor, fraction: Tensor] {
    if (this.tMul === 1) {
      const restarts = ops.floor(fraction);
      return [restarts, fraction.subtract(restarts)];
    }
    const factor = float(this.tMul);
    const shrink = ops.subtract(1, factor);
    const restarts = ops.floor(ops.log(ops.subtract(1, fraction.multiply(shrink))).divide(ops.log(factor)));
    const length = ops.power(factor, restarts);
    const passed = ops.subtract(1, length).divide(shrink);
    return [restarts, fraction.subtract(passed).divide(length)];
  }
  override call(step: TensorLike): Tensor {
    const [restarts, fraction] = this.#period(float(step).divide(float(this.firstDecaySteps)));
    const height = ops.power(float(this.mMul), restarts).multiply(0.5);
    const wave = height.multiply(ops.cos(fraction.multiply(Math.PI)).add(1));
    const alpha = float(this.alpha);
    return ops.multiply(float(this.initialLearningRate), ops.subtract(1, alpha).multiply(wave).add(alpha));
  }
  override getConfig(): Config {
    const { initialLearningRate, firstDecaySteps, tMul, mMul, alpha, name } = this;
    return { initialLearningRate, firstDecaySteps, tMul, mMul, alpha, name };
  }
}
