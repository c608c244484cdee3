// What the cells of SimpleRNN, GRU and LSTM share: a kernel for inputs and one for states, with the gates side by side, and dropout.
import type { SymbolicShape } from "../../aval/index.ts";
import { ConfigError, complain } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import * as random from "../../random/index.ts";
import { SeedGenerator } from "../../random/index.ts";
import { type Config, checkOptions, layerOptions } from "../../registry/index.ts";
import type { Variable } from "../../weights/index.ts";
import { type Activation, get as getActivation, serialize as serializeActivation } from "../activations.ts";
import {
  type KernelBiasConfig,
  kernelAndBias,
  partsConfig,
  positiveInteger,
  type WeightParts,
  weightParts,
} from "../arguments.ts";
import { commonOptions, type LayerConfig } from "../layer.ts";
import { cellOptions, RNN, RNNCell, type RNNOptions } from "./rnn.ts";

/** Options of the cells of SimpleRNN, GRU and LSTM. */
export interface KernelCellConfig extends LayerConfig, KernelBiasConfig {
  /** Size of the output and of each state. */
  readonly units: number;
  readonly activation?: unknown;
  readonly useBias?: boolean;
  readonly recurrentInitializer?: unknown;
  readonly recurrentRegularizer?: unknown;
  readonly recurrentConstraint?: unknown;
  /** Fraction of the inputs that is dropped while training, the same at every step; in [0, 1]. */
  readonly dropout?: number;
  /** Fraction of the state that is dropped while training, the same at every step; in [0, 1]. */
  readonly recurrentDropout?: number;
  readonly seed?: number | null;
}
/** Options of the cells with gates. */
export interface GatedCellConfig extends KernelCellConfig {
  readonly recurrentActivation?: unknown;
  /** 1: a product for each gate; 2: one for all. */
  readonly implementation?: 1 | 2;
}

const clampRate = (rate: number): number => Math.min(1, Math.max(0, rate));

/** A cell with kernel `[C, gates units]`, recurrent kernel `[units, gates units]` and a bias. */
export abstract class KernelCell extends RNNCell {
  readonly units: number;
  readonly activation: Activation;
  readonly useBias: boolean;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly seed: number | null;
  readonly seedGenerator: SeedGenerator;
  readonly stateSize: readonly number[];
  readonly outputSize: number;
  kernel!: Variable;
  recurrentKernel!: Variable;
  bias: Variable | undefined;
  readonly #kernel: WeightParts;
  readonly #recurrent: WeightParts;
  readonly #bias: WeightParts;
  readonly #gates: number;
  #inputMasks: readonly Tensor[] | undefined;
  #stateMasks: readonly Tensor[] | undefined;

  /**
   * @param gates how many stand side by side in the kernels @param states how many states
   * @param seedFirst whether dropout's seed is drawn before those of the initializers
   */
  constructor(
    where: string,
    config: KernelCellConfig,
    {
      gates,
      states,
      seedFirst = false,
    }: { readonly gates: number; readonly states: number; readonly seedFirst?: boolean },
  ) {
    super(config);
    this.#gates = gates;
    this.units = positiveInteger(where, "units", config.units);
    this.activation = getActivation(config.activation === undefined ? "tanh" : config.activation);
    this.useBias = config.useBias ?? true;
    this.seed = config.seed ?? null;
    const early = seedFirst ? new SeedGenerator({ seed: this.seed }) : undefined;
    const { kernel } = kernelAndBias({
      ...config,
      biasInitializer: "zeros",
      biasRegularizer: null,
      biasConstraint: null,
    });
    this.#kernel = kernel;
    this.#recurrent = weightParts(
      config.recurrentInitializer ?? "orthogonal",
      config.recurrentRegularizer,
      config.recurrentConstraint,
    );
    this.#bias = weightParts(config.biasInitializer ?? "zeros", config.biasRegularizer, config.biasConstraint);
    this.dropout = clampRate(config.dropout ?? 0);
    this.recurrentDropout = clampRate(config.recurrentDropout ?? 0);
    this.seedGenerator = early ?? new SeedGenerator({ seed: this.seed });
    this.stateSize = Array.from({ length: states }, () => this.units);
    this.outputSize = this.units;
  }

  protected get gates(): number {
    return this.#gates;
  }
  /** How many masks dropout draws: one, or one for each gate. */
  protected get maskCount(): number {
    return 1;
  }
  /** Shape of the bias; `[gates units]` unless a cell has another. */
  protected get biasShape(): readonly number[] {
    return [this.#gates * this.units];
  }
  /** The initializer of the bias, from the one that was given. */
  protected biasInitializer(given: WeightParts["initializer"]): unknown {
    return given;
  }

  override build(inputShape: SymbolicShape): void {
    const inputs = inputShape[inputShape.length - 1] ?? null;
    const width = this.#gates * this.units;
    this.kernel = this.addWeight({ name: "kernel", shape: [inputs, width], ...this.#kernel });
    this.recurrentKernel = this.addWeight({ name: "recurrent_kernel", shape: [this.units, width], ...this.#recurrent });
    if (!this.useBias) return;
    const initializer = this.biasInitializer(this.#bias.initializer);
    this.bias = this.addWeight({ name: "bias", shape: this.biasShape, ...this.#bias, initializer });
  }

  #masks(like: Tensor, rate: number): readonly Tensor[] {
    const ones = ops.onesLike(like);
    return Array.from({ length: this.maskCount }, () => random.dropout(ones, rate, { seed: this.seedGenerator }));
  }
  // Masks are drawn whether training or not, as in Keras: the generator moves on the same way.
  override begin(x: Tensor, state: Tensor): void {
    this.end();
    if (this.dropout > 0) this.#inputMasks = this.#masks(x, this.dropout);
    if (this.recurrentDropout > 0) this.#stateMasks = this.#masks(state, this.recurrentDropout);
  }
  override end(): void {
    this.#inputMasks = undefined;
    this.#stateMasks = undefined;
  }
  #drop(x: Tensor, rate: number, masks: readonly Tensor[] | undefined, training: unknown): readonly Tensor[] {
    // All of it at 1, but nothing where each gate has a mask: so does Keras.
    const drops = training && rate > 0 && (rate < 1 || this.maskCount === 1);
    const all = drops ? (masks ?? this.#masks(x, rate)) : [];
    return Array.from({ length: this.#gates }, (_, i) => {
      const mask = all[i] ?? all[0];
      return mask === undefined ? x : ops.multiply(x, mask);
    });
  }
  /** The input as each gate sees it. */
  protected dropInput(x: Tensor, training: unknown): readonly Tensor[] {
    return this.#drop(x, this.dropout, this.#inputMasks, training);
  }
  /** The state as each gate sees it. */
  protected dropState(state: Tensor, training: unknown): readonly Tensor[] {
    return this.#drop(state, this.recurrentDropout, this.#stateMasks, training);
  }
  /** Columns of a kernel, or entries of a bias, of each gate. */
  protected byGate(weight: Tensor): readonly Tensor[] {
    return ops.split(weight, this.#gates, { axis: -1 });
  }

  /** The options that a cell and its layer share. Internal. */
  ownConfig(): Record<string, unknown> {
    return {
      units: this.units,
      activation: serializeActivation(this.activation),
      useBias: this.useBias,
      ...partsConfig("kernel", this.#kernel),
      ...partsConfig("recurrent", this.#recurrent),
      ...partsConfig("bias", this.#bias),
      dropout: this.dropout,
      recurrentDropout: this.recurrentDropout,
      seed: this.seed,
    };
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...this.ownConfig() };
  }
}

/** A cell whose gates open by an activation of their own. */
export abstract class GatedCell extends KernelCell {
  readonly recurrentActivation: Activation;
  readonly implementation: 1 | 2;

  constructor(where: string, config: GatedCellConfig, sizes: { readonly gates: number; readonly states: number }) {
    super(where, config, sizes);
    this.recurrentActivation = getActivation(
      config.recurrentActivation === undefined ? "sigmoid" : config.recurrentActivation,
    );
    // Masks of the state differ from gate to gate, which one product for all cannot do.
    this.implementation = this.recurrentDropout > 0 ? 1 : (config.implementation ?? 2);
  }
  protected override get maskCount(): number {
    return this.implementation === 1 ? this.gates : 1;
  }
  override ownConfig(): Record<string, unknown> {
    return { ...super.ownConfig(), recurrentActivation: serializeActivation(this.recurrentActivation) };
  }
}

/** Options of recurrent layers that make their own cell. */
export interface CellLayerOptions extends RNNOptions {
  /** A hint about speed; results do not depend on it. */
  readonly useCudnn?: "auto" | boolean;
}

/** A recurrent layer that makes its own cell. */
export abstract class CellLayer<C extends KernelCell> extends RNN {
  static override readonly module: string = "keras.layers";
  declare readonly cell: C;

  constructor(config: KernelCellConfig & CellLayerOptions, makeCell: (options: KernelCellConfig) => C) {
    // The cell goes first: seeds are drawn in that order.
    checkOptions(new.target, config, commonOptions, layerOptions);
    super({ ...config, cell: makeCell(cellOptions(config)) });
    const { useCudnn = "auto" } = config;
    if (useCudnn !== "auto" && typeof useCudnn !== "boolean") {
      const must = 'useCudnn must be "auto", true or false';
      throw new ConfigError(complain(this.name, { must, got: JSON.stringify(useCudnn), todo: "Leave it out" }));
    }
    this.inputSpec = { ndim: 3 };
  }
  get units(): number {
    return this.cell.units;
  }
  override getConfig(): Config {
    const { cell: _, ...config } = super.getConfig();
    return { ...config, ...this.cell.ownConfig(), activityRegularizer: this.activityRegularizer };
  }
}
