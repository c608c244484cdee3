import type { SymbolicShape } from "../../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../../errors/index.ts";
import { floatx, KerasTensor } from "../../ops/index.ts";
import { type Config, checkOptions, layerOptions } from "../../registry/index.ts";
import { Layer } from "../layer.ts";

/** Options of `input` and `InputLayer`. */
export interface InputConfig {
  /** Shape without the batch; null for sizes that vary. */
  readonly shape?: SymbolicShape | null;
  readonly batchSize?: number | null;
  /** The default float dtype if absent. */
  readonly dtype?: string | null;
  /** Only false: there are no sparse tensors here. */
  readonly sparse?: boolean | null;
  /** Only false: there are no ragged tensors here. */
  readonly ragged?: boolean | null;
  /** Shape with the batch, instead of `shape` and `batchSize`. */
  readonly batchShape?: SymbolicShape | null;
  readonly name?: string | null;
  /** A symbolic tensor to use instead of a new one. */
  readonly tensor?: KerasTensor | null;
  /** True if the model may be called with null for it. */
  readonly optional?: boolean;
}

/**
 * Where data enter a functional model. Source: keras/src/layers/core/input_layer.py.
 * @example new layers.InputLayer({ shape: [28, 28, 1] }).output
 */
export class InputLayer extends Layer {
  static override readonly className: string = "InputLayer";
  static readonly module: string = "keras.layers";
  /** The symbolic tensor. */
  readonly output: KerasTensor;
  readonly optional: boolean;

  constructor(config: InputConfig) {
    checkOptions(InputLayer, config, ["name", "dtype", "tensor"], layerOptions);
    super({ name: config.name ?? undefined });
    if (config.sparse || config.ragged) {
      const todo = "Leave the option out and feed dense arrays";
      throw new ConfigError(
        complain("input", { must: "inputs must be dense", got: config.sparse ? "sparse" : "ragged", todo }),
      );
    }
    this.output =
      config.tensor ??
      new KerasTensor(batchShapeOf(config), { dtype: config.dtype ?? floatx(), name: config.name ?? undefined });
    if (config.tensor) checkTensor(config.tensor, config);
    this.optional = config.optional ?? false;
    this.recordCall([], this.output);
    this.built = true;
  }

  get batchShape(): SymbolicShape {
    return this.output.shape;
  }
  /** Never computes: values come from outside. */
  override call(): void {}

  override getConfig(): Config {
    const { shape, dtype } = this.output;
    return { batchShape: shape, dtype, sparse: false, ragged: false, name: this.name, optional: this.optional };
  }
}

function batchShapeOf({ shape, batchShape, batchSize }: InputConfig): SymbolicShape {
  const refuse = (got: string): never => {
    const must = "there must be either shape (with batchSize if you like) or batchShape";
    throw new ConfigError(complain("input", { must, got, todo: "Write for example input({ shape: [28, 28, 1] })" }));
  };
  const given = batchShape ?? null;
  if (given === null && !shape) return refuse("neither");
  if (given !== null && shape) return refuse("both");
  if (given !== null && batchSize !== undefined && batchSize !== null) return refuse("batchShape and batchSize");
  if (!Array.isArray(given ?? shape)) return refuse(`shape ${JSON.stringify(given ?? shape)}`);
  const full = given ?? [batchSize ?? null, ...(shape as SymbolicShape)];
  if (full.every((n) => n === null || (Number.isInteger(n) && n >= 0))) return full;
  const todo = "Use null for sizes that vary";
  throw new ShapeError(
    complain("input", { must: "sizes must be integers not below 0, or null", got: showShape(full), todo }),
  );
}

function checkTensor(tensor: KerasTensor, { shape, batchShape, batchSize, dtype }: InputConfig): void {
  const fits =
    (!shape || String(shape) === String(tensor.shape.slice(1))) &&
    (!batchShape || String(batchShape) === String(tensor.shape)) &&
    (batchSize === undefined || batchSize === null || batchSize === tensor.shape[0]) &&
    (!dtype || dtype === tensor.dtype);
  if (fits) return;
  const todo = "Leave out shape, batchSize and dtype beside tensor";
  throw new ConfigError(
    complain("input", { must: "the other options must agree with tensor", got: String(tensor), todo }),
  );
}

/**
 * A symbolic tensor from which a model is built. Source: keras.Input.
 * @example const x = input({ shape: [28, 28, 1] }); // [null, 28, 28, 1]
 */
export const input = (config: InputConfig): KerasTensor => new InputLayer(config).output;
