import { isFloat, type Shape, type SymbolicShape } from "../aval/index.ts";
import { ConfigError, complain, KerasError, ShapeError, StateError, showShape } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { convertToTensor, isSymbolic, type KerasTensor, Operation, type TensorLike } from "../ops/index.ts";
import { SeedGenerator } from "../random/index.ts";
import { type Config, checkOptions, layerOptions, nameOfClass, type Serializable } from "../registry/index.ts";
import { readCell, type StateCell } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";
import {
  currentNamePath,
  type DTypePolicy,
  DTypePolicyMap,
  getConstraint,
  getDtypePolicy,
  getInitializer,
  getRegularizer,
  StatelessScope,
  Variable,
  type WeightPenalty,
  withAutocast,
  withNameScope,
} from "../weights/index.ts";
import { checkInputs, type InputSpec } from "./input-spec.ts";
import { maskOf, masksOf, setMask } from "./masking.ts";
import { callAgain, currentRematScope, withActivationAgain } from "./remat-scope.ts";

/** Options that every layer takes. */
export interface LayerConfig {
  readonly name?: string | undefined;
  /** Dtype name or policy; the global policy by default. */
  readonly dtype?: unknown;
  readonly trainable?: boolean | undefined;
  /** Penalty on the outputs, divided by the batch size and added to the loss. */
  readonly activityRegularizer?: unknown;
  /** False if float inputs must not be cast to the compute dtype. */
  readonly autocast?: boolean | undefined;
}

/** Options that every layer has. */
export const commonOptions = ["name", "dtype", "trainable", "autocast", "activityRegularizer"] as const;

/** What a call may be told beside its inputs; layers add their own names. */
export interface CallOptions {
  /** True while training: dropout drops, batch statistics are used. */
  readonly training?: boolean | null | undefined;
  readonly mask?: unknown;
  readonly [option: string]: unknown;
}

/** Options of `addWeight`. */
export interface WeightOptions {
  readonly name?: string;
  readonly shape?: SymbolicShape;
  /** Name, config or object; glorot-uniform for floats, zeros for others by default. */
  readonly initializer?: unknown;
  readonly dtype?: string;
  readonly trainable?: boolean;
  readonly autocast?: boolean;
  readonly regularizer?: unknown;
  readonly constraint?: unknown;
  readonly overwriteWithGradient?: boolean;
}

/** Symbolic inputs or outputs, possibly nested. */
export type Symbolic = KerasTensor | readonly Symbolic[] | { readonly [key: string]: Symbolic };
/** A shape for one input, or shapes in the structure of the inputs. */
export type InputShape = SymbolicShape | readonly InputShape[] | { readonly [key: string]: InputShape };

// The outermost running call: its `training` reaches the layers inside it.
let running: { readonly training: boolean | null } | undefined;

/**
 * The base of all layers: state (variables) and a computation (`call`). Subclasses declare a static `className`, create weights in
 * `build` with `addWeight`, and compute in `call`. Layers, variables and seed generators assigned to fields are found by themselves,
 * in the order of assignment. Source: keras/src/layers/layer.py.
 * @example
 * class Scale extends layers.Layer {
 *   static override readonly className: string = "Scale";
 *   factor!: Variable;
 *   override build(): void {
 *     this.factor = this.addWeight({ name: "factor", shape: [], initializer: "ones" });
 *   }
 *   override call(x: Tensor): Tensor {
 *     return x.multiply(this.factor.value);
 *   }
 * }
 * await new Scale().apply(tensor([1, 2])).array(); // [1, 2]
 */
export abstract class Layer extends Operation implements Serializable {
  static readonly className: string = "Layer";
  /** How many leading arguments of `call` are inputs; what follows is one options object. */
  static readonly numInputs: number = 1;

  readonly autocast: boolean;
  activityRegularizer: WeightPenalty | undefined;
  /** What inputs must look like; checked before each call. */
  inputSpec: InputSpec | readonly InputSpec[] | undefined;
  /** True if masks pass through or are used. */
  supportsMasking = false;
  built = false;
  /** Name path at the time of building, as in variable paths. */
  path: string;
  #trainable: boolean;
  #dtypePolicy: DTypePolicy;
  // True from the time when the layer was built where it is: then a map of policies knows it.
  #hasPath = false;
  #buildShapes: readonly InputShape[] | undefined;
  #ownLosses: Tensor[] = [];
  readonly #remat = currentRematScope();
  readonly #added: Variable[] = [];
  // Made as state that never trains (moving averages), whatever `trainable` says.
  readonly #frozen = new Set<Variable>();

  constructor(given?: LayerConfig) {
    checkOptions(new.target, given, commonOptions, layerOptions);
    const config = given ?? {};
    super(config.name ?? undefined, nameOfClass(new.target));
    this.#trainable = config.trainable ?? true;
    this.#dtypePolicy = getDtypePolicy(config.dtype);
    this.autocast = config.autocast ?? true;
    this.activityRegularizer = getRegularizer(config.activityRegularizer);
    this.path = this.name;
  }

  /** False if calls cannot be part of a loop inside of a program: `fit` then runs each step as a program of its own. Internal. */
  get runsInLoops(): boolean {
    return true;
  }
  /** In which dtypes the layer stores and computes. A policy that is assigned holds for this path, where there is a map of policies. */
  get dtypePolicy(): DTypePolicy {
    return this.#dtypePolicy;
  }
  set dtypePolicy(policy: string | DTypePolicy) {
    const map = this.#dtypePolicy;
    if (!(map instanceof DTypePolicyMap) || !this.#hasPath) {
      this.#dtypePolicy = getDtypePolicy(policy);
      return;
    }
    map.delete(this.path);
    map.set(this.path, policy);
  }
  get #ownPolicy(): DTypePolicy {
    const policy = this.#dtypePolicy;
    return policy instanceof DTypePolicyMap && this.#hasPath ? policy.get(this.path) : policy;
  }
  /** The dtype of the weights. */
  get variableDtype(): string {
    return this.#ownPolicy.variableDtype;
  }
  /** The dtype of the computation and of float outputs. */
  get computeDtype(): string {
    return this.#ownPolicy.computeDtype;
  }

  /** Creates the weights; gets the shape of each input (sizes may be null). Called once, before the first call. */
  build(..._inputShapes: never[]): void {}

  /** The computation on tensors: inputs, then `CallOptions`. */
  abstract override call(...args: never[]): unknown;

  /** Applies the layer to symbolic tensors (recording for a Model) or to tensors (computing). */
  apply<R = KerasTensor>(inputs: Symbolic, options?: CallOptions): R;
  apply<R = Tensor>(inputs: tree.Tree<TensorLike>, options?: CallOptions): R;
  apply(...args: unknown[]): unknown {
    return this.invoke(args);
  }

  /** `apply` without the types. Internal. */
  invoke(args: readonly unknown[]): unknown {
    try {
      return this.#run(args);
    } catch (error) {
      throw error instanceof KerasError && error.path[0] !== this.name ? error.within(this.name) : error;
    }
  }

  #run(args: readonly unknown[]): unknown {
    const { inputs, options } = this.#split(args);
    const ready = inputs.map((x) => this.#toInputs(x));
    checkInputs(this.name, this.inputSpec, ready[0]);
    if (!this.built) this.buildFrom(...ready.map(shapesOf));
    const outer = running;
    if (outer === undefined) for (const layer of this.flattenLayers()) layer.#ownLosses = [];
    const training = options.training ?? outer?.training ?? null;
    const full = { ...this.maskOptions(ready), ...options, training };
    const { computeDtype, variableDtype } = this.#ownPolicy;
    const symbolic = tree.flatten([ready, options] as unknown as tree.Tree<unknown>).some(isSymbolic);
    running = { training };
    try {
      const outputs = withNameScope(this.name, () =>
        withAutocast(computeDtype === variableDtype ? null : computeDtype, () =>
          symbolic ? this.computeOutputSpec(...ready, full) : this.#compute([...ready, full]),
        ),
      );
      // Recorded as they came: whoever calls again casts again.
      if (symbolic)
        this.recordCall(
          this.#recorded(
            inputs.map((x) => this.#toInputs(x, false)),
            options,
          ),
          outputs,
        );
      else this.#addActivityLoss(outputs);
      this.#passMask(ready[0], full, outputs);
      return outputs;
    } finally {
      running = outer;
    }
  }

  // The call; what its gradient needs is kept, or computed again, as the scope says in which the layer was made.
  #compute(args: readonly unknown[]): unknown {
    const call = (): unknown => (this.call as (...a: readonly unknown[]) => unknown)(...args);
    const scope = this.#remat;
    if (scope === undefined || scope.mode === null) return call();
    if (scope.mode === "activations") return withActivationAgain(this, call);
    const layers = this.flattenLayers();
    const before = layers.map((layer) => layer.#ownLosses);
    let counts: readonly number[] = [];
    return callAgain(
      scope,
      this.name,
      () => {
        // Twice, if the scope does not take the layer: then the second call counts.
        layers.forEach((layer, i) => {
          layer.#ownLosses = [...(before[i] as Tensor[])];
        });
        return call();
      },
      {
        take: () => {
          const added = layers.map((layer, i) => layer.#ownLosses.slice((before[i] as Tensor[]).length));
          counts = added.map(({ length }) => length);
          return added.flat();
        },
        put: (losses) => {
          let next = 0;
          layers.forEach((layer, i) => {
            const count = counts[i] as number;
            layer.#ownLosses = [...(before[i] as Tensor[]), ...losses.slice(next, next + count)];
            next += count;
          });
        },
      },
    );
  }

  #split(args: readonly unknown[]): { readonly inputs: readonly unknown[]; readonly options: CallOptions } {
    const { numInputs } = this.constructor as typeof Layer;
    const inputs = args.slice(0, numInputs).filter((x) => x !== undefined);
    const options = args[numInputs] ?? {};
    if (inputs.length === 0) {
      const todo = "Pass a tensor: layer.apply(x)";
      throw new ConfigError(
        complain(this.name, { must: "the layer must be applied to an input", got: "no arguments", todo }),
      );
    }
    if (!tree.isBranch(options) || Array.isArray(options) || args.length > numInputs + 1) {
      const must = `after ${numInputs} input${numInputs === 1 ? "" : "s"} there may be one options object`;
      const todo = "Put several inputs into an array, and name the rest: apply(x, { training: true })";
      throw new ConfigError(complain(this.name, { must, got: `${args.length} arguments`, todo }));
    }
    return { inputs, options: options as CallOptions };
  }

  // Options keep their place after inputs that were left out.
  #recorded(inputs: readonly unknown[], options: CallOptions): readonly unknown[] {
    if (Object.keys(options).length === 0) return inputs;
    const { numInputs } = this.constructor as typeof Layer;
    return [...inputs, ...Array.from({ length: numInputs - inputs.length }, () => undefined), options];
  }

  // Nested arrays of numbers are one tensor; other arrays and objects are several inputs.
  #toInputs(x: unknown, mayCast = this.autocast): unknown {
    if (!tree.isBranch(x) || isNumbers(x)) return this.#toInput(x, mayCast);
    if (Array.isArray(x)) return x.map((one) => this.#toInputs(one, mayCast));
    return Object.fromEntries(Object.entries(x).map(([key, one]) => [key, this.#toInputs(one, mayCast)]));
  }
  #toInput(leaf: unknown, mayCast: boolean): unknown {
    if (leaf === null || leaf === undefined) return leaf;
    const x = isSymbolic(leaf) ? leaf : convertToTensor(leaf as TensorLike);
    if (!mayCast || !isFloat(x.dtype) || x.dtype === this.computeDtype) return x;
    const cast = ops.cast(x as Tensor, this.computeDtype);
    const mask = maskOf(x);
    if (mask !== undefined) setMask(cast, mask);
    return cast;
  }

  /** The masks that travel with the inputs, under the names by which `call` takes them. */
  protected maskOptions(inputs: readonly unknown[]): CallOptions {
    const mask = masksOf(inputs[0]);
    return mask === undefined ? {} : { mask };
  }

  /** The mask of the outputs, if the layer supports masking; by default that of the inputs. */
  computeMask(_inputs: unknown, mask: unknown): unknown {
    return mask;
  }

  #passMask(input: unknown, options: CallOptions, outputs: unknown): void {
    if (!this.supportsMasking) return;
    const made = this.computeMask(input, options.mask ?? masksOf(input) ?? null);
    const outs = tree.flatten(outputs as tree.Tree<unknown>);
    const own = tree.isBranch(made) ? tree.flatten(made as tree.Tree<unknown>) : [made];
    outs.forEach((out, i) => {
      const mask = own[i];
      if ((out instanceof Tensor || isSymbolic(out)) && (mask instanceof Tensor || isSymbolic(mask)))
        setMask(out, mask);
    });
  }

  /** For constructors of layers without weights: they are built at once, as in Keras. Not for subclasses that do build. */
  protected buildAtInit(): void {
    if (this.build !== Layer.prototype.build) return;
    this.buildFrom();
    this.#hasPath = false;
  }
  /** Builds for input shapes, once. Shapes follow the structure of the inputs. */
  buildFrom(...shapes: readonly InputShape[]): void {
    if (this.built) return;
    withNameScope(this.name, () => {
      this.path = currentNamePath();
      this.#hasPath = true;
      (this.build as (...a: unknown[]) => void)(...shapes);
    });
    this.#buildShapes = shapes;
    this.built = true;
  }

  /** The shapes that it was built for, one for each input. Internal. */
  protected get buildShapes(): readonly InputShape[] {
    return this.#buildShapes ?? [];
  }
  /** The shapes it was built with, as Keras writes them; undefined for layers that are built from the start. */
  getBuildConfig(): Record<string, unknown> | undefined {
    const [first] = this.#buildShapes ?? [];
    return first === undefined ? undefined : { input_shape: first };
  }
  /** Builds as `getBuildConfig` says. */
  buildFromConfig(config: Readonly<Record<string, unknown>>): void {
    const { input_shape: shape, shapes_dict: shapes } = config;
    if (shape !== undefined && shape !== null) this.buildFrom(shape as InputShape);
    else if (tree.isBranch(shapes)) this.buildFrom(...(Object.values(shapes) as InputShape[]));
  }

  /** Makes a weight of this layer. @throws ShapeError if a size is not known. */
  addWeight(options: WeightOptions = {}): Variable {
    const { name, shape = [], dtype = this.variableDtype, trainable = true } = options;
    if (shape.includes(null)) {
      const got = `${showShape(shape)} for "${name ?? "variable"}"`;
      const todo = "Define this size in the input, for example input({ shape: [28, 28, 1] })";
      throw new ShapeError(complain(this.name, { must: "every size of a weight must be known", got, todo }));
    }
    const standard = isFloat(convertToTensor(0, { dtype }).dtype) ? "glorot_uniform" : "zeros";
    const initializer = getInitializer(options.initializer ?? standard);
    const variable = new Variable((s, { dtype: d }) => initializer.call(s, { dtype: d }), {
      shape: shape as Shape,
      dtype,
      trainable,
      ...(name === undefined ? {} : { name }),
      autocast: options.autocast ?? true,
      overwriteWithGradient: options.overwriteWithGradient ?? false,
      regularizer: getRegularizer(options.regularizer),
      constraint: getConstraint(options.constraint),
    });
    if (!trainable) this.#frozen.add(variable);
    variable.trainable = trainable && this.#trainable;
    this.#added.push(variable);
    return variable;
  }

  /** False freezes the layer and everything in it. */
  get trainable(): boolean {
    return this.#trainable;
  }
  set trainable(value: boolean) {
    this.#trainable = value;
    for (const variable of this.ownVariables()) if (!this.#frozen.has(variable)) variable.trainable = value;
    for (const layer of this.sublayers) layer.trainable = value;
  }

  /** The values of this object's fields, containers opened, in the order of assignment. Internal. */
  assignedValues(): readonly unknown[] {
    const found: unknown[] = [];
    const visit = (value: unknown): void => {
      if (value instanceof Map) for (const item of value.values()) visit(item);
      else if (tree.isBranch(value)) for (const item of Object.values(value)) visit(item);
      else found.push(value);
    };
    for (const [name, value] of Object.entries(this)) if (!bookkeeping.has(name)) visit(value);
    return found;
  }

  /** Layers that this layer holds directly, in the order of assignment. */
  get sublayers(): readonly Layer[] {
    return [...new Set(this.assignedValues().filter((x): x is Layer => x instanceof Layer && x !== this))];
  }
  /** This layer and every layer inside it, each once. */
  flattenLayers(): readonly Layer[] {
    const found = new Set<Layer>();
    const visit = (layer: Layer): void => {
      if (found.has(layer)) return;
      found.add(layer);
      for (const inner of layer.sublayers) visit(inner);
    };
    visit(this);
    return [...found];
  }

  /** Variables made by this layer itself: first those of `addWeight`, then those assigned to fields. Internal. */
  ownVariables(): readonly Variable[] {
    const assigned = this.assignedValues().filter((x): x is Variable => x instanceof Variable);
    const all = [...new Set([...this.#added, ...assigned])];
    const trains = (v: Variable): boolean => !this.#frozen.has(v) && (v.trainable || this.#added.includes(v));
    return [...all.filter(trains), ...all.filter((v) => !trains(v))];
  }
  /** Seed generators of this layer itself. Internal. */
  ownSeedGenerators(): readonly SeedGenerator[] {
    return this.assignedValues().filter((x): x is SeedGenerator => x instanceof SeedGenerator);
  }

  /** All state: own variables and seed states, then those of the layers inside. */
  get variables(): readonly StateCell[] {
    const cells = this.flattenLayers().flatMap((layer) => [
      ...layer.ownVariables(),
      ...layer.ownSeedGenerators().map((generator) => generator.state),
    ]);
    return [...new Set<StateCell>(cells)];
  }
  /** All weights, without seed states: own trainable ones, own others, then those of the layers inside. */
  get weights(): readonly Variable[] {
    return [...new Set(this.flattenLayers().flatMap((layer) => layer.ownVariables()))];
  }
  get trainableWeights(): readonly Variable[] {
    return this.weights.filter((v) => v.trainable);
  }
  get nonTrainableWeights(): readonly Variable[] {
    return this.weights.filter((v) => !v.trainable);
  }
  get trainableVariables(): readonly Variable[] {
    return this.trainableWeights;
  }
  get nonTrainableVariables(): readonly StateCell[] {
    return this.variables.filter((cell) => !(cell instanceof Variable && cell.trainable));
  }

  /** The values of `weights`, in order. */
  async getWeights(): Promise<Awaited<ReturnType<Tensor["host"]>>[]> {
    return Promise.all(this.weights.map((v) => v.host()));
  }
  /** Sets all weights, in the order of `weights`. @throws ShapeError if number or shapes differ; then nothing is changed. */
  setWeights(values: readonly TensorLike[]): void {
    const { weights } = this;
    if (!Array.isArray(values)) {
      const isPromise = (values as { readonly then?: unknown } | null)?.then !== undefined;
      const got = isPromise ? "a promise" : typeof values;
      const todo = "Weights are read asynchronously: setWeights(await other.getWeights())";
      throw new ShapeError(complain(this.name, { must: "values must be an array, one for each weight", got, todo }));
    }
    if (values.length !== weights.length) {
      const todo = this.built ? "Pass one array for each of layer.weights" : "Build the layer first: call it once";
      const must = `there must be one value for each of the ${weights.length} weights`;
      throw new ShapeError(complain(this.name, { must, got: `${values.length} values`, todo }));
    }
    const ready = weights.map((v, i) => convertToTensor(values[i] as TensorLike, { dtype: v.dtype }));
    ready.forEach((x, i) => {
      const { shape, path } = weights[i] as Variable;
      if (String(shape) === String(x.shape)) return;
      const got = `${showShape(x.shape)} for "${path}" of shape ${showShape(shape)}`;
      throw new ShapeError(
        complain(this.name, { must: "values must have the shapes of the weights", got, todo: "Check their order" }),
      );
    });
    weights.forEach((v, i) => v.assign(ready[i] as Tensor));
  }
  /** The number of weight elements. */
  countParams(): number {
    return this.weights.reduce((n, v) => n + v.size, 0);
  }

  /** Adds a scalar to the loss of this call. */
  addLoss(loss: TensorLike): void {
    this.#ownLosses.push(convertToTensor(loss));
  }
  #addActivityLoss(outputs: unknown): void {
    if (this.activityRegularizer === undefined) return;
    for (const y of tree.flatten(outputs as tree.Tree<unknown>)) {
      if (!(y instanceof Tensor) || !isFloat(y.dtype)) continue;
      this.addLoss(this.activityRegularizer.call(y).divide(y.shape[0] ?? 1));
    }
  }
  /** Losses added by the last call, here and inside, then penalties on trainable weights. */
  get losses(): readonly Tensor[] {
    const added = this.flattenLayers().flatMap((layer) => layer.#ownLosses);
    const penalties = this.trainableWeights.flatMap((v) =>
      v.regularizer === undefined ? [] : [v.regularizer.call(v.value)],
    );
    return [...added, ...penalties];
  }
  /** Forgets what `addLoss` recorded, here and inside. */
  clearLosses(): void {
    for (const layer of this.flattenLayers()) layer.#ownLosses = [];
  }

  /**
   * The call as a pure function of its state: nothing of the layer changes.
   * @param trainable values for `trainableVariables` @param nonTrainable values for `nonTrainableVariables`
   * @returns the outputs and the new non-trainable values
   */
  statelessCall<R = Tensor>(
    trainable: readonly TensorLike[],
    nonTrainable: readonly TensorLike[],
    ...args: readonly unknown[]
  ): [outputs: R, nonTrainable: Tensor[]] {
    if (!this.built) {
      const todo = "Call it once, or build it: layer.buildFrom(shape)";
      throw new StateError(
        complain(this.name, { must: "the layer must be built before a stateless call", got: "an unbuilt layer", todo }),
      );
    }
    const others = this.nonTrainableVariables;
    const scope = this.statelessScope(trainable, nonTrainable);
    const outputs = scope.run(() => this.invoke(args)) as R;
    return [outputs, others.map((cell) => scope.valueOf(cell) ?? readCell(cell).tensor)];
  }
  /** A scope in which the variables have the given values. @throws ShapeError if the numbers differ. */
  protected statelessScope(trainable: readonly TensorLike[], nonTrainable: readonly TensorLike[]): StatelessScope {
    const pair = (
      what: string,
      cells: readonly StateCell[],
      values: readonly TensorLike[],
    ): [StateCell, TensorLike][] => {
      if (cells.length === values.length) return cells.map((cell, i) => [cell, values[i] as TensorLike]);
      const must = `there must be one value for each of the ${cells.length} ${what} variables`;
      throw new ShapeError(
        complain(this.name, { must, got: String(values.length), todo: `Map layer.${what}Variables to values` }),
      );
    };
    return new StatelessScope([
      ...pair("trainable", this.trainableVariables, trainable),
      ...pair("nonTrainable", this.nonTrainableVariables, nonTrainable),
    ]);
  }

  /** Constructor options that make the same layer again. Subclasses add theirs to `super.getConfig()`. */
  getConfig(): Config {
    return { name: this.name, trainable: this.#trainable, dtype: this.dtypePolicy };
  }
  /** What Keras writes beside the config. Internal. */
  serializedExtras(): Record<string, unknown> {
    const build = this.getBuildConfig();
    return build === undefined ? {} : { build_config: build };
  }
}

// Fields of the base class that hold no layers of the user's.
const bookkeeping: ReadonlySet<string> = new Set(["inboundNodes", "inputSpec", "activityRegularizer"]);

function isNumbers(x: unknown): boolean {
  if (!Array.isArray(x)) return false;
  const [first] = x as readonly unknown[];
  return typeof first === "number" || typeof first === "boolean" || isNumbers(first);
}

function shapesOf(x: unknown): InputShape {
  return tree.map(x as tree.Tree<unknown>, (leaf) => (leaf as Tensor | KerasTensor).shape) as InputShape;
}
