// Which objects of a model hold variables, and under which path Keras keeps each in its files.
// Source: keras/src/saving/saving_lib.py, `_save_state` and `_walk_saveable`.
import type { DType, Shape } from "../aval/index.ts";
import type { Tensor } from "../graph/index.ts";
import { Layer } from "../layers/index.ts";
import { toSnakeCase } from "../ops/index.ts";
import { Optimizer } from "../optimizers/index.ts";
import { toSnake } from "../registry/index.ts";
import { readCell } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";
import type { Variable } from "../weights/index.ts";

/** One array of a file: how to read it from the model, and how to put it back. */
export interface SavedWeight {
  /** The variable's path, for messages. */
  readonly path: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** The value to save. */
  read(): Tensor;
  /** Takes a loaded value of that shape and dtype. */
  assign(value: Tensor): void;
}

/** A layer may say itself what is stored of it (a kernel merged with its adapters, say), in the order of the file. */
export interface SavesOwnWeights {
  savedWeights(): readonly SavedWeight[];
}

/** An object of a model and its place in the file. */
export interface SavedObject {
  readonly path: string;
  readonly name: string;
  readonly object: Layer | Optimizer;
  readonly weights: readonly SavedWeight[];
}

/** What a model tells about itself beside its fields. */
interface ModelParts {
  /** Layers as Keras' attribute `layers` lists them. */
  readonly layers?: readonly Layer[];
  /** True if they are visited before all other attributes. */
  readonly layersFirst?: boolean;
  readonly compiled?: boolean;
  readonly optimizer?: Optimizer;
  /** Keras' name of the class, where it is not `className`. */
  readonly pythonClassName?: string;
}

/**
 * The objects of a model in the order in which Keras saves them, each once, at the place where it is reached first: attributes in
 * the order of their Python names (private ones last), and for Sequential and functional models the layers before all others.
 */
export function savedObjects(root: Layer): SavedObject[] {
  const found: SavedObject[] = [];
  const visited = new Set<unknown>();

  const visit = (object: Layer | Optimizer, path: string): void => {
    if (visited.has(object)) return;
    visited.add(object);
    found.push({ path, name: object.name, object, weights: weightsOf(object) });
    for (const [name, value] of attributes(object)) {
      const place = path === "" ? name : `${path}/${name}`;
      if (isSaved(value)) visit(value, place);
      else if (isContainer(value)) visitContainer(value, place);
    }
  };
  const visitContainer = (container: object, path: string): void => {
    if (visited.has(container)) return;
    visited.add(container);
    const used = new Map<string, number>();
    for (const item of container instanceof Map ? container.values() : Object.values(container)) {
      if (isSaved(item)) visit(item, `${path}/${unique(toSnakeCase(pythonClassOf(item)), used)}`);
      else if (isContainer(item)) visitContainer(item, `${path}/${unique("container", used)}`);
    }
  };
  visit(root, "");
  return found;
}

const isSaved = (value: unknown): value is Layer | Optimizer => value instanceof Layer || value instanceof Optimizer;
const isContainer = (value: unknown): value is object => value instanceof Map || tree.isBranch(value);

// Fields of the base classes, which Keras does not walk; they hold no layers of the user's.
const skipped: ReadonlySet<string> = new Set(["inbound_nodes", "dtype_policy", "input_spec", "activity_regularizer"]);

function attributes(object: Layer | Optimizer): [name: string, value: unknown][] {
  const fields = Object.entries(object).map(([name, value]): [string, unknown] => [toSnake(name), value]);
  const parts: ModelParts = object instanceof Layer ? (object as ModelParts) : {};
  const layers: [string, unknown][] = parts.layers === undefined ? [] : [["layers", parts.layers]];
  if (parts.compiled === true) fields.push(["optimizer", parts.optimizer]);
  const rest = fields.filter(([name]) => !skipped.has(name) && name !== "layers");
  const sortKey = (name: string): string => (name.startsWith("_") ? `~${name}` : name);
  const sorted = (list: [string, unknown][]): [string, unknown][] =>
    list.sort(([a], [b]) => (sortKey(a) < sortKey(b) ? -1 : sortKey(a) > sortKey(b) ? 1 : 0));
  return parts.layersFirst === true ? [...layers, ...sorted(rest)] : sorted([...layers, ...rest]);
}

function pythonClassOf(object: Layer | Optimizer): string {
  const ctor = object.constructor as unknown as { readonly className?: string; readonly name: string };
  return (object as ModelParts).pythonClassName ?? ctor.className ?? ctor.name;
}

function unique(name: string, used: Map<string, number>): string {
  const count = used.get(name);
  used.set(name, (count ?? -1) + 1);
  return count === undefined ? name : `${name}_${count + 1}`;
}

function weightsOf(object: Layer | Optimizer): readonly SavedWeight[] {
  if (object instanceof Optimizer) return object.variables.map(savedVariable);
  const own = (object as Partial<SavesOwnWeights>).savedWeights;
  return own === undefined ? object.ownVariables().map(savedVariable) : own.call(object);
}

/** A variable as it is. */
export const savedVariable = (variable: Variable): SavedWeight => ({
  path: variable.path,
  shape: variable.shape,
  dtype: variable.dtype,
  read: () => readCell(variable).tensor,
  assign: (value) => variable.assign(value),
});
