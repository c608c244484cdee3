// Optimizers that divide by the root of accumulated squared gradients.

import type { Tensor } from "../graph/index.ts";
import { convertToTensor } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import type { Config } from "../registry/index.ts";
import { withDefaults } from "../registry/index.ts";
import type { Variable } from "../weights/index.ts";
import { Optimizer } from "./optimizer.ts";
import type { OptimizerConfig } from "./optimizer-config.ts";

type Slots = (Variable | null)[];

export interface RMSpropConfig extends OptimizerConfig {
  /** Decay of the mean of squared gradients. */
  readonly rho?: number | undefined;
  readonly momentum?: number | undefined;
  readonly epsilon?: number | undefined;
  /** True to subtract the squared mean: the variance of gradients. */
  readonly centered?: boolean | undefined;
}
/** RMSprop: `v = rho v + (1 - rho) g^2`, `w -= rate g / sqrt(v + epsilon)`. Source: Hinton 2012, lecture 6e. */
export class RMSprop extends Optimizer {
  static override readonly className: string = "RMSprop";
  static override readonly module: string = "keras.optimizers";
  readonly rho: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly centered: boolean;
  #velocities: Slots = [];
  #momentums: Slots = [];
  #means: Slots = [];

  constructor(config: RMSpropConfig = {}) {
    const {
      learningRate = 0.001,
      rho = 0.9,
      momentum = 0,
      epsilon = 1e-7,
      centered = false,
    }: RMSpropConfig = config ?? {};
    super(withDefaults(config, { learningRate }));
    this.rho = rho;
    this.momentum = momentum;
    this.epsilon = epsilon;
    this.centered = centered;
  }
  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    this.#velocities = this.addOptimizerVariables(variables, "velocity");
    if (this.momentum > 0) this.#momentums = this.addOptimizerVariables(variables, "momentum");
    if (this.centered) this.#means = this.addOptimizerVariables(variables, "average_gradient");
  }
  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const { dtype } = variable;
    const g = convertToTensor(gradient, { dtype });
    const v = this.slotOf(this.#velocities, variable);
    const mix = (old: Tensor, now: Tensor): Tensor => old.multiply(this.rho).add(now.multiply(1 - this.rho));
    v.assign(mix(v.value, ops.square(g)));
    let spread = v.value;
    if (this.centered) {
      const mean = this.slotOf(this.#means, variable);
      mean.assign(mix(mean.value, g));
      spread = spread.subtract(ops.square(mean.value));
    }
    const step = convertToTensor(learningRate, { dtype })
      .multiply(g)
      .divide(ops.sqrt(spread.add(this.epsilon)));
    if (this.momentum <= 0) {
      variable.assignSub(step);
      return;
    }
    const m = this.slotOf(this.#momentums, variable);
    m.assign(m.value.multiply(this.momentum).add(step));
    variable.assignSub(m.value);
  }
  override getConfig(): Config {
    const { rho, momentum, epsilon, centered } = this;
    return { ...super.getConfig(), rho, momentum, epsilon, centered };
  }
}

export interface AdagradConfig extends OptimizerConfig {
  readonly initialAccumulatorValue?: number | undefined;
  readonly epsilon?: number | undefined;
}
/** Adagrad: `a += g^2`, `w -= rate g / sqrt(a + epsilon)`. Source: Duchi et al. 2011. */
export class Adagrad extends Optimizer {
  static override readonly className: string = "Adagrad";
  static override readonly module: string = "keras.optimizers";
  readonly initialAccumulatorValue: number;
  readonly epsilon: number;
  #accumulators: Slots = [];

  constructor(config: AdagradConfig = {}) {
    const { learningRate = 0.001, initialAccumulatorValue = 0.1, epsilon = 1e-7 }: AdagradConfig = config ?? {};
    super(withDefaults(config, { learningRate }));
    this.initialAccumulatorValue = initialAccumulatorValue;
    this.epsilon = epsilon;
  }
  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    this.#accumulators = this.addOptimizerVariables(variables, "accumulator", this.initialAccumulatorValue);
  }
  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const { dtype } = variable;
    const g = convertToTensor(gradient, { dtype });
    const a = this.slotOf(this.#accumulators, variable);
    a.assignAdd(ops.square(g));
    variable.assignSub(
      convertToTensor(learningRate, { dtype })
        .multiply(g)
        .divide(ops.sqrt(a.value.add(this.epsilon))),
    );
  }
  override getConfig(): Config {
    const { initialAccumulatorValue, epsilon } = this;
    return { ...super.getConfig(), initialAccumulatorValue, epsilon };
  }
}

export interface AdadeltaConfig extends OptimizerConfig {
  readonly rho?: number | undefined;
  readonly epsilon?: number | undefined;
}
/** Adadelta: steps as large as the last ones, `d = -g rms(d) / rms(g)`, `w += rate d`. Source: Zeiler 2012. */
export class Adadelta extends Optimizer {
  static override readonly className: string = "Adadelta";
  static override readonly module: string = "keras.optimizers";
  readonly rho: number;
  readonly epsilon: number;
  #grads: Slots = [];
  #deltas: Slots = [];

  constructor(config: AdadeltaConfig = {}) {
    const { learningRate = 0.001, rho = 0.95, epsilon = 1e-7 }: AdadeltaConfig = config ?? {};
    super(withDefaults(config, { learningRate }));
    this.rho = rho;
    this.epsilon = epsilon;
  }
  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    [this.#grads = [], this.#deltas = []] = this.addOptimizerVariables(variables, [
      "accumulated_grad",
      "accumulated_delta_var",
    ]);
  }
  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const { dtype } = variable;
    const g = convertToTensor(gradient, { dtype });
    const squares = this.slotOf(this.#grads, variable);
    const deltas = this.slotOf(this.#deltas, variable);
    const mix = (old: Tensor, now: Tensor): Tensor =>
      old.multiply(this.rho).add(ops.square(now).multiply(1 - this.rho));
    const root = (x: Tensor): Tensor => ops.sqrt(x.add(this.epsilon));
    squares.assign(mix(squares.value, g));
    const delta = root(deltas.value).multiply(g).divide(root(squares.value)).negative();
    deltas.assign(mix(deltas.value, delta));
    variable.assignAdd(convertToTensor(learningRate, { dtype }).multiply(delta));
  }
  override getConfig(): Config {
    return { ...super.getConfig(), rho: this.rho, epsilon: this.epsilon };
  }
}
