import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { type DataFormat, standardizeDataFormat } from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import { paddingFor, sizesFor } from "../arguments.ts";
import { Layer, type LayerConfig } from "../layer.ts";

/** Options of the pooling layers. */
export interface PoolingConfig extends LayerConfig {
  /** Size of the window: one number, or one for each spatial axis; 2 by default. */
  readonly poolSize?: number | readonly number[];
  /** Steps of the window; its own size by default. */
  readonly strides?: number | readonly number[] | null;
  readonly padding?: string;
  readonly dataFormat?: string | null;
}

/** What the pooling layers share. Source: keras/src/layers/pooling/base_pooling.py. */
export abstract class BasePooling extends Layer {
  readonly poolSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: string;
  readonly dataFormat: DataFormat;

  constructor(config: PoolingConfig, rank: number) {
    super(config);
    const { poolSize = 2, strides, padding = "valid", dataFormat } = config;
    const where = (this.constructor as typeof BasePooling).className;
    this.poolSize = sizesFor(where, "poolSize", poolSize, rank);
    this.strides = sizesFor(where, "strides", strides ?? poolSize, rank);
    this.padding = paddingFor(where, padding);
    this.dataFormat = standardizeDataFormat(dataFormat, where);
    this.inputSpec = { ndim: rank + 2 };
    this.buildAtInit();
  }
  override getConfig(): Config {
    const { poolSize, padding, strides, dataFormat } = this;
    return { ...super.getConfig(), poolSize, padding, strides, dataFormat };
  }
}

abstract class MaxPooling extends BasePooling {
  override call(x: Tensor): Tensor {
    const { poolSize, padding, strides, dataFormat } = this;
    return ops.maxPool(x, poolSize, { padding, strides, dataFormat });
  }
}
abstract class AveragePooling extends BasePooling {
  override call(x: Tensor): Tensor {
    const { poolSize, padding, strides, dataFormat } = this;
    return ops.averagePool(x, poolSize, { padding, strides, dataFormat });
  }
}

/**
 * The largest value of each window over time.
 * Shapes: x `[B, T, C]`; result `[B, T', C]` (`channels_first`: channels behind B).
 * @throws ConfigError for sizes below 1. Source: keras/src/layers/pooling/max_pooling1d.py.
 * @example new layers.MaxPooling1D({ poolSize: 2 })
 */
export class MaxPooling1D extends MaxPooling {
  static override readonly className: string = "MaxPooling1D";
  static readonly module: string = "keras.layers";
  constructor(config: PoolingConfig = {}) {
    super(config, 1);
  }
}

/**
 * The largest value of each window over images.
 * Shapes: x `[B, H, W, C]`; result `[B, H', W', C]` (`channels_first`: channels behind B).
 * @throws ConfigError for sizes below 1. Source: keras/src/layers/pooling/max_pooling2d.py.
 * @example new layers.MaxPooling2D({ poolSize: 2 })
 */
export class MaxPooling2D extends MaxPooling {
  static override readonly className: string = "MaxPooling2D";
  static readonly module: string = "keras.layers";
  constructor(config: PoolingConfig = {}) {
    super(config, 2);
  }
}

/**
 * The largest value of each window over volumes.
 * Shapes: x `[B, D, H, W, C]`; result `[B, D', H', W', C]` (`channels_first`: channels behind B).
 * @throws ConfigError for sizes below 1. Source: keras/src/layers/pooling/max_pooling3d.py.
 * @example new layers.MaxPooling3D({ poolSize: 2 })
 */
export class MaxPooling3D extends MaxPooling {
  static override readonly className: string = "MaxPooling3D";
  static readonly module: string = "keras.layers";
  constructor(config: PoolingConfig = {}) {
    super(config, 3);
  }
}

/**
 * The mean (padding does not count) of each window over time.
 * Shapes: x `[B, T, C]`; result `[B, T', C]` (`channels_first`: channels behind B).
 * @throws ConfigError for sizes below 1. Source: keras/src/layers/pooling/average_pooling1d.py.
 * @example new layers.AveragePooling1D({ poolSize: 2 })
 */
export class AveragePooling1D extends AveragePooling {
  static override readonly className: string = "AveragePooling1D";
  static readonly module: string = "keras.layers";
  constructor(config: PoolingConfig = {}) {
    super(config, 1);
  }
}

/**
 * The mean (padding does not count) of each window over images.
 * Shapes: x `[B, H, W, C]`; result `[B, H', W', C]` (`channels_first`: channels behind B).
 * @throws ConfigError for sizes below 1. Source: keras/src/layers/pooling/average_pooling2d.py.
 * @example new layers.AveragePooling2D({ poolSize: 2 })
 */
export class AveragePooling2D extends AveragePooling {
  static override readonly className: string = "AveragePooling2D";
  static readonly module: string = "keras.layers";
  constructor(config: PoolingConfig = {}) {
    super(config, 2);
  }
}

/**
 * The mean (padding does not count) of each window over volumes.
 * Shapes: x `[B, D, H, W, C]`; result `[B, D', H', W', C]` (`channels_first`: channels behind B).
 * @throws ConfigError for sizes below 1. Source: keras/src/layers/pooling/average_pooling3d.py.
 * @example new layers.AveragePooling3D({ poolSize: 2 })
 */
export class AveragePooling3D extends AveragePooling {
  static override readonly className: string = "AveragePooling3D";
  static readonly module: string = "keras.layers";
  constructor(config: PoolingConfig = {}) {
    super(config, 3);
  }
}
