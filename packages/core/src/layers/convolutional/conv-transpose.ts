import type { SymbolicShape } from "../../aval/index.ts";
import { ConfigError, complain } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import type { Variable } from "../../weights/index.ts";
import { type Activation, get as getActivation, serialize as serializeActivation } from "../activations.ts";
import { type KernelBiasConfig, kernelAndBias, partsConfig, positiveInteger, sizesFor } from "../arguments.ts";
import { Layer } from "../layer.ts";
import { biasedAndActivated, channelsOf, checkSteps, type Window, type WindowConfig, windowOf } from "./base-conv.ts";

/** Options of `Conv1DTranspose`, `Conv2DTranspose` and `Conv3DTranspose`. `padding` is `valid` or `same`. */
export interface ConvTransposeConfig extends WindowConfig, KernelBiasConfig {
  /** Number of output channels. */
  readonly filters: number;
  /** What the output has beyond the least size that fits, for each spatial axis; less than the stride. By default the size follows from `padding`. */
  readonly outputPadding?: number | readonly number[] | null;
}

/**
 * What the transposed convolutions share. Sizes of the output, E the extent `(kernelSize - 1) dilationRate + 1` and P `outputPadding`:
 * `valid`: `(size - 1) strides + E + P`, P by default `max(strides - E, 0)`; `same`: `size strides`, or with P `(size - 1) strides + E % 2 + P`.
 * Source: keras/src/layers/convolutional/base_conv_transpose.py.
 */
export abstract class BaseConvTranspose extends Layer {
  readonly rank: number;
  readonly filters: number;
  readonly useBias: boolean;
  readonly activation: Activation;
  readonly outputPadding: readonly number[] | null;
  kernel!: Variable;
  bias: Variable | undefined;
  readonly #window: Window;
  readonly #parts: ReturnType<typeof kernelAndBias>;

  constructor(config: ConvTransposeConfig, rank: number) {
    super(config);
    const where = (this.constructor as typeof BaseConvTranspose).className;
    this.rank = rank;
    this.filters = positiveInteger(where, "filters", config.filters);
    this.#window = windowOf(where, config, rank);
    const extra = config.outputPadding ?? null;
    this.outputPadding = extra === null ? null : sizesFor(where, "outputPadding", extra, rank, { least: 0 });
    this.activation = getActivation(config.activation);
    this.useBias = config.useBias ?? true;
    this.#parts = kernelAndBias(config);
    this.inputSpec = { minNdim: rank + 2 };
    const { strides } = this.#window;
    if (this.outputPadding?.some((n, i) => n >= (strides[i] as number))) {
      const got = `outputPadding ${JSON.stringify(this.outputPadding)} and strides ${JSON.stringify(strides)}`;
      const must = "outputPadding must be less than strides on every axis";
      throw new ConfigError(complain(where, { must, got, todo: "Leave out outputPadding, or raise strides" }));
    }
    checkSteps(where, this.#window);
  }

  override build(inputShape: SymbolicShape): void {
    const { dataFormat, kernelSize } = this.#window;
    const channels = channelsOf(this.name, inputShape, dataFormat);
    this.inputSpec = { minNdim: this.rank + 2, axes: { [dataFormat === "channels_last" ? -1 : 1]: channels } };
    const { kernel, bias } = this.#parts;
    this.kernel = this.addWeight({ name: "kernel", shape: [...kernelSize, this.filters, channels], ...kernel });
    if (this.useBias) this.bias = this.addWeight({ name: "bias", shape: [this.filters], ...bias });
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dataFormat, dilationRate } = this.#window;
    const options = { strides, padding, outputPadding: this.outputPadding, dataFormat, dilationRate };
    const y = ops.convTranspose(x, this.kernel.value, options);
    return biasedAndActivated(y, this, dataFormat);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      filters: this.filters,
      ...this.#window,
      outputPadding: this.outputPadding,
      activation: serializeActivation(this.activation),
      useBias: this.useBias,
      ...partsConfig("kernel", this.#parts.kernel),
      ...partsConfig("bias", this.#parts.bias),
      activityRegularizer: this.activityRegularizer,
    };
  }
}

/**
 * The transpose of a convolution over time: each step adds the kernel, times its channels, to a longer series.
 * Shapes: x `[B, T, C]`, kernel `[K, filters, C]`; result `[B, T', filters]` (`channels_first`: `[B, C, T]`).
 * @throws ConfigError for options that exclude each other. @throws ShapeError if the number of channels is unknown.
 * Source: Zeiler et al. 2010; keras/src/layers/convolutional/conv1d_transpose.py.
 * @example new layers.Conv1DTranspose({ filters: 8, kernelSize: 3, strides: 2 })
 */
export class Conv1DTranspose extends BaseConvTranspose {
  static override readonly className: string = "Conv1DTranspose";
  static readonly module: string = "keras.layers";
  constructor(config: ConvTransposeConfig) {
    super(config, 1);
  }
}

/**
 * The transpose of a convolution over images: each pixel adds the kernel, times its channels, to a larger image.
 * Shapes: x `[B, H, W, C]`, kernel `[K, K, filters, C]`; result `[B, H', W', filters]` (`channels_first`: `[B, C, H, W]`).
 * @throws ConfigError for options that exclude each other. @throws ShapeError if the number of channels is unknown.
 * Source: Zeiler et al. 2010; keras/src/layers/convolutional/conv2d_transpose.py.
 * @example new layers.Conv2DTranspose({ filters: 16, kernelSize: 3, strides: 2, padding: "same" })
 */
export class Conv2DTranspose extends BaseConvTranspose {
  static override readonly className: string = "Conv2DTranspose";
  static readonly module: string = "keras.layers";
  constructor(config: ConvTransposeConfig) {
    super(config, 2);
  }
}

/**
 * The transpose of a convolution over volumes.
 * Shapes: x `[B, D, H, W, C]`, kernel `[K, K, K, filters, C]`; result `[B, D', H', W', filters]`.
 * @throws ConfigError for options that exclude each other. @throws ShapeError if the number of channels is unknown.
 * Source: Zeiler et al. 2010; keras/src/layers/convolutional/conv3d_transpose.py.
 * @example new layers.Conv3DTranspose({ filters: 4, kernelSize: 2, strides: 2 })
 */
export class Conv3DTranspose extends BaseConvTranspose {
  static override readonly className: string = "Conv3DTranspose";
  static readonly module: string = "keras.layers";
  constructor(config: ConvTransposeConfig) {
    super(config, 3);
  }
}
