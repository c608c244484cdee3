// Penalties on weights and outputs. Source: keras/src/regularizers/regularizers.py.
import { ConfigError, complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { convertToTensor } from "../ops/index.ts";
import {
  type Config,
  type CustomObjects,
  checkOptions,
  deserializeKerasObject,
  regularizerOptions,
  resolveIdentifier,
  type Serializable,
  type SerializableClass,
  type SerializedObject,
  serializeKerasObject,
} from "../registry/index.ts";

/** A penalty on a weight or output, added to the loss. */
export abstract class Regularizer implements Serializable {
  static readonly className: string = "Regularizer";
  static readonly module: string = "keras.regularizers";
  /** @throws ConfigError for options that the class does not have. */
  constructor(config?: object) {
    checkOptions(new.target, config, [], regularizerOptions);
  }
  abstract call(x: Tensor): Tensor;
  abstract getConfig(): Config;
}

function checkFactor(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  const todo = "Use a small number such as 0.01";
  throw new ConfigError(
    complain("regularizer", { must: `${name} must be a finite number not below 0`, got: String(value), todo }),
  );
}

const times = (factor: number, x: Tensor, total: Tensor): Tensor =>
  ops.multiply(convertToTensor(factor, { dtype: x.dtype }), total);
const sumOfSizes = (x: Tensor): Tensor => ops.sum(ops.absolute(x));
const sumOfSquares = (x: Tensor): Tensor => ops.sum(ops.square(x));

/** `l1 * sum(|x|)`. @example new regularizers.L1({ l1: 0.01 }) */
export class L1 extends Regularizer {
  static override readonly className: string = "L1";
  static override readonly module: string = "keras.regularizers";
  readonly l1: number;
  constructor(config: { readonly l1?: number | null } = {}) {
    super(config);
    const { l1 = 0.01 } = config;
    // Keras keeps it as a float32 tensor, and writes it so.
    this.l1 = Math.fround(checkFactor("l1", l1 ?? 0.01));
  }
  override call(x: Tensor): Tensor {
    return times(this.l1, x, sumOfSizes(x));
  }
  override getConfig(): Config {
    return { l1: this.l1 };
  }
}

/** `l2 * sum(x^2)`. @example new regularizers.L2({ l2: 1e-4 }) */
export class L2 extends Regularizer {
  static override readonly className: string = "L2";
  static override readonly module: string = "keras.regularizers";
  readonly l2: number;
  constructor(config: { readonly l2?: number | null } = {}) {
    super(config);
    const { l2 = 0.01 } = config;
    this.l2 = checkFactor("l2", l2 ?? 0.01);
  }
  override call(x: Tensor): Tensor {
    return times(this.l2, x, sumOfSquares(x));
  }
  override getConfig(): Config {
    return { l2: this.l2 };
  }
}

/** `l1 * sum(|x|) + l2 * sum(x^2)`. */
export class L1L2 extends Regularizer {
  static override readonly className: string = "L1L2";
  static override readonly module: string = "keras.regularizers";
  readonly l1: number;
  readonly l2: number;
  constructor(config: { readonly l1?: number | null; readonly l2?: number | null } = {}) {
    super(config);
    const { l1, l2 } = config;
    this.l1 = checkFactor("l1", l1 ?? 0);
    this.l2 = checkFactor("l2", l2 ?? 0);
  }
  override call(x: Tensor): Tensor {
    let penalty = convertToTensor(0, { dtype: x.dtype });
    if (this.l1 !== 0) penalty = penalty.add(times(this.l1, x, sumOfSizes(x)));
    if (this.l2 !== 0) penalty = penalty.add(times(this.l2, x, sumOfSquares(x)));
    return penalty;
  }
  override getConfig(): Config {
    return { l1: this.l1, l2: this.l2 };
  }
}

/** The mean size of the cosines between different rows (or columns) of a matrix, times `factor`. */
export class OrthogonalRegularizer extends Regularizer {
  static override readonly className: string = "OrthogonalRegularizer";
  static override readonly module: string = "keras.regularizers";
  readonly factor: number;
  readonly mode: "rows" | "columns";
  constructor(config: { readonly factor?: number; readonly mode?: "rows" | "columns" } = {}) {
    super(config);
    const { factor = 0.01, mode = "rows" } = config;
    if (mode !== "rows" && mode !== "columns") {
      const todo = 'Use "rows" or "columns"';
      throw new ConfigError(
        complain("OrthogonalRegularizer", { must: "mode must be a known name", got: String(mode), todo }),
      );
    }
    this.factor = Math.fround(checkFactor("factor", factor));
    this.mode = mode;
  }
  override call(x: Tensor): Tensor {
    if (x.shape.length !== 2) {
      const todo = "Use it for kernels of Dense layers";
      throw new ShapeError(
        complain("OrthogonalRegularizer", { must: "the weight must be a matrix", got: showShape(x.shape), todo }),
      );
    }
    const rows = this.mode === "rows";
    const unit = ops.normalize(x, { axis: rows ? 1 : 0 });
    const turned = ops.transpose(unit);
    const product = rows ? ops.matmul(unit, turned) : ops.matmul(turned, unit);
    const size = x.shape[rows ? 0 : 1] as number;
    const rest = product.multiply(ops.eye(size, { dtype: x.dtype }).negative().add(1));
    return sumOfSizes(rest)
      .multiply(this.factor * 0.5)
      .divide((size * (size - 1)) / 2);
  }
  override getConfig(): Config {
    return { factor: this.factor, mode: this.mode };
  }
}

const table: Readonly<Record<string, SerializableClass<Regularizer>>> = { L1, L2, L1L2, OrthogonalRegularizer };
const isRegularizer = (x: unknown): x is Regularizer =>
  typeof x === "object" && x !== null && typeof (x as Regularizer).call === "function";

/** A regularizer from a name in either spelling, a config, an object or a function; undefined for null and undefined. */
export function get(identifier: unknown): Regularizer | undefined {
  if (identifier === undefined || identifier === null) return undefined;
  if (typeof identifier === "function") return new Given(identifier as (x: Tensor) => Tensor);
  return resolveIdentifier("regularizer", identifier, table, isRegularizer);
}

/** A user's function as a regularizer. */
class Given extends Regularizer {
  readonly #penalty: (x: Tensor) => Tensor;
  constructor(penalty: (x: Tensor) => Tensor) {
    super();
    this.#penalty = penalty;
  }
  override call(x: Tensor): Tensor {
    return this.#penalty(x);
  }
  override getConfig(): Config {
    return {};
  }
}

/** The JSON form of a regularizer. */
export const serialize = (regularizer: Regularizer): SerializedObject => serializeKerasObject(regularizer);
/** The regularizer that a JSON form describes. */
export const deserialize = (config: SerializedObject, customObjects: CustomObjects = {}): Regularizer =>
  deserializeKerasObject(config, { customObjects }) as Regularizer;
