import { type SymbolicShape, sizeOf } from "../../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { type DataFormat, isSymbolic, KerasTensor, standardizeDataFormat } from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import { positiveInteger } from "../arguments.ts";
import { Layer, type LayerConfig } from "../layer.ts";

/**
 * All axes but the batch as one.
 * Shapes: x `[B, ...]`; result `[B, N]`, channels last in `channels_first` too, as in Keras.
 * Source: keras/src/layers/reshaping/flatten.py.
 * @example new layers.Flatten()
 */
export class Flatten extends Layer {
  static override readonly className: string = "Flatten";
  static readonly module: string = "keras.layers";
  readonly dataFormat: DataFormat;
  constructor(config: LayerConfig & { readonly dataFormat?: string | null } = {}) {
    super(config);
    const { dataFormat } = config;
    this.dataFormat = standardizeDataFormat(dataFormat, "Flatten");
    this.inputSpec = { minNdim: 1 };
  }
  override call(x: Tensor): Tensor {
    const { ndim, shape } = x;
    const axes = [0, ...shape.slice(2).map((_, i) => i + 2), 1];
    const ordered = this.dataFormat === "channels_first" && ndim > 1 ? ops.transpose(x, { axes }) : x;
    return ops.reshape(ordered, [shape[0] as number, sizeOf(shape.slice(1))]);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), dataFormat: this.dataFormat };
  }
}

/**
 * Another shape for the same values.
 * Shapes: x `[B, ...]`; result `[B, ...targetShape]`, where one size may be -1: what is left.
 * @throws ConfigError for more than one -1. @throws ShapeError if the sizes do not fit.
 * Source: keras/src/layers/reshaping/reshape.py.
 * @example new layers.Reshape({ targetShape: [7, -1] })
 */
export class Reshape extends Layer {
  static override readonly className: string = "Reshape";
  static readonly module: string = "keras.layers";
  readonly targetShape: readonly number[];
  constructor(config: LayerConfig & { readonly targetShape: readonly number[] }) {
    super(config);
    const { targetShape } = config;
    const good = Array.isArray(targetShape) && targetShape.every((n) => Number.isInteger(n) && n >= -1);
    if (!good || targetShape.filter((n) => n === -1).length > 1) {
      const must = "targetShape must hold sizes, at most one of them -1";
      throw new ConfigError(
        complain("Reshape", { must, got: JSON.stringify(targetShape), todo: "Name all other sizes" }),
      );
    }
    this.targetShape = targetShape;
    this.buildAtInit();
  }
  #resolve(shape: readonly number[]): number[] {
    const total = sizeOf(shape);
    const known = sizeOf(this.targetShape.filter((n) => n !== -1));
    const rest = known === 0 ? 0 : total / known;
    const resolved = this.targetShape.map((n) => (n === -1 ? rest : n));
    if (sizeOf(resolved) === total && Number.isInteger(rest)) return resolved;
    const got = `${showShape(shape)} (${total} values) for ${showShape(this.targetShape)}`;
    throw new ShapeError(
      complain("Reshape", { must: "the sizes must multiply to the same number", got, todo: "Check targetShape" }),
    );
  }
  override call(x: Tensor): Tensor {
    return ops.reshape(x, [x.shape[0] as number, ...this.#resolve(x.shape.slice(1))]);
  }
  // Sizes of the input may be unknown where those of the result are not, so tracing on stand-ins would not do.
  override computeOutputSpec(...args: readonly unknown[]): unknown {
    const [x] = args;
    if (!isSymbolic(x)) return super.computeOutputSpec(...args);
    const own: SymbolicShape = x.shape.slice(1);
    const sizes = own.includes(null)
      ? this.targetShape.map((n) => (n === -1 ? null : n))
      : this.#resolve(own as readonly number[]);
    return new KerasTensor([x.shape[0] ?? null, ...sizes], { dtype: x.dtype });
  }
  override getConfig(): Config {
    return { ...super.getConfig(), targetShape: this.targetShape };
  }
}

/**
 * The axes behind the batch in another order: axis `i` of the result is axis `dims[i - 1]` of the input, counted from 1.
 * @throws ConfigError unless `dims` are 1 to n. Source: keras/src/layers/reshaping/permute.py.
 * @example new layers.Permute({ dims: [2, 1] })
 */
export class Permute extends Layer {
  static override readonly className: string = "Permute";
  static readonly module: string = "keras.layers";
  readonly dims: readonly number[];
  constructor(config: LayerConfig & { readonly dims: readonly number[] }) {
    super(config);
    const { dims } = config;
    if (![...dims].sort((a, b) => a - b).every((n, i) => n === i + 1)) {
      const todo = "Count the axes behind the batch from 1";
      throw new ConfigError(
        complain("Permute", { must: "dims must be the numbers 1 to n in some order", got: showShape(dims), todo }),
      );
    }
    this.dims = dims;
    this.inputSpec = { ndim: dims.length + 1 };
  }
  override call(x: Tensor): Tensor {
    return ops.transpose(x, { axes: [0, ...this.dims] });
  }
  override getConfig(): Config {
    return { ...super.getConfig(), dims: this.dims };
  }
}

/**
 * The input `n` times, as a sequence.
 * Shapes: x `[B, C]`; result `[B, n, C]`.
 * @throws ConfigError unless `n` is a positive integer. Source: keras/src/layers/reshaping/repeat_vector.py.
 * @example new layers.RepeatVector({ n: 3 })
 */
export class RepeatVector extends Layer {
  static override readonly className: string = "RepeatVector";
  static readonly module: string = "keras.layers";
  readonly n: number;
  constructor(config: LayerConfig & { readonly n: number }) {
    super(config);
    const { n } = config;
    this.n = positiveInteger("RepeatVector", "n", n);
    this.inputSpec = { ndim: 2 };
  }
  override call(x: Tensor): Tensor {
    const [batch, channels] = x.shape as readonly [number, number];
    return ops.broadcastTo(ops.reshape(x, [batch, 1, channels]), [batch, this.n, channels]);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), n: this.n };
  }
}
