// Functional models as Keras writes them: layers with their calls, by name and number. Source: keras/src/models/functional.py.
import { ConfigError, complain } from "../errors/index.ts";
import { Layer } from "../layers/index.ts";
import { type CallNode, isSymbolic, type KerasTensor, type Operation, type OpOperation } from "../ops/index.ts";
import { type Config, type SerializedObject, serializeKerasObject, toSnake } from "../registry/index.ts";
import * as tree from "../tree/index.ts";
import type { FunctionalParts, Model } from "./model.ts";
import { operationCall, operationConfig } from "./operation-config.ts";
import { impliedKwargs } from "./python-calls.ts";

/** A layer of a functional model in a file. */
export interface LayerData extends SerializedObject {
  readonly name: string;
  readonly inbound_nodes: readonly NodeData[];
}
/** One call: inputs, and options by their Python names. */
export interface NodeData {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** The graph of a functional model for its config. */
export function functionalConfig({ inputs, outputs, graph }: FunctionalParts): Config {
  const kept = new Set<CallNode>(graph.nodes);
  // Numbers count only the calls that belong to this model.
  const indexOf = (x: KerasTensor): number => {
    const { operation, nodeIndex } = historyOf(x);
    return operation.inboundNodes.slice(0, nodeIndex).filter((node) => kept.has(node)).length;
  };
  const write = (x: KerasTensor): unknown => {
    const { operation, tensorIndex } = historyOf(x);
    const config = { shape: x.shape, dtype: x.dtype, keras_history: [operation.name, indexOf(x), tensorIndex] };
    return { class_name: "__keras_tensor__", config };
  };
  // Python's inner functional models count from 1 where the ends of the graph are named, and only there.
  const end = (x: KerasTensor): unknown => {
    const { operation, tensorIndex } = historyOf(x);
    return [operation.name, indexOf(x) + (isFunctional(operation) ? 1 : 0), tensorIndex];
  };
  const entries = graph.operations.map((operation) => {
    const nodes = operation.inboundNodes.filter((node) => kept.has(node) && node.inputs.length > 0);
    const form =
      operation instanceof Layer ? serializeKerasObject(operation) : operationConfig(operation as OpOperation);
    return { ...form, name: operation.name, inbound_nodes: nodes.map((node) => nodeData(node, write)) };
  });
  return { layers: entries, inputLayers: tree.map(inputs, end), outputLayers: tree.map(outputs, end) };
}

/** True for models that are `Functional` in Python. */
export const isFunctional = (operation: Operation): boolean =>
  operation instanceof Layer && (operation as Layer & Partial<Model>).pythonClassName === "Functional";

function historyOf(x: KerasTensor): NonNullable<KerasTensor["history"]> {
  if (x.history !== undefined) return x.history;
  const must = "every symbolic tensor of a model must come from a layer or an op";
  throw new ConfigError(complain("save", { must, got: String(x), todo: "Start from input({ shape })" }));
}

function nodeData({ operation, args }: CallNode, write: (x: KerasTensor) => unknown): NodeData {
  if (!(operation instanceof Layer)) return operationCall(operation as OpOperation, args, write);
  const { numInputs, className } = operation.constructor as typeof Layer;
  const inputs = args.slice(0, numInputs).filter((x) => x !== undefined);
  const options = Object.entries((args[numInputs] ?? {}) as Record<string, unknown>).filter(
    ([, value]) => value !== undefined,
  );
  const value = (x: unknown): unknown =>
    tree.map(x as tree.Tree<unknown>, (leaf) => (isSymbolic(leaf) ? write(leaf) : leaf));
  const kwargs =
    options.length > 0
      ? Object.fromEntries(options.map(([key, x]) => [toSnake(key), value(x)]))
      : impliedKwargs(
          (operation as Layer & Partial<Model>).pythonClassName ?? className,
          inputs,
          operation.computeDtype,
        );
  return { args: inputs.map(value), kwargs };
}
