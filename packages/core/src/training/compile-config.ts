// How a model was compiled, as Keras writes it, and back. Source: keras/src/trainers/trainer.py.
import * as losses from "../losses/index.ts";
import type { Optimizer } from "../optimizers/index.ts";
import {
  deserializeValue,
  type LoadContext,
  serializeKerasObject,
  serializeValue,
  toSnake,
} from "../registry/index.ts";
import * as tree from "../tree/index.ts";
import type { CompileOptions } from "./options.ts";

/** The config of `compile`'s arguments. The optimizer has its present learning rate. */
export function compileConfig(options: CompileOptions, optimizer: Optimizer): Record<string, unknown> {
  const eager = options.runEagerly === true;
  return {
    optimizer: serializeKerasObject(optimizer),
    loss: identifiers(options.loss),
    loss_weights: serializeValue(options.lossWeights),
    metrics: identifiers(options.metrics),
    weighted_metrics: identifiers(options.weightedMetrics),
    run_eagerly: eager,
    steps_per_execution: options.stepsPerExecution ?? 1,
    jit_compile: !eager && options.jitCompile !== false,
  };
}

// Names in Python's spelling; class names stay. A wrapped function is written as that function.
function identifiers(spec: unknown): unknown {
  if (spec === undefined || spec === null) return null;
  if (typeof spec === "string") return /^[a-z]/.test(spec) ? toSnake(spec) : spec;
  if (spec instanceof losses.Loss) return losses.serialize(spec);
  if (Array.isArray(spec)) return spec.map(identifiers);
  if (tree.isBranch(spec))
    return Object.fromEntries(Object.entries(spec).map(([key, value]) => [key, identifiers(value)]));
  return serializeValue(spec);
}

/**
 * The arguments of `compile` that a config describes; but `jit_compile`: Keras on TensorFlow writes false wherever there is no GPU, which
 * tells of that machine and not of the model, and would have every step here run op by op.
 */
export function compileOptions(config: Readonly<Record<string, unknown>>, context: LoadContext): CompileOptions {
  const names = {
    optimizer: "optimizer",
    loss: "loss",
    lossWeights: "loss_weights",
    metrics: "metrics",
    weightedMetrics: "weighted_metrics",
    runEagerly: "run_eagerly",
    stepsPerExecution: "steps_per_execution",
  };
  const entries = Object.entries(names).map(([key, python]) => [key, deserializeValue(config[python], context)]);
  return Object.fromEntries(entries.filter(([, value]) => value !== null && value !== undefined)) as CompileOptions;
}
