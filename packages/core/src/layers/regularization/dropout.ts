import { ConfigError, complain } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import { isSymbolic, KerasTensor } from "../../ops/index.ts";
import * as random from "../../random/index.ts";
import { SeedGenerator } from "../../random/index.ts";
import type { Config } from "../../registry/index.ts";
import { fraction } from "../arguments.ts";
import { type CallOptions, Layer, type LayerConfig } from "../layer.ts";

/** Options of `Dropout`. */
export interface DropoutConfig extends LayerConfig {
  /** Fraction of values that are dropped, in [0, 1]. */
  readonly rate: number;
  /** Shape of the random mask, broadcast to the input; null for the input's own size. */
  readonly noiseShape?: readonly (number | null)[] | null;
  readonly seed?: number | null;
}

/**
 * Sets a random fraction `rate` of the values to 0 and divides the rest by `1 - rate`, while training; else nothing.
 * @throws ConfigError for a rate outside [0, 1]. Source: Srivastava et al. 2014; keras/src/layers/regularization/dropout.py.
 * @example new layers.Dropout({ rate: 0.5, seed: 1 })
 */
export class Dropout extends Layer {
  static override readonly className: string = "Dropout";
  static readonly module: string = "keras.layers";
  readonly rate: number;
  readonly noiseShape: readonly (number | null)[] | null;
  readonly seed: number | null;
  readonly seedGenerator: SeedGenerator | undefined;

  constructor(config: DropoutConfig) {
    super(config);
    const { rate, noiseShape, seed } = config;
    this.rate = fraction("Dropout", "rate", rate);
    this.seed = seed ?? null;
    this.noiseShape = noiseShape ?? null;
    if (this.noiseShape !== null && !this.noiseShape.every((n) => n === null || (Number.isInteger(n) && n > 0))) {
      const must = "noiseShape must hold positive integers or null";
      throw new ConfigError(
        complain("Dropout", { must, got: JSON.stringify(noiseShape), todo: "Use 1 for axes that share a mask" }),
      );
    }
    if (rate > 0) this.seedGenerator = new SeedGenerator({ seed: this.seed });
    this.supportsMasking = true;
    this.buildAtInit();
  }

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    if (!training || this.seedGenerator === undefined) return x;
    return random.dropout(x, this.rate, { noiseShape: this.noiseShape, seed: this.seedGenerator });
  }
  // The mask's shape may name a batch size, so tracing on a stand-in would not do.
  override computeOutputSpec(x: unknown, ...rest: readonly unknown[]): unknown {
    return isSymbolic(x) ? new KerasTensor(x.shape, { dtype: x.dtype }) : super.computeOutputSpec(x, ...rest);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), rate: this.rate, seed: this.seed, noiseShape: this.noiseShape };
  }
}
