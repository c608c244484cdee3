// Class names <-> constructors, and objects <-> the JSON in which Keras writes them. Source: keras/src/saving/serialization_lib.py.
import { ConfigError, complain, didYouMean } from "../errors/index.ts";
import { isBranch } from "../tree/index.ts";
import { recordShared } from "./sharing.ts";
import { identifierKey, toCamel, toSnake } from "./spelling.ts";

/** Constructor options, camelCase; the twin of Keras' `get_config()`. */
export type Config = Readonly<Record<string, unknown>>;

/** An object that can be written to a config and made from one again. */
export interface Serializable {
  getConfig(): Config;
}

/** A class as the registry knows it. Names are explicit: minifiers rename classes. */
export interface SerializableClass<T extends Serializable = Serializable> {
  // biome-ignore lint/suspicious/noExplicitAny: constructors of all config types must fit
  new (config: any): T;
  /** Keras' class name. */
  readonly className: string;
  /** Keras' public module, such as `keras.layers`; absent for a user's class. */
  readonly module?: string;
  /** Makes an object from a config with Python's keys turned to camelCase; by default `new this(config)`. */
  readonly fromConfig?: (config: Config, context: LoadContext) => T;
}

/** The JSON form of an object in Keras' files. */
export interface SerializedObject {
  readonly module: string | null;
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly registered_name: string | null;
  readonly build_config?: unknown;
  readonly compile_config?: unknown;
  readonly shared_object_id?: number;
}

/** Classes that a load may use beside the registered ones. */
export type CustomObjects = Readonly<Record<string, SerializableClass | ((...args: never[]) => unknown)>>;
export interface LoadContext {
  readonly customObjects?: CustomObjects;
  /** Objects met before, by Python's id. */
  readonly shared?: Map<number, unknown>;
  /** False if models must not be compiled as they were. */
  readonly compile?: boolean;
}

let active: LoadContext = {};
/** Runs `f` with everything that is deserialized inside, however deep, in this context. */
export function withLoadContext<R>(context: LoadContext, f: () => R): R {
  const outer = active;
  active = { shared: new Map(), ...context };
  try {
    return f();
  } finally {
    active = outer;
  }
}
const classes = new Map<string, SerializableClass>();
const registeredNames = new Map<SerializableClass, string>();

/** Makes classes known by Keras' names, for loading. */
export function registerBuiltins(list: Iterable<unknown>): void {
  for (const entry of list) {
    if (!isSerializableClass(entry)) continue;
    // Some names stand for two things: there is a loss CategoricalCrossentropy and a metric.
    classes.set(`${entry.module}.${entry.className}`, entry);
    if (!classes.has(entry.className)) classes.set(entry.className, entry);
  }
}

function isSerializableClass(value: unknown): value is SerializableClass {
  return typeof value === "function" && Object.hasOwn(value, "className");
}

/**
 * Makes a class of your own loadable. Source: keras.saving.register_keras_serializable.
 * @example
 * class Twice extends layers.Layer {
 *   static override readonly className: string = "Twice";
 *   override call(x: Tensor): Tensor {
 *     return x.multiply(2);
 *   }
 * }
 * saving.registerKerasSerializable(Twice, { package: "my_layers" });
 */
export function registerKerasSerializable(
  ctor: SerializableClass,
  { package: pkg = "Custom", name }: { readonly package?: string; readonly name?: string } = {},
): void {
  const registered = `${pkg}>${name ?? ctor.className}`;
  classes.set(registered, ctor);
  registeredNames.set(ctor, registered);
}

/** The class that a name or registered name stands for. */
export function classNamed(
  name: string,
  registeredName: string | null | undefined,
  context: LoadContext = active,
  module: string | null = null,
): SerializableClass {
  const custom = context.customObjects?.[registeredName ?? name] ?? context.customObjects?.[name];
  if (isSerializableClass(custom)) return custom;
  const found =
    (registeredName ? classes.get(registeredName) : undefined) ?? classes.get(`${module}.${name}`) ?? classes.get(name);
  if (found !== undefined) return found;
  const must = "the class must be one of Keras' that this version has, or registered";
  const todo = `${didYouMean(
    name,
    [...classes.keys()].filter((key) => !key.includes(".")),
  )} Register your own with saving.registerKerasSerializable, or pass customObjects`.trim();
  throw new ConfigError(complain("deserialize", { must, got: `"${registeredName ?? name}"`, todo }));
}

/** True for the JSON form of an object. */
export function isSerialized(value: unknown): value is SerializedObject {
  return isBranch(value) && "class_name" in value && "config" in value;
}

const isSerializable = (value: unknown): value is Serializable =>
  typeof value === "object" && value !== null && typeof (value as Serializable).getConfig === "function";

/** An object in the JSON form that Keras writes. @throws ConfigError for a class without a name. */
export function serializeKerasObject(object: Serializable): SerializedObject {
  const ctor = object.constructor as unknown as SerializableClass;
  if (!Object.hasOwn(ctor, "className")) {
    const must = "a class that is saved must have a static className";
    throw new ConfigError(
      complain("serialize", { must, got: ctor.name, todo: `Add static readonly className = "${ctor.name}"` }),
    );
  }
  const extra = (object as { serializedExtras?: () => Record<string, unknown> }).serializedExtras?.() ?? {};
  // A class of yours that extends one of Keras' inherits its module, but does not live there.
  const module = Object.hasOwn(ctor, "module") && !registeredNames.has(ctor) ? (ctor.module ?? null) : null;
  return recordShared(object, {
    module,
    class_name: ctor.className,
    config: serializeConfig(object.getConfig()),
    registered_name: registeredNames.get(ctor) ?? (module === null ? ctor.className : null),
    ...extra,
  });
}

/** A config with Python's keys; objects inside it are serialized. */
export function serializeConfig(config: Config): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [toSnake(key), serializeValue(value)]));
}

/** A value inside a config. */
export function serializeValue(value: unknown): unknown {
  if (value === undefined) return null;
  if (isSerializable(value)) return serializeKerasObject(value);
  if (Array.isArray(value)) return value.map(serializeValue);
  if (isBranch(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, serializeValue(v)]));
  if (typeof value === "function") return serializeFunction(value as (...args: never[]) => unknown);
  return value;
}

// Keras writes functions by name only; whoever loads the file passes them as custom objects unless they are Keras' own.
function serializeFunction(f: (...args: never[]) => unknown): SerializedObject {
  if (f.name === "") {
    const must = "functions in a config must have a name, because they are saved by name";
    throw new ConfigError(
      complain("serialize", {
        must,
        got: "an arrow function without one",
        todo: "Give it a name, or use a registered class",
      }),
    );
  }
  return { module: "builtins", class_name: "function", config: toSnake(f.name) as never, registered_name: "function" };
}

/**
 * What a value inside a config stands for: JSON forms become objects, containers are searched, all else stays.
 * A function is looked up in the custom objects; one of Keras' own stays a name.
 */
export function deserializeValue(value: unknown, context: LoadContext = active): unknown {
  if (isSerialized(value)) {
    if (value.class_name !== "function") return deserializeKerasObject(value, context);
    const name = String(value.config);
    const key = identifierKey(name);
    const custom = Object.entries(context.customObjects ?? {}).find(([other]) => identifierKey(other) === key);
    return custom === undefined ? name : custom[1];
  }
  if (Array.isArray(value)) return value.map((item) => deserializeValue(item, context));
  if (isBranch(value))
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, deserializeValue(v, context)]));
  return value;
}

/** A config with JavaScript's keys; values stay as they are. */
export function deserializeConfig(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [toCamel(key), value]));
}

/** What can be built and compiled as a file says. */
interface Revivable {
  readonly built?: boolean;
  buildFromConfig?(config: Readonly<Record<string, unknown>>): void;
  compileFromConfig?(config: Readonly<Record<string, unknown>>, context: LoadContext): void;
}

/** The object that a JSON form describes, built and compiled as it was. @throws ConfigError for an unknown class. */
export function deserializeKerasObject(serialized: SerializedObject, context: LoadContext = active): Serializable {
  const { shared_object_id: id, build_config: build, compile_config: compile } = serialized;
  const known = id === undefined ? undefined : context.shared?.get(id);
  if (known !== undefined) return known as Serializable;
  const ctor = classNamed(serialized.class_name, serialized.registered_name, context, serialized.module);
  const config = deserializeConfig(serialized.config);
  const made = ctor.fromConfig === undefined ? new ctor(config) : ctor.fromConfig(config, context);
  const revivable = made as Revivable;
  if (isBranch(build) && revivable.built !== true) revivable.buildFromConfig?.(build as Record<string, unknown>);
  if (isBranch(compile) && Object.keys(compile).length > 0 && context.compile !== false) {
    revivable.compileFromConfig?.(compile as Record<string, unknown>, context);
  }
  if (id !== undefined) context.shared?.set(id, made);
  return made;
}

/**
 * What an option such as `kernelInitializer` stands for: an object as it is, a name (in either spelling) or a JSON form as an object
 * of `table`.
 */
export function resolveIdentifier<T extends Serializable>(
  where: string,
  identifier: unknown,
  table: Readonly<Record<string, SerializableClass<T>>>,
  isOne: (value: unknown) => value is T,
): T {
  if (isOne(identifier)) return identifier;
  if (isSerialized(identifier)) {
    const own = lookup(table, identifier.class_name);
    if (own === undefined) return deserializeKerasObject(identifier) as T;
    const config = deserializeConfig(identifier.config);
    // What is nested in it is of the same kind.
    const context = { ...active, customObjects: { ...table, ...active.customObjects } };
    return own.fromConfig === undefined ? new own(config) : own.fromConfig(config, context);
  }
  if (typeof identifier === "string") {
    const found = lookup(table, identifier);
    if (found !== undefined) return new found({});
    const custom = active.customObjects?.[identifier];
    if (isSerializableClass(custom)) return new custom({}) as T;
  }
  const names = Object.keys(table);
  const got = typeof identifier === "string" ? `"${identifier}"` : String(identifier);
  const todo = (typeof identifier === "string" && didYouMean(identifier, names)) || `Use one of ${names.join(", ")}`;
  throw new ConfigError(complain(where, { must: "it must be a known name, a config or an object", got, todo }));
}

function lookup<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  if (Object.hasOwn(table, name)) return table[name];
  const wanted = name.replace(/_/g, "").toLowerCase();
  for (const [key, value] of Object.entries(table)) if (key.replace(/_/g, "").toLowerCase() === wanted) return value;
  return undefined;
}
