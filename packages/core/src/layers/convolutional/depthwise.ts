import type { SymbolicShape } from "../../aval/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import type { Variable } from "../../weights/index.ts";
import { type Activation, get as getActivation, serialize as serializeActivation } from "../activations.ts";
import { partsConfig, positiveInteger, type WeightParts, weightParts } from "../arguments.ts";
import { Layer } from "../layer.ts";
import { biasedAndActivated, channelsOf, checkWindow, type Window, type WindowConfig, windowOf } from "./base-conv.ts";

/** Options of `DepthwiseConv1D` and `DepthwiseConv2D`. */
export interface DepthwiseConvConfig extends WindowConfig {
  /** Output channels for each input channel. */
  readonly depthMultiplier?: number;
  readonly depthwiseInitializer?: unknown;
  readonly biasInitializer?: unknown;
  readonly depthwiseRegularizer?: unknown;
  readonly biasRegularizer?: unknown;
  readonly depthwiseConstraint?: unknown;
  readonly biasConstraint?: unknown;
}

/** What the depthwise convolutions share. Source: keras/src/layers/convolutional/base_depthwise_conv.py. */
export abstract class BaseDepthwiseConv extends Layer {
  readonly rank: number;
  readonly depthMultiplier: number;
  readonly useBias: boolean;
  readonly activation: Activation;
  kernel!: Variable;
  bias: Variable | undefined;
  readonly #window: Window;
  readonly #kernelParts: WeightParts;
  readonly #biasParts: WeightParts;

  constructor(config: DepthwiseConvConfig, rank: number) {
    super(config);
    const where = (this.constructor as typeof BaseDepthwiseConv).className;
    this.rank = rank;
    this.depthMultiplier = positiveInteger(where, "depthMultiplier", config.depthMultiplier ?? 1);
    this.#window = windowOf(where, config, rank);
    this.activation = getActivation(config.activation);
    this.useBias = config.useBias ?? true;
    const { depthwiseInitializer = "glorot_uniform", biasInitializer = "zeros" } = config;
    this.#kernelParts = weightParts(depthwiseInitializer, config.depthwiseRegularizer, config.depthwiseConstraint);
    this.#biasParts = weightParts(biasInitializer, config.biasRegularizer, config.biasConstraint);
    this.inputSpec = { minNdim: rank + 2 };
  }

  override build(inputShape: SymbolicShape): void {
    const { dataFormat, kernelSize } = this.#window;
    const channels = channelsOf(this.name, inputShape, dataFormat);
    this.inputSpec = { minNdim: this.rank + 2, axes: { [dataFormat === "channels_last" ? -1 : 1]: channels } };
    checkWindow(this.name, inputShape, this.#window);
    const shape = [...kernelSize, channels, this.depthMultiplier];
    this.kernel = this.addWeight({ name: "kernel", shape, ...this.#kernelParts });
    if (this.useBias)
      this.bias = this.addWeight({ name: "bias", shape: [channels * this.depthMultiplier], ...this.#biasParts });
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dataFormat, dilationRate } = this.#window;
    const y = ops.depthwiseConv(x, this.kernel.value, { strides, padding, dataFormat, dilationRate });
    return biasedAndActivated(y, this, dataFormat);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      depthMultiplier: this.depthMultiplier,
      ...this.#window,
      activation: serializeActivation(this.activation),
      useBias: this.useBias,
      ...partsConfig("depthwise", this.#kernelParts),
      ...partsConfig("bias", this.#biasParts),
      activityRegularizer: this.activityRegularizer,
    };
  }
}

/**
 * Convolution over time, each channel on its own.
 * Shapes: x `[B, T, C]`, kernel `[K, C, M]`; result `[B, T', C M]`.
 * @throws ShapeError if the window does not fit. Source: keras/src/layers/convolutional/depthwise_conv1d.py.
 * @example new layers.DepthwiseConv1D({ kernelSize: 3 })
 */
export class DepthwiseConv1D extends BaseDepthwiseConv {
  static override readonly className: string = "DepthwiseConv1D";
  static readonly module: string = "keras.layers";
  constructor(config: DepthwiseConvConfig) {
    super(config, 1);
  }
}

/**
 * Convolution over images, each channel on its own.
 * Shapes: x `[B, H, W, C]`, kernel `[K, K, C, M]`; result `[B, H', W', C M]`.
 * @throws ShapeError if the window does not fit. Source: keras/src/layers/convolutional/depthwise_conv2d.py.
 * @example new layers.DepthwiseConv2D({ kernelSize: 3, depthMultiplier: 2 })
 */
export class DepthwiseConv2D extends BaseDepthwiseConv {
  static override readonly className: string = "DepthwiseConv2D";
  static readonly module: string = "keras.layers";
  constructor(config: DepthwiseConvConfig) {
    super(config, 2);
  }
}
