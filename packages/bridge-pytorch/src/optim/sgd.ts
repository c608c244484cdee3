import type { Tensor } from "@keras-ts/core";
import type { Parameter } from "../parameter.ts";
import { type GroupInput, Optimizer, type Slots } from "./optimizer.ts";

export interface SGDOptions {
  lr: number;
  momentum: number;
  /** How much of the gradient the momentum leaves out. */
  dampening: number;
  /** L2 penalty: `weightDecay w` is added to the gradient. */
  weightDecay: number;
  nesterov: boolean;
  /** True to go up instead of down. */
  maximize: boolean;
}

/**
 * Gradient descent as PyTorch defines it: `g += decay w`; `b = momentum b + (1 - dampening) g` (`b = g` at first); `w -= lr b`
 * (nesterov: `w -= lr (g + momentum b)`). Source: torch.optim.SGD.
 * @example const optimizer = new optim.SGD([new Parameter([1, 2])], { lr: 0.1, momentum: 0.9 });
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: Iterable<Parameter> | Iterable<GroupInput<SGDOptions>>, options: Partial<SGDOptions> = {}) {
    super(params, {
      lr: 1e-3,
      momentum: 0,
      dampening: 0,
      weightDecay: 0,
      nesterov: false,
      maximize: false,
      ...options,
    });
  }
  protected override get className(): string {
    return "SGD";
  }
  protected override check({ lr, momentum, dampening, weightDecay, nesterov }: SGDOptions): void {
    this.require(lr >= 0, "lr must not be negative", lr);
    this.require(momentum >= 0, "momentum must not be negative", momentum);
    this.require(weightDecay >= 0, "weightDecay must not be negative", weightDecay);
    this.require(
      !nesterov || (momentum > 0 && dampening === 0),
      "nesterov needs momentum and no dampening",
      `${momentum}, ${dampening}`,
    );
  }
  protected override update(value: Tensor, grad: Tensor, slots: Slots, o: SGDOptions): Tensor {
    let g = o.maximize ? grad.negative() : grad;
    if (o.weightDecay !== 0) g = g.add(value.multiply(o.weightDecay));
    if (o.momentum !== 0) {
      const before = slots.momentumBuffer as Tensor | undefined;
      const buffer = before === undefined ? g : before.multiply(o.momentum).add(g.multiply(1 - o.dampening));
      slots.momentumBuffer = buffer;
      g = o.nesterov ? g.add(buffer.multiply(o.momentum)) : buffer;
    }
    return value.subtract(g.multiply(o.lr));
  }
}
