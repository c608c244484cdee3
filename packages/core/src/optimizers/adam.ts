// Adam and what came of it: steps scaled by running moments of the gradient.

import type { DType } from "../aval/index.ts";
import { ConfigError, complain } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { convertToTensor } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import type { Config } from "../registry/index.ts";
import { withDefaults } from "../registry/index.ts";
import { Variable } from "../weights/index.ts";
import { Optimizer } from "./optimizer.ts";
import type { OptimizerConfig } from "./optimizer-config.ts";

type Slots = (Variable | null)[];

/** Options of the optimizers with two moments. */
export interface MomentsConfig extends OptimizerConfig {
  /** Decay of the mean of gradients. */
  readonly beta1?: number | undefined;
  /** Decay of the mean of squared gradients. */
  readonly beta2?: number | undefined;
  /** Added to the root, against division by 0. */
  readonly epsilon?: number | undefined;
}
export interface AdamConfig extends MomentsConfig {
  /** True to divide by the largest second moment so far. Source: Reddi et al. 2018. */
  readonly amsgrad?: boolean | undefined;
}

/**
 * Adam: `m += (g - m)(1 - beta1)`, `v += (g^2 - v)(1 - beta2)`, `w -= m alpha / (sqrt(v) + epsilon)` with
 * `alpha = rate sqrt(1 - beta2^t) / (1 - beta1^t)`. Source: Kingma and Ba 2014. @example new optimizers.Adam({ learningRate: 0.01 })
 */
export class Adam extends Optimizer {
  static override readonly className: string = "Adam";
  static override readonly module: string = "keras.optimizers";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly amsgrad: boolean;
  #momentums: Slots = [];
  #velocities: Slots = [];
  #largest: Slots = [];

  constructor(config: AdamConfig = {}) {
    const {
      learningRate = 0.001,
      beta1 = 0.9,
      beta2 = 0.999,
      epsilon = 1e-7,
      amsgrad = false,
    }: AdamConfig = config ?? {};
    super(withDefaults(config, { learningRate }));
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
    this.amsgrad = amsgrad;
  }
  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    [this.#momentums = [], this.#velocities = []] = this.addOptimizerVariables(variables, ["momentum", "velocity"]);
    if (this.amsgrad) this.#largest = this.addOptimizerVariables(variables, "velocity_hat");
  }
  // rate sqrt(1 - beta2^t) / (1 - beta1^t), in float32 and in this order, as Keras has it.
  #alpha(learningRate: Tensor, dtype: DType): Tensor {
    return this.once(`alpha ${dtype}`, () => {
      const step = this.stepNumber(dtype);
      const rest = (beta: number): Tensor => ops.subtract(1, ops.power(convertToTensor(beta, { dtype }), step));
      return convertToTensor(learningRate, { dtype })
        .multiply(ops.sqrt(rest(this.beta2)))
        .divide(rest(this.beta1));
    });
  }
  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const { dtype } = variable;
    const g = convertToTensor(gradient, { dtype });
    const alpha = this.#alpha(learningRate, dtype);
    const m = this.slotOf(this.#momentums, variable);
    let v = this.slotOf(this.#velocities, variable);
    m.assignAdd(g.subtract(m.value).multiply(1 - this.beta1));
    v.assignAdd(
      ops
        .square(g)
        .subtract(v.value)
        .multiply(1 - this.beta2),
    );
    if (this.amsgrad) {
      const largest = this.slotOf(this.#largest, variable);
      largest.assign(ops.maximum(largest.value, v.value));
      v = largest;
    }
    variable.assignSub(m.value.multiply(alpha).divide(ops.sqrt(v.value).add(this.epsilon)));
  }
  override getConfig(): Config {
    const { beta1, beta2, epsilon, amsgrad } = this;
    return { ...super.getConfig(), beta1, beta2, epsilon, amsgrad };
  }
}

/** Adam with decoupled weight decay, 0.004 by default. Source: Loshchilov and Hutter 2019. */
export class AdamW extends Adam {
  static override readonly className: string = "AdamW";
  static override readonly module: string = "keras.optimizers";
  constructor(config: AdamConfig = {}) {
    const { weightDecay = 0.004 }: AdamConfig = config ?? {};
    super(withDefaults(config, { weightDecay }));
    if (weightDecay !== null) return;
    throw new ConfigError(
      complain(this.name, { must: "weightDecay must be a number", got: "null", todo: "Use Adam to go without" }),
    );
  }
}

/**
 * Adamax: Adam with the largest gradient in place of the second moment, `u = max(beta2 u, |g|)`,
 * `w -= rate m / ((1 - beta1^t)(u + epsilon))`. Source: Kingma and Ba 2014, section 7.
 */
export class Adamax extends Optimizer {
  static override readonly className: string = "Adamax";
  static override readonly module: string = "keras.optimizers";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  #momentums: Slots = [];
  #norms: Slots = [];

  constructor(config: MomentsConfig = {}) {
    const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 }: MomentsConfig = config ?? {};
    super(withDefaults(config, { learningRate }));
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
  }
  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    [this.#momentums = [], this.#norms = []] = this.addOptimizerVariables(variables, ["momentum", "norm"]);
  }
  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const { dtype } = variable;
    const g = convertToTensor(gradient, { dtype });
    const m = this.slotOf(this.#momentums, variable);
    const u = this.slotOf(this.#norms, variable);
    const rest = ops.subtract(1, ops.power(convertToTensor(this.beta1, { dtype }), this.stepNumber(dtype)));
    m.assignAdd(g.subtract(m.value).multiply(1 - this.beta1));
    u.assign(ops.maximum(u.value.multiply(this.beta2), g.abs()));
    const scaled = convertToTensor(learningRate, { dtype }).multiply(m.value);
    variable.assignSub(scaled.divide(rest.multiply(u.value.add(this.epsilon))));
  }
  override getConfig(): Config {
    const { beta1, beta2, epsilon } = this;
    return { ...super.getConfig(), beta1, beta2, epsilon };
  }
}

/**
 * Nadam: Adam that looks ahead along the momentum, with a momentum that rises from half of `beta1` to all of it.
 * Source: Dozat 2015.
 */
export class Nadam extends Optimizer {
  static override readonly className: string = "Nadam";
  static override readonly module: string = "keras.optimizers";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  #momentums: Slots = [];
  #velocities: Slots = [];
  #product: Variable | undefined;

  constructor(config: MomentsConfig = {}) {
    const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 }: MomentsConfig = config ?? {};
    super(withDefaults(config, { learningRate }));
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
  }
  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    [this.#momentums = [], this.#velocities = []] = this.addOptimizerVariables(variables, ["momentum", "velocity"]);
    const dtype = variables[0]?.dtype;
    // In Keras too without the optimizer's name.
    this.#product = this.track(
      new Variable(1, { trainable: false, name: "variable", ...(dtype === undefined ? {} : { dtype }) }),
    );
  }
  // beta1 (1 - 0.96^t / 2)
  #momentumAt(dtype: DType, ahead: number): Tensor {
    const decay = ops.power(convertToTensor(0.96, { dtype }), this.stepNumber(dtype, ahead));
    return ops.subtract(1, decay.multiply(0.5)).multiply(this.beta1);
  }
  protected override updateAll(
    gradients: readonly Tensor[],
    variables: readonly Variable[],
    learningRate: Tensor,
  ): void {
    const product = this.#product as Variable;
    const decay = ops.power(0.96, this.stepNumber(product.dtype));
    product.assign(product.value.multiply(this.beta1).multiply(ops.subtract(1, decay.multiply(0.5))));
    super.updateAll(gradients, variables, learningRate);
  }
  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const { dtype } = variable;
    const g = convertToTensor(gradient, { dtype });
    const now = this.#momentumAt(dtype, 1);
    const next = this.#momentumAt(dtype, 2);
    const product = convertToTensor((this.#product as Variable).value, { dtype });
    const m = this.slotOf(this.#momentums, variable);
    const v = this.slotOf(this.#velocities, variable);
    const rest = (beta: number): Tensor => ops.subtract(1, convertToTensor(beta, { dtype }));
    m.assignAdd(g.subtract(m.value).multiply(rest(this.beta1)));
    v.assignAdd(ops.square(g).subtract(v.value).multiply(rest(this.beta2)));
    const ahead = next.multiply(m.value).divide(ops.subtract(1, product.multiply(next)));
    const mean = ahead.add(ops.subtract(1, now).multiply(g).divide(ops.subtract(1, product)));
    const power = ops.power(convertToTensor(this.beta2, { dtype }), this.stepNumber(dtype));
    const scale = ops.sqrt(v.value.divide(ops.subtract(1, power))).add(this.epsilon);
    variable.assignSub(mean.multiply(convertToTensor(learningRate, { dtype })).divide(scale));
  }
  override getConfig(): Config {
    const { beta1, beta2, epsilon } = this;
    return { ...super.getConfig(), beta1, beta2, epsilon };
  }
}

export interface LionConfig extends OptimizerConfig {
  readonly beta1?: number | undefined;
  readonly beta2?: number | undefined;
}
/** Lion: `w -= rate sign(beta1 m + (1 - beta1) g)`, `m = beta2 m + (1 - beta2) g`. Source: Chen et al. 2023. */
export class Lion extends Optimizer {
  static override readonly className: string = "Lion";
  static override readonly module: string = "keras.optimizers";
  readonly beta1: number;
  readonly beta2: number;
  #momentums: Slots = [];

  constructor(config: LionConfig = {}) {
    const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.99 }: LionConfig = config ?? {};
    super(withDefaults(config, { learningRate }));
    if (!(beta1 > 0 && beta1 <= 1)) {
      const todo = "At 0 only the sign of the gradient would be left";
      throw new ConfigError(
        complain(this.name, { must: "beta1 must be above 0 and at most 1", got: String(beta1), todo }),
      );
    }
    this.beta1 = beta1;
    this.beta2 = beta2;
  }
  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    this.#momentums = this.addOptimizerVariables(variables, "momentum");
  }
  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const { dtype } = variable;
    const g = convertToTensor(gradient, { dtype });
    const m = this.slotOf(this.#momentums, variable);
    const mix = (beta: number): Tensor => {
      const share = convertToTensor(beta, { dtype });
      return m.value.multiply(share).add(g.multiply(ops.subtract(1, share)));
    };
    variable.assignSub(ops.sign(mix(this.beta1)).multiply(convertToTensor(learningRate, { dtype })));
    m.assign(mix(this.beta2));
  }
  override getConfig(): Config {
    return { ...super.getConfig(), beta1: this.beta1, beta2: this.beta2 };
  }
}
