// Names, functions and configs of losses. Source: keras/src/losses/__init__.py.
import { ConfigError, complain, didYouMean } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { toSnakeCase } from "../ops/naming.ts";
import {
  type Config,
  identifierKey,
  isSerialized,
  resolveIdentifier,
  type SerializableClass,
  type SerializedObject,
  serializeKerasObject,
  toSnake,
} from "../registry/index.ts";
import * as crossentropy from "./crossentropy.ts";
import * as margins from "./hinge.ts";
import { FunctionLoss, Loss, type LossConfig, type LossFunction } from "./loss.ts";
import * as overlap from "./overlap.ts";
import * as probabilistic from "./probabilistic.ts";
import * as regression from "./regression.ts";

/** A built-in loss as a function; most take options after targets and predictions. */
export type NamedLossFunction = (yTrue: Tensor, yPred: Tensor, options?: Config) => Tensor;

/** The built-in functions by their camelCase names. */
export const lossFunctions: Readonly<Record<string, NamedLossFunction>> = {
  binaryCrossentropy: crossentropy.binaryCrossentropy,
  binaryFocalCrossentropy: crossentropy.binaryFocalCrossentropy,
  categoricalCrossentropy: crossentropy.categoricalCrossentropy,
  categoricalFocalCrossentropy: crossentropy.categoricalFocalCrossentropy,
  sparseCategoricalCrossentropy: crossentropy.sparseCategoricalCrossentropy,
  klDivergence: crossentropy.klDivergence,
  poisson: crossentropy.poisson,
  meanSquaredError: regression.meanSquaredError,
  meanAbsoluteError: regression.meanAbsoluteError,
  meanAbsolutePercentageError: regression.meanAbsolutePercentageError,
  meanSquaredLogarithmicError: regression.meanSquaredLogarithmicError,
  cosineSimilarity: regression.cosineSimilarity,
  huber: regression.huber,
  logCosh: regression.logCosh,
  hinge: margins.hinge,
  squaredHinge: margins.squaredHinge,
  categoricalHinge: margins.categoricalHinge,
  dice: overlap.dice,
  tversky: overlap.tversky,
};

const shortNames: Readonly<Record<string, string>> = {
  bce: "binaryCrossentropy",
  kld: "klDivergence",
  mae: "meanAbsoluteError",
  mse: "meanSquaredError",
  mape: "meanAbsolutePercentageError",
  msle: "meanSquaredLogarithmicError",
};

/** The built-in function of a name in either spelling, or a short one such as `mse`. */
export function lossFunctionNamed(name: string): NamedLossFunction | undefined {
  const wanted = identifierKey(name);
  const full = shortNames[wanted] ?? Object.keys(lossFunctions).find((key) => identifierKey(key) === wanted);
  return full === undefined ? undefined : lossFunctions[full];
}

/** A function as Keras writes it. @throws ConfigError unless it is built in. */
export function serializeLossFunction(fn: unknown): SerializedObject {
  const name = Object.entries(lossFunctions).find(([, known]) => known === fn)?.[0];
  if (name === undefined) {
    const must = "functions in a config must be built in, and then are saved by name";
    const got = (fn as { readonly name?: string }).name || "a function";
    throw new ConfigError(
      complain("losses.serialize", { must, got, todo: "Write a class that extends Loss and register it" }),
    );
  }
  return {
    module: "builtins",
    class_name: "function",
    config: toSnake(name) as unknown as SerializedObject["config"],
    registered_name: "function",
  };
}

/** The function that Keras' form of it, a name or itself stands for; undefined if none. */
export function lossFunctionFrom(fn: unknown): NamedLossFunction | undefined {
  if (typeof fn === "function") return fn as NamedLossFunction;
  if (typeof fn === "string") return lossFunctionNamed(fn);
  if (isSerialized(fn) && fn.class_name === "function") return lossFunctionNamed(String(fn.config));
  return undefined;
}

/** Options of `LossFunctionWrapper`: beside these, any that the function takes. */
export interface LossFunctionWrapperConfig extends LossConfig {
  /** The function, or the name or config of a built-in one. */
  readonly fn: unknown;
  readonly [option: string]: unknown;
}

/**
 * A loss made of a function `(yTrue, yPred, options) => Tensor`.
 * @example new losses.LossFunctionWrapper({ fn: losses.huber, delta: 2 })
 */
export class LossFunctionWrapper extends FunctionLoss {
  static override readonly className: string = "LossFunctionWrapper";
  static override readonly module: string = "keras.src.losses.losses";
  readonly fn: NamedLossFunction;
  readonly fnOptions: Config;

  constructor(config: LossFunctionWrapperConfig) {
    const { fn, name, reduction, dtype, ...options } = config ?? {};
    const compute = lossFunctionFrom(fn);
    if (compute === undefined) {
      const todo = "Pass fn: (yTrue, yPred) => Tensor";
      throw new ConfigError(
        complain("LossFunctionWrapper", {
          must: "fn must be a function or the name of a built-in one",
          got: String(fn),
          todo,
        }),
      );
    }
    const given = Object.keys(options).length > 0;
    super((t, p) => (given ? compute(t, p, options) : compute(t, p)), { name, reduction, dtype });
    this.fn = compute;
    this.fnOptions = options;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), fn: serializeLossFunction(this.fn), ...this.fnOptions };
  }
}

/** The built-in classes by Keras' names. */
export const lossClasses: Readonly<Record<string, SerializableClass<Loss>>> = {
  BinaryCrossentropy: probabilistic.BinaryCrossentropy,
  BinaryFocalCrossentropy: probabilistic.BinaryFocalCrossentropy,
  CategoricalCrossentropy: probabilistic.CategoricalCrossentropy,
  CategoricalFocalCrossentropy: probabilistic.CategoricalFocalCrossentropy,
  SparseCategoricalCrossentropy: probabilistic.SparseCategoricalCrossentropy,
  KLDivergence: probabilistic.KLDivergence,
  Poisson: probabilistic.Poisson,
  MeanSquaredError: regression.MeanSquaredError,
  MeanAbsoluteError: regression.MeanAbsoluteError,
  MeanAbsolutePercentageError: regression.MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError: regression.MeanSquaredLogarithmicError,
  CosineSimilarity: regression.CosineSimilarity,
  Huber: regression.Huber,
  LogCosh: regression.LogCosh,
  Hinge: margins.Hinge,
  SquaredHinge: margins.SquaredHinge,
  CategoricalHinge: margins.CategoricalHinge,
  Dice: overlap.Dice,
  Tversky: overlap.Tversky,
  LossFunctionWrapper,
};

/** Anything that stands for a loss: an object, a function, a name in either spelling, a config. */
export type LossIdentifier = Loss | LossFunction | string | SerializedObject;

const isLoss = (value: unknown): value is Loss => value instanceof Loss;

/**
 * The loss that an identifier stands for; null for null. Names of functions (`mse`, `binary_crossentropy`) and functions are wrapped
 * under that name, names of classes make an object with its defaults.
 * @throws ConfigError for an unknown name.
 * @example losses.get("sparse_categorical_crossentropy")
 */
export function get(identifier: null | undefined): null;
export function get(identifier: LossFunction): Loss;
export function get(identifier: unknown): Loss;
export function get(identifier: unknown): Loss | null {
  if (identifier === null || identifier === undefined) return null;
  if (typeof identifier === "string" && Object.hasOwn(lossClasses, identifier)) {
    return resolveIdentifier("losses.get", identifier, lossClasses, isLoss);
  }
  const fn = lossFunctionFrom(identifier);
  if (fn !== undefined) {
    const called = typeof identifier === "string" ? identifier : fn.name;
    return new LossFunctionWrapper({ fn, name: called === "" ? null : toSnakeCase(called) });
  }
  if (typeof identifier === "string") {
    const names = [...Object.keys(lossFunctions), ...Object.keys(lossClasses)];
    const todo = didYouMean(identifier, names) || `Use one of ${Object.keys(lossFunctions).map(toSnake).join(", ")}`;
    throw new ConfigError(
      complain("losses.get", {
        must: "it must be a known name, a config, a function or a Loss",
        got: `"${identifier}"`,
        todo,
      }),
    );
  }
  return resolveIdentifier("losses.get", identifier, lossClasses, isLoss);
}

/** A loss as Keras writes it; a plain wrapped function as that function. */
export function serialize(loss: Loss | LossFunction): SerializedObject {
  if (typeof loss === "function") return serializeLossFunction(loss);
  if (loss.constructor !== LossFunctionWrapper) return serializeKerasObject(loss);
  const { fn, fnOptions, reduction } = loss as LossFunctionWrapper;
  const plain = Object.keys(fnOptions).length === 0 && reduction === "sum_over_batch_size";
  return plain ? serializeLossFunction(fn) : serializeKerasObject(loss);
}

/** The loss that Keras' form of it describes. */
export function deserialize(config: SerializedObject): Loss {
  return get(config);
}
