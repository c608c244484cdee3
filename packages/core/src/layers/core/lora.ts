import type { DType, Shape } from "../../aval/index.ts";
import { ConfigError, complain, StateError } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/index.ts";
import * as ops from "../../ops/index.ts";
import type { Variable } from "../../weights/index.ts";
import { positiveInteger } from "../arguments.ts";
import { Layer, type LayerConfig } from "../layer.ts";

/** Options of layers whose kernel can be adapted with few numbers. */
export interface LoraConfig {
  /** Rank of the adapters; none by default. */
  readonly loraRank?: number | null | undefined;
  /** Weight of the adapters times the rank; the rank by default. */
  readonly loraAlpha?: number | null | undefined;
}
/** A weight as files see it. */
export interface SavedKernel {
  readonly path: string;
  readonly shape: Shape;
  readonly dtype: DType;
  read(): Tensor;
  assign(value: TensorLike): void;
}
/** Options of `enableLora`. */
export interface EnableLoraOptions {
  readonly loraAlpha?: number | null;
  readonly aInitializer?: unknown;
  readonly bInitializer?: unknown;
}

/**
 * A layer with a kernel that low-rank adapters can change: `kernel + alpha / rank * A B`, A `[..., rank]`, B `[rank, last]`.
 * Source: Hu et al. 2021; keras/src/layers/core/dense.py.
 */
export abstract class LoraLayer extends Layer {
  loraRank: number | null;
  loraAlpha: number | null;
  loraEnabled = false;
  #a: Variable | undefined;
  #b: Variable | undefined;

  constructor(config: LayerConfig & LoraConfig) {
    super(config);
    this.loraRank = config.loraRank ?? null;
    this.loraAlpha = config.loraAlpha ?? this.loraRank;
  }

  /** The weight that adapters change, and what it is called. */
  protected abstract adapted(): {
    readonly name: string;
    readonly weight: Variable;
    readonly regularizer: unknown;
    readonly fixed: boolean;
  };

  /** Called at the end of `build`: adds the adapters if the constructor asked for them. */
  protected buildLora(): void {
    if (this.loraRank !== null) this.#add(this.loraRank, { loraAlpha: this.loraAlpha });
  }

  /**
   * Freezes the kernel and adds trainable adapters of rank `rank`.
   * @throws StateError before building or the second time. @throws ConfigError with a kernel constraint.
   * @example
   * const dense = new layers.Dense({ units: 8 });
   * dense.apply(ops.ones([1, 16]));
   * dense.enableLora(4);
   * dense.countParams(); // 232
   */
  enableLora(rank: number, options: EnableLoraOptions = {}): void {
    if (!this.built || this.loraEnabled) {
      const must = "adapters are added once, after the layer is built";
      const got = this.built ? "a second call" : "an unbuilt layer";
      throw new StateError(complain(this.name, { must, got, todo: "Call the layer first" }));
    }
    this.#add(rank, options);
  }
  #add(rank: number, { loraAlpha, aInitializer = "he_uniform", bInitializer = "zeros" }: EnableLoraOptions): void {
    const { name, weight, regularizer, fixed } = this.adapted();
    if (fixed) {
      const must = "a weight with a constraint cannot have adapters";
      throw new ConfigError(
        complain(this.name, { must, got: `a constraint on "${name}"`, todo: "Remove the constraint or loraRank" }),
      );
    }
    positiveInteger(this.name, "loraRank", rank);
    const dtype = "float32";
    const { shape } = weight;
    const left = [...shape.slice(0, -1), rank];
    const right = [rank, shape[shape.length - 1] as number];
    this.#a = this.addWeight({ name: `lora_${name}_a`, shape: left, initializer: aInitializer, dtype, regularizer });
    this.#b = this.addWeight({ name: `lora_${name}_b`, shape: right, initializer: bInitializer, dtype, regularizer });
    weight.trainable = false;
    this.loraEnabled = true;
    this.loraRank = rank;
    this.loraAlpha = loraAlpha ?? rank;
  }

  /** The kernel with its adapters: what the layer computes with, and what Keras saves. */
  effective(): Tensor {
    const { weight } = this.adapted();
    if (this.#a === undefined || this.#b === undefined) return weight.value;
    const change = ops
      .matmul(this.#a.value, this.#b.value)
      .multiply((this.loraAlpha as number) / (this.loraRank as number));
    return ops.cast(weight.value.add(change), this.computeDtype);
  }
  /** What is written to and read from files: as Keras, the kernel with its adapters instead of both. Internal. */
  savedWeights(): readonly SavedKernel[] {
    const { weight } = this.adapted();
    const adapters = [this.#a, this.#b];
    return this.ownVariables()
      .filter((variable) => !adapters.includes(variable))
      .map((variable) => ({
        path: variable.path,
        shape: variable.shape,
        dtype: variable.dtype,
        read: () => (variable === weight ? ops.cast(this.effective(), variable.dtype) : variable.value),
        assign: (value: TensorLike) => {
          variable.assign(value);
          // The change is in the kernel now.
          if (variable === weight) for (const adapter of adapters) adapter?.assign(ops.zerosLike(adapter.value));
        },
      }));
  }
  /** The config entries of the adapters. */
  protected loraConfig(): Record<string, unknown> {
    return this.loraRank === null ? {} : { loraRank: this.loraRank, loraAlpha: this.loraAlpha };
  }
}
