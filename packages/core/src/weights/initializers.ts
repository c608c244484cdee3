// Initial values of weights. Source: keras/src/initializers.
import { type Shape, sizeOf } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { convertToTensor, floatx, type TensorLike } from "../ops/index.ts";
import { qr } from "../primitives/index.ts";
import * as random from "../random/index.ts";
import { SeedGenerator } from "../random/index.ts";
import {
  type Config,
  type CustomObjects,
  checkOptions,
  deserializeKerasObject,
  initializerOptions,
  isSerialized,
  resolveIdentifier,
  type Serializable,
  type SerializableClass,
  type SerializedObject,
  serializeKerasObject,
} from "../registry/index.ts";

/** What an initializer is told beside the shape. */
export interface InitializerOptions {
  /** The default float dtype if absent. */
  readonly dtype?: string | undefined;
}
/** A function that makes initial values; may stand where an initializer does, but cannot be saved. */
export type InitializerFunction = (shape: Shape, options: { readonly dtype: string }) => Tensor;

/** Makes initial values of a given shape. Source: keras/src/initializers/initializer.py. */
export abstract class Initializer implements Serializable {
  static readonly className: string = "Initializer";
  static readonly module: string = "keras.initializers";
  /** @throws ConfigError for options that the class does not have. */
  constructor(config?: object) {
    checkOptions(new.target, config, [], initializerOptions);
  }
  abstract call(shape: Shape, options?: InitializerOptions): Tensor;
  getConfig(): Config {
    return {};
  }
  /** Another one with the same config; if it has no seed, it draws its own. */
  clone(): Initializer {
    return new (this.constructor as unknown as SerializableClass<Initializer>)(this.getConfig());
  }
}

/** All zeros. @example await new initializers.Zeros().call([2]).array() // [0, 0] */
export class Zeros extends Initializer {
  static override readonly className: string = "Zeros";
  static override readonly module: string = "keras.initializers";
  override call(shape: Shape, { dtype = floatx() }: InitializerOptions = {}): Tensor {
    return ops.zeros(shape, { dtype });
  }
}

/** All ones. @example await new initializers.Ones().call([2]).array() // [1, 1] */
export class Ones extends Initializer {
  static override readonly className: string = "Ones";
  static override readonly module: string = "keras.initializers";
  override call(shape: Shape, { dtype = floatx() }: InitializerOptions = {}): Tensor {
    return ops.ones(shape, { dtype });
  }
}

/** One value, or values that broadcast to the shape. @example await new initializers.Constant({ value: 3 }).call([2]).array() // [3, 3] */
export class Constant extends Initializer {
  static override readonly className: string = "Constant";
  static override readonly module: string = "keras.initializers";
  readonly value: TensorLike | SerializedObject;
  constructor(config: { readonly value?: TensorLike | SerializedObject } = {}) {
    super(config);
    const { value = 0 } = config;
    this.value = value;
  }
  override call(shape: Shape, { dtype = floatx() }: InitializerOptions = {}): Tensor {
    // Keras writes an array as { class_name: "__numpy__", config: { value, dtype } }.
    const value = isSerialized(this.value) ? (this.value.config.value as TensorLike) : this.value;
    return ops.multiply(convertToTensor(value, { dtype }), ops.ones(shape, { dtype }));
  }
  override getConfig(): Config {
    if (!(this.value instanceof Tensor)) return { value: this.value };
    const todo = "Pass a number or a nested array";
    throw new ConfigError(
      complain("Constant", { must: "a value that is saved must be plain numbers", got: String(this.value), todo }),
    );
  }
}

/** The identity matrix times `gain`, for matrices. @throws ShapeError for other ranks. */
export class Identity extends Initializer {
  static override readonly className: string = "Identity";
  static override readonly module: string = "keras.initializers";
  readonly gain: number;
  constructor(config: { readonly gain?: number } = {}) {
    super(config);
    const { gain = 1 } = config;
    this.gain = gain;
  }
  override call(shape: Shape, { dtype = floatx() }: InitializerOptions = {}): Tensor {
    const [rows, columns] = shape;
    if (shape.length !== 2 || rows === undefined || columns === undefined) {
      const todo = "Use another initializer for this weight";
      throw new ShapeError(
        complain("Identity", { must: "the shape must be that of a matrix", got: showShape(shape), todo }),
      );
    }
    return ops.multiply(convertToTensor(this.gain, { dtype }), ops.eye(rows, { M: columns, dtype }));
  }
  // Keras forgets the gain; it reads one, though.
  override getConfig(): Config {
    return this.gain === 1 ? {} : { gain: this.gain };
  }
}

/** A seed as options take it: an integer, a generator, or nothing for one drawn at construction. */
export type Seed = number | SeedGenerator | SerializedObject | null | undefined;

/** An initializer with a seed: the same values at every call, unless the seed is a generator. */
export abstract class RandomInitializer extends Initializer {
  static override readonly className: string = "RandomInitializer";
  static override readonly module: string = "keras.initializers";
  /** The seed in use. */
  readonly seed: number | SeedGenerator;
  readonly #given: number | SeedGenerator | null;

  constructor(config: { readonly seed?: Seed }) {
    super(config);
    const { seed } = config;
    const given = isSerialized(seed) ? (deserializeKerasObject(seed) as unknown as SeedGenerator) : (seed ?? null);
    if (given !== null && !Number.isInteger(given) && !(given instanceof SeedGenerator)) {
      const todo = "Pass seed: 1, or leave it out";
      throw new ConfigError(
        complain("initializer", { must: "seed must be an integer or a SeedGenerator", got: String(given), todo }),
      );
    }
    this.#given = given;
    this.seed = given ?? random.drawPythonSeed();
  }
  override getConfig(): Config {
    return { seed: this.#given };
  }
}

/** Options of the normal initializers. */
export interface NormalConfig {
  readonly mean?: number;
  readonly stddev?: number;
  readonly seed?: Seed;
}

/** Normal numbers. @example new initializers.RandomNormal({ stddev: 0.1, seed: 1 }).call([2, 3]) */
export class RandomNormal extends RandomInitializer {
  static override readonly className: string = "RandomNormal";
  static override readonly module: string = "keras.initializers";
  readonly mean: number;
  readonly stddev: number;
  constructor(config: NormalConfig = {}) {
    super(config);
    const { mean = 0, stddev = 0.05 } = config;
    this.mean = mean;
    this.stddev = stddev;
  }
  override call(shape: Shape, { dtype = floatx() }: InitializerOptions = {}): Tensor {
    return random.normal(shape, { mean: this.mean, stddev: this.stddev, dtype, seed: this.seed });
  }
  override getConfig(): Config {
    return { ...super.getConfig(), mean: this.mean, stddev: this.stddev };
  }
}

/** Normal numbers, drawn again if more than two standard deviations from the mean. */
export class TruncatedNormal extends RandomInitializer {
  static override readonly className: string = "TruncatedNormal";
  static override readonly module: string = "keras.initializers";
  readonly mean: number;
  readonly stddev: number;
  constructor(config: NormalConfig = {}) {
    super(config);
    const { mean = 0, stddev = 0.05 } = config;
    this.mean = mean;
    this.stddev = stddev;
  }
  override call(shape: Shape, { dtype = floatx() }: InitializerOptions = {}): Tensor {
    return random.truncatedNormal(shape, { mean: this.mean, stddev: this.stddev, dtype, seed: this.seed });
  }
  override getConfig(): Config {
    return { ...super.getConfig(), mean: this.mean, stddev: this.stddev };
  }
}

/** Options of `RandomUniform`: numbers in [minval, maxval). */
export interface UniformConfig {
  readonly minval?: number;
  readonly maxval?: number;
  readonly seed?: Seed;
}

/** Evenly distributed numbers. */
export class RandomUniform extends RandomInitializer {
  static override readonly className: string = "RandomUniform";
  static override readonly module: string = "keras.initializers";
  readonly minval: number;
  readonly maxval: number;
  constructor(config: UniformConfig = {}) {
    super(config);
    const { minval = -0.05, maxval = 0.05 } = config;
    this.minval = minval;
    this.maxval = maxval;
  }
  override call(shape: Shape, { dtype = floatx() }: InitializerOptions = {}): Tensor {
    return random.uniform(shape, { minval: this.minval, maxval: this.maxval, dtype, seed: this.seed });
  }
  override getConfig(): Config {
    return { ...super.getConfig(), minval: this.minval, maxval: this.maxval };
  }
}

/** A random matrix with orthonormal rows or columns times `gain`; more axes are seen as rows. Source: Saxe et al. 2014. */
export class Orthogonal extends RandomInitializer {
  static override readonly className: string = "Orthogonal";
  static override readonly module: string = "keras.initializers";
  readonly gain: number;
  constructor(config: { readonly gain?: number; readonly seed?: Seed } = {}) {
    super(config);
    const { gain = 1 } = config;
    this.gain = gain;
  }
  override call(shape: Shape, { dtype = floatx() }: InitializerOptions = {}): Tensor {
    if (shape.length < 2) {
      const todo = "Use another initializer for this weight";
      throw new ShapeError(
        complain("Orthogonal", { must: "there must be at least two axes", got: showShape(shape), todo }),
      );
    }
    const columns = shape[shape.length - 1] as number;
    const rows = sizeOf(shape.slice(0, -1));
    const draw = random.normal([Math.max(columns, rows), Math.min(columns, rows)], { dtype, seed: this.seed });
    const [q, r] = qr(draw, { fullMatrices: false });
    // The signs of the diagonal make the result evenly distributed over the orthogonal matrices.
    const even = ops.multiply(
      q,
      ops.sign(ops.sum(ops.multiply(r, ops.eye(r.shape[0] as number, { dtype })), { axis: 0 })),
    );
    return ops.multiply(
      convertToTensor(this.gain, { dtype }),
      ops.reshape(rows < columns ? ops.transpose(even) : even, shape),
    );
  }
  override getConfig(): Config {
    return { ...super.getConfig(), gain: this.gain };
  }
}

/** Axes of a kernel that count as inputs and as outputs; by default the last two, with all before as the window. */
export interface FanAxes {
  readonly inputAxes?: readonly number[] | null;
  readonly outputAxes?: readonly number[] | null;
}

/** Numbers of inputs and outputs of a weight. @example computeFans([3, 3, 8, 16]) // [72, 144] */
export function computeFans(shape: Shape, { inputAxes, outputAxes }: FanAxes = {}): [fanIn: number, fanOut: number] {
  const along = (axes: readonly number[]): number => sizeOf(axes.map((axis) => shape.at(axis) as number));
  if (inputAxes && outputAxes) return [along(inputAxes), along(outputAxes)];
  const [last = 1] = shape.slice(-1);
  if (shape.length < 2) return [last, last];
  const window = sizeOf(shape.slice(0, -2));
  return [(shape.at(-2) as number) * window, last * window];
}

type Mode = "fan_in" | "fan_out" | "fan_avg";
type Distribution = "uniform" | "truncated_normal" | "untruncated_normal";
/** Options of `VarianceScaling`. */
export interface VarianceScalingConfig extends FanAxes {
  /** Greater than 0. */
  readonly scale?: number;
  readonly mode?: Mode | "fanIn" | "fanOut" | "fanAvg";
  readonly distribution?: Distribution | "normal" | "truncatedNormal" | "untruncatedNormal";
  readonly seed?: Seed;
}

const modes: Readonly<Record<string, Mode>> = { fanin: "fan_in", fanout: "fan_out", fanavg: "fan_avg" };
const distributions: Readonly<Record<string, Distribution>> = {
  normal: "truncated_normal",
  uniform: "uniform",
  truncatednormal: "truncated_normal",
  untruncatednormal: "untruncated_normal",
};

function choose<T>(option: string, value: string, table: Readonly<Record<string, T>>): T {
  const found = table[value.replace(/_/g, "").toLowerCase()];
  if (found !== undefined) return found;
  const todo = `Use one of ${[...new Set(Object.values(table))].join(", ")}`;
  throw new ConfigError(
    complain("VarianceScaling", { must: `${option} must be a known name`, got: `"${value}"`, todo }),
  );
}

/**
 * Numbers of variance `scale / n`, where n is the number of inputs, of outputs, or their average.
 * Source: keras/src/initializers/random_initializers.py.
 * @example new initializers.VarianceScaling({ scale: 2, mode: "fan_out", seed: 1 }).call([4, 3])
 */
export class VarianceScaling extends RandomInitializer {
  static override readonly className: string = "VarianceScaling";
  static override readonly module: string = "keras.initializers";
  readonly scale: number;
  readonly mode: Mode;
  readonly distribution: Distribution;
  readonly inputAxes: readonly number[] | null;
  readonly outputAxes: readonly number[] | null;
  /** @param fixed what a named form decides */
  constructor(config: VarianceScalingConfig = {}, fixed: VarianceScalingConfig = {}) {
    super(config);
    const {
      scale = 1,
      mode = "fan_in",
      distribution = "truncated_normal",
      inputAxes,
      outputAxes,
    } = { ...config, ...fixed };
    if (!(scale > 0)) {
      throw new ConfigError(
        complain("VarianceScaling", { must: "scale must be positive", got: String(scale), todo: "Use 1 or 2" }),
      );
    }
    this.scale = scale;
    this.mode = choose("mode", mode, modes);
    this.distribution = choose("distribution", distribution, distributions);
    this.inputAxes = inputAxes ?? null;
    this.outputAxes = outputAxes ?? null;
  }
  /** The same with other axes, and with the seed already drawn. Internal. */
  withAxes(axes: FanAxes): VarianceScaling {
    const ctor = this.constructor as new (config: VarianceScalingConfig) => VarianceScaling;
    return new ctor({ ...(this.getConfig() as VarianceScalingConfig), seed: this.seed, ...axes });
  }
  override call(shape: Shape, { dtype = floatx() }: InitializerOptions = {}): Tensor {
    const [fanIn, fanOut] = computeFans(shape, this);
    const fan = this.mode === "fan_in" ? fanIn : this.mode === "fan_out" ? fanOut : (fanIn + fanOut) / 2;
    const variance = this.scale / Math.max(1, fan);
    const { seed } = this;
    if (this.distribution === "uniform") {
      const limit = Math.sqrt(3 * variance);
      return random.uniform(shape, { minval: -limit, maxval: limit, dtype, seed });
    }
    if (this.distribution === "untruncated_normal")
      return random.normal(shape, { stddev: Math.sqrt(variance), dtype, seed });
    // The constant is the standard deviation of a normal number cut off at two of them.
    return random.truncatedNormal(shape, { stddev: Math.sqrt(variance) / 0.8796256610342398, dtype, seed });
  }
  override getConfig(): Config {
    const { scale, mode, distribution, inputAxes, outputAxes } = this;
    return { ...super.getConfig(), scale, mode, distribution, inputAxes, outputAxes };
  }
}

/** Options of the named forms of `VarianceScaling`. */
export interface FanConfig extends FanAxes {
  readonly seed?: Seed;
}

// The named forms write only the seed and the axes.
abstract class Named extends VarianceScaling {
  override getConfig(): Config {
    const { seed, inputAxes, outputAxes } = super.getConfig();
    return { seed, inputAxes, outputAxes };
  }
}

/** Uniform in `+-sqrt(6 / (fanIn + fanOut))`. Source: Glorot & Bengio 2010. */
export class GlorotUniform extends Named {
  static override readonly className: string = "GlorotUniform";
  static override readonly module: string = "keras.initializers";
  constructor(config: FanConfig = {}) {
    super(config, { scale: 1, mode: "fan_avg", distribution: "uniform" });
  }
}
/** Truncated normal of variance `2 / (fanIn + fanOut)`. Source: Glorot & Bengio 2010. */
export class GlorotNormal extends Named {
  static override readonly className: string = "GlorotNormal";
  static override readonly module: string = "keras.initializers";
  constructor(config: FanConfig = {}) {
    super(config, { scale: 1, mode: "fan_avg", distribution: "truncated_normal" });
  }
}
/** Uniform in `+-sqrt(6 / fanIn)`. Source: He et al. 2015. */
export class HeUniform extends Named {
  static override readonly className: string = "HeUniform";
  static override readonly module: string = "keras.initializers";
  constructor(config: FanConfig = {}) {
    super(config, { scale: 2, mode: "fan_in", distribution: "uniform" });
  }
}
/** Truncated normal of variance `2 / fanIn`. Source: He et al. 2015. */
export class HeNormal extends Named {
  static override readonly className: string = "HeNormal";
  static override readonly module: string = "keras.initializers";
  constructor(config: FanConfig = {}) {
    super(config, { scale: 2, mode: "fan_in", distribution: "truncated_normal" });
  }
}
/** Uniform in `+-sqrt(3 / fanIn)`. Source: Klambauer et al. 2017. */
export class LecunUniform extends Named {
  static override readonly className: string = "LecunUniform";
  static override readonly module: string = "keras.initializers";
  constructor(config: FanConfig = {}) {
    super(config, { scale: 1, mode: "fan_in", distribution: "uniform" });
  }
}
/** Truncated normal of variance `1 / fanIn`. Source: Klambauer et al. 2017. */
export class LecunNormal extends Named {
  static override readonly className: string = "LecunNormal";
  static override readonly module: string = "keras.initializers";
  constructor(config: FanConfig = {}) {
    super(config, { scale: 1, mode: "fan_in", distribution: "truncated_normal" });
  }
}

/** A user's function or fixed values as an initializer. */
class Given extends Initializer {
  readonly #make: InitializerFunction;
  constructor(make: InitializerFunction) {
    super();
    this.#make = make;
  }
  override call(shape: Shape, { dtype = floatx() }: InitializerOptions = {}): Tensor {
    return this.#make(shape, { dtype });
  }
  override clone(): Initializer {
    return this;
  }
}

const table: Readonly<Record<string, SerializableClass<Initializer>>> = {
  Constant,
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  Identity,
  LecunNormal,
  LecunUniform,
  Ones,
  Orthogonal,
  RandomNormal,
  RandomUniform,
  TruncatedNormal,
  VarianceScaling,
  Zeros,
  IdentityInitializer: Identity,
  OrthogonalInitializer: Orthogonal,
  normal: RandomNormal,
  one: Ones,
  uniform: RandomUniform,
  zero: Zeros,
};

const isInitializer = (x: unknown): x is Initializer => x instanceof Initializer;

/**
 * An initializer from a name in either spelling, a config, an object, a function or a tensor of the right shape.
 * @throws ConfigError if it stands for none.
 * @example initializers.get("glorotUniform")
 */
export function get(identifier: unknown): Initializer {
  if (typeof identifier === "function") return new Given(identifier as InitializerFunction);
  if (!(identifier instanceof Tensor)) return resolveIdentifier("initializer", identifier, table, isInitializer);
  return new Given((shape, { dtype }) => {
    if (String(shape) === String(identifier.shape)) return convertToTensor(identifier, { dtype });
    const got = `${showShape(identifier.shape)} for ${showShape(shape)}`;
    throw new ShapeError(
      complain("initializer", { must: "the tensor must have the weight's shape", got, todo: "Reshape it" }),
    );
  });
}

/** The JSON form of an initializer. */
export const serialize = (initializer: Initializer): SerializedObject => serializeKerasObject(initializer);
/** The initializer that a JSON form describes. */
export const deserialize = (config: SerializedObject, customObjects: CustomObjects = {}): Initializer =>
  deserializeKerasObject(config, { customObjects }) as Initializer;
