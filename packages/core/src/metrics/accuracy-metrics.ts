// Accuracies as metrics: running means of hits.
import type { Config } from "../registry/index.ts";
import {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  type SparseTopKOptions,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  type ThresholdOptions,
  type TopKOptions,
  topKCategoricalAccuracy,
} from "./accuracy.ts";
import type { MetricConfig } from "./metric.ts";
import { FunctionMetric } from "./wrapper.ts";

/** How often predictions equal targets. @example new metrics.Accuracy() */
export class Accuracy extends FunctionMetric {
  static override readonly className: string = "Accuracy";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "up" as const;
  constructor(config: MetricConfig = {}) {
    super(accuracy, config, "accuracy");
  }
}

/** How often `yPred > threshold` is what the label says. @example new metrics.BinaryAccuracy({ threshold: 0.7 }) */
export class BinaryAccuracy extends FunctionMetric {
  static override readonly className: string = "BinaryAccuracy";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "up" as const;
  readonly threshold: number;
  constructor(config: MetricConfig & ThresholdOptions = {}) {
    const { threshold = 0.5 }: MetricConfig & ThresholdOptions = config ?? {};
    super((t, p) => binaryAccuracy(t, p, { threshold }), config, "binary_accuracy");
    this.threshold = threshold;
  }
  override getConfig(): Config {
    const { threshold } = this;
    return { ...super.getConfig(), threshold };
  }
}

/** How often the highest score is at the 1 of a one-hot target. */
export class CategoricalAccuracy extends FunctionMetric {
  static override readonly className: string = "CategoricalAccuracy";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "up" as const;
  constructor(config: MetricConfig = {}) {
    super(categoricalAccuracy, config, "categorical_accuracy");
  }
}

/** How often the highest score is at the target's class number. */
export class SparseCategoricalAccuracy extends FunctionMetric {
  static override readonly className: string = "SparseCategoricalAccuracy";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "up" as const;
  constructor(config: MetricConfig = {}) {
    super(sparseCategoricalAccuracy, config, "sparse_categorical_accuracy");
  }
}

/** How often the 1 of a one-hot target is among the `k` highest scores. */
export class TopKCategoricalAccuracy extends FunctionMetric {
  static override readonly className: string = "TopKCategoricalAccuracy";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "up" as const;
  readonly k: number;
  constructor(config: MetricConfig & TopKOptions = {}) {
    const { k = 5 }: MetricConfig & TopKOptions = config ?? {};
    super((t, p) => topKCategoricalAccuracy(t, p, { k }), config, "top_k_categorical_accuracy");
    this.k = k;
  }
  override getConfig(): Config {
    const { k } = this;
    return { ...super.getConfig(), k };
  }
}

/** How often the target's class number is among the `k` highest scores. */
export class SparseTopKCategoricalAccuracy extends FunctionMetric {
  static override readonly className: string = "SparseTopKCategoricalAccuracy";
  static override readonly module: string = "keras.metrics";
  override readonly direction = "up" as const;
  readonly k: number;
  readonly fromSortedIds: boolean;
  constructor(config: MetricConfig & SparseTopKOptions = {}) {
    const { k = 5, fromSortedIds = false }: MetricConfig & SparseTopKOptions = config ?? {};
    super(
      (t, p) => sparseTopKCategoricalAccuracy(t, p, { k, fromSortedIds }),
      config,
      "sparse_top_k_categorical_accuracy",
    );
    this.k = k;
    this.fromSortedIds = fromSortedIds;
  }
  override getConfig(): Config {
    const { k, fromSortedIds } = this;
    // As in Keras, the default is not written.
    return { ...super.getConfig(), k, ...(fromSortedIds ? { fromSortedIds } : {}) };
  }
}
