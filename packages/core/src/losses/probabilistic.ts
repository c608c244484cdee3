// Losses of class probabilities, as classes.
import type { Config } from "../registry/index.ts";
import {
  type BinaryFocalOptions,
  binaryCrossentropy,
  binaryFocalCrossentropy,
  type CrossentropyOptions,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  type FocalOptions,
  klDivergence,
  poisson,
  type SparseCrossentropyOptions,
  sparseCategoricalCrossentropy,
} from "./crossentropy.ts";
import { FunctionLoss, type LossConfig } from "./loss.ts";

/**
 * Crossentropy for labels 0 and 1, `-(t log p + (1 - t) log(1 - p))`, mean over `axis`.
 * @example new losses.BinaryCrossentropy({ fromLogits: true })
 */
export class BinaryCrossentropy extends FunctionLoss {
  static override readonly className: string = "BinaryCrossentropy";
  static override readonly module: string = "keras.losses";
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  readonly axis: number;
  constructor(config: LossConfig & CrossentropyOptions = {}) {
    const { fromLogits = false, labelSmoothing = 0, axis = -1 }: LossConfig & CrossentropyOptions = config ?? {};
    super((t, p) => binaryCrossentropy(t, p, { fromLogits, labelSmoothing, axis }), config, "binary_crossentropy");
    this.fromLogits = fromLogits;
    this.labelSmoothing = labelSmoothing;
    this.axis = axis;
  }
  override getConfig(): Config {
    const { fromLogits, labelSmoothing, axis } = this;
    return { ...super.getConfig(), fromLogits, labelSmoothing, axis };
  }
}

/** Binary crossentropy that cares less for easy samples. Source: Lin et al. 2017. */
export class BinaryFocalCrossentropy extends FunctionLoss {
  static override readonly className: string = "BinaryFocalCrossentropy";
  static override readonly module: string = "keras.losses";
  readonly #options: Config;
  constructor(config: LossConfig & BinaryFocalOptions = {}) {
    const {
      fromLogits = false,
      labelSmoothing = 0,
      axis = -1,
      applyClassBalancing = false,
      alpha = 0.25,
      gamma = 2,
    }: BinaryFocalOptions = config ?? {};
    const options = { fromLogits, labelSmoothing, axis, applyClassBalancing, alpha, gamma };
    super((t, p) => binaryFocalCrossentropy(t, p, options), config, "binary_focal_crossentropy");
    this.#options = options;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...this.#options };
  }
}

/**
 * Crossentropy for one-hot or soft targets, `-sum(t log p)` over `axis`.
 * @example new losses.CategoricalCrossentropy({ labelSmoothing: 0.1 })
 */
export class CategoricalCrossentropy extends FunctionLoss {
  static override readonly className: string = "CategoricalCrossentropy";
  static override readonly module: string = "keras.losses";
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  readonly axis: number;
  constructor(config: LossConfig & CrossentropyOptions = {}) {
    const { fromLogits = false, labelSmoothing = 0, axis = -1 }: LossConfig & CrossentropyOptions = config ?? {};
    super(
      (t, p) => categoricalCrossentropy(t, p, { fromLogits, labelSmoothing, axis }),
      config,
      "categorical_crossentropy",
    );
    this.fromLogits = fromLogits;
    this.labelSmoothing = labelSmoothing;
    this.axis = axis;
  }
  override getConfig(): Config {
    const { fromLogits, labelSmoothing, axis } = this;
    return { ...super.getConfig(), fromLogits, labelSmoothing, axis };
  }
}

/** Categorical crossentropy that cares less for easy samples. Source: Lin et al. 2017. */
export class CategoricalFocalCrossentropy extends FunctionLoss {
  static override readonly className: string = "CategoricalFocalCrossentropy";
  static override readonly module: string = "keras.losses";
  readonly #options: Config;
  constructor(config: LossConfig & FocalOptions = {}) {
    const { fromLogits = false, labelSmoothing = 0, axis = -1, alpha = 0.25, gamma = 2 }: FocalOptions = config ?? {};
    const options = { fromLogits, labelSmoothing, axis, alpha, gamma };
    super((t, p) => categoricalFocalCrossentropy(t, p, options), config, "categorical_focal_crossentropy");
    this.#options = options;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...this.#options };
  }
}

/**
 * Crossentropy for class numbers, `-log p[t]`. As in Keras, its config does not keep `axis`.
 * @example new losses.SparseCategoricalCrossentropy({ fromLogits: true, ignoreClass: -1 })
 */
export class SparseCategoricalCrossentropy extends FunctionLoss {
  static override readonly className: string = "SparseCategoricalCrossentropy";
  static override readonly module: string = "keras.losses";
  readonly fromLogits: boolean;
  readonly ignoreClass: number | null;
  constructor(config: LossConfig & SparseCrossentropyOptions = {}) {
    const { fromLogits = false, ignoreClass = null, axis }: LossConfig & SparseCrossentropyOptions = config ?? {};
    super(
      (t, p) => sparseCategoricalCrossentropy(t, p, { fromLogits, ignoreClass, axis }),
      config,
      "sparse_categorical_crossentropy",
    );
    this.fromLogits = fromLogits;
    this.ignoreClass = ignoreClass;
  }
  override getConfig(): Config {
    const { fromLogits, ignoreClass } = this;
    return { ...super.getConfig(), fromLogits, ignoreClass };
  }
}

/** Kullback-Leibler divergence, `sum(t log(t / p))`. */
export class KLDivergence extends FunctionLoss {
  static override readonly className: string = "KLDivergence";
  static override readonly module: string = "keras.losses";
  constructor(config: LossConfig = {}) {
    super(klDivergence, config, "kl_divergence");
  }
}
/** Poisson loss, `mean(p - t log p)`, for counts. */
export class Poisson extends FunctionLoss {
  static override readonly className: string = "Poisson";
  static override readonly module: string = "keras.losses";
  constructor(config: LossConfig = {}) {
    super(poisson, config, "poisson");
  }
}
