// Losses as metrics: running means of them over batches.

import type { Tensor } from "../graph/index.ts";
import * as losses from "../losses/index.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import type { Config } from "../registry/index.ts";
import { withDefaults } from "../registry/index.ts";
import type { MetricConfig, UpdateOptions } from "./metric.ts";
import { Mean } from "./reduction.ts";
import { FunctionMetric } from "./wrapper.ts";

/** Mean squared error. */
export class MeanSquaredError extends FunctionMetric {
  static override readonly className: string = "MeanSquaredError";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "down" as const;
  constructor(config: MetricConfig = {}) {
    super(losses.meanSquaredError, config, "mean_squared_error");
  }
}

/** Mean absolute error. */
export class MeanAbsoluteError extends FunctionMetric {
  static override readonly className: string = "MeanAbsoluteError";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "down" as const;
  constructor(config: MetricConfig = {}) {
    super(losses.meanAbsoluteError, config, "mean_absolute_error");
  }
}

/** Mean absolute percentage error. */
export class MeanAbsolutePercentageError extends FunctionMetric {
  static override readonly className: string = "MeanAbsolutePercentageError";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "down" as const;
  constructor(config: MetricConfig = {}) {
    super(losses.meanAbsolutePercentageError, config, "mean_absolute_percentage_error");
  }
}

/** Mean squared logarithmic error. */
export class MeanSquaredLogarithmicError extends FunctionMetric {
  static override readonly className: string = "MeanSquaredLogarithmicError";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "down" as const;
  constructor(config: MetricConfig = {}) {
    super(losses.meanSquaredLogarithmicError, config, "mean_squared_logarithmic_error");
  }
}

/** Mean of `log(cosh(error))`. */
export class LogCoshError extends FunctionMetric {
  static override readonly className: string = "LogCoshError";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "down" as const;
  constructor(config: MetricConfig = {}) {
    super(losses.logCosh, config, "logcosh");
  }
}

/** Hinge loss. */
export class Hinge extends FunctionMetric {
  static override readonly className: string = "Hinge";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "down" as const;
  constructor(config: MetricConfig = {}) {
    super(losses.hinge, config, "hinge");
  }
}

/** Squared hinge loss. */
export class SquaredHinge extends FunctionMetric {
  static override readonly className: string = "SquaredHinge";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "down" as const;
  constructor(config: MetricConfig = {}) {
    super(losses.squaredHinge, config, "squared_hinge");
  }
}

/** Categorical hinge loss. */
export class CategoricalHinge extends FunctionMetric {
  static override readonly className: string = "CategoricalHinge";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "down" as const;
  constructor(config: MetricConfig = {}) {
    super(losses.categoricalHinge, config, "categorical_hinge");
  }
}

/** Kullback-Leibler divergence. */
export class KLDivergence extends FunctionMetric {
  static override readonly className: string = "KLDivergence";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "down" as const;
  constructor(config: MetricConfig = {}) {
    super(losses.klDivergence, config, "kl_divergence");
  }
}

/** Poisson loss. */
export class Poisson extends FunctionMetric {
  static override readonly className: string = "Poisson";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "down" as const;
  constructor(config: MetricConfig = {}) {
    super(losses.poisson, config, "poisson");
  }
}

/** Root of the mean squared error, over all batches. */
export class RootMeanSquaredError extends Mean {
  static override readonly className: string = "RootMeanSquaredError";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "down" as const;
  constructor(config: MetricConfig = {}) {
    super(withDefaults(config, { name: "root_mean_squared_error" }));
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, options?: UpdateOptions): void;
  override updateState(...args: unknown[]): void;
  override updateState(yTrue: unknown, yPred: unknown, options: unknown = {}): void {
    const { dtype } = this;
    const [t, p] = losses.squeezeOrExpandToSameRank(
      convertToTensor(yTrue as TensorLike, { dtype }),
      convertToTensor(yPred as TensorLike, { dtype }),
    );
    this.takeIn(ops.square(p.subtract(t)), (options as UpdateOptions).sampleWeight);
  }
  override result(): Tensor {
    return ops.sqrt(super.result());
  }
}

/** Cosine similarity along `axis`: 1 for the same direction. As in Keras, its config does not keep `axis`. */
export class CosineSimilarity extends FunctionMetric {
  static override readonly className: string = "CosineSimilarity";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "up" as const;
  constructor(config: MetricConfig & losses.AxisOptions = {}) {
    const { axis = -1 }: MetricConfig & losses.AxisOptions = config ?? {};
    super((t, p) => losses.cosineSimilarity(t, p, { axis }).negative(), config, "cosine_similarity");
  }
}

/** Crossentropy for labels 0 and 1. */
export class BinaryCrossentropy extends FunctionMetric {
  static override readonly className: string = "BinaryCrossentropy";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "down" as const;
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  constructor(config: MetricConfig & Omit<losses.CrossentropyOptions, "axis"> = {}) {
    const { fromLogits = false, labelSmoothing = 0 }: losses.CrossentropyOptions = config ?? {};
    super((t, p) => losses.binaryCrossentropy(t, p, { fromLogits, labelSmoothing }), config, "binary_crossentropy");
    this.fromLogits = fromLogits;
    this.labelSmoothing = labelSmoothing;
  }
  override getConfig(): Config {
    const { fromLogits, labelSmoothing } = this;
    return { ...super.getConfig(), fromLogits, labelSmoothing };
  }
}

/** Crossentropy for one-hot targets. */
export class CategoricalCrossentropy extends FunctionMetric {
  static override readonly className: string = "CategoricalCrossentropy";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "down" as const;
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  readonly axis: number;
  constructor(config: MetricConfig & losses.CrossentropyOptions = {}) {
    const {
      fromLogits = false,
      labelSmoothing = 0,
      axis = -1,
    }: MetricConfig & losses.CrossentropyOptions = config ?? {};
    super(
      (t, p) => losses.categoricalCrossentropy(t, p, { fromLogits, labelSmoothing, axis }),
      config,
      "categorical_crossentropy",
    );
    this.fromLogits = fromLogits;
    this.labelSmoothing = labelSmoothing;
    this.axis = axis;
  }
  override getConfig(): Config {
    const { fromLogits, labelSmoothing, axis } = this;
    return { ...super.getConfig(), fromLogits, labelSmoothing, axis };
  }
}

/** Crossentropy for class numbers. */
export class SparseCategoricalCrossentropy extends FunctionMetric {
  static override readonly className: string = "SparseCategoricalCrossentropy";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "down" as const;
  readonly fromLogits: boolean;
  readonly ignoreClass: number | null;
  readonly axis: number;
  constructor(config: MetricConfig & losses.SparseCrossentropyOptions = {}) {
    const {
      fromLogits = false,
      ignoreClass = null,
      axis = -1,
    }: MetricConfig & losses.SparseCrossentropyOptions = config ?? {};
    super(
      (t, p) => losses.sparseCategoricalCrossentropy(t, p, { fromLogits, ignoreClass, axis }),
      config,
      "sparse_categorical_crossentropy",
    );
    this.fromLogits = fromLogits;
    this.ignoreClass = ignoreClass;
    this.axis = axis;
  }
  override getConfig(): Config {
    const { fromLogits, ignoreClass, axis } = this;
    return { ...super.getConfig(), fromLogits, ignoreClass, axis };
  }
}
