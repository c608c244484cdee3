// Functional models from their configs. Source: keras/src/models/functional.py.
import { ConfigError, complain } from "../errors/index.ts";
import { Layer } from "../layers/index.ts";
import { isSymbolic, type KerasTensor, tensor } from "../ops/index.ts";
import {
  type Config,
  deserializeKerasObject,
  isSerialized,
  type LoadContext,
  type SerializableClass,
  toCamel,
} from "../registry/index.ts";
import * as tree from "../tree/index.ts";
import { isFunctional, type LayerData, type NodeData } from "./functional-config.ts";
import { Model } from "./model.ts";
import { applyOperation } from "./operation-load.ts";
import { defaultTraining, inputNames } from "./python-calls.ts";

/** What files call a model made of inputs and outputs. It only makes models; there are no objects of this class. */
export const Functional: SerializableClass<Model> = Object.assign(class extends Model {}, {
  className: "Functional",
  module: "keras.src.models.functional",
  fromConfig: (config: Config, context: LoadContext): Model => {
    const { inputs, outputs } = graphFromConfig(config, context);
    const { name, trainable } = config as { readonly name?: string; readonly trainable?: boolean | null };
    return new Model({ inputs, outputs, name, trainable: trainable ?? true });
  },
});

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
function graphFromConfig(
  config: Config,
  context: LoadContext,
): { readonly inputs: tree.Tree<KerasTensor>; readonly outputs: tree.Tree<KerasTensor> } {
  const members = new Map<string, Member>();
  for (const data of config.layers as readonly LayerData[]) members.set(data.name, memberOf(data, context));

  const find = (name: string, index: number, tensorIndex: number): KerasTensor => {
    const member = members.get(name);
    if (member === undefined) {
      const must = "every layer that is named must be in the model";
      throw new ConfigError(
        complain("loadModel", { must, got: `"${name}"`, todo: "The file is damaged: save the model again" }),
      );
    }
    const found = member.calls[index]?.[tensorIndex];
    if (found === undefined) throw new NotYet(name);
    return found;
  };
  const revive = (value: unknown): unknown => {
    if (isSerialized(value)) {
      if (value.class_name === "__keras_tensor__")
        return find(...(value.config.keras_history as [string, number, number]));
      if (value.class_name === "__tensor__" || value.class_name === "__numpy__") {
        return tensor(value.config.value as number[], { dtype: value.config.dtype as string });
      }
      return value.class_name.startsWith("__") ? value : deserializeKerasObject(value, context);
    }
    if (Array.isArray(value)) return value.map(revive);
    return tree.isBranch(value)
      ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]))
      : value;
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
    throw new ConfigError(
      complain("loadModel", { must: "the members of a model must be layers", got: data.class_name, todo }),
    );
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
  const options = [...given].filter(
    ([key, x]) => x !== null && !(key === "training" && x === defaultTraining(data.class_name)),
  );
  const padding = Array.from({ length: numInputs - inputs.length }, () => undefined);
  const full =
    options.length === 0
      ? inputs
      : [...inputs, ...padding, Object.fromEntries(options.map(([key, x]) => [toCamel(key), x]))];
  return symbolic(operation.invoke(full));
}
