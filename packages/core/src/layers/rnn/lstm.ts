import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import { activate } from "../activations.ts";
import type { WeightParts } from "../arguments.ts";
import type { CallOptions } from "../layer.ts";
import { CellLayer, type CellLayerOptions, GatedCell, type GatedCellConfig } from "./kernel-cell.ts";

/** Options of `LSTMCell`. */
export interface LSTMCellConfig extends GatedCellConfig {
  /** True for a forget gate with a bias of 1 at the start. Source: Jozefowicz et al. 2015. */
  readonly unitForgetBias?: boolean;
}

type Gates = readonly [i: Tensor, f: Tensor, c: Tensor, o: Tensor];

/**
 * One step of an LSTM: `i, f, o = sigmoid(x W + h U + b)`, `c' = f c + i tanh(x W_c + h U_c + b_c)`, `h' = o tanh(c')`.
 * Shapes: x `[B, C]`, h and c `[B, units]`, W `[C, 4 units]`, U `[units, 4 units]`, b `[4 units]` (gates i, f, c, o).
 * @throws ConfigError unless `units` is a positive integer.
 * Source: Hochreiter & Schmidhuber 1997; keras/src/layers/rnn/lstm.py.
 * @example new layers.RNN({ cell: new layers.LSTMCell({ units: 8 }) })
 */
export class LSTMCell extends GatedCell {
  static override readonly className: string = "LSTMCell";
  static readonly module: string = "keras.layers";
  readonly unitForgetBias: boolean;

  constructor(config: LSTMCellConfig) {
    super("LSTM", config, { gates: 4, states: 2 });
    this.unitForgetBias = config.unitForgetBias ?? true;
  }

  protected override biasInitializer(given: WeightParts["initializer"]): unknown {
    if (!this.unitForgetBias) return given;
    const { units } = this;
    return (_: unknown, options: { readonly dtype: string }): Tensor =>
      ops.concatenate([given.call([units], options), ops.ones([units], options), given.call([2 * units], options)]);
  }

  override call(
    x: Tensor,
    states: readonly Tensor[],
    { training }: CallOptions = {},
  ): readonly [Tensor, readonly Tensor[]] {
    const [h, c] = states as readonly [Tensor, Tensor];
    const [i, f, candidate, o] = this.#gatesOf(x, h, training);
    const open = (gate: Tensor): Tensor => activate(this.recurrentActivation, gate);
    const next = ops.add(ops.multiply(open(f), c), ops.multiply(open(i), activate(this.activation, candidate)));
    const output = ops.multiply(open(o), activate(this.activation, next));
    return [output, [output, next]];
  }

  #gatesOf(x: Tensor, h: Tensor, training: unknown): Gates {
    const inputs = this.dropInput(x, training);
    const [kernel, recurrent, bias] = [this.kernel.value, this.recurrentKernel.value, this.bias?.value];
    if (this.implementation === 2) {
      const z = ops.add(ops.matmul(inputs[0] as Tensor, kernel), ops.matmul(h, recurrent));
      return this.byGate(bias === undefined ? z : ops.add(z, bias)) as unknown as Gates;
    }
    const held = this.dropState(h, training);
    const recurrents = this.byGate(recurrent);
    const biases = bias === undefined ? [] : this.byGate(bias);
    return this.byGate(kernel).map((w, i) => {
      const own = ops.matmul(inputs[i] as Tensor, w);
      const shifted = biases[i] === undefined ? own : ops.add(own, biases[i]);
      return ops.add(shifted, ops.matmul(held[i] as Tensor, recurrents[i] as Tensor));
    }) as unknown as Gates;
  }

  override ownConfig(): Record<string, unknown> {
    return { ...super.ownConfig(), unitForgetBias: this.unitForgetBias };
  }
}

/** Options of `LSTM`. */
export interface LSTMConfig extends LSTMCellConfig, CellLayerOptions {}

/**
 * Long short-term memory over a sequence.
 * Shapes: x `[B, T, C]`, mask `[B, T]`; result `[B, units]`, or `[B, T, units]` with `returnSequences`; with `returnState` also
 * h and c `[B, units]`.
 * @throws ConfigError unless `units` is a positive integer. @throws ShapeError for inputs of another rank.
 * Source: Hochreiter & Schmidhuber 1997; keras/src/layers/rnn/lstm.py.
 * @example new layers.LSTM({ units: 32, returnSequences: true })
 */
export class LSTM extends CellLayer<LSTMCell> {
  static override readonly className: string = "LSTM";
  static override readonly module: string = "keras.layers";

  constructor(config: LSTMConfig) {
    super(config, (options) => new LSTMCell({ ...options, name: "lstm_cell" }));
  }
  static override fromConfig(config: Config): LSTM {
    return new LSTM(config as unknown as LSTMConfig);
  }
}
