import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { BaseConv, biasedAndActivated, type ConvConfig } from "./base-conv.ts";

/**
 * Convolution over time.
 * Shapes: x `[B, T, C]`, kernel `[K, C / groups, filters]`; result `[B, T', filters]` (`channels_first`: `[B, C, T]`).
 * @throws ConfigError for options that exclude each other. @throws ShapeError if the window does not fit.
 * Source: keras/src/layers/convolutional/conv1d.py.
 * @example new layers.Conv1D({ filters: 8, kernelSize: 3, padding: "causal" })
 */
export class Conv1D extends BaseConv {
  static override readonly className: string = "Conv1D";
  static readonly module: string = "keras.layers";
  constructor(config: ConvConfig) {
    super(config, 1);
  }
  override call(x: Tensor): Tensor {
    const { strides, padding, dataFormat, dilationRate, kernelSize } = this.window;
    if (padding !== "causal") return super.call(x);
    const before = (dilationRate[0] as number) * ((kernelSize[0] as number) - 1);
    const none = [0, 0] as const;
    const last = dataFormat === "channels_last";
    const padded = ops.pad(x, last ? [none, [before, 0], none] : [none, none, [before, 0]]);
    const y = ops.conv(padded, this.effective(), { strides, padding: "valid", dataFormat, dilationRate });
    return biasedAndActivated(y, this, dataFormat);
  }
}

/**
 * Convolution over images.
 * Shapes: x `[B, H, W, C]`, kernel `[K, K, C / groups, filters]`; result `[B, H', W', filters]` (`channels_first`: `[B, C, H, W]`).
 * @throws ConfigError for options that exclude each other. @throws ShapeError if the window does not fit.
 * Source: keras/src/layers/convolutional/conv2d.py.
 * @example new layers.Conv2D({ filters: 32, kernelSize: 3, activation: "relu" })
 */
export class Conv2D extends BaseConv {
  static override readonly className: string = "Conv2D";
  static readonly module: string = "keras.layers";
  constructor(config: ConvConfig) {
    super(config, 2);
  }
}

/**
 * Convolution over volumes.
 * Shapes: x `[B, D, H, W, C]`, kernel `[K, K, K, C / groups, filters]`; result `[B, D', H', W', filters]`.
 * @throws ConfigError for options that exclude each other. @throws ShapeError if the window does not fit.
 * Source: keras/src/layers/convolutional/conv3d.py.
 * @example new layers.Conv3D({ filters: 4, kernelSize: 2 })
 */
export class Conv3D extends BaseConv {
  static override readonly className: string = "Conv3D";
  static readonly module: string = "keras.layers";
  constructor(config: ConvConfig) {
    super(config, 3);
  }
}
