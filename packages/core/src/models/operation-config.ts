// Ops of functional graphs as files have them.
import { ConfigError, complain } from "../errors/index.ts";
import { type Index, Tensor } from "../graph/index.ts";
import { isSymbolic, type KerasTensor, type OpOperation, type SavedOperation, toPython } from "../ops/index.ts";
import type { SerializedObject } from "../registry/index.ts";

/** Turns symbolic tensors into what a file holds for them. */
export type TensorWriter = (x: KerasTensor) => unknown;

/** Module, class and config of a recorded op. @throws ConfigError for an op that Keras cannot save. */
export function operationConfig(operation: OpOperation): SerializedObject {
  const { module, className, config } = saved(operation, operation.inboundNodes[0]?.args ?? []);
  const values = Object.entries(config).map(([name, value]) => [name, plainValue(operation.name, value)]);
  return {
    module,
    class_name: className,
    config: { name: operation.name, ...Object.fromEntries(values) },
    registered_name: className,
  };
}

/** The arguments of one call of an op. */
export function operationCall(
  operation: OpOperation,
  args: readonly unknown[],
  write: TensorWriter,
): { args: unknown[]; kwargs: Record<string, unknown> } {
  const { args: positional, kwargs } = saved(operation, args);
  const value = (x: unknown): unknown => writeValue(operation.name, x, write);
  if (operation.op === "getItem")
    return { args: [value(positional[0]), writeKey(positional[1] as readonly Index[], value)], kwargs: {} };
  return {
    args: positional.map(value),
    kwargs: Object.fromEntries(Object.entries(kwargs).map(([name, x]) => [name, value(x)])),
  };
}

// Indexing is an operator in Python, not a function.
const saved = ({ op }: OpOperation, args: readonly unknown[]): SavedOperation =>
  op === "getItem"
    ? { module: "keras.src.ops.numpy", className: "GetItem", config: {}, args, kwargs: {} }
    : toPython(op, args);

function writeValue(where: string, value: unknown, write: TensorWriter): unknown {
  if (isSymbolic(value)) return write(value);
  return Array.isArray(value) ? value.map((item) => writeValue(where, item, write)) : plainValue(where, value);
}

function plainValue(where: string, value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Tensor) {
    if (value.source.kind === "literal") {
      const { data, shape, dtype } = value.source.value;
      return { class_name: "__tensor__", config: { value: nested([...data] as number[], shape), dtype } };
    }
    const must = "constants in a model that is saved must be known numbers";
    throw new ConfigError(
      complain(where, {
        must,
        got: String(value),
        todo: "Write the values with tensor([...]), or use a weight of a layer",
      }),
    );
  }
  if (typeof value === "function") {
    const must = "an op in a model that is saved must not take a function";
    throw new ConfigError(
      complain(where, { must, got: value.name || "a function", todo: "Put it into a layer of your own" }),
    );
  }
  return Array.isArray(value) ? value.map((item) => plainValue(where, item)) : value;
}

function nested(flat: readonly number[], shape: readonly number[]): unknown {
  if (shape.length === 0) return flat[0];
  const [count = 0, ...rest] = shape;
  const size = flat.length / Math.max(1, count);
  return Array.from({ length: count }, (_, i) => nested(flat.slice(i * size, (i + 1) * size), rest));
}

// Python's x[1:, ..., None]: slices, ellipsis and None; a single index stands alone.
function writeKey(key: readonly Index[], value: (x: unknown) => unknown): unknown {
  const list = key.map((index): unknown => {
    if (Array.isArray(index)) {
      const [start, stop, step = null] = index as readonly (number | null)[];
      return { class_name: "__slice__", config: { start, stop, step } };
    }
    if (index === "...") return { class_name: "__ellipsis__", config: {} };
    return index === "newaxis" ? null : value(index);
  });
  return list.length === 1 ? list[0] : list;
}
