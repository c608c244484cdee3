import { ConfigError, complain } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import { type Config, checkNames, resolveIdentifier } from "../registry/index.ts";
import type { Variable } from "../weights/index.ts";
import { isOptimizer, type OptimizerIdentifier, plainClasses } from "./classes.ts";
import { Optimizer } from "./optimizer.ts";
import type { Gradient, LearningRate } from "./optimizer-config.ts";

/** Options of `LossScaleOptimizer`. */
export interface LossScaleOptimizerConfig {
  /** The optimizer that changes the weights: an object, a name or a config. Its `lossScaleFactor` is switched off. */
  readonly innerOptimizer: OptimizerIdentifier;
  /** What the loss is multiplied by at first; 2^15 by default. Too high is mended sooner than too low. */
  readonly initialScale?: number | undefined;
  /** After so many steps with finite gradients in a row the scale is doubled; 2000 by default. */
  readonly dynamicGrowthSteps?: number | undefined;
  readonly name?: string | null | undefined;
}

const own = ["innerOptimizer", "initialScale", "dynamicGrowthSteps", "name"];
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
 * Keeps gradients of half precision from vanishing: the loss is multiplied by a scale `s` before gradients are taken, and those are
 * divided by it before the inner optimizer sees them. A step with an infinite or nan gradient changes no weight and halves `s`; after
 * `dynamicGrowthSteps` good steps in a row `s` is doubled. `compile` puts it around the optimizer of a model with the policy
 * `mixed_float16`, unless told `autoScaleLoss: false`.
 * @throws ConfigError for an option that belongs to the inner optimizer.
 * Source: Micikevicius et al. 2018; keras/src/optimizers/loss_scale_optimizer.py.
 * @example new optimizers.LossScaleOptimizer({ innerOptimizer: new optimizers.Adam({ learningRate: 0.01 }), initialScale: 1024 })
 */
export class LossScaleOptimizer extends Optimizer {
  static override readonly className: string = "LossScaleOptimizer";
  static override readonly module: string = "keras.optimizers";
  readonly innerOptimizer: Optimizer;
  readonly initialScale: number;
  readonly dynamicGrowthSteps: number;
  /** Good steps since the scale was changed; undefined before `build`. */
  stepCounter: Variable | undefined;
  /** The present scale; undefined before `build`. */
  dynamicScale: Variable | undefined;

  constructor(config: LossScaleOptimizerConfig) {
    checkOwn(config);
    super({ name: config.name, learningRate: 0 });
    this.innerOptimizer = resolveIdentifier(this.name, config.innerOptimizer, plainClasses, isOptimizer);
    this.initialScale = config.initialScale ?? 2 ** 15;
    this.dynamicGrowthSteps = config.dynamicGrowthSteps ?? 2000;
    this.innerOptimizer.lossScaleFactor = null;
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    this.stepCounter = this.addVariable({ shape: [], dtype: "int32", name: "step_counter" });
    this.dynamicScale = this.addVariable({
      shape: [],
      dtype: "float32",
      initializer: this.initialScale,
      name: "dynamic_scale",
    });
    this.innerOptimizer.build(variables);
    super.build(variables);
  }

  /** Its own state, then that of the inner optimizer. */
  override get variables(): readonly Variable[] {
    return [...super.variables, ...this.innerOptimizer.variables];
  }
  override get iterations(): Tensor {
    return this.innerOptimizer.iterations;
  }
  override get learningRate(): Tensor {
    return this.innerOptimizer.learningRate;
  }
  override set learningRate(rate: LearningRate | TensorLike) {
    this.innerOptimizer.learningRate = rate;
  }

  protected override applyAll(grads: readonly Gradient[], variables: readonly Variable[]): void {
    const [counter, scale] = [this.stepCounter as Variable, this.dynamicScale as Variable];
    const now = scale.value;
    const finite = allFinite(grads);
    // Both ways are computed and one is chosen at the end: one program, without branches.
    const state = [...variables, ...this.innerOptimizer.variables];
    const before = state.map((v) => v.value);
    const unscaled = grads.map((g, i) => (g === null || variables[i]?.overwriteWithGradient ? g : g.divide(now)));
    this.innerOptimizer.apply(unscaled, variables);
    state.forEach((v, i) => {
      const [old, next] = [before[i] as Tensor, v.value];
      if (old !== next) v.assign(ops.where(finite, next, old));
    });
    const count = counter.value;
    const grows = count.equal(this.dynamicGrowthSteps - 1);
    counter.assign(ops.where(ops.logicalAnd(finite, ops.logicalNot(grows)), count.add(1), 0));
    scale.assign(ops.where(finite, ops.where(grows, now.multiply(2), now), now.multiply(0.5)));
  }
  /** No step of its own: the inner optimizer's is taken. Internal. */
  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    this.innerOptimizer.updateStep(gradient, variable, learningRate);
  }

  override scaleLoss(loss: Tensor): Tensor {
    return loss.multiply(this.dynamicScale?.value ?? this.initialScale);
  }
  override finalizeVariableValues(variables: readonly Variable[]): void {
    this.innerOptimizer.finalizeVariableValues(variables);
  }
  override excludeFromWeightDecay(which: Parameters<Optimizer["excludeFromWeightDecay"]>[0]): void {
    this.innerOptimizer.excludeFromWeightDecay(which);
  }
  override getConfig(): Config {
    const { name, innerOptimizer, initialScale, dynamicGrowthSteps } = this;
    return { name, innerOptimizer, initialScale, dynamicGrowthSteps };
  }
}

/** True if no gradient has an infinity or nan in it; null gradients do not count. */
function allFinite(grads: readonly Gradient[]): Tensor {
  return ops.all(ops.stack(grads.flatMap((g) => (g === null ? [] : [ops.all(ops.isfinite(g))]))));
}

function checkOwn(config: LossScaleOptimizerConfig): void {
  checkNames("LossScaleOptimizer", config, [...own, ...Object.keys(silent)]);
  for (const [name, value] of Object.entries(config)) {
    if (own.includes(name) || value === silent[name] || value === undefined) continue;
    const todo =
      name === "dynamic"
        ? "For a fixed scale set lossScaleFactor on the inner optimizer, without LossScaleOptimizer"
        : `Set ${name} on the inner optimizer`;
    const must = `LossScaleOptimizer takes ${own.join(", ")}`;
    throw new ConfigError(complain("LossScaleOptimizer", { must, got: `${name} ${JSON.stringify(value)}`, todo }));
  }
}
