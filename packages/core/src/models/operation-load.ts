// Ops of functional graphs from files.
import type { Index } from "../graph/index.ts";
import { fromPython, isSymbolic, type KerasTensor } from "../ops/index.ts";
import type { SerializedObject } from "../registry/index.ts";
import * as tree from "../tree/index.ts";

/**
 * Applies the op that a file describes to arguments in which symbolic tensors stand.
 * @throws ConfigError for an op that does not exist here.
 */
export function applyOperation(
  data: SerializedObject,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): unknown {
  const { name, ...config } = data.config;
  const outputs = apply(data, config, args, kwargs);
  // Names are the keys by which the rest of the graph finds the op.
  const [first] = tree.flatten(outputs as tree.Tree<unknown>).filter(isSymbolic);
  if (first?.history !== undefined && typeof name === "string") first.history.operation.name = name;
  return outputs;
}

function apply(
  { module, class_name: className }: SerializedObject,
  config: Readonly<Record<string, unknown>>,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): unknown {
  // Indexing is an operator in Python, not a function.
  if (className === "GetItem") return (args[0] as KerasTensor).at(...indicesOf("key" in kwargs ? kwargs.key : args[1]));
  const { call, args: own } = fromPython({ module: module ?? "", className, config, args, kwargs });
  return call(...own);
}

function indicesOf(key: unknown): Index[] {
  const one = (index: unknown): Index => {
    if (index === null) return "newaxis";
    const { class_name, config } = index as {
      readonly class_name?: string;
      readonly config?: Readonly<Record<string, number | null>>;
    };
    if (class_name === "__ellipsis__") return "...";
    if (class_name === "__slice__") return [config?.start ?? null, config?.stop ?? null, config?.step ?? null];
    return index as Index;
  };
  return Array.isArray(key) ? key.map(one) : [one(key)];
}
