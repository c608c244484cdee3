import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import { activate } from "../activations.ts";
import type { CallOptions } from "../layer.ts";
import { CellLayer, type CellLayerOptions, GatedCell, type GatedCellConfig } from "./kernel-cell.ts";

/** Options of `GRUCell`. */
export interface GRUCellConfig extends GatedCellConfig {
  /** True to apply the reset gate after the product with the state, as cuDNN does; false for before it. */
  readonly resetAfter?: boolean;
}

type Gates = readonly [z: Tensor, r: Tensor, h: Tensor];
/** The halves of a bias: for inputs, and for states. */
type Biases = readonly [input: Tensor | undefined, recurrent: Tensor | undefined];

/**
 * One step of a gated recurrent unit: `z, r = sigmoid(x W + h U + b)`, `h~ = tanh(x W_h + r (h U_h + b'_h) + b_h)`, or
 * `tanh(x W_h + (r h) U_h + b_h)` without `resetAfter`, and `h' = z h + (1 - z) h~`.
 * Shapes: x `[B, C]`, h `[B, units]`, W `[C, 3 units]`, U `[units, 3 units]`, b `[2, 3 units]`, `[3 units]` without `resetAfter`
 * (gates z, r, h).
 * @throws ConfigError unless `units` is a positive integer.
 * Source: Cho et al. 2014; keras/src/layers/rnn/gru.py.
 * @example new layers.RNN({ cell: new layers.GRUCell({ units: 8 }) })
 */
export class GRUCell extends GatedCell {
  static override readonly className: string = "GRUCell";
  static readonly module: string = "keras.layers";
  readonly resetAfter: boolean;

  constructor(config: GRUCellConfig) {
    super("GRU", config, { gates: 3, states: 1 });
    this.resetAfter = config.resetAfter ?? true;
  }

  protected override get biasShape(): readonly number[] {
    return this.resetAfter ? [2, 3 * this.units] : [3 * this.units];
  }

  override call(
    x: Tensor,
    states: readonly Tensor[],
    { training }: CallOptions = {},
  ): readonly [Tensor, readonly Tensor[]] {
    const [h] = states as readonly [Tensor];
    const biases = this.#biases();
    const [xz, xr, xh] = this.#project(this.dropInput(x, training), this.kernel.value, biases[0]);
    const held = this.dropState(h, training) as Gates;
    const open = (gate: Tensor): Tensor => activate(this.recurrentActivation, gate);
    let z: Tensor;
    let fromState: Tensor;
    if (this.resetAfter) {
      const [hz, hr, hh] = this.#project(held, this.recurrentKernel.value, biases[1]);
      z = open(ops.add(xz, hz));
      fromState = ops.multiply(open(ops.add(xr, hr)), hh);
    } else {
      const [uz, ur, uh] = this.byGate(this.recurrentKernel.value) as Gates;
      z = open(ops.add(xz, ops.matmul(held[0], uz)));
      const r = open(ops.add(xr, ops.matmul(held[1], ur)));
      fromState = ops.matmul(ops.multiply(r, held[2]), uh);
    }
    const candidate = activate(this.activation, ops.add(xh, fromState));
    const next = ops.add(ops.multiply(z, h), ops.multiply(ops.subtract(1, z), candidate));
    return [next, [next]];
  }

  #biases(): Biases {
    const bias = this.bias?.value;
    return bias === undefined || !this.resetAfter ? [bias, undefined] : [bias.at(0), bias.at(1)];
  }
  /** What each gate sees times its columns of a kernel: one product, if all see the same. */
  #project(inputs: readonly Tensor[], kernel: Tensor, bias: Tensor | undefined): Gates {
    if (this.implementation === 2) {
      const all = ops.matmul(inputs[0] as Tensor, kernel);
      return this.byGate(bias === undefined ? all : ops.add(all, bias)) as unknown as Gates;
    }
    const biases = bias === undefined ? [] : this.byGate(bias);
    return this.byGate(kernel).map((w, i) => {
      const own = ops.matmul(inputs[i] as Tensor, w);
      return biases[i] === undefined ? own : ops.add(own, biases[i]);
    }) as unknown as Gates;
  }

  override ownConfig(): Record<string, unknown> {
    return { ...super.ownConfig(), resetAfter: this.resetAfter };
  }
}

/** Options of `GRU`. */
export interface GRUConfig extends GRUCellConfig, CellLayerOptions {}

/**
 * Gated recurrent unit over a sequence.
 * Shapes: x `[B, T, C]`, mask `[B, T]`; result `[B, units]`, or `[B, T, units]` with `returnSequences`; with `returnState` also
 * h `[B, units]`.
 * @throws ConfigError unless `units` is a positive integer. @throws ShapeError for inputs of another rank.
 * Source: Cho et al. 2014; keras/src/layers/rnn/gru.py.
 * @example new layers.GRU({ units: 32, returnSequences: true })
 */
export class GRU extends CellLayer<GRUCell> {
  static override readonly className: string = "GRU";
  static override readonly module: string = "keras.layers";

  constructor(config: GRUConfig) {
    super(config, (options) => new GRUCell({ ...options, name: "gru_cell" }));
  }
  static override fromConfig(config: Config): GRU {
    return new GRU(config as unknown as GRUConfig);
  }
}
