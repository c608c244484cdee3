// Projections of weights, applied after each update. Source: keras/src/constraints/constraints.py.
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import {
  type Config,
  type CustomObjects,
  checkOptions,
  constraintOptions,
  deserializeKerasObject,
  resolveIdentifier,
  type Serializable,
  type SerializableClass,
  type SerializedObject,
  serializeKerasObject,
} from "../registry/index.ts";

/** A projection of a weight, applied after each update. */
export abstract class Constraint implements Serializable {
  static readonly className: string = "Constraint";
  static readonly module: string = "keras.constraints";
  /** @throws ConfigError for options that the class does not have. */
  constructor(config?: object) {
    checkOptions(new.target, config, [], constraintOptions);
  }
  abstract call(x: Tensor): Tensor;
  getConfig(): Config {
    return {};
  }
}

// Keeps a division by a zero norm finite; Keras' `backend.epsilon()`.
const EPSILON = 1e-7;
type Axis = number | readonly number[];
const normsOf = (x: Tensor, axis: Axis): Tensor => ops.sqrt(ops.sum(ops.square(x), { axis, keepdims: true }));
const scaled = (x: Tensor, norms: Tensor, desired: Tensor): Tensor =>
  ops.cast(x, norms.dtype).multiply(desired.divide(norms.add(EPSILON)));

/** No norm along `axis` greater than `maxValue`. @example new constraints.MaxNorm({ maxValue: 3 }) */
export class MaxNorm extends Constraint {
  static override readonly className: string = "MaxNorm";
  static override readonly module: string = "keras.constraints";
  readonly maxValue: number;
  readonly axis: Axis;
  constructor(config: { readonly maxValue?: number; readonly axis?: Axis } = {}) {
    super(config);
    const { maxValue = 2, axis = 0 } = config;
    this.maxValue = maxValue;
    this.axis = axis;
  }
  override call(x: Tensor): Tensor {
    const norms = normsOf(x, this.axis);
    return scaled(x, norms, ops.clip(norms, 0, this.maxValue));
  }
  override getConfig(): Config {
    return { maxValue: this.maxValue, axis: this.axis };
  }
}

/** No negative values. */
export class NonNeg extends Constraint {
  static override readonly className: string = "NonNeg";
  static override readonly module: string = "keras.constraints";
  override call(x: Tensor): Tensor {
    return ops.maximum(x, 0);
  }
}

/** Norms along `axis` of 1. */
export class UnitNorm extends Constraint {
  static override readonly className: string = "UnitNorm";
  static override readonly module: string = "keras.constraints";
  readonly axis: Axis;
  constructor(config: { readonly axis?: Axis } = {}) {
    super(config);
    const { axis = 0 } = config;
    this.axis = axis;
  }
  override call(x: Tensor): Tensor {
    const norms = normsOf(x, this.axis);
    return ops.cast(x, norms.dtype).divide(norms.add(EPSILON));
  }
  override getConfig(): Config {
    return { axis: this.axis };
  }
}

/** Options of `MinMaxNorm`. */
export interface MinMaxNormConfig {
  readonly minValue?: number;
  readonly maxValue?: number;
  /** How far each update moves towards the bounds, in [0, 1]. */
  readonly rate?: number;
  readonly axis?: Axis;
}

/** Norms along `axis` between `minValue` and `maxValue`. */
export class MinMaxNorm extends Constraint {
  static override readonly className: string = "MinMaxNorm";
  static override readonly module: string = "keras.constraints";
  readonly minValue: number;
  readonly maxValue: number;
  readonly rate: number;
  readonly axis: Axis;
  constructor(config: MinMaxNormConfig = {}) {
    super(config);
    const { minValue = 0, maxValue = 1, rate = 1, axis = 0 } = config;
    this.minValue = minValue;
    this.maxValue = maxValue;
    this.rate = rate;
    this.axis = axis;
  }
  override call(x: Tensor): Tensor {
    const norms = normsOf(x, this.axis);
    const inside = ops.clip(norms, this.minValue, this.maxValue).multiply(this.rate);
    return scaled(x, norms, inside.add(norms.multiply(1 - this.rate)));
  }
  override getConfig(): Config {
    return { minValue: this.minValue, maxValue: this.maxValue, rate: this.rate, axis: this.axis };
  }
}

const table: Readonly<Record<string, SerializableClass<Constraint>>> = { MaxNorm, MinMaxNorm, NonNeg, UnitNorm };
const isConstraint = (x: unknown): x is Constraint =>
  typeof x === "object" && x !== null && typeof (x as Constraint).call === "function";

/** A user's function as a constraint. */
class Given extends Constraint {
  readonly #project: (x: Tensor) => Tensor;
  constructor(project: (x: Tensor) => Tensor) {
    super();
    this.#project = project;
  }
  override call(x: Tensor): Tensor {
    return this.#project(x);
  }
}

/** A constraint from a name in either spelling, a config, an object or a function; undefined for null and undefined. */
export function get(identifier: unknown): Constraint | undefined {
  if (identifier === undefined || identifier === null) return undefined;
  if (typeof identifier === "function") return new Given(identifier as (x: Tensor) => Tensor);
  return resolveIdentifier("constraint", identifier, table, isConstraint);
}

/** The JSON form of a constraint. */
export const serialize = (constraint: Constraint): SerializedObject => serializeKerasObject(constraint);
/** The constraint that a JSON form describes. */
export const deserialize = (config: SerializedObject, customObjects: CustomObjects = {}): Constraint =>
  deserializeKerasObject(config, { customObjects }) as Constraint;
