// How a model was compiled, and what one step of training, evaluation and prediction does.
// Sources: keras/src/trainers/trainer.py, keras/src/backend/jax/trainer.py.
import { type Aval, isFloat } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, StateError, warnOnce } from "../errors/index.ts";
import { placeholder, type Tensor } from "../graph/index.ts";
import { Mean, Metric } from "../metrics/index.ts";
import * as ops from "../ops/index.ts";
import { inferSpec, KerasTensor, type TensorLike } from "../ops/index.ts";
import * as optimizers from "../optimizers/index.ts";
import { allOrNothing, gradients, jit, readCell, type StateCell, type Traced, trace } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";
import type { Batch } from "./batches.ts";
import { checkRunOptions } from "./check-options.ts";
import { CompileLoss } from "./compile-loss.ts";
import { CompileMetrics } from "./compile-metrics.ts";
import type { CompileOptions, StepLogs } from "./options.ts";
import { Pace } from "./pace.ts";
import type { Step } from "./run-loop.ts";
import { SavedLayer } from "./saved-layer.ts";

interface Compiled {
  readonly optimizer: optimizers.Optimizer;
  /** As it was given, without a loss scale around it. */
  readonly givenOptimizer: optimizers.Optimizer;
  readonly loss: CompileLoss | undefined;
  readonly metrics: CompileMetrics | undefined;
  readonly tracker: Metric;
  readonly options: CompileOptions;
}
type StepArguments = readonly [
  x: tree.Tree<Tensor>,
  y: tree.Tree<Tensor> | null,
  sampleWeight: tree.Tree<Tensor> | null,
];
type PlainStep = (...args: StepArguments) => StepLogs;
/** A traced step, and what it took as fixed. */
interface Made<S> {
  readonly signature: readonly unknown[];
  readonly step: S;
}

/** The part of a model that knows what a step is. */
export abstract class StepTrainer extends SavedLayer {
  /** Set to true by a callback to end training after the current step. */
  stopTraining = false;
  #compiled: Compiled | undefined;
  readonly #steps = new Map<string, Made<unknown>>();

  /** Names of the outputs, if they are known. */
  get outputNames(): readonly string[] | undefined {
    return undefined;
  }

  /**
   * Says how to train: optimizer, loss, metrics.
   * @example
   * const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
   * model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
   */
  compile(options: CompileOptions = {}): void {
    checkRunOptions(this.name, "compile", options);
    const { loss, lossWeights, metrics, weightedMetrics } = options;
    const givenOptimizer = optimizers.get(options.optimizer ?? "rmsprop");
    this.#compiled = {
      optimizer: this.#scaled(givenOptimizer, options.autoScaleLoss ?? true),
      givenOptimizer,
      loss: loss === undefined || loss === null ? undefined : new CompileLoss(loss, lossWeights, this.outputNames),
      metrics:
        metrics === undefined && weightedMetrics === undefined
          ? undefined
          : new CompileMetrics(metrics, weightedMetrics, this.outputNames),
      tracker: new Mean({ name: "loss" }),
      options,
    };
    this.stopTraining = false;
    this.#steps.clear();
  }
  // Small gradients vanish in float16: with that policy the loss is scaled.
  #scaled(optimizer: optimizers.Optimizer, auto: boolean): optimizers.Optimizer {
    const isScaled = optimizer instanceof optimizers.LossScaleOptimizer;
    if (!auto || isScaled || this.dtypePolicy.name !== "mixed_float16") return optimizer;
    return new optimizers.LossScaleOptimizer({ innerOptimizer: optimizer, name: "loss_scale_optimizer" });
  }
  get compiled(): boolean {
    return this.#compiled !== undefined;
  }
  /** What `compile` was given. */
  get compileOptions(): CompileOptions | undefined {
    return this.#compiled?.options;
  }
  /** @throws StateError before `compile`. */
  get optimizer(): optimizers.Optimizer {
    return this.needCompiled("optimizer").optimizer;
  }

  /** The optimizer as `compile` was given it, which is what files say. Internal. */
  protected get givenOptimizer(): optimizers.Optimizer {
    return this.needCompiled("optimizer").givenOptimizer;
  }

  /** What `compile` made. @throws StateError before it. */
  protected needCompiled(what: string): Compiled {
    if (this.#compiled !== undefined) return this.#compiled;
    const todo = 'Call model.compile({ optimizer: "adam", loss: "mse" })';
    throw new StateError(
      complain(`${this.name}.${what}`, { must: "the model must be compiled first", got: "an uncompiled model", todo }),
    );
  }

  /** Loss tracker, compiled metrics, losses of single outputs, then metrics of the model and its layers. */
  get metrics(): readonly Metric[] {
    const { tracker, metrics, loss } = this.#compiled ?? {};
    return [
      ...(tracker === undefined ? [] : [tracker]),
      ...(metrics?.metrics ?? []),
      ...(loss?.metrics ?? []),
      ...this.#ownMetrics(),
    ];
  }
  #ownMetrics(): Metric[] {
    const holders = this.flattenLayers().filter((layer) => layer === this || !(layer instanceof StepTrainer));
    return holders.flatMap((layer) => layer.assignedValues().filter((x): x is Metric => x instanceof Metric));
  }
  get metricsVariables(): readonly StateCell[] {
    return this.metrics.flatMap((metric) => metric.variables);
  }
  resetMetrics(): void {
    for (const metric of this.metrics) metric.resetState();
  }

  /** The scalar that training makes small: the compiled loss plus penalties. Override for your own. */
  computeLoss({
    y,
    yPred,
    sampleWeight,
  }: {
    readonly x: tree.Tree<Tensor>;
    readonly y: tree.Tree<Tensor> | undefined;
    readonly yPred: tree.Tree<Tensor>;
    readonly sampleWeight: tree.Tree<Tensor> | undefined;
    readonly training: boolean;
  }): Tensor {
    const compiled = this.#compiled?.loss;
    const parts: Tensor[] = [];
    if (compiled !== undefined) {
      if (y === undefined) {
        const must = "there must be targets for the compiled loss";
        throw new ShapeError(complain(this.name, { must, got: "no y", todo: "Pass y, or compile without a loss" }));
      }
      parts.push(compiled.apply(y, yPred, sampleWeight));
    }
    for (const loss of this.losses) parts.push(ops.sum(isFloat(loss.dtype) ? loss : ops.cast(loss, ops.floatx())));
    if (parts.length === 0) {
      const must = "there must be a loss to compute";
      throw new ConfigError(
        complain(this.name, { must, got: "none", todo: "Pass loss to compile, or call addLoss in a layer" }),
      );
    }
    return parts.reduce((sum, part) => sum.add(part));
  }

  /** Updates the compiled metrics and gives all results. Override for your own. */
  computeMetrics({
    y,
    yPred,
    sampleWeight,
  }: {
    readonly x: tree.Tree<Tensor>;
    readonly y: tree.Tree<Tensor> | undefined;
    readonly yPred: tree.Tree<Tensor>;
    readonly sampleWeight: tree.Tree<Tensor> | undefined;
  }): StepLogs {
    if (y !== undefined) this.#compiled?.metrics?.updateState(y, yPred, sampleWeight);
    return this.getMetricsResult();
  }
  /** Current results of all metrics by name. */
  getMetricsResult(): StepLogs {
    const { tracker, metrics, loss } = this.needCompiled("metrics");
    const results: Record<string, Tensor> = { [tracker.name]: tracker.result() as Tensor };
    if (metrics?.built) Object.assign(results, metrics.result());
    for (const metric of [...(loss?.metrics ?? []), ...this.#ownMetrics()]) {
      const result = metric.result();
      if (tree.isBranch(result)) Object.assign(results, result);
      else results[metric.name] = result as Tensor;
    }
    return results;
  }

  /** One step of training, as a traceable function: forward, loss, gradients, update, metrics. Override for your own loop body. */
  trainStep({ x, y, sampleWeight }: Batch): StepLogs {
    const yPred = this.invoke([x, { training: true }]) as tree.Tree<Tensor>;
    const loss = this.computeLoss({ x, y, yPred, sampleWeight, training: true });
    const { optimizer, tracker } = this.needCompiled("fit");
    const weights = this.trainableVariables;
    if (weights.length > 0) optimizer.apply(gradients(optimizer.scaleLoss(loss), weights), weights);
    else warnOnce(`"${this.name}" has no trainable weights: fit changes nothing.`);
    tracker.updateState(loss, { sampleWeight: batchSizeOf(x) });
    return this.computeMetrics({ x, y, yPred, sampleWeight });
  }
  /** One step of evaluation. */
  testStep({ x, y, sampleWeight }: Batch): StepLogs {
    const yPred = this.invoke([x, { training: false }]) as tree.Tree<Tensor>;
    const loss = this.computeLoss({ x, y, yPred, sampleWeight, training: false });
    this.needCompiled("evaluate").tracker.updateState(loss, { sampleWeight: batchSizeOf(x) });
    return this.computeMetrics({ x, y, yPred, sampleWeight });
  }
  /** One step of prediction. */
  predictStep(x: tree.Tree<Tensor>): unknown {
    return this.invoke([x, { training: false }]);
  }

  /** A step as one compiled program, kept until `compile` or until something that it took as fixed is changed. */
  protected stepFunction(label: "trainStep" | "testStep"): Step {
    const make = (): Step => {
      const plain: PlainStep = (x, y, sampleWeight) => {
        const logs = this[label]({ x, y: y ?? undefined, sampleWeight: sampleWeight ?? undefined });
        return Object.fromEntries(Object.entries(logs).map(([name, value]) => [name, ops.convertToTensor(value)]));
      };
      const given = ({ x, y, sampleWeight }: Batch): StepArguments => [x, y ?? null, sampleWeight ?? null];
      if (this.runsEagerly) return (batch) => allOrNothing(() => plain(...given(batch)));
      const step = jit(plain, { label: `${this.name}.${label}` });
      if (!this.flattenLayers().every((layer) => layer.runsInLoops)) return (batch) => step(...given(batch));
      return Object.assign((batch: Batch) => step(...given(batch)), {
        many: (count: number, stacked: Batch) => step.many(count, ...given(stacked)),
        pace: new Pace(),
      });
    };
    return this.#kept(label, make);
  }
  /**
   * A step of training as a graph, for those who write it elsewhere: its results are the logs, by `names`. Makes state that is not
   * there yet. Unknown sizes are `samples`. Internal.
   */
  traceTrainStep(
    x: tree.Tree<KerasTensor>,
    y: tree.Tree<KerasTensor>,
    samples: number,
  ): { readonly traced: Traced; readonly names: readonly string[] } {
    const [inputs, targets] = [tree.flatten<KerasTensor>(x), tree.flatten<KerasTensor>(y)];
    const avals = [...inputs, ...targets].map(
      ({ shape, dtype }): Aval => ({ dtype, shape: shape.map((n) => n ?? samples) }),
    );
    const batchOf = (tensors: readonly Tensor[]): Batch => ({
      x: tree.packAs(x, tensors.slice(0, inputs.length)),
      y: tree.packAs(y, tensors.slice(inputs.length)),
      sampleWeight: undefined,
    });
    this.buildAll(batchOf(avals.map(placeholder)));
    let names: readonly string[] = [];
    const traced = trace((...tensors) => {
      const logs = this.trainStep(batchOf(tensors));
      names = Object.keys(logs);
      return Object.values(logs).map((value) => ops.convertToTensor(value));
    }, avals);
    return { traced, names };
  }
  protected predictFunction(): (x: tree.Tree<Tensor>) => unknown {
    const plain = (x: tree.Tree<Tensor>): unknown => this.predictStep(x);
    return this.#kept("predictStep", () =>
      this.runsEagerly ? plain : jit(plain, { label: `${this.name}.predictStep` }),
    );
  }
  /** True if steps run op by op: as Keras on JAX, also with `jitCompile: false`. */
  protected get runsEagerly(): boolean {
    const { runEagerly, jitCompile } = this.#compiled?.options ?? {};
    return runEagerly === true || jitCompile === false;
  }
  #kept<S>(label: string, make: () => S): S {
    const layers = this.flattenLayers();
    const signature = [
      ...layers,
      ...layers.map((layer) => layer.trainable),
      ...this.trainableVariables,
      this.#compiled?.optimizer.variables.length,
    ];
    const known = this.#steps.get(label) as Made<S> | undefined;
    if (known?.signature.length === signature.length && signature.every((x, i) => x === known.signature[i]))
      return known.step;
    const step = make();
    this.#steps.set(label, { signature, step });
    return step;
  }

  /** Creates all state: runs once on shapes only, in Keras' order, so that seeds are drawn alike. */
  protected buildAll(batch: Batch): void {
    const { loss, metrics, optimizer } = this.needCompiled("fit");
    if (!this.stateBuilt) {
      const symbol = (t: Tensor): KerasTensor => new KerasTensor(t.shape, { dtype: t.dtype });
      const x = tree.map(batch.x, symbol);
      const y = batch.y === undefined ? null : tree.map(batch.y, symbol);
      inferSpec(
        (xs, ys) => {
          const yPred = this.invoke([xs, { training: false }]) as tree.Tree<Tensor>;
          if (ys !== null) {
            metrics?.build(ys as tree.Tree<Tensor>, yPred);
            loss?.build(ys as tree.Tree<Tensor>, yPred);
          }
          return [];
        },
        [x, y],
      );
    }
    if (!optimizer.built) optimizer.build(this.trainableVariables);
  }

  /** True if layers, metrics and losses have their variables. */
  protected get stateBuilt(): boolean {
    const { loss, metrics } = this.#compiled ?? {};
    return loss?.built !== false && metrics?.built !== false && this.flattenLayers().every((layer) => layer.built);
  }

  /**
   * The loss as a pure function of the model's state.
   * @param trainable values for `trainableVariables` @param nonTrainable values for `nonTrainableVariables`
   * @param metricValues values for `metricsVariables`
   * @returns the loss, and the values of all three kinds of variables afterwards
   * @throws ShapeError if there are too few or too many values.
   */
  statelessComputeLoss(
    trainable: readonly TensorLike[],
    nonTrainable: readonly TensorLike[],
    metricValues: readonly TensorLike[],
    {
      x,
      y,
      yPred,
      sampleWeight,
      training = true,
    }: {
      readonly x: tree.Tree<Tensor>;
      readonly y?: tree.Tree<Tensor>;
      readonly yPred: tree.Tree<Tensor>;
      readonly sampleWeight?: tree.Tree<Tensor>;
      readonly training?: boolean;
    },
  ): [loss: Tensor, variables: [trainable: readonly TensorLike[], nonTrainable: Tensor[], metrics: Tensor[]]] {
    const metricCells = this.metricsVariables;
    if (metricCells.length !== metricValues.length) {
      const must = `there must be one value for each of the ${metricCells.length} metric variables`;
      const todo = "Map model.metricsVariables to values";
      throw new ShapeError(
        complain(`${this.name}.statelessComputeLoss`, { must, got: String(metricValues.length), todo }),
      );
    }
    const scope = this.statelessScope(trainable, nonTrainable);
    metricCells.forEach((cell, i) => scope.write(cell, ops.convertToTensor(metricValues[i] as TensorLike)));
    const loss = scope.run(() => this.computeLoss({ x, y, yPred, sampleWeight, training }));
    const after = (cell: StateCell): Tensor => scope.valueOf(cell) ?? readCell(cell).tensor;
    return [loss, [trainable, this.nonTrainableVariables.map(after), metricCells.map(after)]];
  }
}

const batchSizeOf = (x: tree.Tree<Tensor>): number => tree.flatten(x)[0]?.shape[0] ?? 1;
