import { ConfigError, complain } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import {
  type Config,
  checkOptions,
  deserializeKerasObject,
  isSerialized,
  type LoadContext,
  optimizerOptions,
  serializeKerasObject,
} from "../registry/index.ts";
import { insideScope } from "../transforms/index.ts";
import type { Variable } from "../weights/index.ts";
import { allAtOnce } from "./all-at-once.ts";
import { Optimizer } from "./optimizer.ts";
import type { Gradient, LearningRate } from "./optimizer-config.ts";

export interface LossScaleOptimizerConfig {
  /** The optimizer that changes the variables. Its own `lossScaleFactor` is switched off. */
  readonly innerOptimizer: Optimizer;
  /** The first scale, 2^15 by default. Too high is soon corrected, too low takes long. */
  readonly initialScale?: number;
  /** After so many steps with finite gradients, 2000 by default, the scale doubles. */
  readonly dynamicGrowthSteps?: number;
  readonly name?: string | null | undefined;
}

// Old files have the options of other optimizers too, as far as they say nothing.
const silent: Config = {
  dynamic: true,
  weightDecay: null,
  clipnorm: null,
  globalClipnorm: null,
  clipvalue: null,
  useEma: false,
  emaMomentum: 0.99,
  emaOverwriteFrequency: null,
  lossScaleFactor: null,
  gradientAccumulationSteps: null,
};

/**
 * Multiplies the loss by a scale, so that small gradients do not vanish in float16, divides the gradients by it, and hands them to another
 * optimizer. A step with a gradient that is not finite changes nothing but the scale, which halves; after `dynamicGrowthSteps` good ones
 * it doubles. `compile` wraps the optimizer of a model with the policy `mixed_float16` in one, unless `autoScaleLoss` is false.
 * @throws ConfigError for options of other optimizers: they belong to the inner one.
 * Source: keras.optimizers.LossScaleOptimizer; Micikevicius et al., "Mixed precision training", 2018.
 * @example
 * const optimizer = new optimizers.LossScaleOptimizer({ innerOptimizer: new optimizers.SGD({ learningRate: 0.5 }), initialScale: 4 });
 * const w = new Variable([1, 2]);
 * optimizer.build([w]);
 * optimizer.apply(gradients(optimizer.scaleLoss(ops.sum(w.value)), [w]));
 * await w.value.array(); // [0.5, 1.5]
 */
export class LossScaleOptimizer extends Optimizer {
  static override readonly className: string = "LossScaleOptimizer";
  static override readonly module: string = "keras.optimizers";
  readonly innerOptimizer: Optimizer;
  readonly initialScale: number;
  readonly dynamicGrowthSteps: number;
  #counter: Variable | undefined;
  #scale: Variable | undefined;

  constructor(config: LossScaleOptimizerConfig) {
    checkOptions(new.target, config, [], optimizerOptions);
    const { innerOptimizer, initialScale = 2 ** 15, dynamicGrowthSteps = 2000, name } = config ?? {};
    super({ learningRate: 0, name });
    const refuse = (must: string, got: unknown, todo: string): never => {
      throw new ConfigError(complain(this.name, { must, got: String(got), todo }));
    };
    if (!(initialScale > 0 && Number.isFinite(initialScale)))
      refuse("initialScale must be a finite number above 0", initialScale, "Leave it out for 2^15");
    if (!(Number.isInteger(dynamicGrowthSteps) && dynamicGrowthSteps > 0))
      refuse("dynamicGrowthSteps must be a whole number above 0", dynamicGrowthSteps, "Leave it out for 2000");
    if (!(innerOptimizer instanceof Optimizer))
      refuse("innerOptimizer must be an optimizer", innerOptimizer, "Use for example new optimizers.Adam()");
    // Two scales would be one too many.
    innerOptimizer.lossScaleFactor = null;
    this.innerOptimizer = innerOptimizer;
    this.initialScale = initialScale;
    this.dynamicGrowthSteps = dynamicGrowthSteps;
  }

  /** From a config whose inner optimizer may be in Keras' form. */
  static fromConfig({ innerOptimizer, ...given }: Config, context?: LoadContext): LossScaleOptimizer {
    const rest = Object.fromEntries(Object.entries(given).filter(([name, value]) => value !== silent[name]));
    const inner = isSerialized(innerOptimizer) ? deserializeKerasObject(innerOptimizer, context) : innerOptimizer;
    return new LossScaleOptimizer({ ...rest, innerOptimizer: inner as Optimizer });
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    this.#counter = this.addVariable({ shape: [], dtype: "int32", name: "step_counter" });
    this.#scale = this.addVariable({
      shape: [],
      dtype: "float32",
      initializer: this.initialScale,
      name: "dynamic_scale",
    });
    this.innerOptimizer.build(variables);
    super.build(variables);
  }
  /** Its own, then those of the inner optimizer. */
  override get variables(): readonly Variable[] {
    return [...super.variables, ...this.innerOptimizer.variables];
  }
  /** The scale of the next step. */
  get dynamicScale(): Tensor | number {
    return this.#scale?.value ?? this.initialScale;
  }
  override get learningRate(): Tensor {
    return this.innerOptimizer.learningRate;
  }
  override set learningRate(rate: LearningRate | TensorLike) {
    this.innerOptimizer.learningRate = rate;
  }
  override get iterations(): Tensor {
    return this.innerOptimizer.iterations;
  }
  override scaleLoss(loss: Tensor): Tensor {
    return loss.multiply(this.dynamicScale);
  }

  override apply(grads: readonly Gradient[], trainableVariables?: readonly Variable[]): void {
    if (grads.length === 0) return;
    if (trainableVariables !== undefined) this.build(trainableVariables);
    const step = (): void => this.#step(grads, trainableVariables ?? this.trainableVariables);
    if (insideScope()) step();
    else allAtOnce(step);
  }
  // Everything is computed at each step, and chosen at the end: one program, without branches.
  #step(grads: readonly Gradient[], variables: readonly Variable[]): void {
    const [counter, scale] = [this.#counter as Variable, this.#scale as Variable];
    const known = grads.filter((g) => g !== null);
    const finite = known.map((g) => ops.all(ops.isfinite(g))).reduce((a, b) => a.logicalAnd(b));
    const state = [...variables, ...this.innerOptimizer.variables];
    const before = state.map((v) => v.value);
    const unscaled = grads.map((g, i) =>
      g === null || variables[i]?.overwriteWithGradient ? g : g.divide(scale.value),
    );
    this.innerOptimizer.apply(unscaled, variables);
    state.forEach((v, i) => {
      const [old, now] = [before[i] as Tensor, v.value];
      if (old !== now) v.assign(ops.where(finite, now, old));
    });
    const grows = counter.value.equal(this.dynamicGrowthSteps - 1);
    const good = ops.where(grows, scale.value.multiply(2), scale.value);
    scale.assign(ops.where(finite, good, scale.value.multiply(0.5)));
    counter.assign(ops.where(finite.logicalAnd(ops.logicalNot(grows)), counter.value.add(1), 0));
  }
  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    this.innerOptimizer.updateStep(gradient, variable, learningRate);
  }
  override finalizeVariableValues(variables: readonly Variable[]): void {
    this.innerOptimizer.finalizeVariableValues(variables);
  }
  override getConfig(): Config {
    const { name, initialScale, dynamicGrowthSteps } = this;
    return { name, innerOptimizer: serializeKerasObject(this.innerOptimizer), initialScale, dynamicGrowthSteps };
  }
}
