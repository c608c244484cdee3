import { normalizeAxis, range, resultType, type SymbolicShape } from "../../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import { withDefaults } from "../../registry/index.ts";
import type { Variable } from "../../weights/index.ts";
import { partsConfig, type WeightParts, weightParts } from "../arguments.ts";
import { Layer, type LayerConfig } from "../layer.ts";

/** Options of `GroupNormalization`. */
export interface GroupNormalizationConfig extends LayerConfig {
  /** Number of groups, a divisor of the number of channels; -1 for one for each channel (instance normalization). */
  readonly groups?: number;
  /** The axis of the channels. */
  readonly axis?: number;
  /** Added to the variance under the root. */
  readonly epsilon?: number;
  /** True to add a learned `beta`. */
  readonly center?: boolean;
  /** True to multiply by a learned `gamma`. */
  readonly scale?: boolean;
  readonly betaInitializer?: unknown;
  readonly gammaInitializer?: unknown;
  readonly betaRegularizer?: unknown;
  readonly gammaRegularizer?: unknown;
  readonly betaConstraint?: unknown;
  readonly gammaConstraint?: unknown;
}

/**
 * Brings each group of channels of each example to mean 0 and variance 1: `gamma (x - mean) / sqrt(variance + epsilon) + beta`, with mean
 * and variance over all places and the channels of the group.
 * Shapes: x `[B, ..., C]` (or C at `axis`), weights `[C]`; result as x.
 * @throws ConfigError unless `groups` is a positive integer or -1. @throws ShapeError if C is unknown or no multiple of `groups`.
 * Source: Wu & He 2018; keras/src/layers/normalization/group_normalization.py.
 * @example new layers.GroupNormalization({ groups: 4 })
 */
export class GroupNormalization extends Layer {
  static override readonly className: string = "GroupNormalization";
  static readonly module: string = "keras.layers";
  groups: number;
  readonly axis: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  gamma: Variable | undefined;
  beta: Variable | undefined;
  readonly #beta: WeightParts;
  readonly #gamma: WeightParts;

  constructor(config: GroupNormalizationConfig = {}) {
    super(withDefaults(config, {}, { autocast: false }));
    const { groups = 32, axis = -1 } = config;
    if (!Number.isInteger(groups) || (groups <= 0 && groups !== -1)) {
      const must = "groups must be a positive integer, or -1 for one for each channel";
      throw new ConfigError(
        complain("GroupNormalization", { must, got: JSON.stringify(groups), todo: "Pass for example groups: 8" }),
      );
    }
    if (!Number.isInteger(axis)) {
      const must = "axis must be one integer, the axis of the channels";
      throw new ConfigError(
        complain("GroupNormalization", { must, got: JSON.stringify(axis), todo: "Pass for example axis: -1" }),
      );
    }
    this.groups = groups;
    this.axis = axis;
    this.epsilon = config.epsilon ?? 1e-3;
    this.center = config.center ?? true;
    this.scale = config.scale ?? true;
    this.#beta = weightParts(config.betaInitializer ?? "zeros", config.betaRegularizer, config.betaConstraint);
    this.#gamma = weightParts(config.gammaInitializer ?? "ones", config.gammaRegularizer, config.gammaConstraint);
    this.supportsMasking = true;
  }

  override build(inputShape: SymbolicShape): void {
    const channels = inputShape[normalizeAxis(this.axis, inputShape.length, this.name)] ?? null;
    if (channels === null) {
      const must = `axis ${this.axis}, the channels, must have a known size`;
      const todo = "Define it in the input, for example input({ shape: [null, null, 32] })";
      throw new ShapeError(complain(this.name, { must, got: showShape(inputShape), todo }));
    }
    // Keras writes a built layer's number of groups.
    if (this.groups === -1) this.groups = channels;
    if (channels % this.groups !== 0) {
      const must = "the number of channels must be a multiple of groups";
      const got = `${channels} channels in ${this.groups} groups`;
      throw new ShapeError(complain(this.name, { must, got, todo: "Pass a divisor as groups, or -1" }));
    }
    this.inputSpec = { ndim: inputShape.length, axes: { [this.axis]: channels } };
    const shape = [channels];
    if (this.scale) this.gamma = this.addWeight({ name: "gamma", shape, autocast: false, ...this.#gamma });
    if (this.center) this.beta = this.addWeight({ name: "beta", shape, autocast: false, ...this.#beta });
  }

  override call(x: Tensor): Tensor {
    const channelAxis = normalizeAxis(this.axis, x.ndim, this.name);
    const wide = ops.cast(x, resultType(x.dtype, "float32"));
    const along = (weight: Variable): Tensor => {
      const shape = x.shape.map((size, i) => (i === channelAxis ? size : 1));
      return ops.cast(ops.reshape(weight.value, shape), wide.dtype);
    };
    const centered = wide.subtract(this.#groupMeans(wide, channelAxis));
    let factor = ops.rsqrt(this.#groupMeans(ops.square(centered), channelAxis).add(this.epsilon));
    if (this.gamma !== undefined) factor = factor.multiply(along(this.gamma));
    let y = centered.multiply(factor);
    if (this.beta !== undefined) y = y.add(along(this.beta));
    return ops.cast(ops.cast(y, x.dtype), this.computeDtype);
  }

  // Over the places of each channel, and then over the channels of each group: the first sum goes through memory in order, the second
  // has few numbers. A group's mean stands at each of its channels.
  #groupMeans(x: Tensor, channelAxis: number): Tensor {
    // With the batch as `axis`, Keras keeps the last axis instead.
    const sample = channelAxis === 0 ? x.ndim - 1 : 0;
    const places = range(x.ndim).filter((i) => i !== sample && i !== channelAxis);
    const byChannel = ops.mean(x, { axis: places, keepdims: true });
    const size = (x.shape[channelAxis] as number) / this.groups;
    const grouped = byChannel.shape.toSpliced(channelAxis, 1, this.groups, size);
    const means = ops.mean(ops.reshape(byChannel, grouped), { axis: channelAxis + 1, keepdims: true });
    return ops.reshape(ops.broadcastTo(means, grouped), byChannel.shape);
  }

  override getConfig(): Config {
    const { groups, axis, epsilon, center, scale } = this;
    return {
      ...super.getConfig(),
      groups,
      axis,
      epsilon,
      center,
      scale,
      ...partsConfig("beta", this.#beta),
      ...partsConfig("gamma", this.#gamma),
    };
  }
}
