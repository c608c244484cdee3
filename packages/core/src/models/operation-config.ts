// Ops in functional graphs, between our functions with options and Keras' operation classes.
import { complain, ConfigError } from "../errors/index.ts";
import { type Index, Tensor } from "../graph/index.ts";
import { isSymbolic, type KerasTensor, type OpOperation, opNamed } from "../ops/index.ts";
import { pythonOperations } from "../ops/python-operations.ts";
import { toCamel, toSnake } from "../registry/index.ts";
import * as tree from "../tree/index.ts";

/** What Python's Keras calls an op, and where each of its parameters is kept. */
interface Row {
  readonly op: string;
  readonly module: string;
  readonly className: string;
  /** Parameters of the class, written to its config. */
  readonly config: readonly string[];
  /** Parameters of the call, written with the node. */
  readonly call: readonly string[];
  /** Parameters that our function takes by position, and those in its options. */
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

let byOp: Map<string, Row> | undefined;
let byClass: Map<string, Row> | undefined;

function load(): { readonly ops: Map<string, Row>; readonly classes: Map<string, Row> } {
  if (byOp !== undefined && byClass !== undefined) return { ops: byOp, classes: byClass };
  byOp = new Map();
  byClass = new Map();
  const list = (text: string | undefined): string[] => (text ? text.split(",") : []);
  for (const line of [...pythonOperations.trim().split("\n"), "getItem:numpy:GetItem::x,key:x,key:"]) {
    const [op = "", module = "", className = "", config, call, required, optional] = line.split(":");
    const row = { op, module, className, config: list(config), call: list(call), required: list(required), optional: list(optional) };
    byOp.set(op, row);
    const key = `${module}.${className}`;
    // Several functions can make one class; the one of the same name is the plain one.
    if (className !== "" && (!byClass.has(key) || op.toLowerCase() === className.toLowerCase())) byClass.set(key, row);
  }
  return { ops: byOp, classes: byClass };
}

/** Turns symbolic tensors into what a file holds for them. */
export type TensorWriter = (x: KerasTensor) => unknown;

/** Module, class and config of a recorded op. @throws ConfigError for an op that Keras cannot save. */
export function operationConfig(operation: OpOperation): Record<string, unknown> {
  const row = rowOf(operation);
  const { args } = operation.inboundNodes[0] ?? { args: [] };
  const values = parametersOf(row, args);
  const own = row.config.filter((name) => values.has(name)).map((name) => [name, plainValue(operation.name, values.get(name))]);
  const config = { name: operation.name, ...Object.fromEntries(own) };
  return { module: `keras.src.ops.${row.module}`, class_name: row.className, config, registered_name: row.className };
}

/** The arguments of one call of an op as a file has them. */
export function operationCall(operation: OpOperation, args: readonly unknown[], write: TensorWriter): { args: unknown[]; kwargs: Record<string, unknown> } {
  const row = rowOf(operation);
  const values = parametersOf(row, args);
  const positional: unknown[] = [];
  const kwargs: Record<string, unknown> = {};
  let gap = false;
  for (const name of row.call) {
    const plain = name.replace("*", "");
    if (!values.has(plain)) gap = true;
    else {
      const value = name === "key" ? writeKey(values.get(plain), write) : writeValue(operation.name, values.get(plain), write);
      if (name.startsWith("*")) positional.push(...(value as unknown[]));
      else if (gap) kwargs[plain] = value;
      else positional.push(value);
    }
  }
  return { args: positional, kwargs };
}

/** Applies the op that a file describes. `args` and `kwargs` hold symbolic tensors. */
export function applyOperation(
  data: { readonly module: string | null; readonly class_name: string; readonly config: Readonly<Record<string, unknown>> },
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): KerasTensor {
  const key = `${(data.module ?? "").split(".").at(-1)}.${data.class_name}`;
  const row = load().classes.get(key);
  if (row === undefined) return unknownOp(data.class_name);
  const values = new Map<string, unknown>(Object.entries({ ...data.config, ...kwargs }));
  row.call.forEach((name, i) => {
    if (name.startsWith("*")) values.set(name.slice(1), args.slice(i));
    else if (i < args.length) values.set(name, args[i]);
  });
  const name = data.config.name as string | undefined;
  if (row.op === "getItem") return named((values.get("x") as KerasTensor).at(...readKey(values.get("key"))), name);
  const op = opNamed(row.op);
  if (op === undefined) return unknownOp(data.class_name);
  const positional = row.required.flatMap((parameter) => {
    const value = values.get(parameter.replace("*", ""));
    return parameter.startsWith("*") ? (value as unknown[]) : [value];
  });
  const options = row.optional.filter((parameter) => values.get(parameter) !== undefined).map((parameter) => [toCamel(parameter), values.get(parameter)]);
  const all = [...positional, ...(options.length > 0 ? [Object.fromEntries(options)] : [])];
  return named((op as (...a: unknown[]) => unknown)(...all), name);
}

// Names are the keys by which the rest of the graph finds the op.
function named(outputs: unknown, name: string | undefined): KerasTensor {
  const [first] = tree.flatten(outputs as tree.Tree<unknown>).filter(isSymbolic);
  if (first?.history !== undefined && name !== undefined) first.history.operation.name = name;
  return outputs as KerasTensor;
}

function rowOf(operation: OpOperation): Row {
  const row = load().ops.get(operation.op);
  if (row !== undefined && row.className !== "") return row;
  const must = "an op in a model that is saved must be one that Keras records";
  throw new ConfigError(complain(operation.name, { must, got: `ops.${operation.op}`, todo: "Put it into a layer of your own" }));
}

function unknownOp(className: string): never {
  const must = "every op of the model must exist here";
  throw new ConfigError(complain("loadModel", { must, got: `the op "${className}"`, todo: "Update the package, or replace this op in the model" }));
}

// The values of the parameters by their Python names.
function parametersOf(row: Row, args: readonly unknown[]): Map<string, unknown> {
  const values = new Map<string, unknown>();
  let i = 0;
  for (const name of row.required) {
    if (name.startsWith("*")) {
      const rest = args.slice(i);
      i = args.length;
      values.set(name.slice(1), rest);
    } else if (i < args.length) values.set(name, args[i++]);
  }
  const options = args[i];
  if (options !== undefined && tree.isBranch(options) && !Array.isArray(options)) {
    for (const [key, value] of Object.entries(options)) if (value !== undefined) values.set(toSnake(key), value);
  }
  return values;
}

function writeValue(where: string, value: unknown, write: TensorWriter): unknown {
  if (isSymbolic(value)) return write(value);
  if (Array.isArray(value)) return value.map((item) => writeValue(where, item, write));
  return plainValue(where, value);
}

function plainValue(where: string, value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Tensor) {
    if (value.source.kind === "literal") {
      const { data, shape, dtype } = value.source.value;
      return { class_name: "__tensor__", config: { value: nested([...data] as number[], shape), dtype } };
    }
    const must = "constants in a model that is saved must be known numbers";
    throw new ConfigError(complain(where, { must, got: String(value), todo: "Write the values with tensor([...]), or use a weight of a layer" }));
  }
  if (typeof value === "function") {
    const must = "an op in a model that is saved must not take a function";
    throw new ConfigError(complain(where, { must, got: value.name || "a function", todo: "Put it into a layer of your own" }));
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
function writeKey(key: unknown, write: TensorWriter): unknown {
  const list = (key as readonly Index[]).map((index): unknown => {
    if (Array.isArray(index)) {
      const [start, stop, step = null] = index as readonly (number | null)[];
      return { class_name: "__slice__", config: { start, stop, step } };
    }
    if (index === "...") return { class_name: "__ellipsis__", config: {} };
    return index === "newaxis" ? null : writeValue("getItem", index, write);
  });
  return list.length === 1 ? list[0] : list;
}

/** A slice or ellipsis as `KerasTensor.at` takes it. */
function readKey(key: unknown): Index[] {
  const one = (index: unknown): Index => {
    if (index === null) return "newaxis";
    const special = index as { readonly class_name?: string; readonly config?: Readonly<Record<string, number | null>> };
    if (special.class_name === "__ellipsis__") return "...";
    if (special.class_name === "__slice__") {
      const { start = null, stop = null, step = null } = special.config ?? {};
      return [start, stop, step];
    }
    return index as Index;
  };
  return Array.isArray(key) ? key.map(one) : [one(key)];
}
