// Learning rates that fall. All of them compute in the default float dtype. Source: keras/src/optimizers/schedules.
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

export interface ExponentialDecayConfig {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  /** True to fall in jumps, every `decaySteps`. */
  readonly staircase?: boolean | undefined;
  readonly name?: string | undefined;
}
// The two decays that differ only in their formula.
abstract class RateDecay extends LearningRateSchedule {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  readonly staircase: boolean;
  readonly name: string;
  constructor(config: ExponentialDecayConfig, standard: string) {
    super(config);
    const { initialLearningRate, decaySteps, decayRate, staircase = false, name } = config;
    this.name = name ?? standard;
    positive(this.name, "decaySteps", decaySteps);
    this.initialLearningRate = initialLearningRate;
    this.decaySteps = decaySteps;
    this.decayRate = decayRate;
    this.staircase = staircase;
  }
  /** `step / decaySteps`, whole if `staircase`. */
  protected progress(step: TensorLike): Tensor {
    const p = float(step).divide(float(this.decaySteps));
    return this.staircase ? ops.floor(p) : p;
  }
  override getConfig(): Config {
    const { initialLearningRate, decaySteps, decayRate, staircase, name } = this;
    return { initialLearningRate, decaySteps, decayRate, staircase, name };
  }
}
/**
 * `initialLearningRate * decayRate ^ (step / decaySteps)`.
 * @example new optimizers.schedules.ExponentialDecay({ initialLearningRate: 0.1, decaySteps: 1000, decayRate: 0.9 })
 */
export class ExponentialDecay extends RateDecay {
  static override readonly className: string = "ExponentialDecay";
  static override readonly module: string = "keras.optimizers.schedules";
  constructor(config: ExponentialDecayConfig) {
    super(config, "ExponentialDecay");
  }
  override call(step: TensorLike): Tensor {
    return ops.multiply(float(this.initialLearningRate), ops.power(float(this.decayRate), this.progress(step)));
  }
}
export type InverseTimeDecayConfig = ExponentialDecayConfig;
/** `initialLearningRate / (1 + decayRate * step / decaySteps)`. */
export class InverseTimeDecay extends RateDecay {
  static override readonly className: string = "InverseTimeDecay";
  static override readonly module: string = "keras.optimizers.schedules";
  constructor(config: InverseTimeDecayConfig) {
    super(config, "InverseTimeDecay");
  }
  override call(step: TensorLike): Tensor {
    return float(this.initialLearningRate).divide(this.progress(step).multiply(float(this.decayRate)).add(1));
  }
}

export interface PiecewiseConstantDecayConfig {
  /** Rising steps; the rate changes after each. */
  readonly boundaries: readonly number[];
  /** Rates, one more than boundaries. */
  readonly values: readonly number[];
  readonly name?: string | undefined;
}
/** `values[i]` for steps up to `boundaries[i]`, the last value beyond. */
export class PiecewiseConstantDecay extends LearningRateSchedule {
  static override readonly className: string = "PiecewiseConstantDecay";
  static override readonly module: string = "keras.optimizers.schedules";
  readonly boundaries: readonly number[];
  readonly values: readonly number[];
  readonly name: string;
  constructor(config: PiecewiseConstantDecayConfig) {
    super(config);
    const { boundaries, values, name = "PiecewiseConstant" } = config;
    this.boundaries = boundaries;
    this.values = values;
    this.name = name;
    if (boundaries.length === values.length - 1) return;
    const got = `${boundaries.length} boundaries and ${values.length} values`;
    throw new ConfigError(
      complain(name, {
        must: "there must be one boundary less than values",
        got,
        todo: "Add the rate after the last boundary",
      }),
    );
  }
  override call(step: TensorLike): Tensor {
    const at = convertToTensor(step);
    const rate = (i: number): Tensor => float(this.values[i] as number);
    // From the last boundary backwards, so that the first one that is not passed decides.
    return this.boundaries.reduceRight(
      (after, boundary, i) => {
        const limit = convertToTensor(boundary, { dtype: at.dtype });
        return ops.where(at.lessEqual(limit), rate(i), after);
      },
      rate(this.values.length - 1),
    );
  }
  override getConfig(): Config {
    return { boundaries: this.boundaries, values: this.values, name: this.name };
  }
}

export interface PolynomialDecayConfig {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly endLearningRate?: number | undefined;
  readonly power?: number | undefined;
  /** True to start again, ever longer, after `decaySteps`. */
  readonly cycle?: boolean | undefined;
  readonly name?: string | undefined;
}
/** `(initial - end) (1 - step / decaySteps)^power + end`, then `end`. */
export class PolynomialDecay extends LearningRateSchedule {
  static override readonly className: string = "PolynomialDecay";
  static override readonly module: string = "keras.optimizers.schedules";
  readonly #config: Required<PolynomialDecayConfig> & { readonly name: string };
  constructor(config: PolynomialDecayConfig) {
    super(config);
    const {
      initialLearningRate,
      decaySteps,
      endLearningRate = 0.0001,
      power = 1,
      cycle = false,
      name = "PolynomialDecay",
    } = config;
    positive(name, "decaySteps", decaySteps);
    this.#config = { initialLearningRate, decaySteps, endLearningRate, power, cycle, name };
  }
  override call(step: TensorLike): Tensor {
    const { initialLearningRate, decaySteps, endLearningRate = 0, power = 1, cycle } = this.#config;
    let at = float(step);
    let steps = float(decaySteps);
    if (cycle) steps = steps.multiply(ops.where(at.equal(0), float(1), ops.ceil(at.divide(decaySteps))));
    else at = ops.minimum(at, steps);
    const end = float(endLearningRate);
    const rest = ops.power(ops.subtract(1, at.divide(steps)), float(power));
    return float(initialLearningRate).subtract(end).multiply(rest).add(end);
  }
  override getConfig(): Config {
    return { ...this.#config };
  }
}
