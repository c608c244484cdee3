// Losses of overlapping regions, for segmentation.
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import type { Config } from "../registry/index.ts";
import { FunctionLoss, type LossConfig } from "./loss.ts";
import { operandsOf } from "./operands.ts";

/** Over which axes regions extend; all by default. */
export interface RegionOptions {
  readonly axis?: number | readonly number[] | null | undefined;
}
export interface TverskyOptions extends RegionOptions {
  /** Weight of false positives. */
  readonly alpha?: number | undefined;
  /** Weight of false negatives. */
  readonly beta?: number | undefined;
}

/** `1 - 2 sum(yTrue yPred) / (sum(yTrue) + sum(yPred))`. Source: Dice 1945. */
export function dice(yTrue: TensorLike, yPred: TensorLike, { axis = null }: RegionOptions = {}): Tensor {
  const [t, p] = operandsOf(yTrue, yPred);
  const both = ops.sum(t.multiply(p), { axis });
  const sizes = ops.sum(t, { axis }).add(ops.sum(p, { axis })).add(ops.epsilon());
  return ops.subtract(1, both.multiply(2).divide(sizes));
}
/** `1 - both / (both + alpha fp + beta fn)`; with 0.5 and 0.5 it is `dice`. Source: Salehi et al. 2017. */
export function tversky(
  yTrue: TensorLike,
  yPred: TensorLike,
  { alpha = 0.5, beta = 0.5, axis = null }: TverskyOptions = {},
): Tensor {
  const [t, p] = operandsOf(yTrue, yPred);
  const both = ops.sum(t.multiply(p), { axis });
  const first = ops.sum(ops.subtract(1, p).multiply(t), { axis });
  const second = ops.sum(p.multiply(ops.subtract(1, t)), { axis });
  return ops.subtract(1, both.divide(both.add(first.multiply(alpha)).add(second.multiply(beta)).add(ops.epsilon())));
}

/** Dice loss: one minus twice the overlap over the sizes. @example new losses.Dice({ axis: [1, 2] }) */
export class Dice extends FunctionLoss {
  static override readonly className: string = "Dice";
  static override readonly module: string = "keras.losses";
  readonly axis: number | readonly number[] | null;
  constructor(config: LossConfig & RegionOptions = {}) {
    const { axis = null }: LossConfig & RegionOptions = config ?? {};
    super((t, p) => dice(t, p, { axis }), config, "dice");
    this.axis = axis;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis };
  }
}
/** Tversky loss: Dice with weights for what is missed and what is too much. */
export class Tversky extends FunctionLoss {
  static override readonly className: string = "Tversky";
  static override readonly module: string = "keras.losses";
  readonly #options: Config;
  constructor(config: LossConfig & TverskyOptions = {}) {
    const { alpha = 0.5, beta = 0.5, axis = null }: LossConfig & TverskyOptions = config ?? {};
    super((t, p) => tversky(t, p, { alpha, beta, axis }), config, "tversky");
    this.#options = { alpha, beta, axis };
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...this.#options };
  }
}
