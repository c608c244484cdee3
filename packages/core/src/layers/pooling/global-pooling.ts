import { range } from "../../aval/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { type DataFormat, standardizeDataFormat } from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import { type CallOptions, Layer, type LayerConfig } from "../layer.ts";

/** Options of the global pooling layers. */
export interface GlobalPoolingConfig extends LayerConfig {
  readonly dataFormat?: string | null;
  /** True to keep the spatial axes at size 1. */
  readonly keepdims?: boolean;
}

/** What the global pooling layers share. Source: keras/src/layers/pooling/base_global_pooling.py. */
export abstract class BaseGlobalPooling extends Layer {
  readonly dataFormat: DataFormat;
  readonly keepdims: boolean;
  protected readonly spatial: readonly number[];

  constructor(config: GlobalPoolingConfig, rank: number) {
    super(config);
    const { dataFormat, keepdims = false } = config;
    this.dataFormat = standardizeDataFormat(dataFormat, (this.constructor as typeof BaseGlobalPooling).className);
    this.keepdims = keepdims;
    this.spatial = range(rank).map((i) => i + (this.dataFormat === "channels_last" ? 1 : 2));
    this.inputSpec = { ndim: rank + 2 };
    this.buildAtInit();
  }
  override getConfig(): Config {
    return { ...super.getConfig(), dataFormat: this.dataFormat, keepdims: this.keepdims };
  }
}

abstract class GlobalMaxPooling extends BaseGlobalPooling {
  override call(x: Tensor): Tensor {
    return ops.max(x, { axis: this.spatial, keepdims: this.keepdims });
  }
}
abstract class GlobalAveragePooling extends BaseGlobalPooling {
  override call(x: Tensor, _options?: CallOptions): Tensor {
    return ops.mean(x, { axis: this.spatial, keepdims: this.keepdims });
  }
}

/**
 * The largest value over all steps, for each channel.
 * Shapes: x `[B, T, C]`; result `[B, C]`, or `[B, 1, C]` with `keepdims`.
 * Source: keras/src/layers/pooling/global_max_pooling1d.py.
 * @example new layers.GlobalMaxPooling1D()
 */
export class GlobalMaxPooling1D extends GlobalMaxPooling {
  static override readonly className: string = "GlobalMaxPooling1D";
  static readonly module: string = "keras.layers";
  constructor(config: GlobalPoolingConfig = {}) {
    super(config, 1);
  }
}

/**
 * The largest value over each image, for each channel.
 * Shapes: x `[B, H, W, C]`; result `[B, C]`, or `[B, 1, 1, C]` with `keepdims`.
 * Source: keras/src/layers/pooling/global_max_pooling2d.py.
 * @example new layers.GlobalMaxPooling2D()
 */
export class GlobalMaxPooling2D extends GlobalMaxPooling {
  static override readonly className: string = "GlobalMaxPooling2D";
  static readonly module: string = "keras.layers";
  constructor(config: GlobalPoolingConfig = {}) {
    super(config, 2);
  }
}

/**
 * The largest value over each volume, for each channel.
 * Shapes: x `[B, D, H, W, C]`; result `[B, C]`, or `[B, 1, 1, 1, C]` with `keepdims`.
 * Source: keras/src/layers/pooling/global_max_pooling3d.py.
 * @example new layers.GlobalMaxPooling3D()
 */
export class GlobalMaxPooling3D extends GlobalMaxPooling {
  static override readonly className: string = "GlobalMaxPooling3D";
  static readonly module: string = "keras.layers";
  constructor(config: GlobalPoolingConfig = {}) {
    super(config, 3);
  }
}

/**
 * The mean over all steps, or of those that a mask leaves, for each channel.
 * Shapes: x `[B, T, C]`; result `[B, C]`, or `[B, 1, C]` with `keepdims`.
 * Source: keras/src/layers/pooling/global_average_pooling1d.py.
 * @example new layers.GlobalAveragePooling1D()
 */
export class GlobalAveragePooling1D extends GlobalAveragePooling {
  static override readonly className: string = "GlobalAveragePooling1D";
  static readonly module: string = "keras.layers";
  constructor(config: GlobalPoolingConfig = {}) {
    super(config, 1);
    this.supportsMasking = true;
  }
  override call(x: Tensor, { mask }: CallOptions = {}): Tensor {
    if (mask === undefined || mask === null) return super.call(x);
    const last = this.dataFormat === "channels_last";
    const seen = ops.cast(ops.expandDims(mask as Tensor, last ? 2 : 1), "bool");
    const options = { axis: last ? 1 : 2, keepdims: this.keepdims };
    const total = ops.sum(ops.where(seen, x, 0), options);
    return ops.divide(total, ops.sum(ops.cast(seen, x.dtype), options));
  }
  override computeMask(): null {
    return null;
  }
}

/**
 * The mean over each image, for each channel.
 * Shapes: x `[B, H, W, C]`; result `[B, C]`, or `[B, 1, 1, C]` with `keepdims`.
 * Source: keras/src/layers/pooling/global_average_pooling2d.py.
 * @example new layers.GlobalAveragePooling2D()
 */
export class GlobalAveragePooling2D extends GlobalAveragePooling {
  static override readonly className: string = "GlobalAveragePooling2D";
  static readonly module: string = "keras.layers";
  constructor(config: GlobalPoolingConfig = {}) {
    super(config, 2);
  }
}

/**
 * The mean over each volume, for each channel.
 * Shapes: x `[B, D, H, W, C]`; result `[B, C]`, or `[B, 1, 1, 1, C]` with `keepdims`.
 * Source: keras/src/layers/pooling/global_average_pooling3d.py.
 * @example new layers.GlobalAveragePooling3D()
 */
export class GlobalAveragePooling3D extends GlobalAveragePooling {
  static override readonly className: string = "GlobalAveragePooling3D";
  static readonly module: string = "keras.layers";
  constructor(config: GlobalPoolingConfig = {}) {
    super(config, 3);
  }
}
