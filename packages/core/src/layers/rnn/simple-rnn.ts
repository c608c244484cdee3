import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import { activate } from "../activations.ts";
import type { CallOptions } from "../layer.ts";
import { CellLayer, KernelCell, type KernelCellConfig } from "./kernel-cell.ts";
import type { RNNOptions } from "./rnn.ts";

/** Options of `SimpleRNNCell`. */
export interface SimpleRNNCellConfig extends KernelCellConfig {}

/**
 * One step of a fully connected recurrence: `h' = tanh(x W + b + h U)`.
 * Shapes: x `[B, C]`, h `[B, units]`, W `[C, units]`, U `[units, units]`, b `[units]`.
 * @throws ConfigError unless `units` is a positive integer.
 * Source: keras/src/layers/rnn/simple_rnn.py.
 * @example new layers.RNN({ cell: new layers.SimpleRNNCell({ units: 8 }) })
 */
export class SimpleRNNCell extends KernelCell {
  static override readonly className: string = "SimpleRNNCell";
  static readonly module: string = "keras.layers";

  constructor(config: SimpleRNNCellConfig) {
    super("SimpleRNN", config, { gates: 1, states: 1, seedFirst: true });
  }

  override call(
    x: Tensor,
    states: readonly Tensor[],
    { training }: CallOptions = {},
  ): readonly [Tensor, readonly Tensor[]] {
    const [input] = this.dropInput(x, training) as readonly [Tensor];
    const [held] = this.dropState(states[0] as Tensor, training) as readonly [Tensor];
    const own = ops.matmul(input, this.kernel.value);
    const shifted = this.bias === undefined ? own : ops.add(own, this.bias.value);
    const output = activate(this.activation, ops.add(shifted, ops.matmul(held, this.recurrentKernel.value)));
    return [output, [output]];
  }
}

/** Options of `SimpleRNN`. */
export interface SimpleRNNConfig extends SimpleRNNCellConfig, RNNOptions {}

/**
 * Fully connected recurrence over a sequence: each output goes into the next step.
 * Shapes: x `[B, T, C]`, mask `[B, T]`; result `[B, units]`, or `[B, T, units]` with `returnSequences`; with `returnState` also
 * h `[B, units]`.
 * @throws ConfigError unless `units` is a positive integer. @throws ShapeError for inputs of another rank.
 * Source: keras/src/layers/rnn/simple_rnn.py.
 * @example new layers.SimpleRNN({ units: 32, returnSequences: true })
 */
export class SimpleRNN extends CellLayer<SimpleRNNCell> {
  static override readonly className: string = "SimpleRNN";
  static override readonly module: string = "keras.layers";

  constructor(config: SimpleRNNConfig) {
    super(config, (options) => new SimpleRNNCell({ ...options, name: "simple_rnn_cell" }));
  }
  // Keras does not write the seed of this one.
  override getConfig(): Config {
    const { seed: _, ...config } = super.getConfig();
    return config;
  }
  static override fromConfig(config: Config): SimpleRNN {
    return new SimpleRNN(config as unknown as SimpleRNNConfig);
  }
}
