import { ConfigError, complain } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { maskOf } from "../layers/masking.ts";
import * as losses from "../losses/index.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import {
  type Config,
  identifierKey,
  isSerialized,
  type SerializedObject,
  toSnake,
  withDefaults,
} from "../registry/index.ts";
import * as accuracies from "./accuracy.ts";
import type { MetricConfig, UpdateOptions } from "./metric.ts";
import { Mean } from "./reduction.ts";

/** A metric as a function: one value for each sample. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;
type Named = losses.NamedLossFunction;

/** The built-in functions by their camelCase names: accuracies, and all losses. */
export const metricFunctions: Readonly<Record<string, Named>> = {
  ...losses.lossFunctions,
  accuracy: accuracies.accuracy,
  binaryAccuracy: accuracies.binaryAccuracy,
  categoricalAccuracy: accuracies.categoricalAccuracy,
  sparseCategoricalAccuracy: accuracies.sparseCategoricalAccuracy,
  topKCategoricalAccuracy: accuracies.topKCategoricalAccuracy,
  sparseTopKCategoricalAccuracy: accuracies.sparseTopKCategoricalAccuracy,
};

function functionFrom(fn: unknown): Named | undefined {
  if (typeof fn === "function") return fn as Named;
  const name = isSerialized(fn) && fn.class_name === "function" ? String(fn.config) : fn;
  if (typeof name !== "string") return undefined;
  const key = Object.keys(metricFunctions).find((known) => identifierKey(known) === identifierKey(name));
  return key === undefined ? losses.lossFunctionNamed(name) : metricFunctions[key];
}

function serializeFunction(fn: unknown): SerializedObject {
  const name = Object.entries(metricFunctions).find(([, known]) => known === fn)?.[0];
  if (name === undefined) return losses.serializeLossFunction(fn);
  const config = toSnake(name) as unknown as SerializedObject["config"];
  return { module: "builtins", class_name: "function", config, registered_name: "function" };
}

/** A running mean of what a function of targets and predictions gives. */
export abstract class FunctionMetric extends Mean {
  readonly #compute: MetricFunction;

  constructor(compute: MetricFunction, config: MetricConfig, name?: string) {
    super(withDefaults(config, { name }));
    this.#compute = compute;
  }
  /** Takes in a batch; samples that a mask on `yPred` hides do not count. */
  override updateState(yTrue: TensorLike, yPred: TensorLike, options?: UpdateOptions): void;
  override updateState(...args: unknown[]): void;
  override updateState(yTrue: unknown, yPred: unknown, options: unknown = {}): void {
    const { sampleWeight } = options as UpdateOptions;
    const mask = maskOf(yPred) as Tensor | undefined;
    const values = this.#compute(convertToTensor(yTrue as TensorLike), convertToTensor(yPred as TensorLike));
    const weight =
      sampleWeight === null || sampleWeight === undefined
        ? undefined
        : convertToTensor(sampleWeight, { dtype: this.dtype });
    this.takeIn(values, losses.applyMask(weight, mask, this.dtype, "sum"));
  }
}

/** Options of `MeanMetricWrapper`: beside these, any that the function takes. */
export interface MeanMetricWrapperConfig extends MetricConfig {
  /** The function, or the name or config of a built-in one. */
  readonly fn: unknown;
  readonly [option: string]: unknown;
}
/**
 * The running mean of a function `(yTrue, yPred, options) => Tensor`.
 * @example new metrics.MeanMetricWrapper({ fn: losses.huber, delta: 2, name: "huber" })
 */
export class MeanMetricWrapper extends FunctionMetric {
  static override readonly className: string = "MeanMetricWrapper";
  static override readonly module: string = "keras.metrics";
  override readonly direction: "up" | "down" | undefined;
  readonly fn: Named;
  readonly fnOptions: Config;

  constructor(config: MeanMetricWrapperConfig) {
    const { fn, name, dtype, ...options } = config ?? {};
    const compute = functionFrom(fn);
    if (compute === undefined) {
      const todo = "Pass fn: (yTrue, yPred) => Tensor";
      throw new ConfigError(
        complain("MeanMetricWrapper", {
          must: "fn must be a function or the name of a built-in one",
          got: String(fn),
          todo,
        }),
      );
    }
    const given = Object.keys(options).length > 0;
    super((t, p) => (given ? compute(t, p, options) : compute(t, p)), { name, dtype }, "mean_metric_wrapper");
    this.fn = compute;
    this.fnOptions = options;
    this.direction = Object.values(losses.lossFunctions).includes(compute) ? "down" : undefined;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), fn: serializeFunction(this.fn), ...this.fnOptions };
  }
}
