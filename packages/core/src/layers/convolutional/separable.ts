import type { SymbolicShape } from "../../aval/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import type { Variable } from "../../weights/index.ts";
import { type Activation, get as getActivation, serialize as serializeActivation } from "../activations.ts";
import { partsConfig, positiveInteger, type WeightParts, weightParts } from "../arguments.ts";
import { Layer } from "../layer.ts";
import { biasedAndActivated, channelsOf, checkWindow, type Window, windowOf } from "./base-conv.ts";
import type { DepthwiseConvConfig } from "./depthwise.ts";

/** Options of `SeparableConv1D` and `SeparableConv2D`. */
export interface SeparableConvConfig extends DepthwiseConvConfig {
  /** Number of output channels. */
  readonly filters: number;
  readonly pointwiseInitializer?: unknown;
  readonly pointwiseRegularizer?: unknown;
  readonly pointwiseConstraint?: unknown;
}

/** What the separable convolutions share. Source: keras/src/layers/convolutional/base_separable_conv.py. */
export abstract class BaseSeparableConv extends Layer {
  readonly rank: number;
  readonly depthMultiplier: number;
  readonly filters: number;
  readonly useBias: boolean;
  readonly activation: Activation;
  depthwiseKernel!: Variable;
  pointwiseKernel!: Variable;
  bias: Variable | undefined;
  readonly #window: Window;
  readonly #depthwise: WeightParts;
  readonly #pointwise: WeightParts;
  readonly #bias: WeightParts;

  constructor(config: SeparableConvConfig, rank: number) {
    super(config);
    const where = (this.constructor as typeof BaseSeparableConv).className;
    this.rank = rank;
    this.depthMultiplier = positiveInteger(where, "depthMultiplier", config.depthMultiplier ?? 1);
    this.filters = positiveInteger(where, "filters", config.filters);
    this.#window = windowOf(where, config, rank);
    this.activation = getActivation(config.activation);
    this.useBias = config.useBias ?? true;
    // In the order in which Keras draws seeds.
    const { depthwiseInitializer = "glorot_uniform", pointwiseInitializer = "glorot_uniform" } = config;
    this.#depthwise = weightParts(depthwiseInitializer, config.depthwiseRegularizer, config.depthwiseConstraint);
    this.#pointwise = weightParts(pointwiseInitializer, config.pointwiseRegularizer, config.pointwiseConstraint);
    this.#bias = weightParts(config.biasInitializer ?? "zeros", config.biasRegularizer, config.biasConstraint);
    this.inputSpec = { minNdim: rank + 2 };
  }

  override build(inputShape: SymbolicShape): void {
    const { dataFormat, kernelSize } = this.#window;
    const channels = channelsOf(this.name, inputShape, dataFormat);
    this.inputSpec = { minNdim: this.rank + 2, axes: { [dataFormat === "channels_last" ? -1 : 1]: channels } };
    checkWindow(this.name, inputShape, this.#window);
    const depth = [...kernelSize, channels, this.depthMultiplier];
    const point = [...kernelSize.map(() => 1), channels * this.depthMultiplier, this.filters];
    this.depthwiseKernel = this.addWeight({ name: "depthwise_kernel", shape: depth, ...this.#depthwise });
    this.pointwiseKernel = this.addWeight({ name: "pointwise_kernel", shape: point, ...this.#pointwise });
    if (this.useBias) this.bias = this.addWeight({ name: "bias", shape: [this.filters], ...this.#bias });
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dataFormat, dilationRate } = this.#window;
    const [depth, point] = [this.depthwiseKernel.value, this.pointwiseKernel.value];
    const y = ops.separableConv(x, depth, point, { strides, padding, dataFormat, dilationRate });
    return biasedAndActivated(y, this, dataFormat);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      depthMultiplier: this.depthMultiplier,
      filters: this.filters,
      ...this.#window,
      activation: serializeActivation(this.activation),
      useBias: this.useBias,
      ...partsConfig("depthwise", this.#depthwise),
      ...partsConfig("pointwise", this.#pointwise),
      ...partsConfig("bias", this.#bias),
      activityRegularizer: this.activityRegularizer,
    };
  }
}

/**
 * Convolution over time in two parts: each channel on its own, then all channels at each step.
 * Shapes: x `[B, T, C]`, kernels `[K, C, M]` and `[1, C M, filters]`, M `depthMultiplier`; result `[B, T', filters]` (`channels_first`: `[B, C, T]`).
 * @throws ShapeError if the window does not fit. Source: Chollet 2017; keras/src/layers/convolutional/separable_conv1d.py.
 * @example new layers.SeparableConv1D({ filters: 8, kernelSize: 3 })
 */
export class SeparableConv1D extends BaseSeparableConv {
  static override readonly className: string = "SeparableConv1D";
  static readonly module: string = "keras.layers";
  constructor(config: SeparableConvConfig) {
    super(config, 1);
  }
}

/**
 * Convolution over images in two parts: each channel on its own, then all channels at each pixel.
 * Shapes: x `[B, H, W, C]`, kernels `[K, K, C, M]` and `[1, 1, C M, filters]`, M `depthMultiplier`; result `[B, H', W', filters]`
 * (`channels_first`: `[B, C, H, W]`).
 * @throws ShapeError if the window does not fit. Source: Chollet 2017; keras/src/layers/convolutional/separable_conv2d.py.
 * @example new layers.SeparableConv2D({ filters: 32, kernelSize: 3, padding: "same", activation: "relu" })
 */
export class SeparableConv2D extends BaseSeparableConv {
  static override readonly className: string = "SeparableConv2D";
  static readonly module: string = "keras.layers";
  constructor(config: SeparableConvConfig) {
    super(config, 2);
  }
}
