import { normalizeAxis, type SymbolicShape } from "../../aval/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import { withDefaults } from "../../registry/index.ts";
import type { Variable } from "../../weights/index.ts";
import { partsConfig, type WeightParts, weightParts } from "../arguments.ts";
import { Layer, type LayerConfig } from "../layer.ts";

/** Options of `LayerNormalization`. */
export interface LayerNormalizationConfig extends LayerConfig {
  readonly axis?: number | readonly number[];
  /** Added to the variance under the root. */
  readonly epsilon?: number;
  /** True to add a learned `beta`. */
  readonly center?: boolean;
  /** True to multiply by a learned `gamma`. */
  readonly scale?: boolean;
  /** True to divide by the standard deviation only; kept for old files. */
  readonly rmsScaling?: boolean;
  readonly betaInitializer?: unknown;
  readonly gammaInitializer?: unknown;
  readonly betaRegularizer?: unknown;
  readonly gammaRegularizer?: unknown;
  readonly betaConstraint?: unknown;
  readonly gammaConstraint?: unknown;
}

/**
 * Brings each example to mean 0 and variance 1 over `axis`: `gamma (x - mean) / sqrt(variance + epsilon) + beta`.
 * Shapes: x `[B, ..., C]`, weights shaped as the axes (`[C]`); result as x.
 * @throws ShapeError for an axis out of range or of unknown size.
 * Source: Ba et al. 2016; keras/src/layers/normalization/layer_normalization.py.
 * @example new layers.LayerNormalization({ epsilon: 1e-6 })
 */
export class LayerNormalization extends Layer {
  static override readonly className: string = "LayerNormalization";
  static readonly module: string = "keras.layers";
  axis: number | readonly number[];
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly rmsScaling: boolean;
  gamma: Variable | undefined;
  beta: Variable | undefined;
  readonly #beta: WeightParts;
  readonly #gamma: WeightParts;

  constructor(config: LayerNormalizationConfig = {}) {
    super(withDefaults(config, {}, { autocast: false }));
    this.axis = config.axis ?? -1;
    this.epsilon = config.epsilon ?? 1e-3;
    this.center = config.center ?? true;
    this.scale = config.scale ?? true;
    this.rmsScaling = config.rmsScaling ?? false;
    this.#beta = weightParts(config.betaInitializer ?? "zeros", config.betaRegularizer, config.betaConstraint);
    this.#gamma = weightParts(config.gammaInitializer ?? "ones", config.gammaRegularizer, config.gammaConstraint);
    this.supportsMasking = true;
  }

  override build(inputShape: SymbolicShape): void {
    const axes = typeof this.axis === "number" ? [this.axis] : [...this.axis].sort((a, b) => a - b);
    const shape = axes.map((axis) => inputShape[normalizeAxis(axis, inputShape.length, this.name)] ?? null);
    // Keras writes a built layer's axis as a list.
    this.axis = axes;
    if (this.scale || this.rmsScaling)
      this.gamma = this.addWeight({ name: "gamma", shape, autocast: false, ...this.#gamma });
    if (this.center && !this.rmsScaling)
      this.beta = this.addWeight({ name: "beta", shape, autocast: false, ...this.#beta });
  }

  override call(x: Tensor): Tensor {
    const { axis, epsilon, rmsScaling } = this;
    const gamma = this.gamma?.value ?? null;
    const beta = this.beta?.value ?? null;
    return ops.cast(ops.layerNormalization(x, { gamma, beta, axis, epsilon, rmsScaling }), this.computeDtype);
  }

  override getConfig(): Config {
    const { axis, epsilon, center, scale, rmsScaling } = this;
    return {
      ...super.getConfig(),
      axis,
      epsilon,
      center,
      scale,
      rmsScaling,
      ...partsConfig("beta", this.#beta),
      ...partsConfig("gamma", this.#gamma),
    };
  }
}
