// Recorded ops as Keras saves them: class, constructor arguments, call arguments.
import { ConfigError, complain } from "../errors/index.ts";
import * as catalog from "./catalog.ts";
import { pythonOperations } from "./python-operations.ts";

/** How an op is written in Python. Parameter names are Keras'. */
export interface PythonOperation {
  /** Public camelCase name. */
  readonly op: string;
  /** `numpy`, `nn`, ...: the file below `keras.src.ops`. */
  readonly module: string;
  readonly className: string;
  readonly initParameters: readonly string[];
  readonly callParameters: readonly string[];
  /** Parameters of the function without a default: positional here; the others are options. */
  readonly required: readonly string[];
  readonly optional: readonly string[];
  readonly defaults: Readonly<Record<string, unknown>>;
}

const camel = (name: string): string =>
  name.replace(/_+$/, "").replace(/_([a-zA-Z0-9])/g, (_, c: string) => c.toUpperCase());

type Functions = Readonly<Record<string, (...args: unknown[]) => unknown>>;
/** A public op by its name in Python: `sum`, `image.resize`; undefined if it has no twin here. */
export function publicOp(name: string): ((...args: unknown[]) => unknown) | undefined {
  const names = camel(name).split(".");
  const op = names.reduce<unknown>((space, key) => (space as Functions | undefined)?.[key], catalog);
  return typeof op === "function" ? (op as (...args: unknown[]) => unknown) : undefined;
}
// Most live in `keras.ops` itself, those of images in a namespace of their own.
const functionOf = ({ op, module }: PythonOperation): ((...args: unknown[]) => unknown) | undefined =>
  publicOp(module === "image" ? `image.${op}` : op);

let byName: ReadonlyMap<string, PythonOperation> | undefined;
/** All ops of Keras by camelCase name, also those that have no twin here yet. */
export function pythonOperationTable(): ReadonlyMap<string, PythonOperation> {
  const list = (text: string | undefined): string[] => (text === undefined || text === "" ? [] : text.split(" "));
  byName ??= new Map(
    pythonOperations
      .trim()
      .split("\n")
      .map((line) => {
        const [op = "", module = "", className = "", init, call, required, optional] = line.split(":");
        const options = list(optional).map(
          (entry) => [entry.slice(0, entry.indexOf("=")), JSON.parse(entry.slice(entry.indexOf("=") + 1))] as const,
        );
        const lists = { initParameters: list(init), callParameters: list(call), required: list(required) };
        const defaults = { optional: options.map(([name]) => name), defaults: Object.fromEntries(options) };
        return [op, { op, module, className, ...lists, ...defaults }] as const;
      }),
  );
  return byName;
}

/** An operation as Keras serializes it. */
export interface SavedOperation {
  /** `keras.src.ops.numpy`. */
  readonly module: string;
  readonly className: string;
  /** Constructor arguments, without `name`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

// Stands in a list of parameters for keywords of any name: those of `rearrange` are axes of its pattern, and keep their names.
const ANY_NAME = "**";
const isOptions = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype;

/**
 * A recorded call in Keras' terms. @throws ConfigError for an op that Keras has no class for.
 * @example
 * toPython("sum", [new KerasTensor([2, 3]), { axis: 1 }]).config; // { axis: 1, keepdims: false }
 */
export function toPython(op: string, args: readonly unknown[]): SavedOperation {
  const entry = pythonOperationTable().get(op);
  if (entry === undefined || entry.className === "") {
    const must = "only ops that Keras has a class for can be saved in a model";
    throw new ConfigError(
      complain("toPython", { must, got: `"${op}"`, todo: "Use a layer, for example Lambda's replacement" }),
    );
  }
  const given = new Map<string, unknown>();
  const variadic = entry.required.find((name) => name.startsWith("*"));
  const fixed = entry.required.filter((name) => name !== variadic);
  fixed.forEach((name, i) => given.set(name, args[i]));
  const rest = args.slice(fixed.length);
  const last = rest[rest.length - 1];
  const options = isOptions(last) ? last : {};
  const others = isOptions(last) ? rest.slice(0, -1) : rest;
  for (const name of entry.optional) if (camel(name) in options) given.set(name, options[camel(name)]);
  // Keras writes the constructor's arguments down whether they were given or not.
  const config = Object.fromEntries(
    entry.initParameters
      .filter((name) => given.has(name) || name in entry.defaults)
      .map((name) => [name, given.has(name) ? given.get(name) : entry.defaults[name]]),
  );
  const call = entry.callParameters.filter((name) => !name.startsWith("*"));
  const positional: unknown[] = [];
  const kwargs: Record<string, unknown> = {};
  for (const name of call) {
    if (!given.has(name)) continue;
    if (entry.required.includes(name)) positional.push(given.get(name));
    else kwargs[name] = given.get(name);
  }
  if (entry.callParameters.includes(ANY_NAME)) Object.assign(kwargs, options);
  return {
    module: `keras.src.ops.${entry.module}`,
    className: entry.className,
    config,
    args: [...positional, ...others],
    kwargs,
  };
}

/**
 * The op and its arguments here, from a saved operation. @throws ConfigError for a class that has no twin here.
 * @example
 * fromPython(toPython("sum", [new KerasTensor([2, 3]), { axis: 1 }])).op; // "sum"
 */
export function fromPython({ module, className, config, args, kwargs }: SavedOperation): {
  readonly op: string;
  readonly call: (...args: unknown[]) => unknown;
  readonly args: readonly unknown[];
} {
  const file = module.split(".").pop();
  // Several names may share a class (abs, absolute); the one named after the class comes first.
  const candidates = [...pythonOperationTable().values()].filter(
    (e) =>
      e.className === className &&
      functionOf(e) !== undefined &&
      (e.module === file || !module.startsWith("keras.src.ops")),
  );
  const entry = candidates.find((e) => e.op.toLowerCase() === className.toLowerCase()) ?? candidates[0];
  if (entry === undefined) {
    const must = "the operation must have a twin here";
    throw new ConfigError(
      complain("fromPython", { must, got: `${module}.${className}`, todo: "Replace it in the model by a layer" }),
    );
  }
  const given = new Map<string, unknown>(Object.entries({ ...config, ...kwargs }));
  const call = entry.callParameters.filter((name) => !name.startsWith("*"));
  call.forEach((name, i) => {
    if (i < args.length) given.set(name, args[i]);
  });
  const positional = entry.required.flatMap((name) =>
    name.startsWith("*") ? args.slice(call.length) : [given.get(name)],
  );
  // Defaults are left out again.
  const changed = (name: string): boolean => JSON.stringify(given.get(name)) !== JSON.stringify(entry.defaults[name]);
  const options = entry.optional
    .filter((name) => given.has(name) && changed(name))
    .map((name): [string, unknown] => [camel(name), given.get(name)]);
  if (entry.callParameters.includes(ANY_NAME))
    options.push(...Object.entries(kwargs).filter(([name]) => !call.includes(name)));
  const tail = options.length > 0 ? [Object.fromEntries(options)] : [];
  return { op: entry.op, call: functionOf(entry) as (...args: unknown[]) => unknown, args: [...positional, ...tail] };
}
