import { ConfigError, Layer, StateError, type Tensor, type TensorLike, tree } from "@keras-ts/core";
import { complain, didYouMean } from "@keras-ts/core/backend";
import { Buffer, Parameter } from "./parameter.ts";

/** Tensors by dotted name, as in PyTorch. */
export type StateDict = Readonly<Record<string, TensorLike>>;
export interface LoadResult {
  readonly missingKeys: readonly string[];
  readonly unexpectedKeys: readonly string[];
}

/**
 * The base of modules, in the manner of `torch.nn.Module`. Modules, parameters and buffers assigned to fields, also inside arrays and plain
 * objects, are found by themselves and named after the fields. Keras layers are wrapped with `toModule`.
 * @example
 * class Net extends Module {
 *   hidden = toModule(new layers.Dense({ units: 4, activation: "relu" }));
 *   scale = new Parameter([1, 1, 1, 1]);
 *   override forward(x: Tensor): Tensor {
 *     return this.hidden.forward(x).multiply(this.scale.value);
 *   }
 * }
 * const net = new Net();
 * net.forward(tensor([[1, 2]]));
 * [...net.namedParameters()].map(([name]) => name); // ["scale", "hidden.kernel", "hidden.bias"]
 */
export abstract class Module {
  #training = true;

  /** The computation; subclasses override it. */
  abstract forward(...inputs: never[]): unknown;

  /** `forward`, by the name that callables have. */
  call(...inputs: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    return this.forward(...(inputs as never[])) as ReturnType<this["forward"]>;
  }

  /** True after `train()`, false after `eval()`. */
  get training(): boolean {
    return this.#training;
  }
  /** Switches this module and all inside to training: dropout drops, batch statistics are used. */
  train(mode = true): this {
    for (const [, module] of this.namedModules()) module.#training = mode;
    return this;
  }
  /** Switches this module and all inside to inference. */
  eval(): this {
    return this.train(false);
  }

  #assigned<T>(pick: (value: unknown) => T | undefined): [name: string, value: T][] {
    const found: [string, T][] = [];
    const visit = (value: unknown, name: string): void => {
      if (value instanceof Layer) {
        const todo = `Assign toModule(${value.name}) instead`;
        throw new ConfigError(
          complain(`Module field "${name}"`, { must: "layers must be wrapped as modules", got: "a Keras layer", todo }),
        );
      }
      const taken = pick(value);
      if (taken !== undefined) found.push([name, taken]);
      else if (tree.isBranch(value)) for (const [key, item] of Object.entries(value)) visit(item, `${name}.${key}`);
    };
    for (const [name, value] of Object.entries(this)) visit(value, name);
    return found;
  }

  /** Parameters of this module itself, by name. Internal. */
  protected ownParameters(): readonly (readonly [string, Parameter])[] {
    return this.#assigned((value) => (value instanceof Parameter ? value : undefined));
  }
  /** Buffers of this module itself, by name. Internal. */
  protected ownBuffers(): readonly (readonly [string, Buffer])[] {
    return this.#assigned((value) => (value instanceof Buffer ? value : undefined));
  }
  /** Modules directly inside, by name, each once. */
  *namedChildren(): Generator<[string, Module]> {
    const seen = new Set<Module>();
    for (const [name, module] of this.#assigned((value) => (value instanceof Module ? value : undefined))) {
      if (seen.has(module)) continue;
      seen.add(module);
      yield [name, module];
    }
  }
  *children(): Generator<Module> {
    for (const [, module] of this.namedChildren()) yield module;
  }
  /** This module (under the name "") and all inside, each once. */
  namedModules(): [string, Module][] {
    const found = new Map<Module, string>();
    const visit = (module: Module, name: string): void => {
      if (found.has(module)) return;
      found.set(module, name);
      for (const [child, inner] of module.namedChildren()) visit(inner, join(name, child));
    };
    visit(this, "");
    return [...found].map(([module, name]) => [name, module]);
  }
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }
  #named<T>(own: (module: Module) => readonly (readonly [string, T])[]): [string, T][] {
    const found = new Map<T, string>();
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, item] of own(module)) if (!found.has(item)) found.set(item, join(prefix, name));
    }
    return [...found].map(([item, name]) => [name, item]);
  }

  /** All parameters with their dotted names, each once. */
  namedParameters(): [string, Parameter][] {
    return this.#named((module) => module.ownParameters());
  }
  /** All parameters, each once: what an optimizer takes. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }
  /** All buffers with their dotted names, each once. */
  namedBuffers(): [string, Buffer][] {
    return this.#named((module) => module.ownBuffers());
  }
  buffers(): Buffer[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }
  /** A parameter by its dotted name. @throws ConfigError if there is none. */
  getParameter(name: string): Parameter {
    const all = this.namedParameters();
    const found = all.find(([other]) => other === name);
    if (found !== undefined) return found[1];
    const names = all.map(([other]) => other);
    const todo = `${didYouMean(name, names)} The parameters are ${names.join(", ")}`.trim();
    throw new ConfigError(
      complain("Module.getParameter", { must: "the parameter must exist", got: `"${name}"`, todo }),
    );
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.zeroGrad();
  }
  /** Leaves all parameters out of `backward`, or takes them in again. */
  requiresGrad(value = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = value;
    return this;
  }

  /** Parameters and buffers by dotted name. The tensors keep these values while training goes on. */
  stateDict(): Record<string, Tensor> {
    const cells: [string, Parameter | Buffer][] = [...this.namedParameters(), ...this.namedBuffers()];
    return Object.fromEntries(cells.map(([name, cell]) => [name, cell.data]));
  }
  /**
   * Sets parameters and buffers by name.
   * @param strict true (the default) if exactly the same names must be there
   * @throws ConfigError if names are missing or unknown. @throws ShapeError if a shape differs; then nothing is changed
   */
  loadStateDict(values: StateDict, { strict = true }: { readonly strict?: boolean } = {}): LoadResult {
    const cells = new Map<string, Parameter | Buffer>([...this.namedParameters(), ...this.namedBuffers()]);
    const missingKeys = [...cells.keys()].filter((name) => !Object.hasOwn(values, name));
    const unexpectedKeys = Object.keys(values).filter((name) => !cells.has(name));
    if (strict && missingKeys.length + unexpectedKeys.length > 0) {
      const got = `missing: ${missingKeys.join(", ") || "none"}; unexpected: ${unexpectedKeys.join(", ") || "none"}`;
      const todo = "Load into the same architecture, or pass strict: false";
      throw new ConfigError(complain("Module.loadStateDict", { must: "the names must match", got, todo }));
    }
    const ready = Object.entries(values).flatMap(([name, value]) => {
      const cell = cells.get(name);
      return cell === undefined ? [] : [{ cell, value: cell.fitting(value) }];
    });
    for (const { cell, value } of ready) cell.data = value;
    return { missingKeys, unexpectedKeys };
  }

  /** Calls `f` with every module inside, then with this one. */
  apply(f: (module: Module) => void): this {
    for (const child of this.children()) child.apply(f);
    f(this);
    return this;
  }
}

const join = (prefix: string, name: string): string =>
  prefix === "" ? name : name === "" ? prefix : `${prefix}.${name}`;

/** @throws StateError: the parameters of a layer exist only once it was built. */
export function needBuilt(layer: Layer): void {
  const unbuilt = layer.flattenLayers().find((inner) => !inner.built);
  if (unbuilt === undefined) return;
  const todo = "Call forward once, or build it: layer.buildFrom([null, 4])";
  throw new StateError(
    complain(`toModule(${layer.name})`, {
      must: "the layer must be built to have parameters",
      got: `"${unbuilt.name}" unbuilt`,
      todo,
    }),
  );
}
