import { range, resultType, type SymbolicShape } from "../../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import type { Variable } from "../../weights/index.ts";
import { partsConfig, type WeightParts, weightParts } from "../arguments.ts";
import { type CallOptions, Layer, type LayerConfig } from "../layer.ts";

/** Bounds of the corrections of batch renormalization. */
export interface RenormClipping {
  readonly rmin?: number | null;
  readonly rmax?: number | null;
  readonly dmax?: number | null;
}

/** Options of `BatchNormalization`. */
export interface BatchNormalizationConfig extends LayerConfig {
  /** The axis of the channels. */
  readonly axis?: number;
  /** How much of a moving statistic stays at each step, in [0, 1]. */
  readonly momentum?: number;
  /** Added to the variance under the root. */
  readonly epsilon?: number;
  /** True to add a learned `beta`. */
  readonly center?: boolean;
  /** True to multiply by a learned `gamma`. */
  readonly scale?: boolean;
  readonly betaInitializer?: unknown;
  readonly gammaInitializer?: unknown;
  readonly movingMeanInitializer?: unknown;
  readonly movingVarianceInitializer?: unknown;
  readonly betaRegularizer?: unknown;
  readonly gammaRegularizer?: unknown;
  readonly betaConstraint?: unknown;
  readonly gammaConstraint?: unknown;
  /** True to correct each batch by moving statistics. Source: Ioffe 2017. */
  readonly renorm?: boolean;
  readonly renormClipping?: RenormClipping | null;
  readonly renormMomentum?: number;
  /** Only false: statistics over several devices do not exist here. */
  readonly synchronized?: boolean;
}

// Keeps a division by no masked place finite; Keras' `backend.epsilon()`.
const FUZZ = 1e-7;

/**
 * Brings each channel to mean 0 and variance 1: `gamma (x - mean) / sqrt(variance + epsilon) + beta`. While training, and if trainable,
 * mean and variance are those of the batch (of the places that a mask leaves), and moving averages are updated; else the averages are used.
 * Shapes: x `[..., C, ...]`, weights `[C]`; result as x.
 * @throws ConfigError for `synchronized`. @throws ShapeError if C is unknown or a mask has another rank.
 * Source: Ioffe & Szegedy 2015; keras/src/layers/normalization/batch_normalization.py.
 * @example new layers.BatchNormalization({ momentum: 0.9 })
 */
export class BatchNormalization extends Layer {
  static override readonly className: string = "BatchNormalization";
  static readonly module: string = "keras.layers";
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly renorm: boolean;
  readonly renormClipping: RenormClipping | null;
  readonly renormMomentum: number;
  gamma: Variable | undefined;
  beta: Variable | undefined;
  movingMean!: Variable;
  movingVariance!: Variable;
  movingStddev: Variable | undefined;
  renormMean: Variable | undefined;
  renormStddev: Variable | undefined;
  readonly #beta: WeightParts;
  readonly #gamma: WeightParts;
  readonly #mean: WeightParts;
  readonly #variance: WeightParts;

  constructor(config: BatchNormalizationConfig = {}) {
    super(config);
    if (config.synchronized) {
      const todo = "Leave it out: statistics are those of one device";
      throw new ConfigError(complain("BatchNormalization", { must: "synchronized must be false", got: "true", todo }));
    }
    this.axis = config.axis ?? -1;
    this.momentum = config.momentum ?? 0.99;
    this.epsilon = config.epsilon ?? 1e-3;
    this.center = config.center ?? true;
    this.scale = config.scale ?? true;
    this.#beta = weightParts(config.betaInitializer ?? "zeros", config.betaRegularizer, config.betaConstraint);
    this.#gamma = weightParts(config.gammaInitializer ?? "ones", config.gammaRegularizer, config.gammaConstraint);
    this.#mean = weightParts(config.movingMeanInitializer ?? "zeros");
    this.#variance = weightParts(config.movingVarianceInitializer ?? "ones");
    this.renorm = config.renorm ?? false;
    this.renormClipping = this.renorm ? checkClipping(config.renormClipping ?? {}) : (config.renormClipping ?? null);
    this.renormMomentum = config.renormMomentum ?? 0.99;
    this.supportsMasking = true;
  }

  override build(inputShape: SymbolicShape): void {
    const size = inputShape.at(this.axis) ?? null;
    const shape = [size];
    const fixed = { shape, trainable: false, autocast: false };
    if (this.scale) this.gamma = this.addWeight({ name: "gamma", shape, autocast: false, ...this.#gamma });
    if (this.center) this.beta = this.addWeight({ name: "beta", shape, autocast: false, ...this.#beta });
    this.movingMean = this.addWeight({ ...fixed, name: "moving_mean", ...this.#mean });
    this.movingVariance = this.addWeight({ ...fixed, name: "moving_variance", ...this.#variance });
    if (this.renorm) {
      const root = (): ((s: readonly number[], o: { readonly dtype: string }) => Tensor) => {
        const variance = this.#variance.initializer.clone();
        return (s, o) => ops.sqrt(variance.call(s, o));
      };
      this.movingStddev = this.addWeight({ ...fixed, name: "moving_stddev", initializer: root() });
      this.renormMean = this.addWeight({ ...fixed, name: "renorm_mean", initializer: this.#mean.initializer.clone() });
      this.renormStddev = this.addWeight({ ...fixed, name: "renorm_stddev", initializer: root() });
    }
    this.inputSpec = { ndim: inputShape.length, axes: { [this.axis]: size as number } };
  }

  override call(inputs: Tensor, { training, mask }: CallOptions = {}): Tensor {
    const x = ops.cast(inputs, resultType(inputs.dtype, "float32"));
    const { dtype } = x;
    const read = (v: Variable): Tensor => ops.cast(v.value, dtype);
    let gamma = this.gamma && read(this.gamma);
    let beta = this.beta && read(this.beta);
    let [mean, variance] = [read(this.movingMean), read(this.movingVariance)];
    if (training && this.trainable) {
      [mean, variance] = this.#moments(x, (mask ?? null) as Tensor | null);
      if (this.renorm) [gamma, beta] = this.#renormalize(mean, variance, gamma, beta);
      else {
        this.#move(this.movingMean, mean, this.momentum);
        this.#move(this.movingVariance, variance, this.momentum);
      }
    }
    const { epsilon, axis } = this;
    const y = ops.batchNormalization(x, mean, variance, axis, { offset: beta ?? null, scale: gamma ?? null, epsilon });
    return ops.cast(y, this.computeDtype);
  }

  #move(average: Variable, now: Tensor, momentum: number): Tensor {
    const next = ops
      .cast(average.value, now.dtype)
      .multiply(momentum)
      .add(now.multiply(1 - momentum));
    average.assign(next);
    return next;
  }

  #moments(x: Tensor, mask: Tensor | null): [mean: Tensor, variance: Tensor] {
    const channels = this.axis < 0 ? this.axis + x.ndim : this.axis;
    const axes = range(x.ndim).filter((i) => i !== channels);
    if (mask === null) return ops.moments(x, axes);
    if (mask.ndim !== x.ndim - 1) {
      const got = `mask ${showShape(mask.shape)} for ${showShape(x.shape)}`;
      const must = "the mask must have one dimension less than the input";
      throw new ShapeError(complain(this.name, { must, got, todo: "Leave out the channel axis" }));
    }
    const seen = ops.cast(ops.broadcastTo(ops.expandDims(mask, -1), x.shape), "bool");
    const over = { axis: axes, keepdims: true };
    const count = ops.sum(ops.cast(seen, x.dtype), over).add(FUZZ);
    const mean = ops.sum(ops.where(seen, x, 0), over).divide(count);
    const spread = ops.sum(ops.square(ops.where(seen, x.subtract(mean), 0)), over).divide(count);
    const size = [x.shape[channels] as number];
    return [ops.reshape(mean, size), ops.reshape(spread, size)];
  }

  // Batch renormalization: gamma and beta take the place of the correction to the moving statistics; those then move on.
  #renormalize(mean: Tensor, variance: Tensor, gamma: Tensor | undefined, beta: Tensor | undefined): [Tensor, Tensor] {
    const { rmin = null, rmax = null, dmax = null } = this.renormClipping ?? {};
    const [averageMean, averageStddev] = [this.renormMean as Variable, this.renormStddev as Variable];
    const stddev = ops.sqrt(variance.add(this.epsilon));
    const usual = ops.maximum(ops.cast(averageStddev.value, mean.dtype), Math.sqrt(this.epsilon));
    let r = stddev.divide(usual);
    let d = mean.subtract(ops.cast(averageMean.value, mean.dtype)).divide(usual);
    if (rmin !== null) r = ops.maximum(r, rmin);
    if (rmax !== null) r = ops.minimum(r, rmax);
    if (dmax !== null) d = ops.clip(d, -dmax, dmax);
    const [factor, shift] = [ops.stopGradient(r), ops.stopGradient(d)];
    const scaled = gamma === undefined ? factor : factor.multiply(gamma);
    const moved = gamma === undefined ? shift : shift.multiply(gamma);
    this.#move(averageMean, mean, this.renormMomentum);
    this.#move(averageStddev, stddev, this.renormMomentum);
    this.#move(this.movingMean, mean, this.momentum);
    const average = this.#move(this.movingStddev as Variable, stddev, this.momentum);
    this.movingVariance.assign(ops.relu(ops.square(average).subtract(this.epsilon)));
    return [scaled, beta === undefined ? moved : moved.add(beta)];
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      axis: this.axis,
      momentum: this.momentum,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      ...partsConfig("beta", this.#beta),
      ...partsConfig("gamma", this.#gamma),
      movingMeanInitializer: this.#mean.initializer,
      movingVarianceInitializer: this.#variance.initializer,
      synchronized: false,
      renorm: this.renorm,
      renormClipping: this.renormClipping,
      renormMomentum: this.renormMomentum,
    };
  }
}

function checkClipping(clipping: RenormClipping): RenormClipping {
  const { rmin = null, rmax = null, dmax = null, ...rest } = clipping;
  const ordered = rmin === null || rmax === null || rmax >= rmin;
  if (Object.keys(rest).length === 0 && ordered && (dmax === null || dmax >= 0)) return clipping;
  const must = "renormClipping may hold rmin, rmax (not below rmin) and dmax (not below 0)";
  throw new ConfigError(
    complain("BatchNormalization", { must, got: JSON.stringify(clipping), todo: "Check the bounds" }),
  );
}
