import type { Layer, Tensor, TensorLike, tree, Variable } from "@keras-ts/core";
import { insideScope, primitives, type StateCell, type StateScope, withScope } from "@keras-ts/core/backend";
import { flushState, postpone } from "./autograd.ts";
import { Module, needBuilt } from "./module.ts";
import { Buffer, Parameter } from "./parameter.ts";

type Inputs = tree.Tree<TensorLike>;

/** A Keras layer or model as a module. Made by `toModule`. */
export class KerasModule<R = Tensor> extends Module {
  readonly #layer: Layer;
  readonly #buffers = new Map<Variable, Buffer>();

  constructor(layer: Layer) {
    super();
    this.#layer = layer;
  }
  /** The layer or model inside. */
  get layer(): Layer {
    return this.#layer;
  }

  /** Calls the layer, in training mode after `train()`; the result can be differentiated with `backward`. */
  override forward(...inputs: readonly Inputs[]): R {
    const call = (): R => this.#layer.invoke([...inputs, { training: this.training }]) as R;
    if (insideScope()) return call(); // a compiled function keeps track of state by itself
    flushState();
    const written = new Map<StateCell, Tensor>();
    const scope: StateScope = {
      read: (cell) => {
        const parameter = this.#parameterOf(cell);
        return written.get(cell) ?? parameter?.recorded();
      },
      write: (cell, value) => {
        written.set(cell, value);
        return true;
      },
    };
    const result = withScope(scope, call);
    for (const [cell, value] of written) postpone(cell, primitives.stopGradient(value));
    return result;
  }

  #parameterOf(cell: StateCell): Parameter | undefined {
    const variable = cell as Variable;
    return variable.trainable === true ? Parameter.of(variable) : undefined;
  }

  /** Penalties of the last forward call: regularizers, and what layers added with `addLoss`. Add them to the loss yourself. */
  losses(): readonly Tensor[] {
    const scope: StateScope = { read: (cell) => this.#parameterOf(cell)?.recorded(), write: () => false };
    return withScope(scope, () => this.#layer.losses);
  }

  #weights(): { readonly parameters: [string, Variable][]; readonly buffers: [string, Variable][] } {
    needBuilt(this.#layer);
    const names = namesOf(this.#layer);
    const state = stateOf(this.#layer);
    const all = [...names].map(([variable, name]): [string, Variable] => [name, variable]);
    return { parameters: all.filter(([, v]) => !state.has(v)), buffers: all.filter(([, v]) => state.has(v)) };
  }
  protected override ownParameters(): readonly (readonly [string, Parameter])[] {
    return this.#weights().parameters.map(([name, variable]) => [name, Parameter.of(variable)]);
  }
  protected override ownBuffers(): readonly (readonly [string, Buffer])[] {
    return this.#weights().buffers.map(([name, variable]) => {
      const buffer = this.#buffers.get(variable) ?? new Buffer(variable);
      this.#buffers.set(variable, buffer);
      return [name, buffer];
    });
  }
}

// Dotted names by the layers' names; a name that is taken gets a number.
function namesOf(root: Layer): Map<Variable, string> {
  const names = new Map<Variable, string>();
  const taken = new Set<string>();
  const free = (name: string): string => {
    let tried = name;
    for (let n = 1; taken.has(tried); n++) tried = `${name}_${n}`;
    taken.add(tried);
    return tried;
  };
  const seen = new Set<Layer>();
  const visit = (layer: Layer, prefix: string): void => {
    if (seen.has(layer)) return;
    seen.add(layer);
    for (const v of layer.ownVariables()) if (!names.has(v)) names.set(v, free(`${prefix}${v.name}`));
    for (const inner of layer.sublayers) visit(inner, `${prefix}${inner.name}.`);
  };
  visit(root, "");
  return names;
}

// Weights that never train, whatever `trainable` says: those that stay frozen when everything is thawed for a moment.
function stateOf(root: Layer): Set<Variable> {
  const layers = root.flattenLayers();
  const before = layers.map((layer) => layer.trainable);
  const flags = root.weights.map((v) => [v, v.trainable] as const);
  root.trainable = true;
  const state = new Set(layers.flatMap((layer) => layer.ownVariables()).filter((v) => !v.trainable));
  layers.forEach((layer, i) => {
    layer.trainable = before[i] as boolean;
  });
  for (const [variable, trainable] of flags) variable.trainable = trainable;
  return state;
}

const modules = new WeakMap<Layer, KerasModule<unknown>>();

/**
 * A Keras layer or model as a torch-style module; the same layer always gives the same module, and they share their weights.
 * @example
 * const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
 * const module = toModule(model);
 * module.parameters().length; // 2
 */
export function toModule<R = Tensor>(layer: Layer): KerasModule<R> {
  const known = modules.get(layer) as KerasModule<R> | undefined;
  if (known !== undefined) return known;
  const made = new KerasModule<R>(layer);
  modules.set(layer, made as KerasModule<unknown>);
  return made;
}
