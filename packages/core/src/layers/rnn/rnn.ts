import type { SymbolicShape } from "../../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../ops/index.ts";
import { type Config, deserializeKerasObject, isSerialized, type LoadContext } from "../../registry/index.ts";
import { Variable, withNameScope } from "../../weights/index.ts";
import { type CallOptions, Layer, type LayerConfig } from "../layer.ts";
import { loop } from "./loop.ts";

/** A layer for one step of a sequence. */
export abstract class RNNCell extends Layer {
  static override readonly numInputs: number = 2;
  /** Size of each state. */
  abstract readonly stateSize: readonly number[];
  abstract readonly outputSize: number;
  /** One step: `[B, C]` and states `[B, size]` to the output and the new states. */
  abstract override call(
    x: Tensor,
    states: readonly Tensor[],
    options?: CallOptions,
  ): readonly [Tensor, readonly Tensor[]];
  /** States before the first step: zeros. */
  getInitialState(batchSize: number): Tensor[] {
    return this.stateSize.map((size) => ops.zeros([batchSize, size], { dtype: this.computeDtype }));
  }
  /** Draws what stays the same over all steps. Internal. */
  begin(_x: Tensor, _state: Tensor): void {}
  /** Forgets it. Internal. */
  end(): void {}
}

/** Options of recurrent layers. */
export interface RNNOptions extends LayerConfig {
  /** True for the outputs of all steps, not only of the last. */
  readonly returnSequences?: boolean;
  /** True to return the last states too: `[output, ...states]`. */
  readonly returnState?: boolean;
  /** From the last step to the first. */
  readonly goBackwards?: boolean;
  /** True to begin each batch with the states in which the one before ended. */
  readonly stateful?: boolean;
  /** True to write out all steps instead of a loop. */
  readonly unroll?: boolean;
  /** True for outputs of 0 where a mask is false, instead of the output before. */
  readonly zeroOutputForMask?: boolean;
}
const loopOptions: ReadonlySet<string> = new Set(
  "name activityRegularizer returnSequences returnState goBackwards stateful unroll zeroOutputForMask useCudnn".split(
    " ",
  ),
);
/** The options of a recurrent layer without those that its cell does not take. */
export function cellOptions<C extends RNNOptions>(config: C): Omit<C, keyof RNNOptions> & LayerConfig {
  return Object.fromEntries(Object.entries(config ?? {}).filter(([key]) => !loopOptions.has(key))) as Omit<
    C,
    keyof RNNOptions
  >;
}
/** Options of `RNN`. */
export interface RNNConfig extends RNNOptions {
  readonly cell: RNNCell;
}
/** What a call of a recurrent layer may be told. */
export interface RNNCallOptions extends CallOptions {
  /** States before the first step, `[B, size]` each. */
  readonly initialState?: unknown;
}

/**
 * Runs a cell over time.
 * Shapes: x `[B, T, C]`, mask `[B, T]`; result `[B, units]`, or `[B, T, units]` with `returnSequences`.
 * @throws ConfigError for `unroll` or `stateful` without the sizes that they need. @throws ShapeError for another batch size when stateful.
 * Source: keras/src/layers/rnn/rnn.py.
 * @example new layers.RNN({ cell: new layers.LSTMCell({ units: 8 }), returnSequences: true })
 */
export class RNN extends Layer {
  static override readonly className: string = "RNN";
  static readonly module: string = "keras.layers";
  readonly cell: RNNCell;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly stateful: boolean;
  readonly unroll: boolean;
  /** Set by `Bidirectional`, too. */
  zeroOutputForMask: boolean;
  // Not weights: Keras neither counts nor saves them.
  #states: readonly Variable[] | undefined;

  constructor(config: RNNConfig) {
    super(config);
    const { cell } = config;
    if (!(cell instanceof RNNCell)) {
      const todo = "Pass for example new LSTMCell({ units: 8 })";
      throw new ConfigError(
        complain("RNN", { must: "cell must be a layer that extends RNNCell", got: typeof cell, todo }),
      );
    }
    this.cell = cell;
    this.returnSequences = config.returnSequences ?? false;
    this.returnState = config.returnState ?? false;
    this.goBackwards = config.goBackwards ?? false;
    this.stateful = config.stateful ?? false;
    this.unroll = config.unroll ?? false;
    this.zeroOutputForMask = config.zeroOutputForMask ?? false;
    this.supportsMasking = true;
  }

  /** The carried states, if stateful and built. */
  get states(): readonly Variable[] | undefined {
    return this.#states;
  }
  /** Sets carried states to 0. */
  resetState(): void {
    for (const state of this.#states ?? []) state.assign(ops.zerosLike(state.value));
  }

  override build(inputShape: SymbolicShape): void {
    const [batch = null, , ...rest] = inputShape;
    this.cell.buildFrom([batch, ...rest]);
    if (!this.stateful) return;
    if (batch === null) {
      const todo = "Give the input a batchSize: input({ batchSize: 32, shape: [...] })";
      throw new ShapeError(
        complain(this.name, { must: "a stateful layer needs a known batch size", got: showShape(inputShape), todo }),
      );
    }
    this.#states = withNameScope(this.name, () =>
      this.cell
        .getInitialState(batch)
        .map((state) => new Variable(state, { trainable: false, dtype: this.variableDtype, name: "rnn_state" })),
    );
  }

  override computeOutputSpec(...args: readonly unknown[]): unknown {
    const [x] = args;
    if (this.unroll && isSymbolic(x) && x.shape[1] === null) {
      const todo = "Give the input its number of steps, or set unroll: false";
      throw new ConfigError(
        complain(this.name, { must: "unrolling needs a known number of steps", got: showShape(x.shape), todo }),
      );
    }
    return super.computeOutputSpec(...args);
  }

  override call(x: Tensor, { initialState, mask, training }: RNNCallOptions = {}): unknown {
    const batch = x.shape[0] as number;
    const { cell, goBackwards, unroll, zeroOutputForMask } = this;
    const expected = this.#states?.[0]?.shape[0];
    if (expected !== undefined && expected !== batch) {
      const must = `a stateful layer must see the batch size it was built with (${expected})`;
      throw new ShapeError(complain(this.name, { must, got: String(batch), todo: "Drop the last, smaller batch" }));
    }
    const given = initialState ?? this.#states?.map((state) => state.value) ?? cell.getInitialState(batch);
    const initial = (Array.isArray(given) ? given : [given]).map((state) =>
      convertToTensor(state as TensorLike, { dtype: cell.computeDtype }),
    );
    cell.begin(x.at([null, null], 0), initial[0] as Tensor);
    const step = (now: Tensor, states: readonly Tensor[]): readonly [Tensor, readonly Tensor[]] =>
      cell.invoke([now, states, { training }]) as readonly [Tensor, readonly Tensor[]];
    const options = { mask: (mask ?? null) as Tensor | null, goBackwards, unroll, zeroOutputForMask };
    const [last, outputs, states] = loop(step, x, initial, options);
    cell.end();
    const finish = (y: Tensor): Tensor => ops.cast(y, this.computeDtype);
    this.#states?.forEach((state, i) => state.assign(states[i] as Tensor));
    const output = finish(this.returnSequences ? outputs : last);
    return this.returnState ? [output, ...states.map(finish)] : output;
  }

  override computeMask(_inputs: unknown, mask: unknown): unknown {
    const first = Array.isArray(mask) ? (mask[0] as unknown) : mask;
    const own = this.returnSequences ? first : null;
    return this.returnState ? [own, ...this.cell.stateSize.map(() => null)] : own;
  }

  override getConfig(): Config {
    const { returnSequences, returnState, goBackwards, stateful, unroll, zeroOutputForMask, cell } = this;
    return {
      ...super.getConfig(),
      returnSequences,
      returnState,
      goBackwards,
      stateful,
      unroll,
      zeroOutputForMask,
      cell,
    };
  }
  static fromConfig(config: Config, context: LoadContext): RNN {
    const cell = isSerialized(config.cell) ? deserializeKerasObject(config.cell, context) : config.cell;
    return new RNN({ ...config, cell: cell as RNNCell });
  }
}
