import * as layers from "../layers/index.ts";
import * as losses from "../losses/index.ts";
import * as metrics from "../metrics/index.ts";
import * as optimizers from "../optimizers/index.ts";
import { registerBuiltins } from "../registry/index.ts";
import * as weights from "../weights/index.ts";
import { Functional } from "./functional-load.ts";
import { Model } from "./model.ts";
import { Sequential } from "./sequential.ts";

let done = false;
/** Makes Keras' own classes known for loading. Only loading needs them all, so bundles without it stay small. */
export function registerAll(): void {
  if (done) return;
  done = true;
  for (const room of [weights, layers, losses, metrics, optimizers, optimizers.schedules]) registerBuiltins(Object.values(room));
  registerBuiltins([Model, Sequential, Functional]);
}
