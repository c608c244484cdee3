// Names, functions and configs of metrics. Source: keras/src/metrics/__init__.py.
import { toSnakeCase } from "../ops/naming.ts";
import {
  resolveIdentifier,
  type SerializableClass,
  type SerializedObject,
  serializeKerasObject,
} from "../registry/index.ts";
import * as accuracies from "./accuracy-metrics.ts";
import * as errors from "./loss-metrics.ts";
import { Metric } from "./metric.ts";
import { Mean, Sum } from "./reduction.ts";
import { MeanMetricWrapper, type MetricFunction } from "./wrapper.ts";

/** The built-in metrics by Keras' names. */
export const metricClasses: Readonly<Record<string, SerializableClass<Metric>>> = {
  Mean,
  Sum,
  MeanMetricWrapper,
  Accuracy: accuracies.Accuracy,
  BinaryAccuracy: accuracies.BinaryAccuracy,
  CategoricalAccuracy: accuracies.CategoricalAccuracy,
  SparseCategoricalAccuracy: accuracies.SparseCategoricalAccuracy,
  TopKCategoricalAccuracy: accuracies.TopKCategoricalAccuracy,
  SparseTopKCategoricalAccuracy: accuracies.SparseTopKCategoricalAccuracy,
  MeanSquaredError: errors.MeanSquaredError,
  RootMeanSquaredError: errors.RootMeanSquaredError,
  MeanAbsoluteError: errors.MeanAbsoluteError,
  MeanAbsolutePercentageError: errors.MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError: errors.MeanSquaredLogarithmicError,
  CosineSimilarity: errors.CosineSimilarity,
  LogCoshError: errors.LogCoshError,
  Hinge: errors.Hinge,
  SquaredHinge: errors.SquaredHinge,
  CategoricalHinge: errors.CategoricalHinge,
  KLDivergence: errors.KLDivergence,
  Poisson: errors.Poisson,
  BinaryCrossentropy: errors.BinaryCrossentropy,
  CategoricalCrossentropy: errors.CategoricalCrossentropy,
  SparseCategoricalCrossentropy: errors.SparseCategoricalCrossentropy,
};
const named: Readonly<Record<string, SerializableClass<Metric>>> = {
  ...metricClasses,
  bce: errors.BinaryCrossentropy,
  mse: errors.MeanSquaredError,
  mae: errors.MeanAbsoluteError,
  mape: errors.MeanAbsolutePercentageError,
  msle: errors.MeanSquaredLogarithmicError,
};

/** Anything that stands for a metric: an object, a function, a name in either spelling, a config. */
export type MetricIdentifier = Metric | MetricFunction | string | SerializedObject;

const isMetric = (value: unknown): value is Metric => value instanceof Metric;

/**
 * The metric that an identifier stands for; null for null. Functions are
 * averaged under their name. @throws ConfigError for an unknown name.
 * @example metrics.get("mae")
 */
export function get(identifier: null | undefined): null;
export function get(identifier: MetricFunction): Metric;
export function get(identifier: unknown): Metric;
export function get(identifier: unknown): Metric | null {
  if (identifier === null || identifier === undefined) return null;
  if (typeof identifier !== "function") return resolveIdentifier("metrics.get", identifier, named, isMetric);
  return new MeanMetricWrapper({ fn: identifier, name: identifier.name === "" ? null : toSnakeCase(identifier.name) });
}

/** A metric as Keras writes it. */
export const serialize = (metric: Metric): SerializedObject => serializeKerasObject(metric);
/** The metric that Keras' form of it describes. */
export const deserialize = (config: SerializedObject): Metric => get(config);
