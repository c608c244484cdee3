// compile, fit, evaluate, predict. Sources: keras/src/trainers/trainer.py, keras/src/backend/jax/trainer.py.
import { type HostArray, isFloat } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, StateError, warnOnce } from "../errors/index.ts";
import { literal, type Tensor } from "../graph/index.ts";
import { Mean, Metric } from "../metrics/index.ts";
import * as ops from "../ops/index.ts";
import { inferSpec, KerasTensor, type TensorLike } from "../ops/index.ts";
import * as optimizers from "../optimizers/index.ts";
import { dispose, gradients, jit, readAll, readCell, type StateCell, whenReady } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";
import {
  type Batch,
  type BatchSource,
  batchSource,
  type ClassWeight,
  type Data,
  hostArrays,
  splitLast,
  tensorsOf,
} from "./batches.ts";
import { type Callback, CallbackList, History, type Logs } from "./callbacks.ts";
import { checkRunOptions } from "./check-options.ts";
import { CompileLoss } from "./compile-loss.ts";
import { CompileMetrics } from "./compile-metrics.ts";
import type { TextSink } from "./progress-bar.ts";
import { ProgressLogger } from "./progress-logger.ts";
import { SavedLayer } from "./saved-layer.ts";

/** Results of one step by name. */
export type StepLogs = Readonly<Record<string, Tensor>>;

export interface CompileOptions {
  /** Name, config or object; rmsprop by default. */
  readonly optimizer?: optimizers.OptimizerIdentifier | undefined;
  /** Name, object or function; an array or object for several outputs. */
  readonly loss?: unknown;
  readonly lossWeights?: unknown;
  readonly metrics?: unknown;
  /** Metrics that see sample weights. */
  readonly weightedMetrics?: unknown;
  /** True to run each step op by op instead of as one compiled program. */
  readonly runEagerly?: boolean;
  /** Accepted for Keras' sake; steps run one by one. */
  readonly stepsPerExecution?: number;
  readonly jitCompile?: boolean | "auto";
  readonly autoScaleLoss?: boolean;
}

/** Options shared by runs over data. */
export interface RunOptions {
  readonly batchSize?: number;
  /** 0 silent, 1 progress bar, 2 one line per epoch; "auto" is 1. */
  readonly verbose?: "auto" | 0 | 1 | 2;
  readonly callbacks?: readonly Callback[];
  /** Stops within a step; the promise rejects with the signal's reason, finished steps stay. */
  readonly signal?: AbortSignal;
  /** Where the progress bar is written; standard output by default. */
  readonly sink?: TextSink;
}

export interface FitOptions extends RunOptions {
  readonly epochs?: number;
  readonly initialEpoch?: number;
  /** The last fraction of the samples is kept for validation. */
  readonly validationSplit?: number;
  /** `[x, y]`, `[x, y, sampleWeight]`, or a stream of batches. */
  readonly validationData?: unknown;
  readonly validationBatchSize?: number;
  readonly validationSteps?: number;
  /** Every how many epochs, or which. */
  readonly validationFreq?: number | readonly number[];
  readonly shuffle?: boolean | "batch";
  readonly classWeight?: ClassWeight;
  readonly sampleWeight?: Data;
  readonly stepsPerEpoch?: number;
}
export interface EvaluateOptions extends RunOptions {
  readonly sampleWeight?: Data;
  readonly steps?: number;
  readonly returnDict?: boolean;
}
export interface PredictOptions extends RunOptions {
  readonly steps?: number;
}

interface Compiled {
  readonly optimizer: optimizers.Optimizer;
  readonly loss: CompileLoss | undefined;
  readonly metrics: CompileMetrics | undefined;
  readonly tracker: Metric;
  readonly options: CompileOptions;
}
type Step = (x: tree.Tree<Tensor>, y: tree.Tree<Tensor> | null, sampleWeight: tree.Tree<Tensor> | null) => StepLogs;

/** The training half of a model. */
export abstract class Trainer extends SavedLayer {
  /** Set to true by a callback to end training after the current step. */
  stopTraining = false;
  #compiled: Compiled | undefined;
  #testStep: Step | undefined;
  #predictStep: ((x: tree.Tree<Tensor>) => unknown) | undefined;
  #history: History | undefined;

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
    this.#compiled = {
      optimizer: optimizers.get(options.optimizer ?? "rmsprop"),
      loss: loss === undefined || loss === null ? undefined : new CompileLoss(loss, lossWeights, this.outputNames),
      metrics:
        metrics === undefined && weightedMetrics === undefined
          ? undefined
          : new CompileMetrics(metrics, weightedMetrics, this.outputNames),
      tracker: new Mean({ name: "loss" }),
      options,
    };
    this.stopTraining = false;
    this.#testStep = undefined;
    this.#predictStep = undefined;
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
    return this.#needCompiled("optimizer").optimizer;
  }
  /** The record of the last `fit`. */
  get history(): History | undefined {
    return this.#history;
  }

  #needCompiled(what: string): Compiled {
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
    const holders = this.flattenLayers().filter((layer) => layer === this || !(layer instanceof Trainer));
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
    const { tracker, metrics, loss } = this.#needCompiled("metrics");
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
    const { optimizer, tracker } = this.#needCompiled("fit");
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
    this.#needCompiled("evaluate").tracker.updateState(loss, { sampleWeight: batchSizeOf(x) });
    return this.computeMetrics({ x, y, yPred, sampleWeight });
  }
  /** One step of prediction. */
  predictStep(x: tree.Tree<Tensor>): unknown {
    return this.invoke([x, { training: false }]);
  }

  #compiledStep(label: string, step: (batch: Batch) => StepLogs): Step {
    const plain: Step = (x, y, sampleWeight) => {
      const logs = step.call(this, { x, y: y ?? undefined, sampleWeight: sampleWeight ?? undefined });
      return Object.fromEntries(Object.entries(logs).map(([name, value]) => [name, ops.convertToTensor(value)]));
    };
    return this.#compiled?.options.runEagerly === true ? plain : jit(plain, { label: `${this.name}.${label}` });
  }

  // Everything that creates state runs once on shapes only, in Keras' order, so that seeds are drawn alike.
  #buildAll(batch: Batch): void {
    const { loss, metrics, optimizer } = this.#needCompiled("fit");
    const unbuilt = this.flattenLayers().some((layer) => !layer.built);
    if (unbuilt || metrics?.built === false || loss?.built === false) {
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

  /**
   * Trains for a number of epochs.
   * @param x arrays, tensors, nested as the model's inputs, or a stream of batches `[x, y, sampleWeight]`
   * @param y targets with as many samples; left out for streams
   * @returns the history of logs by epoch
   * @throws StateError before `compile`. @throws ShapeError if sizes do not fit.
   * @example
   * const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
   * model.compile({ optimizer: "adam", loss: "mse" });
   * const x = [[0, 1], [1, 2], [2, 3], [3, 4]];
   * const { history } = await model.fit(x, [1, 2, 3, 4], { epochs: 3, validationSplit: 0.25, verbose: 0 });
   * history.loss?.length; // 3
   */
  async fit(x: unknown, y?: unknown, options: FitOptions = {}): Promise<History> {
    const where = `${this.name}.fit`;
    checkRunOptions(this.name, "fit", options);
    this.#needCompiled("fit");
    const { epochs = 1, initialEpoch = 0, validationFreq = 1, shuffle = true, stepsPerEpoch, signal } = options;
    const { source, validation } = await this.#trainingSources(where, x, y, options, shuffle);
    const unbuilt = this.flattenLayers().some((layer) => !layer.built) || !this.#stateBuilt();
    if (unbuilt) this.#buildAll(await firstBatch(where, source));
    else if (!this.optimizer.built) this.optimizer.build(this.trainableVariables);

    const verbose = verbosity(options.verbose);
    const history = new History();
    const progress =
      verbose === 0 ? undefined : new ProgressLogger(options.sink === undefined ? {} : { sink: options.sink });
    const list = [...(options.callbacks ?? []), history, ...(progress === undefined ? [] : [progress])];
    const steps = stepsPerEpoch ?? source.numBatches;
    const callbacks = new CallbackList(list, this, { verbose, epochs, steps });
    const trainStep = this.#compiledStep("trainStep", this.trainStep);
    this.#history = history;
    this.stopTraining = false;
    const stream = new EpochStream(source, stepsPerEpoch);
    await callbacks.call("onTrainBegin");
    let logs: Logs = {};
    try {
      for (let epoch = initialEpoch; epoch < epochs && !this.stopTraining; epoch++) {
        this.resetMetrics();
        await callbacks.call("onEpochBegin", epoch);
        logs = await this.#runSteps(where, stream, trainStep, callbacks, progress, "train", signal);
        if (Number.isNaN(logs.loss)) {
          warnOnce(
            `The loss of "${this.name}" became nan. Try a lower learning rate, or check the data for nan and inf.`,
          );
        }
        if (validation !== undefined && due(epoch, validationFreq)) {
          const results = await this.#evaluate(
            `${where} (validation)`,
            validation,
            options.validationSteps,
            callbacks,
            progress,
            signal,
          );
          logs = {
            ...logs,
            ...Object.fromEntries(Object.entries(results).map(([name, value]) => [`val_${name}`, value])),
          };
        }
        await callbacks.call("onEpochEnd", epoch, logs);
      }
    } finally {
      await stream.close();
      this.optimizer.finalizeVariableValues(this.trainableVariables);
    }
    await callbacks.call("onTrainEnd", logs);
    return history;
  }

  #stateBuilt(): boolean {
    const { loss, metrics } = this.#needCompiled("fit");
    return loss?.built !== false && metrics?.built !== false;
  }

  async #trainingSources(
    where: string,
    x: unknown,
    y: unknown,
    options: FitOptions,
    shuffle: boolean | "batch",
  ): Promise<{ source: BatchSource; validation: BatchSource | undefined }> {
    const { validationSplit = 0, validationData, batchSize, classWeight, sampleWeight, stepsPerEpoch } = options;
    const common = { batchSize, steps: stepsPerEpoch, shuffle, classWeight };
    if (validationData !== undefined && validationData !== null) {
      const source = await batchSource(where, x, y, sampleWeight, common);
      const tuple = Array.isArray(validationData) ? validationData : [validationData];
      const [vx, vy, vw] = tuple as [unknown, unknown, unknown];
      const size = options.validationBatchSize ?? batchSize;
      return {
        source,
        validation: await batchSource(`${where} (validationData)`, vx, vy, vw, {
          batchSize: size,
          steps: options.validationSteps,
        }),
      };
    }
    if (validationSplit === 0)
      return { source: await batchSource(where, x, y, sampleWeight, common), validation: undefined };
    const data = await hostArrays(where, x, y, sampleWeight, undefined);
    const [train, held] = splitLast(where, data, validationSplit);
    return {
      source: await batchSource(where, train.x, train.y, train.sampleWeight, common),
      validation: await batchSource(where, held.x, held.y, held.sampleWeight, {
        batchSize: options.validationBatchSize ?? batchSize,
      }),
    };
  }

  // The steps of one epoch. One step is in flight while the next batch is made; values are read only when somebody looks.
  async #runSteps(
    where: string,
    stream: EpochStream,
    step: Step,
    callbacks: CallbackList,
    progress: ProgressLogger | undefined,
    kind: "train" | "test",
    signal: AbortSignal | undefined,
  ): Promise<Logs> {
    const [begin, end] =
      kind === "train"
        ? (["onTrainBatchBegin", "onTrainBatchEnd"] as const)
        : (["onTestBatchBegin", "onTestBatchEnd"] as const);
    const heard = callbacks.hears(end);
    let latest: StepLogs | undefined;
    let before: { readonly logs: StepLogs; readonly batch: Batch } | undefined;
    let index = 0;
    const pause = new Breather();
    for await (const batch of stream.steps()) {
      signal?.throwIfAborted();
      await callbacks.call(begin, index);
      const results = step(batch.x, batch.y ?? null, batch.sampleWeight ?? null);
      if (before !== undefined) await retire(before);
      before = { logs: results, batch };
      latest = results;
      if (heard || progress?.due === true) {
        const logs = await readLogs(results);
        if (heard) await callbacks.call(end, index, logs);
        progress?.progress(kind, index, logs);
      } else {
        progress?.progress(kind, index, {});
      }
      index++;
      await pause.maybe();
      if (this.stopTraining && kind === "train") break;
    }
    if (before !== undefined) await retire(before);
    signal?.throwIfAborted();
    if (latest === undefined) {
      const must = "the data must give at least one batch";
      throw new ShapeError(
        complain(where, { must, got: "none", todo: "Check the stream; generators can be used once only" }),
      );
    }
    return readLogs(latest);
  }

  async #evaluate(
    where: string,
    source: BatchSource,
    steps: number | undefined,
    callbacks: CallbackList,
    progress: ProgressLogger | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Logs> {
    this.#testStep ??= this.#compiledStep("testStep", this.testStep);
    this.resetMetrics();
    await callbacks.call("onTestBegin");
    const stream = new EpochStream(source, steps);
    const logs = await this.#runSteps(where, stream, this.#testStep, callbacks, progress, "test", signal);
    await stream.close();
    await callbacks.call("onTestEnd", logs);
    return logs;
  }

  /** Loss and metrics over data: one number, an array (`metricsNames` order), or an object with `returnDict`. */
  async evaluate(
    x: unknown,
    y: unknown,
    options: EvaluateOptions & { readonly returnDict: true },
  ): Promise<Record<string, number>>;
  async evaluate(x: unknown, y?: unknown, options?: EvaluateOptions): Promise<number | number[]>;
  async evaluate(
    x: unknown,
    y?: unknown,
    options: EvaluateOptions = {},
  ): Promise<number | number[] | Record<string, number>> {
    const where = `${this.name}.evaluate`;
    checkRunOptions(this.name, "evaluate", options);
    this.#needCompiled("evaluate");
    const source = await batchSource(where, x, y, options.sampleWeight, {
      batchSize: options.batchSize,
      steps: options.steps,
    });
    if (this.flattenLayers().some((layer) => !layer.built) || !this.#stateBuilt())
      this.#buildAll(await firstBatch(where, source));
    const { callbacks, progress } = this.#runCallbacks(options, options.steps ?? source.numBatches);
    const logs = await this.#evaluate(where, source, options.steps, callbacks, progress, options.signal);
    return options.returnDict === true ? { ...logs } : this.#flattenLogs(logs);
  }

  #runCallbacks(
    options: RunOptions,
    steps: number | undefined,
  ): { callbacks: CallbackList; progress: ProgressLogger | undefined } {
    const verbose = verbosity(options.verbose);
    const progress =
      verbose === 0 ? undefined : new ProgressLogger(options.sink === undefined ? {} : { sink: options.sink });
    const list = [...(options.callbacks ?? []), ...(progress === undefined ? [] : [progress])];
    return { callbacks: new CallbackList(list, this, { verbose, epochs: 1, steps }), progress };
  }

  // Metrics in the order in which Keras lists them: compiled ones first, then whatever is left by name.
  #flattenLogs(logs: Logs): number | number[] {
    const names = new Set<string>();
    for (const metric of this.metrics) if (metric.name in logs) names.add(metric.name);
    const rest = Object.keys(logs)
      .filter((name) => !names.has(name))
      .sort();
    const values = [...names, ...rest].map((name) => logs[name] as number);
    return values.length === 1 ? (values[0] as number) : values;
  }

  /** Outputs for data, batch by batch, as tensors on the host in the structure of the outputs. */
  async predict<R = Tensor>(x: unknown, options: PredictOptions = {}): Promise<R> {
    const where = `${this.name}.predict`;
    checkRunOptions(this.name, "predict", options);
    const source = await batchSource(where, x, undefined, undefined, {
      batchSize: options.batchSize,
      steps: options.steps,
    });
    const { callbacks, progress } = this.#runCallbacks(options, options.steps ?? source.numBatches);
    const step = this.#predictFunction();
    await callbacks.call("onPredictBegin");
    const stream = new EpochStream(source, options.steps);
    const parts: { readonly outputs: unknown; readonly hosts: readonly HostArray[] }[] = [];
    const pause = new Breather();
    for await (const batch of stream.steps()) {
      options.signal?.throwIfAborted();
      await callbacks.call("onPredictBatchBegin", parts.length);
      const outputs = step(batch.x);
      const flat = tree.flatten(outputs as tree.Tree<Tensor>);
      parts.push({ outputs, hosts: await readAll(flat) });
      for (const t of [...flat, ...tensorsOf(batch)]) dispose(t);
      if (callbacks.hears("onPredictBatchEnd")) {
        const hosts = (parts.at(-1) as (typeof parts)[number]).hosts;
        await callbacks.call(
          "onPredictBatchEnd",
          parts.length - 1,
          tree.packAs(outputs as tree.Tree<unknown>, hosts.map(literal)),
        );
      }
      progress?.progress("predict", parts.length - 1, {});
      await pause.maybe();
    }
    await stream.close();
    await callbacks.call("onPredictEnd");
    const [first] = parts;
    if (first === undefined) {
      throw new ShapeError(
        complain(where, { must: "there must be at least one batch", got: "none", todo: "Check the data" }),
      );
    }
    const joined = first.hosts.map((_, i) => joinRows(parts.map((part) => part.hosts[i] as HostArray)));
    return tree.packAs(first.outputs as tree.Tree<unknown>, joined.map(literal)) as R;
  }
  #predictFunction(): (x: tree.Tree<Tensor>) => unknown {
    const plain = (x: tree.Tree<Tensor>): unknown => this.predictStep(x);
    this.#predictStep ??=
      this.#compiled?.options.runEagerly === true ? plain : jit(plain, { label: `${this.name}.predictStep` });
    return this.#predictStep;
  }

  /** One training step on one batch. */
  async trainOnBatch(
    x: Data,
    y?: Data,
    options: { readonly sampleWeight?: Data; readonly classWeight?: ClassWeight; readonly returnDict?: boolean } = {},
  ): Promise<number | number[] | Record<string, number>> {
    const batch = await this.#oneBatch("trainOnBatch", x, y, options.sampleWeight, options.classWeight);
    this.#trainOnBatch ??= this.#compiledStep("trainStep", this.trainStep);
    return this.#oneStep(this.#trainOnBatch, batch, options.returnDict);
  }
  #trainOnBatch: Step | undefined;
  /** One evaluation step on one batch. */
  async testOnBatch(
    x: Data,
    y?: Data,
    options: { readonly sampleWeight?: Data; readonly returnDict?: boolean } = {},
  ): Promise<number | number[] | Record<string, number>> {
    const batch = await this.#oneBatch("testOnBatch", x, y, options.sampleWeight, undefined);
    this.#testStep ??= this.#compiledStep("testStep", this.testStep);
    return this.#oneStep(this.#testStep, batch, options.returnDict);
  }
  /** Outputs for one batch. */
  async predictOnBatch<R = Tensor>(x: Data): Promise<R> {
    return this.predict<R>(x, { batchSize: Number.MAX_SAFE_INTEGER, verbose: 0 });
  }
  async #oneBatch(
    what: string,
    x: Data,
    y: Data | undefined,
    weight: Data | undefined,
    classWeight: ClassWeight | undefined,
  ): Promise<Batch> {
    const where = `${this.name}.${what}`;
    this.#needCompiled(what);
    const source = await batchSource(where, x, y, weight, { batchSize: Number.MAX_SAFE_INTEGER, classWeight });
    const batch = await firstBatch(where, source);
    this.#buildAll(batch);
    return batch;
  }
  async #oneStep(step: Step, batch: Batch, returnDict = false): Promise<number | number[] | Record<string, number>> {
    this.resetMetrics();
    const results = step(batch.x, batch.y ?? null, batch.sampleWeight ?? null);
    const logs = await readLogs(results);
    await retire({ logs: results, batch });
    return returnDict ? { ...logs } : this.#flattenLogs(logs);
  }

  /**
   * The loss as a pure function of the model's state.
   * @returns the loss, and the values of all three kinds of variables afterwards
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
    const scope = this.statelessScope(trainable, nonTrainable);
    metricCells.forEach((cell, i) => scope.write(cell, ops.convertToTensor(metricValues[i] as TensorLike)));
    const loss = scope.run(() => this.computeLoss({ x, y, yPred, sampleWeight, training }));
    const after = (cell: StateCell): Tensor => scope.valueOf(cell) ?? readCell(cell).tensor;
    return [loss, [trainable, this.nonTrainableVariables.map(after), metricCells.map(after)]];
  }
}

const batchSizeOf = (x: tree.Tree<Tensor>): number => tree.flatten(x)[0]?.shape[0] ?? 1;
const verbosity = (verbose: RunOptions["verbose"] = "auto"): number => (verbose === "auto" ? 1 : verbose);
const due = (epoch: number, frequency: number | readonly number[]): boolean =>
  typeof frequency === "number" ? (epoch + 1) % frequency === 0 : frequency.includes(epoch + 1);

async function firstBatch(where: string, source: BatchSource): Promise<Batch> {
  for await (const batch of source.epoch()) return batch;
  throw new ShapeError(
    complain(where, { must: "the data must give at least one batch", got: "none", todo: "Check the data" }),
  );
}

async function readLogs(results: StepLogs): Promise<Logs> {
  const names = Object.keys(results).sort();
  const hosts = await readAll(names.map((name) => results[name] as Tensor));
  return Object.fromEntries(names.map((name, i) => [name, hosts[i]?.data[0] as number]));
}

// Waits for a step and frees its batch.
async function retire({ logs, batch }: { readonly logs: StepLogs; readonly batch: Batch }): Promise<void> {
  await whenReady(Object.values(logs));
  for (const tensor of tensorsOf(batch)) dispose(tensor);
}

function joinRows(parts: readonly HostArray[]): HostArray {
  const first = parts[0] as HostArray;
  if (parts.length === 1) return first;
  const rows = parts.reduce((n, part) => n + (part.shape[0] ?? 1), 0);
  const data = new (first.data.constructor as new (n: number) => typeof first.data)(
    parts.reduce((n, part) => n + part.data.length, 0),
  );
  let offset = 0;
  for (const part of parts) {
    data.set(part.data as never, offset);
    offset += part.data.length;
  }
  return { shape: [rows, ...first.shape.slice(1)], dtype: first.dtype, data };
}

/** Batches of one epoch after the other; with a number of steps the stream goes on where it stopped. */
class EpochStream {
  readonly #source: BatchSource;
  readonly #steps: number | undefined;
  #iterator: AsyncIterator<Batch> | Iterator<Batch> | undefined;

  constructor(source: BatchSource, steps: number | undefined) {
    this.#source = source;
    this.#steps = steps;
  }

  async *steps(): AsyncGenerator<Batch> {
    if (this.#steps === undefined) {
      yield* this.#source.epoch();
      return;
    }
    let restarted = false;
    for (let i = 0; i < this.#steps; ) {
      this.#iterator ??= start(this.#source.epoch());
      const next = await this.#iterator.next();
      if (next.done !== true) {
        yield next.value;
        restarted = false;
        i++;
        continue;
      }
      this.#iterator = undefined;
      if (restarted || this.#source.numBatches === undefined) {
        warnOnce("The data ran out before all steps of an epoch were done; give more, or fewer stepsPerEpoch.");
        return;
      }
      restarted = true;
    }
  }
  async close(): Promise<void> {
    await this.#iterator?.return?.();
    this.#iterator = undefined;
  }
}

function start(source: AsyncIterable<Batch> | Iterable<Batch>): AsyncIterator<Batch> | Iterator<Batch> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** Lets timers, signals and the page breathe now and then: synchronous engines never wait by themselves. */
class Breather {
  #last = performance.now();
  async maybe(): Promise<void> {
    if (performance.now() - this.#last < 30) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#last = performance.now();
  }
}
