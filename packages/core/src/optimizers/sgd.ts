import { ConfigError, complain } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { convertToTensor } from "../ops/convert.ts";
import type { Config } from "../registry/index.ts";
import { withDefaults } from "../registry/index.ts";
import type { Variable } from "../weights/index.ts";
import { Optimizer } from "./optimizer.ts";
import type { OptimizerConfig } from "./optimizer-config.ts";

export interface SGDConfig extends OptimizerConfig {
  /** In [0, 1]: how much of the last change goes on. */
  readonly momentum?: number | undefined;
  /** True to look ahead along the momentum. */
  readonly nesterov?: boolean | undefined;
}

/**
 * Gradient descent. `w -= rate g`; with momentum `m = momentum m - rate g`, `w += m` (nesterov: `w += momentum m - rate g`).
 * Source: Sutskever et al. 2013. @example new optimizers.SGD({ learningRate: 0.1, momentum: 0.9 })
 */
export class SGD extends Optimizer {
  static override readonly className: string = "SGD";
  static override readonly module: string = "keras.optimizers";
  readonly momentum: number;
  readonly nesterov: boolean;
  #momentums: (Variable | null)[] = [];

  constructor(config: SGDConfig = {}) {
    const { learningRate = 0.01, momentum = 0, nesterov = false }: SGDConfig = config ?? {};
    super(withDefaults(config, { learningRate }));
    if (!(momentum >= 0 && momentum <= 1)) {
      throw new ConfigError(
        complain(this.name, { must: "momentum must be in [0, 1]", got: String(momentum), todo: "Use for example 0.9" }),
      );
    }
    this.momentum = momentum;
    this.nesterov = nesterov;
  }
  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    if (this.momentum !== 0) this.#momentums = this.addOptimizerVariables(variables, "momentum");
  }
  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const { dtype } = variable;
    const change = convertToTensor(gradient, { dtype }).multiply(convertToTensor(learningRate, { dtype }));
    if (this.momentum === 0) {
      variable.assignSub(change);
      return;
    }
    const m = this.slotOf(this.#momentums, variable);
    m.assign(m.value.multiply(this.momentum).subtract(change));
    variable.assignAdd(this.nesterov ? m.value.multiply(this.momentum).subtract(change) : m.value);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), momentum: this.momentum, nesterov: this.nesterov };
  }
}
