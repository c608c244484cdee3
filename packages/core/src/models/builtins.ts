import * as layers from "../layers/index.ts";
import * as losses from "../losses/index.ts";
import * as metrics from "../metrics/index.ts";
import * as optimizers from "../optimizers/index.ts";
import {
  deserializeKerasObject,
  type LoadContext,
  registerBuiltins,
  type Serializable,
  type SerializedObject,
  withLoadContext,
} from "../registry/index.ts";
import * as constraints from "../weights/constraints.ts";
import { DTypePolicy, DTypePolicyMap } from "../weights/index.ts";
import * as initializers from "../weights/initializers.ts";
import * as regularizers from "../weights/regularizers.ts";
import { Functional } from "./functional-load.ts";
import { Model } from "./model.ts";
import { Sequential } from "./sequential.ts";

let done = false;
/** Makes Keras' own classes known for loading. Only loading needs them all, so bundles without it stay small. */
export function registerAll(): void {
  if (done) return;
  done = true;
  const rooms = [initializers, regularizers, constraints, layers, losses, metrics, optimizers, optimizers.schedules];
  for (const room of rooms) registerBuiltins(Object.values(room));
  registerBuiltins([DTypePolicy, DTypePolicyMap, Model, Sequential, Functional]);
}

/**
 * The layer, loss, initializer ... that Keras' JSON form of it describes, Keras' own classes included. Source: keras.saving.deserialize_keras_object.
 * @throws ConfigError for a class that is not known.
 */
export function deserializeObject(serialized: SerializedObject, context: LoadContext = {}): Serializable {
  registerAll();
  return withLoadContext(context, () => deserializeKerasObject(serialized));
}
