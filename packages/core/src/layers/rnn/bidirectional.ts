import type { SymbolicShape } from "../../aval/index.ts";
import { ConfigError, complain, StateError } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import {
  type Config,
  deserializeConfig,
  deserializeKerasObject,
  isSerialized,
  type LoadContext,
  type SerializableClass,
  serializeConfig,
} from "../../registry/index.ts";
import type { Variable } from "../../weights/index.ts";
import { Layer, type LayerConfig } from "../layer.ts";
import { RNN, type RNNCallOptions, type RNNConfig } from "./rnn.ts";

const mergeModes = ["concat", "sum", "ave", "mul", null] as const;
export type MergeMode = (typeof mergeModes)[number];

/** Options of `Bidirectional`. */
export interface BidirectionalConfig extends LayerConfig {
  /** A recurrent layer. Not it, but copies of it with weights of their own run in both directions. */
  readonly layer: RNN;
  /** How outputs become one: side by side by default; `null` for both. */
  readonly mergeMode?: MergeMode;
  /** Weights to begin with: those of the layer that runs forwards, then those of the other. */
  readonly weights?: readonly Tensor[] | null;
  /** Another recurrent layer for the way back, with `goBackwards` the other way round; itself, not a copy. */
  readonly backwardLayer?: RNN | null;
}

/**
 * Runs a recurrent layer over a sequence in both directions. With `returnSequences`, outputs of masked steps are 0.
 * Shapes: x `[B, T, C]`, mask `[B, T]`; result `[B, 2 units]` (`[B, units]` unless `mergeMode` is `"concat"`), with steps where the
 * layer returns sequences; with `returnState` also the states of the layer that runs forwards, then those of the other.
 * @throws ConfigError for something else than recurrent layers, or if they do not fit each other.
 * Source: Schuster & Paliwal 1997; keras/src/layers/rnn/bidirectional.py.
 * @example new layers.Bidirectional({ layer: new layers.GRU({ units: 8, returnSequences: true }) })
 */
export class Bidirectional extends Layer {
  static override readonly className: string = "Bidirectional";
  static readonly module: string = "keras.layers";
  readonly forwardLayer: RNN;
  readonly backwardLayer: RNN;
  readonly mergeMode: MergeMode;
  readonly #weights: readonly Tensor[];

  constructor(config: BidirectionalConfig) {
    super(config);
    const { layer, backwardLayer, mergeMode = "concat", weights } = config;
    this.mergeMode = this.#checkedMode(mergeMode);
    this.#checkRecurrent("layer", layer);
    this.forwardLayer = copyOf(layer, "forward_", {});
    if ((backwardLayer ?? null) !== null) this.#checkRecurrent("backwardLayer", backwardLayer);
    this.backwardLayer = backwardLayer ?? copyOf(layer, "backward_", { goBackwards: true });
    this.#checkPair();
    for (const one of [this.forwardLayer, this.backwardLayer]) one.zeroOutputForMask = one.returnSequences;
    this.#weights = weights ?? [];
    this.supportsMasking = true;
    this.inputSpec = layer.inputSpec;
  }

  get stateful(): boolean {
    return this.forwardLayer.stateful;
  }
  get returnSequences(): boolean {
    return this.forwardLayer.returnSequences;
  }
  get returnState(): boolean {
    return this.forwardLayer.returnState;
  }
  /** The carried states of both layers, if stateful and built. */
  get states(): readonly Variable[] | undefined {
    const [there, back] = [this.forwardLayer.states, this.backwardLayer.states];
    return there === undefined || back === undefined ? undefined : [...there, ...back];
  }
  /** Sets carried states to 0. @throws StateError for layers that carry none. */
  resetState(): void {
    if (!this.stateful) {
      const todo = "Make the layer inside with stateful: true";
      throw new StateError(
        complain(this.name, { must: "the layer must be stateful to be reset", got: "stateful: false", todo }),
      );
    }
    this.forwardLayer.resetState();
    this.backwardLayer.resetState();
  }

  #checkedMode(mode: unknown): MergeMode {
    if ((mergeModes as readonly unknown[]).includes(mode)) return mode as MergeMode;
    const must = `mergeMode must be one of ${mergeModes.map((one) => JSON.stringify(one)).join(", ")}`;
    throw new ConfigError(complain(this.name, { must, got: JSON.stringify(mode), todo: "Use one of these" }));
  }
  #checkRecurrent(option: string, value: unknown): void {
    if (value instanceof RNN) return;
    const must = `${option} must be a recurrent layer`;
    const got = value instanceof Layer ? value.constructor.name : (JSON.stringify(value) ?? typeof value);
    const todo = "Pass for example new layers.LSTM({ units: 8 }); for a cell of your own, new layers.RNN({ cell })";
    throw new ConfigError(complain(this.name, { must, got, todo }));
  }
  #checkPair(): void {
    const [there, back] = [this.forwardLayer, this.backwardLayer];
    if (there.goBackwards === back.goBackwards) {
      const must = "one of the two layers must have goBackwards: true, and the other not";
      const todo = "Give backwardLayer goBackwards: true";
      throw new ConfigError(complain(this.name, { must, got: `goBackwards: ${there.goBackwards} in both`, todo }));
    }
    for (const option of ["stateful", "returnSequences", "returnState"] as const) {
      if (there[option] === back[option]) continue;
      const got = `${there[option]} and ${back[option]}`;
      const todo = "Make both layers with the same options";
      throw new ConfigError(complain(this.name, { must: `${option} must be the same in both layers`, got, todo }));
    }
  }

  override build(inputShape: SymbolicShape): void {
    this.forwardLayer.buildFrom(inputShape);
    this.backwardLayer.buildFrom(inputShape);
    if (this.#weights.length > 0) this.setWeights(this.#weights);
  }

  override call(x: Tensor, { initialState, mask, training }: RNNCallOptions = {}): unknown {
    const given = initialState as readonly unknown[] | null | undefined;
    const half = Math.floor((given?.length ?? 0) / 2);
    const run = (layer: RNN, states: readonly unknown[] | undefined): readonly [Tensor, readonly Tensor[]] => {
      const own = states === undefined ? {} : { initialState: states };
      const result = layer.invoke([x, { ...own, ...((mask ?? null) === null ? {} : { mask }), training }]);
      const [output, ...last] = Array.isArray(result) ? (result as Tensor[]) : [result as Tensor];
      return [ops.cast(output as Tensor, this.computeDtype), last];
    };
    const [there, statesThere] = run(this.forwardLayer, given?.slice(0, half));
    const [reversed, statesBack] = run(this.backwardLayer, given?.slice(half));
    const back = this.returnSequences ? ops.flip(reversed, { axis: 1 }) : reversed;
    const merged = this.#merged(there, back);
    if (!this.returnState) return merged;
    return [...(Array.isArray(merged) ? merged : [merged]), ...statesThere, ...statesBack];
  }

  #merged(there: Tensor, back: Tensor): Tensor | readonly [Tensor, Tensor] {
    switch (this.mergeMode) {
      case "concat":
        return ops.concatenate([there, back], { axis: -1 });
      case "sum":
        return ops.add(there, back);
      case "ave":
        return ops.divide(ops.add(there, back), 2);
      case "mul":
        return ops.multiply(there, back);
      case null:
        return [there, back];
    }
  }

  override computeMask(_inputs: unknown, mask: unknown): unknown {
    const first = Array.isArray(mask) ? (mask[0] as unknown) : mask;
    const own = this.returnSequences ? first : null;
    const outputs = this.mergeMode === null ? [own, own] : [own];
    if (!this.returnState) return this.mergeMode === null ? outputs : own;
    const states = [this.forwardLayer, this.backwardLayer].flatMap((layer) => layer.cell.stateSize);
    return [...outputs, ...states.map(() => null)];
  }

  override getConfig(): Config {
    const { mergeMode, forwardLayer: layer, backwardLayer } = this;
    return { ...super.getConfig(), mergeMode, layer, backwardLayer };
  }
  static fromConfig(config: Config, context: LoadContext): Bidirectional {
    const revived = (value: unknown): unknown => (isSerialized(value) ? deserializeKerasObject(value, context) : value);
    const { layer, backwardLayer } = config;
    return new Bidirectional({
      ...(config as unknown as BidirectionalConfig),
      layer: revived(layer) as RNN,
      backwardLayer: revived(backwardLayer) as RNN | null,
    });
  }
}

/** The same layer with weights of its own, named after the way that it runs. */
function copyOf(layer: RNN, prefix: string, changes: Partial<RNNConfig>): RNN {
  const name = `${prefix}${layer.name.startsWith(prefix) ? layer.name.slice(prefix.length) : layer.name}`;
  const config = { ...deserializeConfig(serializeConfig(layer.getConfig())), ...changes, name };
  // Classes of your own need not be registered for it.
  const customObjects = Object.fromEntries(
    [layer, layer.cell].map(({ constructor }) => {
      const own = constructor as unknown as SerializableClass;
      return [own.className, own];
    }),
  );
  const ctor = layer.constructor as unknown as { fromConfig(config: Config, context: LoadContext): RNN };
  return ctor.fromConfig(config, { customObjects });
}
