import {
  resolveIdentifier,
  type SerializableClass,
  type SerializedObject,
  serializeKerasObject,
} from "../registry/index.ts";
import { isOptimizer, plainClasses } from "./classes.ts";
import { LossScaleOptimizer } from "./loss-scale-optimizer.ts";
import type { Optimizer } from "./optimizer.ts";

/** The built-in optimizers by Keras' names. */
export const optimizerClasses: Readonly<Record<string, SerializableClass<Optimizer>>> = {
  ...plainClasses,
  LossScaleOptimizer,
};

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
