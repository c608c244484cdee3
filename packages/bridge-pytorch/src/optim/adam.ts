import { ops, type Tensor } from "@keras-ts/core";
import type { Parameter } from "../parameter.ts";
import { type GroupInput, Optimizer, type Slots, slotOf } from "./optimizer.ts";

export interface AdamOptions {
  lr: number;
  /** Decay of the averages of the gradient and of its square, each in [0, 1). */
  betas: readonly [number, number];
  /** Added to the root. */
  eps: number;
  weightDecay: number;
  /** True to divide by the largest average so far. */
  amsgrad: boolean;
  /** True to go up instead of down. */
  maximize: boolean;
}

const DEFAULTS: AdamOptions = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
};

/**
 * Adam as PyTorch defines it, with an L2 penalty in the gradient: `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`,
 * `w -= lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps)`. Source: torch.optim.Adam; Kingma and Ba 2015.
 * @example const optimizer = new optim.Adam([new Parameter([1, 2])], { lr: 0.01 });
 */
export class Adam extends Optimizer<AdamOptions> {
  constructor(params: Iterable<Parameter> | Iterable<GroupInput<AdamOptions>>, options: Partial<AdamOptions> = {}) {
    super(params, { ...DEFAULTS, ...options });
  }
  protected override get className(): string {
    return "Adam";
  }
  protected override check({ lr, betas: [b1, b2], eps, weightDecay }: AdamOptions): void {
    this.require(lr >= 0, "lr must not be negative", lr);
    this.require(b1 >= 0 && b1 < 1 && b2 >= 0 && b2 < 1, "betas must be in [0, 1)", `${b1}, ${b2}`);
    this.require(eps >= 0, "eps must not be negative", eps);
    this.require(weightDecay >= 0, "weightDecay must not be negative", weightDecay);
  }
  protected override update(value: Tensor, grad: Tensor, slots: Slots, options: AdamOptions): Tensor {
    const g = options.maximize ? grad.negative() : grad;
    const { weightDecay } = options;
    return this.adapt(value, weightDecay === 0 ? g : g.add(value.multiply(weightDecay)), slots, options);
  }
  /** The step for a gradient that is ready. */
  protected adapt(value: Tensor, g: Tensor, slots: Slots, { lr, betas: [b1, b2], eps, amsgrad }: AdamOptions): Tensor {
    const step = ((slots.step as number | undefined) ?? 0) + 1;
    const m = slotOf(slots, "expAvg", value)
      .multiply(b1)
      .add(g.multiply(1 - b1));
    const v = slotOf(slots, "expAvgSq", value)
      .multiply(b2)
      .add((ops.square(g) as Tensor).multiply(1 - b2));
    slots.step = step;
    slots.expAvg = m;
    slots.expAvgSq = v;
    let size = v;
    if (amsgrad) {
      size = ops.maximum(slotOf(slots, "maxExpAvgSq", value), v) as Tensor;
      slots.maxExpAvgSq = size;
    }
    const denominator = (ops.sqrt(size) as Tensor).divide(Math.sqrt(1 - b2 ** step)).add(eps);
    return value.subtract(m.divide(denominator).multiply(lr / (1 - b1 ** step)));
  }
}

/**
 * Adam whose weight decay (0.01 by default) shrinks the weights directly: `w -= lr decay w`, then Adam's step. Source: torch.optim.AdamW;
 * Loshchilov and Hutter 2019.
 * @example const optimizer = new optim.AdamW([new Parameter([1, 2])], { weightDecay: 0.1 });
 */
export class AdamW extends Adam {
  constructor(params: Iterable<Parameter> | Iterable<GroupInput<AdamOptions>>, options: Partial<AdamOptions> = {}) {
    super(params, { weightDecay: 0.01, ...options });
  }
  protected override get className(): string {
    return "AdamW";
  }
  protected override update(value: Tensor, grad: Tensor, slots: Slots, options: AdamOptions): Tensor {
    const g = options.maximize ? grad.negative() : grad;
    return this.adapt(value.multiply(1 - options.lr * options.weightDecay), g, slots, options);
  }
}
