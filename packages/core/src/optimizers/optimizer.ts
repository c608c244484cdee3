import type { DType, HostArray, Shape } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, StateError, showShape, warnOnce } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { convertToTensor, floatx, type TensorLike } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import { autoName } from "../ops/naming.ts";
import {
  type Config,
  checkOptions,
  isSerialized,
  nameOfClass,
  optimizerOptions,
  type Serializable,
} from "../registry/index.ts";
import { insideScope } from "../transforms/index.ts";
import { getInitializer, StatelessScope, Variable, withNameScope } from "../weights/index.ts";
import { allAtOnce } from "./all-at-once.ts";
import { clipByGlobalNorm, clipByNorm } from "./clipping.ts";
import {
  type Gradient,
  type LearningRate,
  type OptimizerConfig,
  type OptimizerVariableOptions,
  RateVariable,
} from "./optimizer-config.ts";
import { deserialize as deserializeSchedule, LearningRateSchedule } from "./schedules/index.ts";

/**
 * The base of all optimizers. Subclasses declare a static `className`, create their slots in `build` and change one variable in
 * `updateStep`. Order of a step: overwrite variables that ask for it, unscale, accumulate, clip, decay weights, update, average,
 * constrain, count. Source: keras/src/optimizers/base_optimizer.py.
 * @example
 * class Plain extends optimizers.Optimizer {
 *   static override readonly className: string = "Plain";
 *   override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
 *     variable.assignSub(gradient.multiply(learningRate));
 *   }
 * }
 */
export abstract class Optimizer implements Serializable {
  static readonly className: string = "Optimizer";
  static readonly module?: string;

  readonly name: string;
  readonly weightDecay: number | null;
  readonly clipnorm: number | null;
  readonly globalClipnorm: number | null;
  readonly clipvalue: number | null;
  readonly useEma: boolean;
  readonly emaMomentum: number;
  readonly emaOverwriteFrequency: number | null;
  lossScaleFactor: number | null;
  readonly gradientAccumulationSteps: number | null;
  built = false;

  readonly #iterations: Variable;
  #learningRate: RateVariable | LearningRateSchedule | (() => TensorLike);
  #variables: Variable[] = [];
  #trainable: readonly Variable[] = [];
  readonly #index = new Map<Variable, number>();
  #averages: readonly (Variable | null)[] = [];
  #accumulators: readonly Variable[] = [];
  #excluded: ReadonlySet<Variable> = new Set();
  #excludedNames: RegExp | null = null;
  // What one step computes once for all variables.
  #memo: Map<string, Tensor> | undefined;

  constructor(config: OptimizerConfig = {}) {
    checkOptions(new.target, config, ["learningRate"], optimizerOptions);
    const {
      name,
      learningRate = 0.001,
      weightDecay = null,
      clipnorm = null,
      globalClipnorm = null,
      clipvalue = null,
      useEma = false,
      emaMomentum = 0.99,
      emaOverwriteFrequency = null,
      lossScaleFactor = null,
      gradientAccumulationSteps = null,
    } = config;
    this.name = name ?? autoName(nameOfClass(new.target));
    this.weightDecay = weightDecay;
    this.clipnorm = clipnorm;
    this.globalClipnorm = globalClipnorm;
    this.clipvalue = clipvalue;
    this.useEma = useEma;
    this.emaMomentum = emaMomentum;
    this.emaOverwriteFrequency = emaOverwriteFrequency;
    this.lossScaleFactor = lossScaleFactor;
    this.gradientAccumulationSteps = gradientAccumulationSteps;
    this.#check();
    this.#iterations = this.track(
      withNameScope(this.name, () => new Variable(0, { name: "iteration", dtype: "int32", trainable: false })),
    );
    const rate = isSerialized(learningRate) ? deserializeSchedule(learningRate) : learningRate;
    this.#learningRate = typeof rate === "number" ? this.track(this.#rateVariable(rate)) : this.#checkedRate(rate);
  }

  #refuse(must: string, got: string, todo: string): ConfigError {
    return new ConfigError(complain(this.name, { must, got, todo }));
  }
  #check(): void {
    const { gradientAccumulationSteps: steps, emaOverwriteFrequency: every, emaMomentum, useEma } = this;
    if (steps !== null && !(Number.isInteger(steps) && steps >= 2)) {
      throw this.#refuse(
        "gradientAccumulationSteps must be a whole number, at least 2",
        String(steps),
        "Leave it out for 1",
      );
    }
    if (useEma && !(emaMomentum >= 0 && emaMomentum <= 1)) {
      throw this.#refuse("emaMomentum must be in [0, 1]", String(emaMomentum), "Use for example 0.99");
    }
    if (useEma && every !== null && !(Number.isInteger(every) && every >= 1)) {
      throw this.#refuse(
        "emaOverwriteFrequency must be a whole number, at least 1, or null",
        String(every),
        "Leave it out",
      );
    }
    const clips = Object.entries({
      clipnorm: this.clipnorm,
      clipvalue: this.clipvalue,
      globalClipnorm: this.globalClipnorm,
    });
    const set = clips.filter(([, value]) => value !== null);
    if (set.length > 1) {
      const got = set.map(([key, value]) => `${key} ${value}`).join(" and ");
      throw this.#refuse("only one of clipnorm, clipvalue and globalClipnorm can be set", got, "Choose one");
    }
  }
  #rateVariable(rate: number): RateVariable {
    if (!Number.isFinite(rate))
      throw this.#refuse("learningRate must be a finite number", String(rate), "Use for example 0.001");
    const initial = convertToTensor(rate, { dtype: floatx() });
    const number = initial.source.kind === "literal" ? (initial.source.value.data[0] as number) : rate;
    const variable = withNameScope(
      this.name,
      () => new RateVariable(initial, { name: "learning_rate", trainable: false }),
    );
    variable.number = number;
    return variable;
  }
  #checkedRate(rate: unknown): LearningRateSchedule | (() => TensorLike) {
    if (rate instanceof LearningRateSchedule || typeof rate === "function") return rate as LearningRateSchedule;
    throw this.#refuse(
      "learningRate must be a number, a schedule or a function",
      String(rate),
      "Use for example 0.001",
    );
  }
  /** Makes a variable part of the state, after those that are. */
  protected track<V extends Variable>(variable: V): V {
    this.#variables.push(variable);
    return variable;
  }

  /** All state in the order of Keras' files: iteration, learning rate (unless a schedule), then slots. */
  get variables(): readonly Variable[] {
    return [...this.#variables];
  }
  /** The variables that it was built for. */
  get trainableVariables(): readonly Variable[] {
    return this.#trainable;
  }
  /** Updates so far; with gradient accumulation a group of steps is one update. */
  get iterations(): Tensor {
    const steps = this.gradientAccumulationSteps;
    return steps === null ? this.#iterations.value : this.#iterations.value.floorDivide(steps);
  }

  /** The current rate. Set it to a number (unless a schedule decides), a schedule or a function. */
  get learningRate(): Tensor {
    const rate = this.#learningRate;
    if (rate instanceof Variable) return rate.value;
    return rate instanceof LearningRateSchedule ? rate.call(this.#iterations.value) : convertToTensor(rate());
  }
  set learningRate(rate: LearningRate | TensorLike) {
    const current = this.#learningRate;
    if (rate instanceof LearningRateSchedule || typeof rate === "function") {
      if (current instanceof Variable) this.#variables = this.#variables.filter((v) => v !== current);
      this.#learningRate = rate;
    } else if (current instanceof Variable) {
      current.assign(rate as TensorLike);
    } else {
      const got = current instanceof LearningRateSchedule ? "a schedule" : "a function";
      const todo = "Make the optimizer with a number, or set another schedule";
      throw new StateError(
        complain(this.name, { must: "the learning rate can be set only if it is a number", got, todo }),
      );
    }
  }

  /** Creates state for `variables`, once. Subclasses return early if `built`, call `super.build` and then add their slots. */
  build(variables: readonly Variable[]): void {
    if (this.built) return;
    if (this.useEma) this.#averages = this.addOptimizerVariables(variables, "average");
    variables.forEach((variable, i) => {
      this.#index.set(variable, i);
    });
    if (this.gradientAccumulationSteps !== null) {
      this.#accumulators = variables.map((v) => this.addVariableFromReference(v, "gradient_accumulator"));
    }
    this.#trainable = [...variables];
    this.built = true;
  }

  /** A variable of this optimizer's own. */
  addVariable({ shape, initializer = 0, dtype = floatx(), name }: OptimizerVariableOptions): Variable {
    type Start = (s: Shape, o: { readonly dtype: string }) => Tensor;
    const start: Start =
      typeof initializer === "number"
        ? (s, o) => ops.full(s, initializer, o)
        : typeof initializer === "function"
          ? (initializer as Start)
          : (s, o) => getInitializer(initializer).call(s, o);
    const options = { shape, dtype, trainable: false, ...(name === undefined ? {} : { name }) };
    return this.track(withNameScope(this.name, () => new Variable(start, options)));
  }
  /** A slot with the shape and dtype of a model's variable, named after its path: `dense_kernel_momentum`. */
  addVariableFromReference(reference: Variable, name = "var", initializer: unknown = 0): Variable {
    const { shape, dtype, path } = reference;
    return this.addVariable({ shape, dtype, initializer, name: `${path.replaceAll("/", "_")}_${name}` });
  }
  /** Slots for each variable; with several names one after the other for each variable, as in Keras' files. */
  addOptimizerVariables(variables: readonly Variable[], name: string, initializer?: unknown): (Variable | null)[];
  addOptimizerVariables(
    variables: readonly Variable[],
    name: readonly string[],
    initializer?: unknown,
  ): (Variable | null)[][];
  addOptimizerVariables(
    variables: readonly Variable[],
    name: string | readonly string[],
    initializer: unknown = 0,
  ): (Variable | null)[] | (Variable | null)[][] {
    const names = typeof name === "string" ? [name] : name;
    const initial = (i: number): unknown => (Array.isArray(initializer) ? initializer[i] : initializer);
    const slots: (Variable | null)[][] = names.map(() => []);
    for (const variable of variables) {
      names.forEach((slot, i) => {
        const made = variable.overwriteWithGradient ? null : this.addVariableFromReference(variable, slot, initial(i));
        (slots[i] as (Variable | null)[]).push(made);
      });
    }
    return typeof name === "string" ? (slots[0] as (Variable | null)[]) : slots;
  }
  /** The slot of `variable` in a list that `addOptimizerVariables` made. */
  protected slotOf(slots: readonly (Variable | null)[], variable: Variable): Variable {
    const slot = slots[this.#indexOf(variable)];
    if (slot) return slot;
    const todo = "Build the optimizer with this variable";
    throw new StateError(
      complain(this.name, { must: "the variable must have a slot", got: `none for "${variable.path}"`, todo }),
    );
  }
  #indexOf(variable: Variable): number {
    const i = this.#index.get(variable);
    if (i !== undefined) return i;
    const must = "an optimizer can be used only for the variables that it was built with";
    throw new StateError(
      complain(this.name, { must, got: `"${variable.path}"`, todo: "Make a new optimizer for other variables" }),
    );
  }

  /** Changes one variable (and its slots) by its gradient. */
  abstract updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void;

  /** Changes all variables. Override it for state that all of them share. */
  protected updateAll(gradients: readonly Tensor[], variables: readonly Variable[], learningRate: Tensor): void {
    variables.forEach((variable, i) => {
      this.updateStep(gradients[i] as Tensor, variable, learningRate);
    });
  }
  /** What `f` gives, computed once in each step. */
  protected once(key: string, f: () => Tensor): Tensor {
    const known = this.#memo?.get(key);
    if (known !== undefined) return known;
    const made = f();
    this.#memo?.set(key, made);
    return made;
  }
  /** The number of this update, from 1, as a float; once in each step. */
  protected stepNumber(dtype: DType, ahead = 1): Tensor {
    return this.once(`step ${ahead} ${dtype}`, () => convertToTensor(this.iterations.add(ahead), { dtype }));
  }

  /** `apply` for pairs. */
  applyGradients(gradsAndVars: Iterable<readonly [Gradient, Variable]>): void {
    const pairs = [...gradsAndVars];
    this.apply(
      pairs.map(([g]) => g),
      pairs.map(([, v]) => v),
    );
  }

  /**
   * Changes variables by their gradients; builds the optimizer if need be. Null gradients are left out with a warning.
   * @throws StateError before `build` without variables, or for unknown variables.
   * @example
   * const w = new Variable([1, 2]);
   * const loss = ops.sum(ops.square(w.value));
   * new optimizers.SGD({ learningRate: 0.25 }).apply(gradients(loss, [w]), [w]);
   * await w.value.array(); // [0.5, 1]
   */
  apply(grads: readonly Gradient[], trainableVariables?: readonly Variable[]): void {
    if (grads.length === 0) return;
    const variables = this.#known(grads, trainableVariables);
    const step = (): void => {
      this.#memo = new Map();
      try {
        this.#step(grads, variables);
      } finally {
        this.#memo = undefined;
      }
    };
    if (insideScope()) step();
    else allAtOnce(step);
  }

  #known(grads: readonly Gradient[], given: readonly Variable[] | undefined): readonly Variable[] {
    if (given === undefined && !this.built) {
      const todo = "Pass the variables too, or call optimizer.build(variables) first";
      throw new StateError(
        complain(this.name, {
          must: "an optimizer must be built before gradients come alone",
          got: "an unbuilt one",
          todo,
        }),
      );
    }
    if (given !== undefined && !this.built) this.build(given);
    const variables = given ?? this.#trainable;
    if (grads.length !== variables.length) {
      const must = `there must be one gradient for each of the ${variables.length} variables`;
      throw new ShapeError(
        complain(this.name, { must, got: String(grads.length), todo: "Pass null for those that have none" }),
      );
    }
    for (const variable of variables) this.#indexOf(variable);
    return variables;
  }

  #step(grads: readonly Gradient[], variables: readonly Variable[]): void {
    const pairs = this.#withGradient(grads, variables);
    const overwritten = pairs.filter(([, v]) => v.overwriteWithGradient);
    for (const [g, v] of overwritten) this.#overwrite(g, v);
    const rest = pairs.filter(([, v]) => !v.overwriteWithGradient);
    if (rest.length > 0) {
      const scale = this.lossScaleFactor;
      const updated = rest.map(([, v]) => v);
      this.#update(
        rest.map(([g]) => (scale === null ? g : g.divide(scale))),
        updated,
      );
      if (this.useEma) this.#average();
      for (const v of updated) if (v.constraint !== undefined) v.assign(v.constraint.call(v.value));
    }
    this.#iterations.assignAdd(1);
  }

  #withGradient(grads: readonly Gradient[], variables: readonly Variable[]): (readonly [Tensor, Variable])[] {
    const pairs = variables.flatMap((v, i) => {
      const g = grads[i];
      return g === null || g === undefined ? [] : [[g, v] as const];
    });
    const missing = variables.filter((_, i) => !grads[i]).map((v) => v.path);
    if (pairs.length === 0) {
      const todo = "Check that the loss depends on the variables";
      throw new StateError(complain(this.name, { must: "some variable must have a gradient", got: "none", todo }));
    }
    if (missing.length > 0)
      warnOnce(`${this.name}: no gradients for ${missing.join(", ")}. Does the loss depend on them?`);
    return pairs;
  }

  get #isUpdate(): Tensor {
    const steps = this.gradientAccumulationSteps ?? 1;
    return this.once("is update", () => this.#iterations.value.add(1).mod(steps).equal(0));
  }

  #overwrite(g: Tensor, v: Variable): void {
    if (this.gradientAccumulationSteps === null) {
      v.assign(g);
      return;
    }
    const accumulator = this.#accumulators[this.#indexOf(v)] as Variable;
    const most = ops.maximum(g, accumulator.value);
    v.assign(ops.where(this.#isUpdate, most, v.value));
    accumulator.assign(ops.where(this.#isUpdate, ops.zerosLike(g), most));
  }

  #update(grads: readonly Tensor[], variables: readonly Variable[]): void {
    if (this.gradientAccumulationSteps === null) {
      this.#clipDecayUpdate(grads, variables);
      return;
    }
    // Everything is computed at each step, and chosen at the end: one program, without branches.
    const steps = this.gradientAccumulationSteps;
    const isUpdate = this.#isUpdate;
    const state = [...variables, ...this.#variables];
    const before = state.map((v) => v.value);
    const accumulators = variables.map((v) => this.#accumulators[this.#indexOf(v)] as Variable);
    const sums = grads.map((g, i) => g.add((accumulators[i] as Variable).value));
    const means = sums.map((sum, i) => ops.where(isUpdate, sum.divide(steps), grads[i] as Tensor));
    this.#clipDecayUpdate(means, variables);
    state.forEach((v, i) => {
      const [old, now] = [before[i] as Tensor, v.value];
      if (old !== now) v.assign(ops.where(isUpdate, now, old));
    });
    accumulators.forEach((accumulator, i) => {
      const sum = sums[i] as Tensor;
      accumulator.assign(ops.where(isUpdate, ops.zerosLike(sum), sum));
    });
  }

  #clipDecayUpdate(grads: readonly Tensor[], variables: readonly Variable[]): void {
    const clipped = this.#clip(grads);
    const learningRate = this.once("learning rate", () => this.learningRate);
    const decay = this.weightDecay;
    if (decay !== null) {
      for (const v of variables) {
        if (!this.#decays(v)) continue;
        const rate = convertToTensor(learningRate, { dtype: v.dtype });
        v.assign(v.value.subtract(v.value.multiply(decay).multiply(rate)));
      }
    }
    this.updateAll(clipped, variables, learningRate);
  }

  #clip(grads: readonly Tensor[]): readonly Tensor[] {
    const { clipnorm, globalClipnorm, clipvalue } = this;
    if (clipnorm !== null && clipnorm > 0) return grads.map((g) => clipByNorm(g, clipnorm));
    if (globalClipnorm !== null && globalClipnorm > 0) return clipByGlobalNorm(grads, globalClipnorm);
    if (clipvalue !== null && clipvalue > 0) return grads.map((g) => ops.clip(g, -clipvalue, clipvalue));
    return grads;
  }

  /** Leaves variables out of weight decay: those in `varList`, and those whose name has one of `varNames` in it. */
  excludeFromWeightDecay({
    varList = [],
    varNames = [],
  }: {
    readonly varList?: readonly Variable[];
    readonly varNames?: readonly string[];
  }): void {
    this.#excluded = new Set(varList);
    this.#excludedNames = varNames.length > 0 ? new RegExp(varNames.join("|")) : null;
  }
  #decays(variable: Variable): boolean {
    return !this.#excluded.has(variable) && !(this.#excludedNames?.test(variable.name) ?? false);
  }

  #average(): void {
    const { iterations, emaMomentum, emaOverwriteFrequency: every } = this;
    const later = iterations.notEqual(0);
    this.#trainable.forEach((v, i) => {
      const average = this.#averages[i];
      if (!average) return;
      const momentum = convertToTensor(later, { dtype: v.dtype }).multiply(emaMomentum);
      average.assign(momentum.multiply(average.value).add(ops.subtract(1, momentum).multiply(v.value)));
    });
    if (every === null) return;
    const overwrite = iterations.add(1).mod(every).equal(0);
    this.#trainable.forEach((v, i) => {
      const average = this.#averages[i];
      if (average) v.assign(ops.where(overwrite, average.value, v.value));
    });
  }

  /** What ends training: with `useEma` the variables get their averages. */
  finalizeVariableValues(variables: readonly Variable[]): void {
    if (!this.useEma) return;
    for (const variable of variables) {
      const average = this.#averages[this.#indexOf(variable)];
      if (average) variable.assign(average.value);
    }
  }

  /** The loss times `lossScaleFactor`, before gradients are taken. */
  scaleLoss(loss: Tensor): Tensor {
    return this.lossScaleFactor === null ? loss : loss.multiply(this.lossScaleFactor);
  }

  /**
   * `apply` as a pure function: nothing changes.
   * @param optimizerVariables values for `variables` @param trainableVariables values for those that it was built with
   * @returns the new values of both
   */
  statelessApply(
    optimizerVariables: readonly TensorLike[],
    grads: readonly Gradient[],
    trainableVariables: readonly TensorLike[],
  ): [trainable: Tensor[], optimizer: Tensor[]] {
    if (!this.built) {
      const todo = "Call optimizer.build(trainableVariables)";
      throw new StateError(
        complain(this.name, {
          must: "the optimizer must be built before a stateless call",
          got: "an unbuilt one",
          todo,
        }),
      );
    }
    const pair = (
      what: string,
      cells: readonly Variable[],
      values: readonly TensorLike[],
    ): [Variable, TensorLike][] => {
      if (cells.length === values.length) return cells.map((cell, i) => [cell, values[i] as TensorLike]);
      const must = `there must be one value for each of the ${cells.length} ${what} variables`;
      throw new ShapeError(complain(this.name, { must, got: String(values.length), todo: "Pass them in order" }));
    };
    const trainable = pair("trainable", this.#trainable, trainableVariables);
    const scope = new StatelessScope([...trainable, ...pair("optimizer", this.variables, optimizerVariables)]);
    scope.run(() => this.apply(grads));
    const valuesOf = (cells: readonly Variable[]): Tensor[] => cells.map((cell) => scope.valueOf(cell) as Tensor);
    return [valuesOf(this.#trainable), valuesOf(this.variables)];
  }

  /** The values of `variables`, in order. */
  async getWeights(): Promise<HostArray[]> {
    return Promise.all(this.variables.map((v) => v.host()));
  }
  /** Sets all variables. @throws StateError before `build`. @throws ShapeError if number or shapes differ. */
  setWeights(values: readonly TensorLike[]): void {
    if (!this.built) {
      const todo = "Call optimizer.build(trainableVariables)";
      throw new StateError(
        complain(this.name, {
          must: "the optimizer must be built before its weights are set",
          got: "an unbuilt one",
          todo,
        }),
      );
    }
    const ready = values.map((value, i) => convertToTensor(value, { dtype: this.variables[i]?.dtype }));
    if (ready.length !== this.variables.length) {
      const must = `there must be one value for each of the ${this.variables.length} variables`;
      throw new ShapeError(
        complain(this.name, { must, got: String(ready.length), todo: "Pass them in the order of optimizer.variables" }),
      );
    }
    ready.forEach((x, i) => {
      const { shape, path } = this.variables[i] as Variable;
      if (String(shape) === String(x.shape)) return;
      const got = `${showShape(x.shape)} for "${path}" of shape ${showShape(shape)}`;
      throw new ShapeError(
        complain(this.name, { must: "values must have the shapes of the variables", got, todo: "Check their order" }),
      );
    });
    this.variables.forEach((v, i) => {
      v.assign(ready[i] as Tensor);
    });
  }

  #options(): Config {
    const { name, weightDecay, clipnorm, globalClipnorm, clipvalue, useEma, emaMomentum } = this;
    const { emaOverwriteFrequency, lossScaleFactor, gradientAccumulationSteps } = this;
    return {
      ...{ name, learningRate: null, weightDecay, clipnorm, globalClipnorm, clipvalue, useEma, emaMomentum },
      ...{ emaOverwriteFrequency, lossScaleFactor, gradientAccumulationSteps },
    };
  }
  /** Constructor options that make the same optimizer again. Subclasses add theirs to `super.getConfig()`. */
  getConfig(): Config {
    const rate = this.#learningRate;
    return { ...this.#options(), learningRate: rate instanceof RateVariable ? rate.number : rate };
  }
}
