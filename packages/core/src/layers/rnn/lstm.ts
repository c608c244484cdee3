import type { SymbolicShape } from "../../aval/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import * as random from "../../random/index.ts";
import { SeedGenerator } from "../../random/index.ts";
import { type Config, checkOptions, layerOptions } from "../../registry/index.ts";
import type { Variable } from "../../weights/index.ts";
import { type Activation, activate, get as getActivation, serialize as serializeActivation } from "../activations.ts";
import {
  type KernelBiasConfig,
  kernelAndBias,
  partsConfig,
  positiveInteger,
  type WeightParts,
  weightParts,
} from "../arguments.ts";
import { type CallOptions, commonOptions, type LayerConfig } from "../layer.ts";
import { cellOptions, RNN, RNNCell, type RNNOptions } from "./rnn.ts";

/** Options of `LSTMCell`. */
export interface LSTMCellConfig extends LayerConfig, KernelBiasConfig {
  /** Size of the output and of both states. */
  readonly units: number;
  readonly activation?: unknown;
  readonly recurrentActivation?: unknown;
  readonly useBias?: boolean;
  readonly recurrentInitializer?: unknown;
  readonly recurrentRegularizer?: unknown;
  readonly recurrentConstraint?: unknown;
  /** True for a forget gate with a bias of 1 at the start. Source: Jozefowicz et al. 2015. */
  readonly unitForgetBias?: boolean;
  /** Fraction of the inputs that is dropped while training, the same at every step; in [0, 1]. */
  readonly dropout?: number;
  /** Fraction of the state that is dropped while training, the same at every step; in [0, 1]. */
  readonly recurrentDropout?: number;
  readonly seed?: number | null;
  /** 1: a product for each gate; 2: one for all. */
  readonly implementation?: 1 | 2;
}

type Gates = readonly [i: Tensor, f: Tensor, c: Tensor, o: Tensor];
const clampRate = (rate: number): number => Math.min(1, Math.max(0, rate));

/**
 * One step of an LSTM: `i, f, o = sigmoid(x W + h U + b)`, `c' = f c + i tanh(x W_c + h U_c + b_c)`, `h' = o tanh(c')`.
 * Shapes: x `[B, C]`, h and c `[B, units]`, W `[C, 4 units]`, U `[units, 4 units]`, b `[4 units]` (gates i, f, c, o).
 * @throws ConfigError unless `units` is a positive integer.
 * Source: Hochreiter & Schmidhuber 1997; keras/src/layers/rnn/lstm.py.
 * @example new layers.RNN({ cell: new layers.LSTMCell({ units: 8 }) })
 */
export class LSTMCell extends RNNCell {
  static override readonly className: string = "LSTMCell";
  static readonly module: string = "keras.layers";
  readonly units: number;
  readonly activation: Activation;
  readonly recurrentActivation: Activation;
  readonly useBias: boolean;
  readonly unitForgetBias: boolean;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly seed: number | null;
  readonly implementation: 1 | 2;
  readonly stateSize: readonly number[];
  readonly outputSize: number;
  readonly seedGenerator: SeedGenerator;
  kernel!: Variable;
  recurrentKernel!: Variable;
  bias: Variable | undefined;
  readonly #kernel: WeightParts;
  readonly #recurrent: WeightParts;
  readonly #bias: WeightParts;
  #inputMasks: readonly Tensor[] | undefined;
  #stateMasks: readonly Tensor[] | undefined;

  constructor(config: LSTMCellConfig) {
    super(config);
    this.units = positiveInteger("LSTM", "units", config.units);
    this.activation = getActivation(config.activation ?? "tanh");
    this.recurrentActivation = getActivation(config.recurrentActivation ?? "sigmoid");
    this.useBias = config.useBias ?? true;
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
    this.unitForgetBias = config.unitForgetBias ?? true;
    this.dropout = clampRate(config.dropout ?? 0);
    this.recurrentDropout = clampRate(config.recurrentDropout ?? 0);
    // Masks of the state differ from gate to gate, which one product for all cannot do.
    this.implementation = this.recurrentDropout > 0 ? 1 : (config.implementation ?? 2);
    this.seed = config.seed ?? null;
    this.seedGenerator = new SeedGenerator({ seed: this.seed });
    this.stateSize = [this.units, this.units];
    this.outputSize = this.units;
  }

  override build(inputShape: SymbolicShape): void {
    const inputs = inputShape[inputShape.length - 1] ?? null;
    const { units } = this;
    this.kernel = this.addWeight({ name: "kernel", shape: [inputs, 4 * units], ...this.#kernel });
    this.recurrentKernel = this.addWeight({ name: "recurrent_kernel", shape: [units, 4 * units], ...this.#recurrent });
    if (!this.useBias) return;
    const own = this.#bias.initializer;
    const forgetting = (_: unknown, options: { readonly dtype: string }): Tensor =>
      ops.concatenate([own.call([units], options), ops.ones([units], options), own.call([2 * units], options)]);
    const initializer = this.unitForgetBias ? forgetting : own;
    this.bias = this.addWeight({ name: "bias", shape: [4 * units], ...this.#bias, initializer });
  }

  #masks(like: Tensor, rate: number): readonly Tensor[] {
    const ones = ops.onesLike(like);
    const count = this.implementation === 1 ? 4 : 1;
    return Array.from({ length: count }, () => random.dropout(ones, rate, { seed: this.seedGenerator }));
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
  #drop(x: Tensor, rate: number, masks: readonly Tensor[] | undefined, training: unknown): Gates {
    const drops = training && rate > 0 && rate < 1;
    const all = drops ? (masks ?? this.#masks(x, rate)) : [];
    return [0, 1, 2, 3].map((i) => {
      const mask = all[i] ?? all[0];
      return mask === undefined ? x : ops.multiply(x, mask);
    }) as unknown as Gates;
  }

  override call(
    x: Tensor,
    states: readonly Tensor[],
    { training }: CallOptions = {},
  ): readonly [Tensor, readonly Tensor[]] {
    const [h, c] = states as readonly [Tensor, Tensor];
    const inputs = this.#drop(x, this.dropout, this.#inputMasks, training);
    const kernel = this.kernel.value;
    const recurrent = this.recurrentKernel.value;
    let gates: Gates;
    if (this.implementation === 1) {
      const held = this.#drop(h, this.recurrentDropout, this.#stateMasks, training);
      const kernels = ops.split(kernel, 4, { axis: 1 });
      const recurrents = ops.split(recurrent, 4, { axis: 1 });
      const biases = this.bias === undefined ? [] : ops.split(this.bias.value, 4, { axis: 0 });
      gates = kernels.map((w, i) => {
        const own = ops.matmul(inputs[i] as Tensor, w);
        const shifted = biases[i] === undefined ? own : ops.add(own, biases[i]);
        return ops.add(shifted, ops.matmul(held[i] as Tensor, recurrents[i] as Tensor));
      }) as unknown as Gates;
    } else {
      const z = ops.add(ops.matmul(inputs[0], kernel), ops.matmul(h, recurrent));
      gates = ops.split(this.bias === undefined ? z : ops.add(z, this.bias.value), 4, { axis: 1 }) as unknown as Gates;
    }
    const [i, f, candidate, o] = gates;
    const open = (gate: Tensor): Tensor => activate(this.recurrentActivation, gate);
    const next = ops.add(ops.multiply(open(f), c), ops.multiply(open(i), activate(this.activation, candidate)));
    const output = ops.multiply(open(o), activate(this.activation, next));
    return [output, [output, next]];
  }

  /** The options that the cell and `LSTM` share. Internal. */
  ownConfig(): Record<string, unknown> {
    return {
      units: this.units,
      activation: serializeActivation(this.activation),
      recurrentActivation: serializeActivation(this.recurrentActivation),
      useBias: this.useBias,
      unitForgetBias: this.unitForgetBias,
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

/** Options of `LSTM`. */
export interface LSTMConfig extends LSTMCellConfig, RNNOptions {
  /** A hint about speed; results do not depend on it. */
  readonly useCudnn?: "auto" | boolean;
}

/**
 * Long short-term memory over a sequence.
 * Shapes: x `[B, T, C]`, mask `[B, T]`; result `[B, units]`, or `[B, T, units]` with `returnSequences`; with `returnState` also
 * h and c `[B, units]`.
 * @throws ConfigError unless `units` is a positive integer. @throws ShapeError for inputs of another rank.
 * Source: Hochreiter & Schmidhuber 1997; keras/src/layers/rnn/lstm.py.
 * @example new layers.LSTM({ units: 32, returnSequences: true })
 */
export class LSTM extends RNN {
  static override readonly className: string = "LSTM";
  static override readonly module: string = "keras.layers";
  declare readonly cell: LSTMCell;

  constructor(config: LSTMConfig) {
    // The cell goes first: seeds are drawn in that order.
    checkOptions(new.target, config, commonOptions, layerOptions);
    super({ ...config, cell: new LSTMCell({ ...cellOptions(config), name: "lstm_cell" }) });
    this.inputSpec = { ndim: 3 };
  }
  get units(): number {
    return this.cell.units;
  }
  override getConfig(): Config {
    const { cell: _, ...config } = super.getConfig();
    return { ...config, ...this.cell.ownConfig(), activityRegularizer: this.activityRegularizer };
  }
  static override fromConfig(config: Config): LSTM {
    return new LSTM(config as unknown as LSTMConfig);
  }
}
