import type { SymbolicShape } from "../../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { type DataFormat, standardizeDataFormat } from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import type { Variable } from "../../weights/index.ts";
import { type Activation, activate, get as getActivation, serialize as serializeActivation } from "../activations.ts";
import {
  type KernelBiasConfig,
  kernelAndBias,
  paddingFor,
  partsConfig,
  positiveInteger,
  sizesFor,
} from "../arguments.ts";
import { type LoraConfig, LoraLayer } from "../core/lora.ts";
import type { LayerConfig } from "../layer.ts";

/** Options that all windows over space share. */
export interface WindowConfig extends LayerConfig {
  /** Size of the window: one number, or one for each spatial axis. */
  readonly kernelSize: number | readonly number[];
  readonly strides?: number | readonly number[];
  /** `valid`: only whole windows. `same`: as many outputs as steps. `causal` (1D): no look into the future. */
  readonly padding?: string;
  readonly dataFormat?: string | null;
  /** Gaps inside the window. */
  readonly dilationRate?: number | readonly number[];
  readonly activation?: unknown;
  readonly useBias?: boolean;
}

/** Options of `Conv1D`, `Conv2D` and `Conv3D`. */
export interface ConvConfig extends WindowConfig, KernelBiasConfig, LoraConfig {
  /** Number of output channels. */
  readonly filters: number;
  /** Number of groups of channels that do not see each other. */
  readonly groups?: number;
}

/** Window options, checked. */
export interface Window {
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: string;
  readonly dataFormat: DataFormat;
  readonly dilationRate: readonly number[];
}

/** Checks the window options of a layer with `rank` spatial axes. */
export function windowOf(where: string, config: WindowConfig, rank: number, paddings?: readonly string[]): Window {
  return {
    kernelSize: sizesFor(where, "kernelSize", config.kernelSize, rank),
    strides: sizesFor(where, "strides", config.strides ?? 1, rank),
    padding: paddingFor(where, config.padding ?? "valid", paddings),
    dataFormat: standardizeDataFormat(config.dataFormat, where),
    dilationRate: sizesFor(where, "dilationRate", config.dilationRate ?? 1, rank),
  };
}

/** @throws ConfigError if both strides and gaps inside the window are above 1. */
export function checkSteps(where: string, { strides, dilationRate }: Window): void {
  if (Math.max(...strides) === 1 || Math.max(...dilationRate) === 1) return;
  const got = `strides ${strides} and dilationRate ${dilationRate}`;
  const must = "strides above 1 and dilationRate above 1 exclude each other";
  throw new ConfigError(complain(where, { must, got, todo: "Set one of them to 1" }));
}

/** Number of channels of an input. @throws ShapeError if it is not known. */
export function channelsOf(where: string, shape: SymbolicShape, format: DataFormat): number {
  const channels = format === "channels_last" ? shape[shape.length - 1] : shape[1];
  if (typeof channels === "number") return channels;
  const todo = "Give the input its number of channels, for example input({ shape: [null, null, 3] })";
  throw new ShapeError(complain(where, { must: "the number of channels must be known", got: showShape(shape), todo }));
}

/** @throws ShapeError if a `valid` window is larger than its input. */
export function checkWindow(where: string, shape: SymbolicShape, window: Window): void {
  if (window.padding !== "valid") return;
  const first = window.dataFormat === "channels_last" ? 1 : 2;
  window.kernelSize.forEach((size, i) => {
    const extent = (size - 1) * (window.dilationRate[i] as number) + 1;
    const have = shape[first + i];
    if (typeof have !== "number" || have >= extent) return;
    const got = `a window of ${extent} for size ${have} in ${showShape(shape)}`;
    const todo = 'Use a smaller kernelSize, padding: "same", or fewer layers before';
    throw new ShapeError(complain(where, { must: "the window must fit into the input", got, todo }));
  });
}

/** The bias shaped to be added to channels. */
const biasFor = (bias: Tensor, format: DataFormat, rank: number): Tensor =>
  format === "channels_last" ? bias : ops.reshape(bias, [1, bias.size, ...Array.from({ length: rank }, () => 1)]);

/** What stands after every convolution: the bias of each channel, if there is one, and the activation. */
export function biasedAndActivated(
  y: Tensor,
  {
    bias,
    activation,
    rank,
  }: { readonly bias: Variable | undefined; readonly activation: Activation; readonly rank: number },
  format: DataFormat,
): Tensor {
  return activate(activation, bias === undefined ? y : ops.add(y, biasFor(bias.value, format, rank)));
}

/** What the convolutions of 1, 2 and 3 dimensions share. Source: keras/src/layers/convolutional/base_conv.py. */
export abstract class BaseConv extends LoraLayer {
  readonly rank: number;
  readonly filters: number;
  readonly groups: number;
  readonly useBias: boolean;
  readonly activation: Activation;
  kernel!: Variable;
  bias: Variable | undefined;
  protected readonly window: Window;
  readonly #parts: ReturnType<typeof kernelAndBias>;

  constructor(config: ConvConfig, rank: number) {
    super(config);
    const where = (this.constructor as typeof BaseConv).className;
    this.rank = rank;
    this.filters = positiveInteger(where, "filters", config.filters);
    this.groups = positiveInteger(where, "groups", config.groups ?? 1);
    this.window = windowOf(where, config, rank, rank === 1 ? ["valid", "same", "causal"] : undefined);
    this.activation = getActivation(config.activation);
    this.useBias = config.useBias ?? true;
    this.#parts = kernelAndBias(config);
    this.inputSpec = { minNdim: rank + 2 };
    if (this.filters % this.groups !== 0) {
      const got = `${this.filters} filters in ${this.groups} groups`;
      throw new ConfigError(
        complain(where, { must: "filters must be a multiple of groups", got, todo: "Change one of them" }),
      );
    }
    checkSteps(where, this.window);
  }

  override build(inputShape: SymbolicShape): void {
    const { dataFormat, kernelSize } = this.window;
    const channels = channelsOf(this.name, inputShape, dataFormat);
    this.inputSpec = { minNdim: this.rank + 2, axes: { [dataFormat === "channels_last" ? -1 : 1]: channels } };
    if (channels % this.groups !== 0) {
      const got = `${channels} channels in ${this.groups} groups`;
      throw new ShapeError(
        complain(this.name, { must: "input channels must be a multiple of groups", got, todo: "Change groups" }),
      );
    }
    checkWindow(this.name, inputShape, this.window);
    const { kernel, bias } = this.#parts;
    this.kernel = this.addWeight({
      name: "kernel",
      shape: [...kernelSize, channels / this.groups, this.filters],
      ...kernel,
    });
    if (this.useBias) this.bias = this.addWeight({ name: "bias", shape: [this.filters], ...bias });
    this.buildLora();
  }
  protected override adapted(): ReturnType<LoraLayer["adapted"]> {
    const { regularizer, constraint } = this.#parts.kernel;
    return { name: "kernel", weight: this.kernel, regularizer, fixed: constraint !== undefined };
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dataFormat, dilationRate } = this.window;
    const y = ops.conv(x, this.effective(), { strides, padding, dataFormat, dilationRate });
    return biasedAndActivated(y, this, dataFormat);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      filters: this.filters,
      ...this.window,
      groups: this.groups,
      activation: serializeActivation(this.activation),
      useBias: this.useBias,
      ...partsConfig("kernel", this.#parts.kernel),
      ...partsConfig("bias", this.#parts.bias),
      activityRegularizer: this.activityRegularizer,
      ...this.loraConfig(),
    };
  }
}
