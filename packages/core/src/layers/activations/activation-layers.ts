import type { SymbolicShape } from "../../aval/index.ts";
import { ConfigError, complain } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import type { Variable } from "../../weights/index.ts";
import { type Activation as AnyActivation, activate, get, relu, serialize } from "../activations.ts";
import { partsConfig, type WeightParts, weightParts } from "../arguments.ts";
import { type CallOptions, Layer, type LayerConfig } from "../layer.ts";
import { maskedSoftmax } from "./softmax.ts";

/** Any activation as a layer. Source: keras/src/layers/activations/activation.py. @example new layers.Activation({ activation: "gelu" }) */
export class Activation extends Layer {
  static override readonly className: string = "Activation";
  static readonly module: string = "keras.layers";
  readonly activation: AnyActivation;
  constructor(config: LayerConfig & { readonly activation: unknown }) {
    super(config);
    const { activation } = config;
    this.supportsMasking = true;
    this.activation = get(activation);
    this.buildAtInit();
  }
  override call(x: Tensor): Tensor {
    return activate(this.activation, x);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), activation: serialize(this.activation) };
  }
}

function notNegative(where: string, option: string, value: number | null): number {
  if (typeof value === "number" && value >= 0) return value;
  const must = `${option} must be a number not below 0`;
  throw new ConfigError(complain(where, { must, got: String(value), todo: `Leave it out or pass ${option}: 0` }));
}

/** Options of `ReLU`. */
export interface ReLUConfig extends LayerConfig {
  /** Largest output; none by default. */
  readonly maxValue?: number | null;
  readonly negativeSlope?: number;
  /** Values up to it are cut. */
  readonly threshold?: number;
}

/**
 * `min(max(x, 0), maxValue)`, with `negativeSlope (x - threshold)` below the threshold.
 * @throws ConfigError for negative options. Source: keras/src/layers/activations/relu.py.
 * @example new layers.ReLU({ maxValue: 6 })
 */
export class ReLU extends Layer {
  static override readonly className: string = "ReLU";
  static readonly module: string = "keras.layers";
  readonly maxValue: number | null;
  readonly negativeSlope: number;
  readonly threshold: number;
  constructor(config: ReLUConfig = {}) {
    super(config);
    const { maxValue, negativeSlope = 0, threshold = 0 } = config;
    this.supportsMasking = true;
    this.maxValue = maxValue === undefined || maxValue === null ? null : notNegative("ReLU", "maxValue", maxValue);
    this.negativeSlope = notNegative("ReLU", "negativeSlope", negativeSlope);
    this.threshold = notNegative("ReLU", "threshold", threshold);
    this.buildAtInit();
  }
  override call(x: Tensor): Tensor {
    const { maxValue, negativeSlope, threshold } = this;
    return relu(x, { maxValue, negativeSlope, threshold });
  }
  override getConfig(): Config {
    const { maxValue, negativeSlope, threshold } = this;
    return { ...super.getConfig(), maxValue, negativeSlope, threshold };
  }
}

/** `x` above 0, `negativeSlope x` below. Source: keras/src/layers/activations/leaky_relu.py. @example new layers.LeakyReLU() */
export class LeakyReLU extends Layer {
  static override readonly className: string = "LeakyReLU";
  static readonly module: string = "keras.layers";
  readonly negativeSlope: number;
  constructor(config: LayerConfig & { readonly negativeSlope?: number } = {}) {
    super(config);
    const { negativeSlope = 0.3 } = config;
    this.supportsMasking = true;
    this.negativeSlope = notNegative("LeakyReLU", "negativeSlope", negativeSlope);
    this.buildAtInit();
  }
  override call(x: Tensor): Tensor {
    return ops.leakyRelu(x, { negativeSlope: this.negativeSlope });
  }
  override getConfig(): Config {
    return { ...super.getConfig(), negativeSlope: this.negativeSlope };
  }
}

/**
 * `x` above 0, `alpha (e^x - 1)` below.
 * Source: keras/src/layers/activations/elu.py. @example new layers.ELU({ alpha: 0.5 })
 */
export class ELU extends Layer {
  static override readonly className: string = "ELU";
  static readonly module: string = "keras.layers";
  readonly alpha: number;
  constructor(config: LayerConfig & { readonly alpha?: number } = {}) {
    super(config);
    const { alpha = 1 } = config;
    this.supportsMasking = true;
    this.alpha = alpha;
    this.buildAtInit();
  }
  override call(x: Tensor): Tensor {
    return ops.elu(x, { alpha: this.alpha });
  }
  override getConfig(): Config {
    return { ...super.getConfig(), alpha: this.alpha };
  }
}

/** Options of `PReLU`. */
export interface PReLUConfig extends LayerConfig {
  readonly alphaInitializer?: unknown;
  readonly alphaRegularizer?: unknown;
  readonly alphaConstraint?: unknown;
  /** Axes (from 1) along which the slopes are the same. */
  readonly sharedAxes?: number | readonly number[] | null;
}

/**
 * `x` above 0, `alpha x` below, with learned slopes. Shapes: x `[B, ...]`, alpha `[...]`.
 * Source: He et al. 2015; keras/src/layers/activations/prelu.py.
 * @example new layers.PReLU({ sharedAxes: [1, 2] })
 */
export class PReLU extends Layer {
  static override readonly className: string = "PReLU";
  static readonly module: string = "keras.layers";
  alpha!: Variable;
  readonly sharedAxes: readonly number[] | null;
  readonly #parts: WeightParts;
  constructor(config: PReLUConfig = {}) {
    super(config);
    const { alphaInitializer = "Zeros", alphaRegularizer, alphaConstraint, sharedAxes } = config;
    this.supportsMasking = true;
    this.#parts = weightParts(alphaInitializer, alphaRegularizer, alphaConstraint);
    this.sharedAxes = typeof sharedAxes === "number" ? [sharedAxes] : (sharedAxes ?? null);
  }
  override build(inputShape: SymbolicShape): void {
    const shared = this.sharedAxes ?? [];
    const shape = inputShape.slice(1).map((size, i) => (shared.includes(i + 1) ? 1 : size));
    this.alpha = this.addWeight({ name: "alpha", shape, ...this.#parts });
    const fixed = inputShape
      .map((size, i) => [i, size] as const)
      .filter(([i]) => i > 0 && shared.length > 0 && !shared.includes(i));
    this.inputSpec = { ndim: inputShape.length, axes: Object.fromEntries(fixed) as Record<number, number> };
  }
  override call(x: Tensor): Tensor {
    return ops.subtract(ops.relu(x), ops.multiply(this.alpha.value, ops.relu(ops.negative(x))));
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...partsConfig("alpha", this.#parts), sharedAxes: this.sharedAxes };
  }
}

/**
 * `e^x / sum(e^x)` over `axis`, over the places that a mask leaves.
 * Shapes: x any; the mask broadcasts to it. Source: keras/src/layers/activations/softmax.py.
 * @example new layers.Softmax({ axis: -1 })
 */
export class Softmax extends Layer {
  static override readonly className: string = "Softmax";
  static readonly module: string = "keras.layers";
  readonly axis: number | readonly number[];
  constructor(config: LayerConfig & { readonly axis?: number | readonly number[] } = {}) {
    super(config);
    const { axis = -1 } = config;
    this.supportsMasking = true;
    this.axis = axis;
    this.buildAtInit();
  }
  override call(x: Tensor, { mask }: CallOptions = {}): Tensor {
    return maskedSoftmax(x, this.axis, mask as Tensor | null | undefined);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis };
  }
}
