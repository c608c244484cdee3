import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { convertToTensor, imageDataFormat, type TensorLike } from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import { Layer, type LayerConfig } from "../layer.ts";

/** Options of `Rescaling`. */
export interface RescalingConfig extends LayerConfig {
  /** One number, or one for each channel. */
  readonly scale: number | readonly number[];
  readonly offset?: number | readonly number[];
}

/**
 * `x scale + offset`, in the layer's compute dtype whatever the dtype of x.
 * Source: keras/src/layers/preprocessing/rescaling.py.
 * @example new layers.Rescaling({ scale: 1 / 255 })
 */
export class Rescaling extends Layer {
  static override readonly className: string = "Rescaling";
  static readonly module: string = "keras.layers";
  readonly scale: number | readonly number[];
  readonly offset: number | readonly number[];
  constructor(config: RescalingConfig) {
    super(config);
    const { scale, offset = 0 } = config;
    this.supportsMasking = true;
    this.scale = scale;
    this.offset = offset;
  }
  override call(x: Tensor): Tensor {
    const dtype = this.computeDtype;
    let scale = convertToTensor(this.scale as TensorLike, { dtype });
    if (scale.ndim > 0 && imageDataFormat() === "channels_first") {
      scale = ops.reshape(scale, [...scale.shape, ...Array.from({ length: 3 - scale.ndim }, () => 1)]);
    }
    return ops.add(ops.multiply(ops.cast(x, dtype), scale), convertToTensor(this.offset as TensorLike, { dtype }));
  }
  override getConfig(): Config {
    return { ...super.getConfig(), scale: this.scale, offset: this.offset };
  }
}
