import type { SymbolicShape } from "../../aval/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import type { Variable } from "../../weights/index.ts";
import { type Activation, activate, get as getActivation, serialize as serializeActivation } from "../activations.ts";
import { type KernelBiasConfig, kernelAndBias, partsConfig, positiveInteger } from "../arguments.ts";
import type { LayerConfig } from "../layer.ts";
import { type LoraConfig, LoraLayer } from "./lora.ts";

/** Options of `Dense`. */
export interface DenseConfig extends LayerConfig, KernelBiasConfig, LoraConfig {
  /** Size of the output's last axis. */
  readonly units: number;
  /** Name, function or layer; none by default. */
  readonly activation?: unknown;
  readonly useBias?: boolean;
}

/**
 * A fully connected layer, `activation(x W + b)`.
 * Shapes: x `[B, ..., C]`, W `[C, units]`, b `[units]`; result `[B, ..., units]`.
 * @throws ConfigError unless `units` is a positive integer. @throws ShapeError for inputs of rank below 2 or an unknown C.
 * Source: keras/src/layers/core/dense.py.
 * @example new layers.Dense({ units: 10, activation: "softmax" })
 */
export class Dense extends LoraLayer {
  static override readonly className: string = "Dense";
  static readonly module: string = "keras.layers";
  readonly units: number;
  readonly useBias: boolean;
  readonly activation: Activation;
  kernel!: Variable;
  bias: Variable | undefined;
  readonly #parts: ReturnType<typeof kernelAndBias>;

  constructor(config: DenseConfig) {
    super(config);
    this.units = positiveInteger("Dense", "units", config.units);
    this.activation = getActivation(config.activation);
    this.useBias = config.useBias ?? true;
    this.#parts = kernelAndBias(config);
    this.inputSpec = { minNdim: 2 };
    this.supportsMasking = true;
  }

  override build(inputShape: SymbolicShape): void {
    const inputs = inputShape[inputShape.length - 1] as number;
    const { kernel, bias } = this.#parts;
    this.kernel = this.addWeight({ name: "kernel", shape: [inputs, this.units], ...kernel });
    if (this.useBias) this.bias = this.addWeight({ name: "bias", shape: [this.units], ...bias });
    this.inputSpec = { minNdim: 2, axes: { [-1]: inputs } };
    this.buildLora();
  }
  protected override adapted(): ReturnType<LoraLayer["adapted"]> {
    const { regularizer, constraint } = this.#parts.kernel;
    return { name: "kernel", weight: this.kernel, regularizer, fixed: constraint !== undefined };
  }

  override call(x: Tensor): Tensor {
    const y = ops.matmul(x, this.effective());
    return activate(this.activation, this.bias === undefined ? y : ops.add(y, this.bias.value));
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      units: this.units,
      activation: serializeActivation(this.activation),
      useBias: this.useBias,
      ...partsConfig("kernel", this.#parts.kernel),
      ...partsConfig("bias", this.#parts.bias),
      ...(this.activityRegularizer === undefined ? {} : { activityRegularizer: this.activityRegularizer }),
      ...this.loraConfig(),
      quantizationConfig: null,
    };
  }
}
