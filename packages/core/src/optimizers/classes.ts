import type { SerializableClass, SerializedObject } from "../registry/index.ts";
import { Adam, Adamax, AdamW, Lion, Nadam } from "./adam.ts";
import { Adadelta, Adagrad, RMSprop } from "./adaptive.ts";
import { Optimizer } from "./optimizer.ts";
import { SGD } from "./sgd.ts";

/** The built-in optimizers that stand alone, by Keras' names. */
export const plainClasses: Readonly<Record<string, SerializableClass<Optimizer>>> = {
  SGD,
  Adam,
  AdamW,
  Adamax,
  Nadam,
  Lion,
  RMSprop,
  Adagrad,
  Adadelta,
};

/** Anything that stands for an optimizer: an object, a name in any case, a config. */
export type OptimizerIdentifier = Optimizer | string | SerializedObject;

export const isOptimizer = (value: unknown): value is Optimizer => value instanceof Optimizer;
