import { isFloat, type SymbolicShape } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showAval, showShape, warnOnce } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as layers from "../layers/index.ts";
import { type CallOptions, Layer, type LayerConfig, maskOf, setMask } from "../layers/index.ts";
import * as ops from "../ops/index.ts";
import { type CallNode, isSymbolic, KerasTensor } from "../ops/index.ts";
import type { Config, LoadContext } from "../registry/index.ts";
import { compileConfig, compileOptions, Trainer } from "../training/index.ts";
import * as tree from "../tree/index.ts";
import { FunctionGraph } from "./function-graph.ts";
import { functionalConfig } from "./functional-config.ts";
import { printSummary, type SummaryOptions } from "./summary.ts";

type SymbolicTree = tree.Tree<KerasTensor>;

export interface ModelConfig extends LayerConfig {
  /** Symbolic inputs from `input(...)`, one, an array or an object; with `outputs` they make a functional model. */
  readonly inputs?: SymbolicTree;
  readonly outputs?: SymbolicTree;
}

/** The functional side of a model: structures of inputs and outputs, and the graph between them. */
export interface FunctionalParts {
  readonly inputs: SymbolicTree;
  readonly outputs: SymbolicTree;
  readonly graph: FunctionGraph;
}

/**
 * A layer that can be trained and saved. Made from symbolic inputs and outputs (functional), or subclassed with a `call`.
 * Source: keras/src/models/model.py, functional.py.
 * @example
 * const x = input({ shape: [4] });
 * const y = new layers.Dense({ units: 2 }).apply(x);
 * const model = new Model({ inputs: x, outputs: y });
 */
export class Model extends Trainer {
  static override readonly className: string = "Model";
  static readonly module: string = "keras";
  readonly #parts: FunctionalParts | undefined;

  constructor(config: ModelConfig = {}) {
    const functional = config.inputs !== undefined || config.outputs !== undefined;
    super(
      functional && config.name === undefined && new.target === Model
        ? { ...config, name: ops.autoName("Functional") }
        : config,
    );
    if (!functional) return;
    this.#parts = functionalParts(config.inputs, config.outputs);
    this.built = true;
  }

  /** Inputs, outputs and graph of a functional model; undefined for a subclassed one. */
  get functional(): FunctionalParts | undefined {
    return this.#parts;
  }

  /** The layers, in Keras' order. */
  get layers(): readonly Layer[] {
    if (this.functional === undefined) return super.sublayers;
    return this.functional.graph.operations.filter((op): op is Layer => op instanceof Layer);
  }
  override get sublayers(): readonly Layer[] {
    return this.functional === undefined ? super.sublayers : [...new Set([...this.layers, ...super.sublayers])];
  }

  /** A layer by name or position. @throws ConfigError if there is none. */
  getLayer(which: string | number): Layer {
    const found = typeof which === "number" ? this.layers.at(which) : this.layers.find((layer) => layer.name === which);
    if (found !== undefined) return found;
    const got = typeof which === "number" ? `index ${which} of ${this.layers.length}` : `"${which}"`;
    const todo = `The layers are ${this.layers.map((layer) => layer.name).join(", ")}`;
    throw new ConfigError(complain(`${this.name}.getLayer`, { must: "the layer must exist", got, todo }));
  }

  /** The symbolic inputs of a functional model. */
  get inputs(): readonly KerasTensor[] {
    return this.functional?.graph.inputs ?? [];
  }
  /** The symbolic outputs of a functional model. */
  get outputs(): readonly KerasTensor[] {
    return this.functional?.graph.outputs ?? [];
  }
  get inputShape(): unknown {
    return this.functional === undefined ? undefined : tree.map(this.functional.inputs, (x) => x.shape);
  }
  get outputShape(): unknown {
    return this.functional === undefined ? undefined : tree.map(this.functional.outputs, (x) => x.shape);
  }
  /** The names of the layers that give the outputs. */
  override get outputNames(): readonly string[] | undefined {
    return this.functional?.graph.outputs.map((y) => y.history?.operation.name ?? y.name);
  }

  override call(inputs: unknown, options: CallOptions = {}): unknown {
    const { functional } = this;
    if (functional === undefined) {
      const must = "a subclass of Model must override call(inputs, { training })";
      throw new ConfigError(
        complain(this.name, { must, got: "no call", todo: "Or pass inputs and outputs to new Model(...)" }),
      );
    }
    const values = standardizeInputs(this.name, functional, inputs);
    const { mask } = options;
    if (mask !== undefined && mask !== null) {
      const list = tree.isBranch(mask) ? tree.flatten(mask as tree.Tree<unknown>) : [mask];
      values.forEach((x, i) => {
        const own = list[i];
        if (own !== null && own !== undefined) setMask(x as Tensor, own as Tensor);
      });
    }
    const results = functional.graph.run(values, (node, args) =>
      callNode(node, withTraining(node, args, options.training)),
    );
    return tree.packAs(functional.outputs, results);
  }

  override computeMask(_inputs: unknown, mask: unknown): unknown {
    return this.functional === undefined ? mask : null;
  }

  /** Keras' name of the class: a model made of inputs and outputs is a `Functional` there. Internal. */
  get pythonClassName(): string {
    const { className } = this.constructor as typeof Model;
    return this.constructor === Model && this.functional !== undefined ? "Functional" : className;
  }
  /** True if files have the layers before all other parts. Internal. */
  get layersFirst(): boolean {
    return this.functional !== undefined;
  }

  /**
   * What makes the same model again. Functional models and Sequential have one; subclasses with a `call` must write their own.
   * @throws ConfigError for a subclass that does not override it.
   */
  override getConfig(): Config {
    if (this.constructor === Model && this.functional !== undefined) {
      return { name: this.name, trainable: this.trainable, ...functionalConfig(this.functional) };
    }
    if (this.getConfig !== Model.prototype.getConfig) return super.getConfig();
    const { name } = this.constructor;
    const must = "a subclass of Model must override getConfig to be saved as a whole";
    const todo = `Return { ...super.getConfig(), and the options of ${name}'s constructor }, or use saveWeights`;
    throw new ConfigError(complain(this.name, { must, got: `${name} without it`, todo }));
  }
  override getBuildConfig(): Record<string, unknown> | undefined {
    return this.pythonClassName === "Functional" ? { input_shape: null } : super.getBuildConfig();
  }
  /** How it was compiled, in Keras' JSON form; empty before `compile`. */
  getCompileConfig(): Record<string, unknown> {
    const { compileOptions: options } = this;
    return options === undefined ? {} : compileConfig(options, this.givenOptimizer);
  }
  /** Compiles as `getCompileConfig` says, and makes the optimizer's variables. */
  compileFromConfig(config: Readonly<Record<string, unknown>>, context: LoadContext = {}): void {
    if (this.compile !== Trainer.prototype.compile) {
      warnOnce(
        `"${this.name}" has a compile of its own, so it was not compiled while loading. Compile it, or override compileFromConfig.`,
      );
      return;
    }
    this.compile(compileOptions(config, context));
    if (this.built) this.optimizer.build(this.trainableVariables as Parameters<typeof this.optimizer.build>[0]);
  }
  override serializedExtras(): Record<string, unknown> {
    const functional = this.pythonClassName === "Functional" && functionalForm;
    return { ...functional, ...super.serializedExtras(), compile_config: this.getCompileConfig() };
  }

  /** Prints the layers, their output shapes and numbers of parameters, as Keras does. @example model.summary(); */
  summary(options: SummaryOptions = {}): void {
    printSummary(this, options);
  }
}

const functionalForm = {
  module: "keras.src.models.functional",
  class_name: "Functional",
  registered_name: "Functional",
};

// As in Keras, the mode of the outer call wins over one that was given when the graph was made.
function withTraining(
  { operation }: CallNode,
  args: readonly unknown[],
  training: boolean | null | undefined,
): readonly unknown[] {
  if (training === null || training === undefined || !(operation instanceof Layer)) return args;
  const { numInputs } = operation.constructor as typeof Layer;
  const options = args[numInputs] as CallOptions | undefined;
  return options !== undefined && "training" in options
    ? [...args.slice(0, numInputs), { ...options, training }]
    : args;
}

/** Runs one recorded call on values. */
export function callNode({ operation }: CallNode, args: readonly unknown[]): unknown {
  if (operation instanceof Layer) return operation.invoke(args);
  const anySymbolic = tree.flatten(args as tree.Tree<unknown>).some(isSymbolic);
  return anySymbolic
    ? operation.symbolicCall(...args)
    : (operation.call as (...a: readonly unknown[]) => unknown)(...args);
}

function functionalParts(inputs: SymbolicTree | undefined, outputs: SymbolicTree | undefined): FunctionalParts {
  if (inputs === undefined || outputs === undefined) {
    const got = inputs === undefined ? "only outputs" : "only inputs";
    throw new ConfigError(
      complain("Model", { must: "inputs and outputs must be given together", got, todo: "Pass both" }),
    );
  }
  const ins = tree.flatten<unknown>(inputs as tree.Tree<unknown>);
  const outs = tree.flatten<unknown>(outputs as tree.Tree<unknown>);
  for (const x of [...ins, ...outs]) {
    if (isSymbolic(x)) continue;
    const must = "inputs and outputs must be symbolic tensors";
    const todo = "Make inputs with input({ shape }) and apply layers to them";
    throw new ConfigError(complain("Model", { must, got: x === undefined ? "undefined" : String(x), todo }));
  }
  const symbols = ins as KerasTensor[];
  if (symbols.every((x) => x.history?.operation instanceof layers.InputLayer)) {
    return { inputs, outputs, graph: new FunctionGraph(symbols, outs as KerasTensor[]) };
  }
  // Inputs in the middle of another graph: the part between is replayed on fresh inputs.
  const graph = new FunctionGraph(symbols, outs as KerasTensor[]);
  const fresh = symbols.map((x) =>
    x.history?.operation instanceof layers.InputLayer
      ? x
      : layers.input({ batchShape: x.shape, dtype: x.dtype, name: `${x.history?.operation.name ?? x.name}CLONE` }),
  );
  const replayed = graph.run(fresh, callNode) as KerasTensor[];
  return {
    inputs: tree.packAs(inputs, fresh) as SymbolicTree,
    outputs: tree.packAs(outputs, replayed) as SymbolicTree,
    graph: new FunctionGraph(fresh, replayed),
  };
}

// Keys to positions, small rank differences mended, dtypes as the inputs say.
function standardizeInputs(name: string, { inputs, graph }: FunctionalParts, given: unknown): (Tensor | KerasTensor)[] {
  const values = flatInputs(name, inputs, graph.inputs, given);
  return values.map((value, i) => {
    const wanted = graph.inputs[i] as KerasTensor;
    const mask = maskOf(value);
    const fitted = fitRank(name, value, wanted);
    const typed =
      fitted.dtype === wanted.dtype || !isFloat(wanted.dtype)
        ? fitted
        : (ops.cast(fitted as Tensor, wanted.dtype) as Tensor);
    if (mask !== undefined && typed !== value) setMask(typed, mask);
    return typed;
  });
}

function flatInputs(
  name: string,
  structure: SymbolicTree,
  symbols: readonly KerasTensor[],
  given: unknown,
): (Tensor | KerasTensor)[] {
  if (tree.isBranch(given) && !Array.isArray(given) && (Array.isArray(structure) || structure instanceof KerasTensor)) {
    const byName = given as Readonly<Record<string, Tensor>>;
    return symbols.map((x) => {
      const key = x.history?.operation.name ?? x.name;
      const value = byName[key] ?? byName[x.name];
      if (value !== undefined) return value;
      const got = Object.keys(byName).join(", ");
      throw new ShapeError(
        complain(name, {
          must: `there must be an input named "${key}"`,
          got,
          todo: "Use the names of the inputs as keys",
        }),
      );
    });
  }
  const flat = tree.flatten(given as tree.Tree<Tensor | KerasTensor>);
  if (flat.length === symbols.length) return flat;
  const must = `the model takes ${symbols.length} input${symbols.length === 1 ? "" : "s"}`;
  throw new ShapeError(complain(name, { must, got: String(flat.length), todo: "Pass one tensor for each input" }));
}

function fitRank(name: string, x: Tensor | KerasTensor, wanted: KerasTensor): Tensor | KerasTensor {
  const { shape } = x;
  const fits = (s: SymbolicShape): boolean =>
    s.length === wanted.shape.length &&
    s.every((n, i) => n === null || wanted.shape[i] === null || n === wanted.shape[i]);
  if (fits(shape)) return x;
  if (shape.length === wanted.shape.length + 1 && shape.at(-1) === 1 && fits(shape.slice(0, -1))) {
    return ops.squeeze(x as Tensor, { axis: -1 });
  }
  if (shape.length === wanted.shape.length - 1 && fits([...shape, 1])) return ops.expandDims(x as Tensor, -1);
  const must = `input "${wanted.history?.operation.name ?? wanted.name}" must have shape ${showShape(wanted.shape)}`;
  throw new ShapeError(
    complain(name, { must, got: showAval(x), todo: "Reshape the data, or change input({ shape })" }),
  );
}
