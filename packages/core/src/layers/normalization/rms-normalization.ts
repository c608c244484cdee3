import { normalizeAxis, type SymbolicShape } from "../../aval/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import type { Variable } from "../../weights/index.ts";
import { Layer, type LayerConfig } from "../layer.ts";

/** Options of `RMSNormalization`. */
export interface RMSNormalizationConfig extends LayerConfig {
  /** The axis or axes over which the mean is taken, the last ones: the learned scale has their shape. */
  readonly axis?: number | readonly number[];
  /** Added to the mean of the squares under the root. */
  readonly epsilon?: number;
}

/**
 * Divides each example by its root mean square over `axis`: `scale x / sqrt(mean(x^2) + epsilon)`.
 * Shapes: x `[B, ..., C]`, `scale` shaped as the axes (`[C]`); result as x.
 * @throws ShapeError for an axis out of range or of unknown size.
 * Source: Zhang & Sennrich 2019; keras/src/layers/normalization/rms_normalization.py.
 * @example new layers.RMSNormalization({ epsilon: 1e-5 })
 */
export class RMSNormalization extends Layer {
  static override readonly className: string = "RMSNormalization";
  static readonly module: string = "keras.layers";
  axis: number | readonly number[];
  readonly epsilon: number;
  scale!: Variable;

  constructor(config: RMSNormalizationConfig = {}) {
    super(config);
    this.axis = config.axis ?? -1;
    this.epsilon = config.epsilon ?? 1e-6;
  }

  override build(inputShape: SymbolicShape): void {
    const axes = typeof this.axis === "number" ? [this.axis] : [...this.axis].sort((a, b) => a - b);
    const shape = axes.map((axis) => inputShape[normalizeAxis(axis, inputShape.length, this.name)] ?? null);
    // Keras writes a built layer's axis as a list.
    this.axis = axes;
    this.scale = this.addWeight({ name: "scale", shape, initializer: "ones" });
  }

  override call(x: Tensor): Tensor {
    return ops.rmsNormalization(x, { scale: this.scale.value, axis: this.axis, epsilon: this.epsilon });
  }

  override getConfig(): Config {
    const { axis, epsilon } = this;
    return { ...super.getConfig(), axis, epsilon };
  }
}
