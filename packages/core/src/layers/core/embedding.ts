import { warnOnce } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import type { KerasTensor, TensorLike } from "../../ops/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import { withDefaults } from "../../registry/index.ts";
import type { Variable } from "../../weights/index.ts";
import { partsConfig, positiveInteger, type WeightParts, weightParts } from "../arguments.ts";
import type { LayerConfig } from "../layer.ts";
import { type LoraConfig, LoraLayer } from "./lora.ts";

/** Options of `Embedding`. */
export interface EmbeddingConfig extends LayerConfig, LoraConfig {
  /** Number of different tokens: largest index + 1. */
  readonly inputDim: number;
  /** Length of each token's vector. */
  readonly outputDim: number;
  readonly embeddingsInitializer?: unknown;
  readonly embeddingsRegularizer?: unknown;
  readonly embeddingsConstraint?: unknown;
  /** True if token 0 is padding: the outputs then carry a mask. */
  readonly maskZero?: boolean;
  /** Initial vectors `[inputDim, outputDim]`. */
  readonly weights?: TensorLike | readonly TensorLike[] | null;
  /** Ignored, as in Keras. */
  readonly inputLength?: number | null;
}

/**
 * Turns token numbers into vectors.
 * Shapes: tokens `[B, ...]` of integers in [0, inputDim); result `[B, ..., outputDim]`.
 * @throws ConfigError unless both sizes are positive integers.
 * Source: keras/src/layers/core/embedding.py.
 * @example new layers.Embedding({ inputDim: 1000, outputDim: 64, maskZero: true })
 */
export class Embedding extends LoraLayer {
  static override readonly className: string = "Embedding";
  static readonly module: string = "keras.layers";
  readonly inputDim: number;
  readonly outputDim: number;
  readonly maskZero: boolean;
  embeddings!: Variable;
  readonly #parts: WeightParts;

  constructor(config: EmbeddingConfig) {
    super(withDefaults(config, {}, { autocast: false }));
    this.inputDim = positiveInteger("Embedding", "inputDim", config.inputDim);
    this.outputDim = positiveInteger("Embedding", "outputDim", config.outputDim);
    this.#parts = weightParts(
      config.embeddingsInitializer ?? "uniform",
      config.embeddingsRegularizer,
      config.embeddingsConstraint,
    );
    this.maskZero = config.maskZero ?? false;
    this.supportsMasking = this.maskZero;
    if (config.inputLength !== undefined && config.inputLength !== null)
      warnOnce("Embedding: inputLength is not needed. Remove it.");
    const { weights } = config;
    if (weights === undefined || weights === null) return;
    this.buildFrom();
    this.setWeights(
      Array.isArray(weights) && weights.length === 1 ? (weights as TensorLike[]) : [weights as TensorLike],
    );
  }

  override build(): void {
    this.embeddings = this.addWeight({ name: "embeddings", shape: [this.inputDim, this.outputDim], ...this.#parts });
    this.buildLora();
  }
  protected override adapted(): ReturnType<LoraLayer["adapted"]> {
    const { regularizer, constraint } = this.#parts;
    return { name: "embeddings", weight: this.embeddings, regularizer, fixed: constraint !== undefined };
  }

  override call(tokens: Tensor): Tensor {
    const indices = tokens.dtype === "int32" ? tokens : ops.cast(tokens, "int32");
    return ops.cast(ops.take(this.effective(), indices, { axis: 0 }), this.computeDtype);
  }
  override computeMask(tokens: Tensor | KerasTensor): Tensor | KerasTensor | null {
    return this.maskZero ? ops.notEqual(tokens as Tensor, 0) : null;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      inputDim: this.inputDim,
      outputDim: this.outputDim,
      ...partsConfig("embeddings", this.#parts),
      activityRegularizer: this.activityRegularizer,
      maskZero: this.maskZero,
      ...this.loraConfig(),
      quantizationConfig: null,
    };
  }
}
