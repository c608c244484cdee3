import type { SymbolicShape } from "../aval/index.ts";
import { ConfigError, complain, ValueError } from "../errors/index.ts";
import { type CallOptions, InputLayer, type InputShape, input, Layer, type LayerConfig } from "../layers/index.ts";
import { isSymbolic, type KerasTensor } from "../ops/index.ts";
import { type Config, deserializeKerasObject, type LoadContext, type SerializedObject } from "../registry/index.ts";
import { type FunctionalParts, Model } from "./model.ts";

/** Layers, or the result of `input(...)` in the first place. */
export type SequentialEntry = Layer | KerasTensor;
export interface SequentialConfig extends LayerConfig {
  readonly layers?: readonly SequentialEntry[];
}

/**
 * A stack of layers, each with one input and one output. With an `input` first it is built at once, else at the first call.
 * Source: keras/src/models/sequential.py.
 * @example
 * const model = new Sequential([input({ shape: [4] }), new layers.Dense({ units: 3 })]);
 */
export class Sequential extends Model {
  static override readonly className: string = "Sequential";
  static override readonly module: string = "keras";
  #layers: Layer[] = [];
  #inner: Model | undefined;

  constructor(entries: readonly SequentialEntry[] | SequentialConfig = [], options: LayerConfig = {}) {
    const config: SequentialConfig = Array.isArray(entries)
      ? { ...options, layers: entries }
      : (entries as SequentialConfig);
    super({ ...config });
    for (const entry of config.layers ?? []) this.#push(entry);
    this.#rebuild();
  }

  /** Adds a layer on top. @throws ConfigError if it is no layer, or its name is taken. */
  add(entry: SequentialEntry): void {
    this.#push(entry);
    this.#rebuild();
  }
  /** Removes the last layer and gives it back. */
  pop(): Layer | undefined {
    const layer = this.#layers.pop();
    this.built = false;
    this.#inner = undefined;
    this.#rebuild();
    return layer;
  }

  #push(entry: SequentialEntry): void {
    const layer = isSymbolic(entry) ? entry.history?.operation : entry;
    if (!(layer instanceof Layer)) {
      const must = "a Sequential holds layers, with input({ shape }) as the first entry";
      throw new ConfigError(
        complain(this.name, { must, got: typeof entry, todo: "Pass an instance: new layers.Dense({ units })" }),
      );
    }
    if (this.#layers.some((other) => other.name === layer.name)) {
      const must = "all layers of a Sequential must have different names";
      throw new ConfigError(
        complain(this.name, { must, got: `"${layer.name}" twice`, todo: "Rename one, or make a new layer" }),
      );
    }
    if (layer instanceof InputLayer && this.#layers.length > 0) {
      const must = "only the first entry of a Sequential may be an input";
      throw new ValueError(
        complain(this.name, { must, got: `an input at position ${this.#layers.length}`, todo: "Remove it" }),
      );
    }
    this.#layers.push(layer);
  }

  #rebuild(): void {
    this.built = false;
    this.#inner = undefined;
    if (this.#layers[0] instanceof InputLayer && this.#layers.length > 1) this.buildFrom(this.#layers[0].batchShape);
  }

  override build(inputShape: InputShape): void {
    const [first, ...rest] = this.#layers;
    if (first === undefined) {
      const todo = "Add layers first: model.add(new layers.Dense({ units }))";
      throw new ConfigError(complain(this.name, { must: "a Sequential needs layers to be built", got: "none", todo }));
    }
    const start = first instanceof InputLayer ? first : undefined;
    const x = start?.output ?? input({ batchShape: inputShape as SymbolicShape });
    let y: unknown = x;
    for (const layer of start === undefined ? [first, ...rest] : rest) {
      y = layer.apply(y as KerasTensor);
      if (!isSymbolic(y)) {
        const must = "each layer of a Sequential must give one tensor";
        throw new ConfigError(
          complain(this.name, { must, got: `several from "${layer.name}"`, todo: "Use a functional Model" }),
        );
      }
    }
    if (start === undefined) this.#autoInput = x.history?.operation as InputLayer;
    this.#inner = new Model({ inputs: x, outputs: y as KerasTensor, name: this.name });
  }
  #autoInput: InputLayer | undefined;

  override get functional(): FunctionalParts | undefined {
    return this.#inner?.functional;
  }
  /** The layers without the input. */
  override get layers(): readonly Layer[] {
    const [first, ...rest] = this.#layers;
    return first instanceof InputLayer ? rest : [...this.#layers];
  }
  /** The layers with the input, if there is one. */
  get allLayers(): readonly Layer[] {
    return this.#autoInput === undefined ? [...this.#layers] : [this.#autoInput, ...this.#layers];
  }
  override get sublayers(): readonly Layer[] {
    return [...this.#layers];
  }

  override get layersFirst(): boolean {
    return true;
  }
  override getConfig(): Config {
    const { name, trainable, dtypePolicy: dtype, allLayers: layers } = this;
    const [first] = layers;
    const shape = this.#inner !== undefined && first instanceof InputLayer ? { buildInputShape: first.batchShape } : {};
    return { name, trainable, dtype, layers, ...shape };
  }
  /** The stack that a config describes, built if it was. */
  static fromConfig(config: Config, context: LoadContext = {}): Sequential {
    const {
      name,
      layers,
      buildInputShape,
      trainable = true,
    } = config as {
      readonly name?: string;
      readonly layers: readonly SerializedObject[];
      readonly buildInputShape?: InputShape | null;
      readonly trainable?: boolean;
    };
    const made = layers.map((entry) => deserializeKerasObject(entry, context) as unknown as Layer);
    // biome-ignore lint/complexity/noThisInStatic: subclasses make themselves
    const model = new (this as unknown as typeof Sequential)({ name, trainable, layers: made });
    if (!model.built && buildInputShape !== undefined && buildInputShape !== null) model.buildFrom(buildInputShape);
    return model;
  }

  override call(inputs: unknown, options: CallOptions = {}): unknown {
    if (this.#inner !== undefined) return this.#inner.call(inputs, options);
    // Nested inputs cannot be described by one shape: the layers are simply called one after the other.
    let x = inputs;
    for (const layer of this.layers) x = layer.invoke([x]);
    return x;
  }
}
