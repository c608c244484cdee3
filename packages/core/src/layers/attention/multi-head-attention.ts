import { range, type SymbolicShape } from "../../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../../errors/index.ts";
import { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { convertToTensor, KerasTensor, type TensorLike } from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import { isBranch, type Tree } from "../../tree/index.ts";
import { Softmax } from "../activations/activation-layers.ts";
import { fraction, type KernelBiasConfig, kernelAndBias, partsConfig, positiveInteger } from "../arguments.ts";
import { EinsumDense } from "../core/einsum-dense.ts";
import { type CallOptions, Layer, type LayerConfig, type Symbolic } from "../layer.ts";
import { maskOf } from "../masking.ts";
import { Dropout } from "../regularization/dropout.ts";
import { attentionEquations, projectionEquation } from "./equations.ts";

/** Options of `MultiHeadAttention`. */
export interface MultiHeadAttentionConfig extends LayerConfig, KernelBiasConfig {
  readonly numHeads: number;
  /** Size of each head's queries and keys. */
  readonly keyDim: number;
  /** Size of each head's values; `keyDim` by default. */
  readonly valueDim?: number | null;
  /** Fraction of attention that is dropped while training, in [0, 1]. */
  readonly dropout?: number;
  readonly useBias?: boolean;
  /** Size of the output without batch and time; that of the query by default. */
  readonly outputShape?: number | readonly number[] | null;
  /** Axes over which attention runs; all but batch and last by default. */
  readonly attentionAxes?: number | readonly number[] | null;
  /** Greatest distance + 1 at which a query sees a key; no limit by default. */
  readonly slidingWindow?: number | null;
  /** A hint about speed; results do not depend on it. */
  readonly flashAttention?: boolean | null;
  /** True to multiply the heads by a learned gate of the query. */
  readonly useGate?: boolean;
  readonly seed?: number | null;
}

/** What a call of attention may be told. Masks are true where something may be seen. */
export interface AttentionCallOptions extends CallOptions {
  /** The keys; the values by default. */
  readonly key?: unknown;
  /** `[B, T]`. Ignored when passed, as in Keras: the mask that travels with the query is used. */
  readonly queryMask?: unknown;
  /** `[B, S]`. */
  readonly valueMask?: unknown;
  /** `[B, S]`. */
  readonly keyMask?: unknown;
  /** `[B, T, S]`, or with heads `[B, N, T, S]`. */
  readonly attentionMask?: unknown;
  /** True to return `[output, scores]`. */
  readonly returnAttentionScores?: boolean;
  /** True to hide from each query the keys behind it. */
  readonly useCausalMask?: boolean;
}

/**
 * Attention of several heads: queries, keys and values are projected, `softmax(Q K^T / sqrt(keyDim)) V` runs for each head, and the
 * heads are projected back.
 * Shapes: B batch, T query steps, S key steps, C and E features; query `[B, T, C]`, value and key `[B, S, E]`; result `[B, T, C]`,
 * scores `[B, N, T, S]`. More axes between batch and features are possible (`attentionAxes`).
 * @throws ConfigError for sizes below 1. @throws ShapeError if value and key differ in more than the last axis.
 * Source: Vaswani et al. 2017; keras/src/layers/attention/multi_head_attention.py.
 * @example
 * const x = ops.ones([2, 5, 16]);
 * new layers.MultiHeadAttention({ numHeads: 8, keyDim: 64 }).apply(x, x, { useCausalMask: true }).shape; // [2, 5, 16]
 */
export class MultiHeadAttention extends Layer {
  static override readonly className: string = "MultiHeadAttention";
  static readonly module: string = "keras.layers";
  static override readonly numInputs: number = 3;
  readonly numHeads: number;
  readonly keyDim: number;
  readonly valueDim: number;
  readonly dropout: number;
  readonly useBias: boolean;
  readonly useGate: boolean;
  readonly outputShape: readonly number[] | null;
  attentionAxes: readonly number[] | null;
  readonly slidingWindow: number | null;
  readonly seed: number | null;
  // Named and ordered as Keras' attributes: their names are paths in weights files.
  queryDense!: EinsumDense;
  keyDense!: EinsumDense;
  _gateDense: EinsumDense | undefined;
  valueDense!: EinsumDense;
  _softmax!: Softmax;
  _dropoutLayer!: Dropout;
  outputDense!: EinsumDense;
  readonly #parts: ReturnType<typeof kernelAndBias>;
  readonly #activity: unknown;
  #scoresEquation = "";
  #combineEquation = "";

  constructor(config: MultiHeadAttentionConfig) {
    super(config);
    const where = "MultiHeadAttention";
    this.numHeads = positiveInteger(where, "numHeads", config.numHeads);
    this.keyDim = positiveInteger(where, "keyDim", config.keyDim);
    const { valueDim, outputShape, attentionAxes, slidingWindow } = config;
    this.valueDim =
      valueDim === undefined || valueDim === null ? this.keyDim : positiveInteger(where, "valueDim", valueDim);
    this.dropout = fraction(where, "dropout", config.dropout ?? 0);
    this.useBias = config.useBias ?? true;
    this.useGate = config.useGate ?? false;
    this.outputShape = typeof outputShape === "number" ? [outputShape] : (outputShape ?? null);
    this.attentionAxes = typeof attentionAxes === "number" ? [attentionAxes] : (attentionAxes ?? null);
    this.slidingWindow =
      slidingWindow === undefined || slidingWindow === null
        ? null
        : positiveInteger(where, "slidingWindow", slidingWindow);
    this.seed = config.seed ?? null;
    this.#parts = kernelAndBias(config);
    // Keras gives it to the projections, not to the layer itself.
    this.#activity = this.activityRegularizer;
    this.activityRegularizer = undefined;
    this.supportsMasking = true;
    if (config.flashAttention && this.dropout > 0) {
      const got = `dropout ${this.dropout}`;
      throw new ConfigError(
        complain(where, { must: "flashAttention and dropout exclude each other", got, todo: "Set one of them to 0" }),
      );
    }
  }

  /** Applies attention: `apply(query, value)`, `apply(query, value, { key, ... })` or `apply(query, value, key, { ... })`. */
  override apply<R = KerasTensor>(
    query: Symbolic,
    value: Symbolic,
    ...rest: readonly (Symbolic | AttentionCallOptions)[]
  ): R;
  override apply<R = Tensor>(
    query: TensorLike,
    value: TensorLike,
    ...rest: readonly (TensorLike | AttentionCallOptions)[]
  ): R;
  /** A single input is refused: there must be a value. */
  override apply<R = KerasTensor>(inputs: Symbolic, options?: CallOptions): R;
  override apply<R = Tensor>(inputs: Tree<TensorLike>, options?: CallOptions): R;
  override apply(...args: unknown[]): unknown {
    return this.invoke(args);
  }

  override invoke(args: readonly unknown[]): unknown {
    const [query, value, third, fourth] = args;
    if (value === undefined || (isBranch(value) && !Array.isArray(value))) {
      const todo = "For self-attention pass the tensor twice: apply(x, x)";
      throw new ConfigError(
        complain(this.name, { must: "attention takes a query and a value", got: "one input", todo }),
      );
    }
    const named = isBranch(third) && !Array.isArray(third);
    // Only a mask that travels with the query counts: Keras overwrites `query_mask` with it.
    const { key, queryMask: _, ...options } = (named ? third : (fourth ?? {})) as AttentionCallOptions;
    const keys = (named ? key : third) ?? key;
    return super.invoke(
      keys === undefined || keys === null ? [query, value, undefined, options] : [query, value, keys, options],
    );
  }
  protected override maskOptions([query, value, key]: readonly unknown[]): CallOptions {
    const entries = [
      ["queryMask", query],
      ["valueMask", value],
      ["keyMask", key],
    ] as const;
    return Object.fromEntries(
      entries.map(([name, x]) => [name, maskOf(x)] as const).filter(([, mask]) => mask !== undefined),
    );
  }

  override build(query: SymbolicShape, value: SymbolicShape, key: SymbolicShape = value): void {
    const inner = (shape: SymbolicShape): string => String(shape.slice(1, -1));
    if (inner(value) !== inner(key)) {
      const got = `${showShape(value)} and ${showShape(key)}`;
      const must = "value and key may differ in the last axis only";
      throw new ShapeError(complain(this.name, { must, got, todo: "Pass keys and values of one sequence" }));
    }
    const heads = (shape: SymbolicShape, name: string, size: number, activation?: string): EinsumDense => {
      const made = this.#project(shape.length - 1, 1, [this.numHeads, size], name, activation);
      made.buildFrom(shape);
      return made;
    };
    this.queryDense = heads(query, "query", this.keyDim);
    this.keyDense = heads(key, "key", this.keyDim);
    if (this.useGate) this._gateDense = heads(query, "gate", this.valueDim, "sigmoid");
    this.valueDense = heads(value, "value", this.valueDim);
    const rank = value.length + 1;
    const given = this.attentionAxes;
    const axes =
      given === null ? range(rank - 3).map((i) => i + 1) : given.map((axis) => (axis < 0 ? axis + rank - 1 : axis));
    this.attentionAxes = axes;
    const { scores, combine, scoresRank } = attentionEquations(rank, axes);
    this.#scoresEquation = scores;
    this.#combineEquation = combine;
    const overKeys = range(axes.length).map((i) => scoresRank - axes.length + i);
    this._softmax = new Softmax({ axis: overKeys, dtype: this.dtypePolicy });
    this._dropoutLayer = new Dropout({ rate: this.dropout, dtype: this.dtypePolicy, seed: this.seed });
    const outer = this.outputShape ?? [query[query.length - 1] as number];
    this.outputDense = this.#project(query.length - 1, 2, outer, "attention_output");
    this.outputDense.buildFrom([...query.slice(0, -1), this.numHeads, this.valueDim]);
  }

  #project(
    free: number,
    bound: number,
    sizes: readonly (number | null)[],
    name: string,
    activation?: string,
  ): EinsumDense {
    const { equation, biasAxes, rank } = projectionEquation(free, bound, sizes.length);
    const { kernel, bias } = this.#parts;
    return new EinsumDense({
      equation,
      outputShape: [...range(rank - 1 - sizes.length).map(() => null), ...sizes],
      biasAxes: this.useBias ? biasAxes : null,
      name,
      dtype: this.dtypePolicy,
      activation,
      activityRegularizer: this.#activity,
      ...partsConfig("kernel", kernel),
      ...partsConfig("bias", bias),
      // Each projection draws its own seed, as in Keras.
      kernelInitializer: kernel.initializer.clone(),
      biasInitializer: bias.initializer.clone(),
    });
  }

  override call(
    query: Tensor,
    value: Tensor,
    ...rest: readonly [AttentionCallOptions?] | readonly [Tensor, AttentionCallOptions?]
  ): unknown {
    const given = rest[0] instanceof Tensor ? rest[0] : undefined;
    const options = ((given === undefined ? rest[0] : rest[1]) ?? {}) as AttentionCallOptions;
    const { returnAttentionScores = false, useCausalMask = false } = options;
    const alone = (["queryMask", "valueMask", "keyMask", "attentionMask"] as const).every(
      (name) => (options[name] ?? null) === null,
    );
    const causal = useCausalMask && alone && this.slidingWindow === null;
    const mask = causal ? null : this.#mask(query, value, options);
    const project = (layer: EinsumDense, x: Tensor): Tensor => layer.invoke([x]) as Tensor;
    const gate = this._gateDense && project(this._gateDense, query);
    const q = project(this.queryDense, query);
    const k = project(this.keyDense, given ?? value);
    const v = project(this.valueDense, value);
    const [heads, scores] = this.#attend(q, k, v, mask, causal, options);
    const output = project(this.outputDense, gate === undefined ? heads : ops.multiply(heads, gate));
    return returnAttentionScores ? [output, scores] : output;
  }

  // Keras declares scores as those of the query with itself over one axis, whatever the keys and the axes of attention are.
  override computeOutputSpec(...args: readonly unknown[]): unknown {
    const made = super.computeOutputSpec(...args);
    if (!Array.isArray(made)) return made;
    const [batch = null, length = null] = (args[0] as KerasTensor).shape;
    return [made[0], new KerasTensor([batch, this.numHeads, length, length], { dtype: this.computeDtype })];
  }

  #attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | null,
    causal: boolean,
    { training, returnAttentionScores }: AttentionCallOptions,
  ): [heads: Tensor, scores: Tensor | null] {
    const scale = 1 / Math.sqrt(this.keyDim);
    const axes = (this.attentionAxes as readonly number[]).length;
    if (this.dropout === 0 && !returnAttentionScores && q.ndim === 4) {
      const wide = mask === null ? null : withHeads(mask, 4, axes);
      return [ops.dotProductAttention(q, k, v, { mask: wide, scale, isCausal: causal }), null];
    }
    const allowed = causal ? causalMask(q.shape[1] as number, v.shape[1] as number) : mask;
    const raw = ops.einsum(this.#scoresEquation, k, ops.multiply(q, scale));
    const wide = allowed === null ? null : withHeads(allowed, raw.ndim, axes);
    const scores = this._softmax.invoke([raw, { mask: wide }]) as Tensor;
    const kept = this.dropout > 0 ? (this._dropoutLayer.invoke([scores, { training }]) as Tensor) : scores;
    return [ops.einsum(this.#combineEquation, kept, v), scores];
  }

  #mask(query: Tensor, value: Tensor, options: AttentionCallOptions): Tensor | null {
    const { queryMask, valueMask, keyMask, attentionMask, useCausalMask } = options;
    const [t, s] = [query.shape[1] as number, value.shape[1] as number];
    const toBool = (x: unknown): Tensor => convertToTensor(x as TensorLike, { dtype: "bool" });
    const found: Tensor[] = [];
    if (attentionMask !== undefined && attentionMask !== null) found.push(toBool(attentionMask));
    if (queryMask !== undefined && queryMask !== null) found.push(ops.expandDims(toBool(queryMask), -1));
    if (valueMask !== undefined && valueMask !== null) found.push(ops.expandDims(toBool(valueMask), -2));
    if (keyMask !== undefined && keyMask !== null) found.push(ops.expandDims(toBool(keyMask), -2));
    if (useCausalMask) found.push(causalMask(t, s));
    if (this.slidingWindow !== null) found.push(ops.less(ops.abs(distances(t, s)), this.slidingWindow));
    return found.length === 0 ? null : found.reduce((a, b) => ops.logicalAnd(a, b));
  }

  /** The query's mask goes on with the output. */
  override computeMask(inputs: unknown): unknown {
    return maskOf(inputs) ?? null;
  }

  override getBuildConfig(): Record<string, unknown> | undefined {
    const [query, value, key] = this.buildShapes;
    if (query === undefined) return undefined;
    return {
      shapes_dict: { query_shape: query, value_shape: value, ...(key === undefined ? {} : { key_shape: key }) },
    };
  }
  override buildFromConfig(config: Readonly<Record<string, unknown>>): void {
    const shapes = config.shapes_dict as Readonly<Record<string, SymbolicShape>> | undefined;
    const { query_shape: query, value_shape: value, key_shape: key } = shapes ?? {};
    if (query === undefined || value === undefined) return;
    this.buildFrom(...(key === undefined || key === null ? [query, value] : [query, value, key]));
  }

  override getConfig(): Config {
    const { numHeads, keyDim, valueDim, dropout, useBias, useGate, outputShape, attentionAxes, slidingWindow, seed } =
      this;
    return {
      ...super.getConfig(),
      ...{ numHeads, keyDim, valueDim, dropout, useBias, useGate, outputShape, attentionAxes, slidingWindow },
      ...partsConfig("kernel", this.#parts.kernel),
      ...partsConfig("bias", this.#parts.bias),
      activityRegularizer: this.#activity,
      seed,
    };
  }
}

// query place minus key place, `[1, T, S]`
const distances = (t: number, s: number): Tensor => {
  const place = (n: number): Tensor => ops.arange(n, { dtype: "int32" });
  return ops.subtract(ops.reshape(place(t), [1, t, 1]), ops.reshape(place(s), [1, 1, s]));
};
const causalMask = (t: number, s: number): Tensor => ops.greaterEqual(distances(t, s), 0);

// A mask without heads gets axes of size 1 for them, before the axes of queries and keys.
function withHeads(mask: Tensor, rank: number, axes: number): Tensor {
  const missing = rank - mask.ndim;
  const at = mask.ndim - 2 * axes;
  return missing <= 0
    ? mask
    : ops.reshape(mask, [...mask.shape.slice(0, at), ...range(missing).map(() => 1), ...mask.shape.slice(at)]);
}
