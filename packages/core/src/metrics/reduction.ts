// Sums and means of values over batches. Source: keras/src/metrics/reduction_metrics.py.

import { type DType, range } from "../aval/index.ts";
import type { Tensor } from "../graph/index.ts";
import { maskOf } from "../layers/masking.ts";
import { applyMask, squeezeOrExpandToSameRank } from "../losses/index.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import { withDefaults } from "../registry/index.ts";
import type { Variable } from "../weights/index.ts";
import { Metric, type MetricConfig, type UpdateOptions } from "./metric.ts";

type Reduce = (x: Tensor, options: { readonly axis: readonly number[] }) => Tensor;

/** One weighted value for each sample, and the weights brought to that form. */
export function reduceToSamplewiseValues(
  values: TensorLike,
  sampleWeight: TensorLike | null | undefined,
  reduce: Reduce,
  dtype: DType,
): [values: Tensor, sampleWeight: Tensor | undefined] {
  const mask = maskOf(values) as Tensor | undefined;
  const flat = (x: Tensor, from: number): Tensor =>
    x.ndim > from ? reduce(x, { axis: range(x.ndim).slice(from) }) : x;
  const own = convertToTensor(values, { dtype });
  if (sampleWeight === null || sampleWeight === undefined) return [flat(own, 1), undefined];
  const given = applyMask(convertToTensor(sampleWeight, { dtype }), mask, dtype, "sum") as Tensor;
  const [same, weight] = squeezeOrExpandToSameRank(own, given);
  const fitting = flat(same, weight.ndim);
  const spread = ops.broadcastTo(weight, fitting.shape);
  return [flat(fitting.multiply(spread), 1), weight.ndim > 1 ? flat(spread, 1) : spread];
}

/** The (weighted) sum of all values. @example const m = new metrics.Sum(); m.updateState([1, 2]); await m.result().item(); // 3 */
export class Sum extends Metric {
  static override readonly className: string = "Sum";
  static override readonly module: string = "keras.metrics";
  readonly total: Variable;
  constructor(config: MetricConfig = {}) {
    super(withDefaults(config, { name: "sum" }));
    this.total = this.addVariable({ name: "total" });
  }
  override updateState(values: TensorLike, { sampleWeight }: UpdateOptions = {}): void {
    const [reduced] = reduceToSamplewiseValues(values, sampleWeight, ops.sum, this.dtype);
    this.total.assignAdd(ops.sum(reduced));
  }
  override result(): Tensor {
    return this.total.value;
  }
}

/**
 * The (weighted) mean of all values, `total / count`; 0 before the first.
 * @example const m = new metrics.Mean(); m.updateState([1, 3], { sampleWeight: [1, 0] }); await m.result().item(); // 1
 */
export class Mean extends Metric {
  static override readonly className: string = "Mean";
  static override readonly module: string = "keras.metrics";
  readonly total: Variable;
  readonly count: Variable;
  constructor(config: MetricConfig = {}) {
    super(withDefaults(config, { name: "mean" }));
    this.total = this.addVariable({ name: "total" });
    this.count = this.addVariable({ name: "count" });
  }
  /** Takes in values. Metrics of targets and predictions turn these into values first. */
  protected takeIn(values: TensorLike, sampleWeight: TensorLike | null | undefined): void {
    const [reduced, weight] = reduceToSamplewiseValues(values, sampleWeight, ops.mean, this.dtype);
    this.total.assignAdd(ops.sum(reduced));
    this.count.assignAdd(weight === undefined ? (reduced.shape[0] ?? 1) : ops.sum(weight));
  }
  override updateState(values: TensorLike, options?: UpdateOptions): void;
  override updateState(...args: unknown[]): void;
  override updateState(values: unknown, options: unknown = {}): void {
    this.takeIn(values as TensorLike, (options as UpdateOptions).sampleWeight);
  }
  override result(): Tensor {
    return ops.divideNoNan(this.total.value, this.count.value);
  }
}
