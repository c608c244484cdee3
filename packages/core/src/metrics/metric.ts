import type { DType, Shape } from "../aval/index.ts";
import { complain, ShapeError } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { floatx, type TensorLike } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import { autoName } from "../ops/naming.ts";
import { type Config, checkOptions, metricOptions, nameOfClass, type Serializable } from "../registry/index.ts";
import { readCell } from "../transforms/index.ts";
import {
  type DTypePolicy,
  getDtypePolicy,
  getInitializer,
  StatelessScope,
  Variable,
  withNameScope,
} from "../weights/index.ts";

/** Options that every metric takes. */
export interface MetricConfig {
  readonly name?: string | null | undefined;
  /** Dtype name or policy of the state and the result; `floatx()` by default. */
  readonly dtype?: string | DTypePolicy | null | undefined;
}
/** Options of `updateState`. */
export interface UpdateOptions {
  /** A weight for each sample `[B]`, or for each value. */
  readonly sampleWeight?: TensorLike | null | undefined;
}
/** Options of `addVariable`. */
export interface MetricVariableOptions {
  readonly shape?: Shape;
  /** A number to fill it with (0 by default), a function of shape and dtype, or an initializer's name, config or object. */
  readonly initializer?: unknown;
  readonly dtype?: string;
  readonly name?: string;
}
/** A value, or several by name. */
export type MetricResult = Tensor | Readonly<Record<string, Tensor>>;

/**
 * The base of all metrics: state, how it takes in a batch, and the value that it stands for. Subclasses declare a static `className`,
 * create state with `addVariable`, and give `updateState` and `result`. Metrics assigned to fields belong to it.
 * Source: keras/src/metrics/metric.py.
 * @example
 * class Count extends metrics.Metric {
 *   static override readonly className: string = "Count";
 *   readonly total: Variable = this.addVariable({ name: "total" });
 *   override updateState(values: Tensor): void {
 *     this.total.assignAdd(values.size);
 *   }
 *   override result(): Tensor {
 *     return this.total.value;
 *   }
 * }
 */
export abstract class Metric implements Serializable {
  static readonly className: string = "Metric";
  static readonly module?: string;

  /** May be changed: `compile` calls a metric by the name under which it was asked for. */
  name: string;
  readonly dtype: DType;
  /** Whether more or less is better, for callbacks that must know. */
  readonly direction: "up" | "down" | undefined = undefined;
  readonly #own: Variable[] = [];

  constructor(config: MetricConfig = {}) {
    checkOptions(new.target, config, ["name", "dtype"], metricOptions);
    const { name, dtype } = config;
    this.name = name ?? autoName(nameOfClass(new.target));
    this.dtype = getDtypePolicy(dtype ?? floatx()).computeDtype;
  }

  /** Takes in a batch. */
  abstract updateState(...args: unknown[]): void;
  /** The value for what was taken in so far. */
  abstract result(): MetricResult;

  /** Forgets everything. */
  resetState(): void {
    for (const v of this.variables) v.assign(ops.zeros(v.shape, { dtype: v.dtype }));
  }
  /** `updateState`, then `result`. */
  apply(...args: Parameters<this["updateState"]>): ReturnType<this["result"]> {
    this.updateState(...args);
    return this.result() as ReturnType<this["result"]>;
  }

  /** Makes a variable of this metric, with its dtype. */
  addVariable({ shape = [], initializer = 0, dtype = this.dtype, name }: MetricVariableOptions = {}): Variable {
    type Start = (s: Shape, o: { readonly dtype: string }) => Tensor;
    const start: Start =
      typeof initializer === "number"
        ? (s, o) => ops.full(s, initializer, o)
        : typeof initializer === "function"
          ? (initializer as Start)
          : (s, o) => getInitializer(initializer).call(s, o);
    const options = { shape, dtype, trainable: false, ...(name === undefined ? {} : { name }) };
    const variable = withNameScope(this.name.replaceAll("/", ">"), () => new Variable(start, options));
    this.#own.push(variable);
    return variable;
  }
  /** All state: own variables, then those of metrics in fields. */
  get variables(): readonly Variable[] {
    const inner = Object.values(this).filter((x): x is Metric => x instanceof Metric);
    return [...this.#own, ...inner.flatMap((metric) => metric.variables)];
  }

  #scope(values: readonly TensorLike[]): StatelessScope {
    const { variables } = this;
    if (values.length === variables.length)
      return new StatelessScope(variables.map((v, i) => [v, values[i] as TensorLike]));
    const must = `there must be one value for each of the ${variables.length} variables`;
    throw new ShapeError(
      complain(this.name, { must, got: String(values.length), todo: "Map metric.variables to values" }),
    );
  }
  #valuesIn(scope: StatelessScope): Tensor[] {
    return this.variables.map((v) => scope.valueOf(v) ?? readCell(v).tensor);
  }
  /** `updateState` as a pure function: the new values of `variables`. @throws ShapeError if there are too few or too many values. */
  statelessUpdateState(metricVariables: readonly TensorLike[], ...args: Parameters<this["updateState"]>): Tensor[] {
    const scope = this.#scope(metricVariables);
    scope.run(() => this.updateState(...args));
    return this.#valuesIn(scope);
  }
  /** `result` as a pure function. */
  statelessResult(metricVariables: readonly TensorLike[]): ReturnType<this["result"]> {
    return this.#scope(metricVariables).run(() => this.result()) as ReturnType<this["result"]>;
  }
  /** The values of `variables` after a reset. */
  statelessResetState(): Tensor[] {
    const scope = new StatelessScope();
    scope.run(() => this.resetState());
    return this.#valuesIn(scope);
  }

  /** Constructor options that make the same metric again. Subclasses add theirs to `super.getConfig()`. */
  getConfig(): Config {
    return { name: this.name, dtype: this.dtype };
  }
  toString(): string {
    return `<${nameOfClass(this.constructor)} name=${this.name}>`;
  }
}
