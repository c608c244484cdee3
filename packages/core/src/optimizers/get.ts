import {
  resolveIdentifier,
  type SerializableClass,
  type SerializedObject,
  serializeKerasObject,
} from "../registry/index.ts";
import { Adam, Adamax, AdamW, Lion, Nadam } from "./adam.ts";
import { Adadelta, Adagrad, RMSprop } from "./adaptive.ts";
import { LossScaleOptimizer } from "./loss-scale.ts";
import { Optimizer } from "./optimizer.ts";
import { SGD } from "./sgd.ts";

/** The built-in optimizers by Keras' names. */
export const optimizerClasses: Readonly<Record<string, SerializableClass<Optimizer>>> = {
  SGD,
  Adam,
  AdamW,
  Adamax,
  Nadam,
  Lion,
  RMSprop,
  Adagrad,
  Adadelta,
  LossScaleOptimizer,
};

/** Anything that stands for an optimizer: an object, a name in any case, a config. */
export type OptimizerIdentifier = Optimizer | string | SerializedObject;

const isOptimizer = (value: unknown): value is Optimizer => value instanceof Optimizer;

/** The optimizer that an identifier stands for; null for null. @throws ConfigError for an unknown name. @example optimizers.get("adam") */
export function get(identifier: null | undefined): null;
export function get(identifier: unknown): Optimizer;
export function get(identifier: unknown): Optimizer | null {
  if (identifier === null || identifier === undefined) return null;
  return resolveIdentifier("optimizers.get", identifier, optimizerClasses, isOptimizer);
}

/** An optimizer as Keras writes it. */
export const serialize = (optimizer: Optimizer): SerializedObject => serializeKerasObject(optimizer);
/** The optimizer that Keras' form of it describes. */
export const deserialize = (config: SerializedObject): Optimizer => get(config);
