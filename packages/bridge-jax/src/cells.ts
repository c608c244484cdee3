// A model's state as nested plain objects: names of layers, then of weights.
import type { Layer, Model, Variable } from "@keras-ts/core";
import { complain, type StateCell, StateError } from "@keras-ts/core/backend";

/** Plain objects inside each other, with leaves at the bottom. */
export type Nested<T> = { readonly [name: string]: T | Nested<T> };
export interface NamedCell {
  readonly path: readonly string[];
  readonly cell: StateCell;
  /** True for the state of a seed generator. */
  readonly isSeed: boolean;
}
/** The cells of a model in the order of their values in `statelessCall`. */
export interface ModelCells {
  readonly trainable: readonly NamedCell[];
  readonly state: readonly NamedCell[];
}

export function cellsOf(model: Model): ModelCells {
  const unbuilt = model.flattenLayers().find((layer) => !layer.built);
  if (unbuilt !== undefined) {
    const todo = "Give it an input({ shape }), or call it once";
    throw new StateError(
      complain("toPure", { must: "the model must be built", got: `"${unbuilt.name}" unbuilt`, todo }),
    );
  }
  const named = namesOf(model);
  const find = (cell: StateCell): NamedCell => named.get(cell) as NamedCell;
  return { trainable: model.trainableVariables.map(find), state: model.nonTrainableVariables.map(find) };
}

function namesOf(root: Layer): Map<StateCell, NamedCell> {
  const found = new Map<StateCell, NamedCell>();
  const taken = new Set<string>();
  const free = (prefix: readonly string[], name: string): string[] => {
    let tried = [...prefix, name];
    for (let n = 1; taken.has(tried.join("/")); n++) tried = [...prefix, `${name}_${n}`];
    taken.add(tried.join("/"));
    return tried;
  };
  const add = (cell: StateCell, prefix: readonly string[], name: string, isSeed: boolean): void => {
    if (!found.has(cell)) found.set(cell, { cell, path: free(prefix, name), isSeed });
  };
  const seen = new Set<Layer>();
  const visit = (layer: Layer, prefix: readonly string[]): void => {
    if (seen.has(layer)) return;
    seen.add(layer);
    for (const variable of layer.ownVariables()) add(variable, prefix, (variable as Variable).name, false);
    for (const generator of layer.ownSeedGenerators()) add(generator.state, prefix, "seed_generator_state", true);
    for (const inner of layer.sublayers) visit(inner, free(prefix, inner.name));
  };
  visit(root, []);
  return found;
}

/** Values at their paths. */
export function nest<T>(cells: readonly NamedCell[], values: readonly T[]): Nested<T> {
  const root: Record<string, unknown> = {};
  cells.forEach(({ path }, i) => {
    let level = root;
    for (const name of path.slice(0, -1)) {
      level[name] ??= {};
      level = level[name] as Record<string, unknown>;
    }
    level[path.at(-1) as string] = values[i];
  });
  return root as Nested<T>;
}

/** The inverse of `nest`. @throws StateError if a value is missing. */
export function pick<T>(where: string, cells: readonly NamedCell[], values: Nested<T>): T[] {
  return cells.map(({ path }) => {
    let level: unknown = values;
    for (const name of path) level = (level as Readonly<Record<string, unknown>> | undefined)?.[name];
    if (level !== undefined) return level as T;
    const must = `there must be a value at ${path.join(".")}`;
    throw new StateError(complain(where, { must, got: "none", todo: "Pass what init or the last apply gave" }));
  });
}
