// Functional models as Keras writes them: layers with their calls, by name and number. Source: keras/src/models/functional.py.
import { complain, ConfigError } from "../errors/index.ts";
import { Layer } from "../layers/index.ts";
import { type CallNode, isSymbolic, type KerasTensor, OpOperation, type Operation, tensor } from "../ops/index.ts";
import {
  type Config,
  deserializeKerasObject,
  isSerialized,
  type LoadContext,
  type SerializedObject,
  serializeKerasObject,
  toCamel,
  toSnake,
} from "../registry/index.ts";
import * as tree from "../tree/index.ts";
import type { FunctionalParts, Model } from "./model.ts";
import { applyOperation, operationCall, operationConfig } from "./operation-config.ts";
import { defaultTraining, impliedKwargs, inputNames } from "./python-calls.ts";

/** A layer of a functional model in a file. */
interface LayerData extends SerializedObject {
  readonly name: string;
  readonly inbound_nodes: readonly NodeData[];
}
interface NodeData {
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
    const form = operation instanceof Layer ? serializeKerasObject(operation) : operationConfig(operation as OpOperation);
    return { ...form, name: operation.name, inbound_nodes: nodes.map((node) => nodeData(node, write)) };
  });
  return { layers: entries, inputLayers: tree.map(inputs, end), outputLayers: tree.map(outputs, end) };
}

const isFunctional = (operation: Operation): boolean =>
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
  const options = Object.entries((args[numInputs] ?? {}) as Record<string, unknown>).filter(([, value]) => value !== undefined);
  const value = (x: unknown): unknown => tree.map(x as tree.Tree<unknown>, (leaf) => (isSymbolic(leaf) ? write(leaf) : leaf));
  const kwargs =
    options.length > 0
      ? Object.fromEntries(options.map(([key, x]) => [toSnake(key), value(x)]))
      : impliedKwargs((operation as Layer & Partial<Model>).pythonClassName ?? className, inputs, operation.computeDtype);
  return { args: inputs.map(value), kwargs };
}

/** Whether a config describes a graph of layers. */
export const isFunctionalConfig = (config: Config): boolean => "layers" in config && "inputLayers" in config && "outputLayers" in config;

/** A named member of a graph that is being loaded. */
interface Member {
  readonly data: LayerData;
  readonly waiting: NodeData[];
  readonly operation: Layer | undefined;
  /** Outputs of its calls so far. */
  readonly calls: KerasTensor[][];
}

/** A call whose inputs do not exist yet. */
class NotYet extends Error {}

/** Inputs and outputs of the graph that a config describes; the layers are made and called on the way. */
export function graphFromConfig(config: Config, context: LoadContext): { readonly inputs: tree.Tree<KerasTensor>; readonly outputs: tree.Tree<KerasTensor> } {
  const members = new Map<string, Member>();
  for (const data of config.layers as readonly LayerData[]) members.set(data.name, memberOf(data, context));

  const find = (name: string, index: number, tensorIndex: number): KerasTensor => {
    const member = members.get(name);
    if (member === undefined) {
      const must = "every layer that is named must be in the model";
      throw new ConfigError(complain("loadModel", { must, got: `"${name}"`, todo: "The file is damaged: save the model again" }));
    }
    const found = member.calls[index]?.[tensorIndex];
    if (found === undefined) throw new NotYet(name);
    return found;
  };
  const revive = (value: unknown): unknown => {
    if (isSerialized(value)) {
      if (value.class_name === "__keras_tensor__") return find(...(value.config.keras_history as [string, number, number]));
      if (value.class_name === "__tensor__" || value.class_name === "__numpy__") {
        return tensor(value.config.value as number[], { dtype: value.config.dtype as string });
      }
      return value.class_name.startsWith("__") ? value : deserializeKerasObject(value, context);
    }
    if (Array.isArray(value)) return value.map(revive);
    return tree.isBranch(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)])) : value;
  };

  // A layer may be called again on what comes of its first call, so rounds go on until nothing waits.
  for (let waiting = [...members.values()]; waiting.some((member) => member.waiting.length > 0); ) {
    let progress = false;
    for (const member of waiting) {
      for (let node = member.waiting[0]; node !== undefined; node = member.waiting[0]) {
        try {
          const args = node.args.map(revive);
          const kwargs = revive(node.kwargs) as Record<string, unknown>;
          member.calls.push(call(member, args, kwargs));
        } catch (error) {
          if (error instanceof NotYet) break;
          throw error;
        }
        member.waiting.shift();
        progress = true;
      }
    }
    if (!progress) {
      const got = `"${waiting.find((member) => member.waiting.length > 0)?.data.name}" waiting for ever`;
      const must = "the calls of a model must not wait for each other";
      throw new ConfigError(complain("loadModel", { must, got, todo: "The file is damaged: save the model again" }));
    }
    waiting = waiting.filter((member) => member.waiting.length > 0);
  }

  const ends = (value: unknown): tree.Tree<KerasTensor> => {
    if (Array.isArray(value) && value.length === 3 && typeof value[0] === "string") {
      const [name, index, tensorIndex] = value as [string, number, number];
      const operation = members.get(name)?.operation;
      return find(name, operation !== undefined && isFunctional(operation) ? index - 1 : index, tensorIndex);
    }
    if (Array.isArray(value)) return value.map(ends);
    return Object.fromEntries(Object.entries(value as Record<string, unknown>).map(([key, item]) => [key, ends(item)]));
  };
  return { inputs: ends(config.inputLayers), outputs: ends(config.outputLayers) };
}

function memberOf(data: LayerData, context: LoadContext): Member {
  const waiting = [...(data.inbound_nodes ?? [])];
  if (/^keras\.src\.ops\./.test(data.module ?? "")) return { data, waiting, operation: undefined, calls: [] };
  const made = deserializeKerasObject(data, context);
  if (!(made instanceof Layer)) {
    const todo = "Register a class that extends Layer";
    throw new ConfigError(complain("loadModel", { must: "the members of a model must be layers", got: data.class_name, todo }));
  }
  // An input has its tensor from the start.
  const calls = waiting.length > 0 ? [] : made.inboundNodes.map((node) => [...node.outputs]);
  return { data, waiting, operation: made, calls };
}

function call({ data, operation }: Member, args: unknown[], kwargs: Record<string, unknown>): KerasTensor[] {
  const symbolic = (outputs: unknown): KerasTensor[] => tree.flatten(outputs as tree.Tree<unknown>).filter(isSymbolic);
  if (operation === undefined) return symbolic(applyOperation(data, args, kwargs));
  const { numInputs } = operation.constructor as typeof Layer;
  const given = new Map(Object.entries(kwargs));
  const inputs: unknown[] = args.slice(0, numInputs);
  for (const name of inputNames) {
    if (inputs.length >= numInputs || !given.has(name)) continue;
    inputs.push(given.get(name));
    given.delete(name);
  }
  // What Keras itself would fill in is left to the layer: an explicit `training: false` would hold while training too.
  const options = [...given].filter(([key, x]) => x !== null && !(key === "training" && x === defaultTraining(data.class_name)));
  const padding = Array.from({ length: numInputs - inputs.length }, () => undefined);
  const full = options.length === 0 ? inputs : [...inputs, ...padding, Object.fromEntries(options.map(([key, x]) => [toCamel(key), x]))];
  return symbolic(operation.invoke(full));
}
