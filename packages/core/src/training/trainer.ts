// fit, evaluate, predict. Sources: keras/src/trainers/trainer.py, keras/src/backend/jax/trainer.py.
import { warnOnce } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { dispose, readAll } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";
import { type Batch, type BatchSource, type ClassWeight, type Data, tensorsOf } from "./batches.ts";
import { CallbackList, History, type Logs } from "./callbacks.ts";
import { checkNumbers, checkRunOptions } from "./check-options.ts";
import { EpochStream } from "./epoch-stream.ts";
import { due, noBatches, trainingSources } from "./fit-data.ts";
import type { EvaluateOptions, FitOptions, PredictOptions, RunOptions, Scores } from "./options.ts";
import { makePredictor, type Predictor } from "./predictor.ts";
import { ProgressLogger } from "./progress-logger.ts";
import { Breather, joined, nonFiniteWatch, type Part, readLogs, retire, runSteps, type Step } from "./run-loop.ts";
import { batchSource } from "./sources.ts";
import { StepTrainer } from "./step-trainer.ts";

interface Watchers {
  readonly callbacks: CallbackList;
  readonly progress: ProgressLogger | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The training half of a model. */
export abstract class Trainer extends StepTrainer {
  /** Set to true by a callback to end evaluation after the current step. */
  stopEvaluating = false;
  /** Set to true by a callback to end prediction after the current step. */
  stopPredicting = false;
  #history: History | undefined;

  /** The record of the last `fit`. */
  get history(): History | undefined {
    return this.#history;
  }

  /**
   * Trains for a number of epochs. Called again it goes on where it stopped.
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
    this.needCompiled("fit");
    const { epochs = 1, initialEpoch = 0, validationFreq = 1, stepsPerEpoch, validationSteps, signal } = options;
    checkNumbers(where, { epochs, initialEpoch, stepsPerEpoch, validationSteps });
    const { source, validation } = await trainingSources(where, x, y, options);
    await this.#buildFor(where, source);
    const history = new History();
    const { callbacks, progress } = this.#watchers(options, stepsPerEpoch ?? source.numBatches, epochs, [history]);
    this.#history = history;
    this.stopTraining = false;
    const step = this.stepFunction("trainStep");
    const stream = new EpochStream(source, stepsPerEpoch);
    const watch = nonFiniteWatch(this.name);
    let logs: Logs = {};
    try {
      await callbacks.call("onTrainBegin");
      for (let epoch = initialEpoch; epoch < epochs && !this.stopTraining; epoch++) {
        this.resetMetrics();
        await callbacks.call("onEpochBegin", epoch);
        const found = await this.#run(stream, step, "train", { callbacks, progress, signal }, (read) =>
          watch(epoch, read),
        );
        if (found === undefined) {
          if (epoch === initialEpoch) throw noBatches(where);
          warnOnce(
            `The data of "${this.name}" ran out, so fit stopped before epoch ${epoch + 1}. Pass a function that starts a new stream.`,
          );
          break;
        }
        watch(epoch, found);
        logs = found;
        if (validation !== undefined && due(epoch, validationFreq)) {
          const results = await this.#evaluate(`${where} (validation)`, validation, validationSteps, {
            callbacks,
            progress,
            signal,
          });
          const named = Object.entries(results).map(([name, value]) => [`val_${name}`, value] as const);
          logs = sorted({ ...logs, ...Object.fromEntries(named) });
        }
        await callbacks.call("onEpochEnd", epoch, logs);
      }
    } finally {
      if (signal?.aborted === true) stream.abandon();
      else await stream.close();
      if (epochs > 0) this.optimizer.finalizeVariableValues(this.trainableVariables);
    }
    await callbacks.call("onTrainEnd", logs);
    return history;
  }

  /** Loss and metrics over data: one number, an array (in the order of `metrics`), or an object with `returnDict`. */
  async evaluate(
    x: unknown,
    y: unknown,
    options: EvaluateOptions & { readonly returnDict: true },
  ): Promise<Record<string, number>>;
  async evaluate(x: unknown, y?: unknown, options?: EvaluateOptions): Promise<number | number[]>;
  async evaluate(x: unknown, y?: unknown, options: EvaluateOptions = {}): Promise<Scores> {
    const where = `${this.name}.evaluate`;
    checkRunOptions(this.name, "evaluate", options);
    this.needCompiled("evaluate");
    const { batchSize, steps, sampleWeight, signal, returnDict = false } = options;
    checkNumbers(where, { steps });
    const source = await batchSource(where, x, y, sampleWeight, { batchSize, steps });
    await this.#buildFor(where, source);
    const { callbacks, progress } = this.#watchers(options, steps ?? source.numBatches);
    const logs = await this.#evaluate(where, source, steps, { callbacks, progress, signal });
    return returnDict ? { ...logs } : this.#inOrder(logs);
  }

  /** Outputs for data, batch by batch, as tensors on the host in the structure of the outputs. */
  async predict<R = Tensor>(x: unknown, options: PredictOptions = {}): Promise<R> {
    const where = `${this.name}.predict`;
    checkRunOptions(this.name, "predict", options);
    const { batchSize, steps, signal } = options;
    checkNumbers(where, { steps });
    const source = await batchSource(where, x, undefined, undefined, { batchSize, steps });
    const { callbacks, progress } = this.#watchers(options, steps ?? source.numBatches);
    const step = this.predictFunction();
    const stream = new EpochStream(source, steps);
    const parts: Part[] = [];
    const every = this.compileOptions?.stepsPerExecution ?? 1;
    const tell = async (): Promise<void> => {
      const from = Math.floor((parts.length - 1) / every) * every;
      if (callbacks.hears("onPredictBatchEnd"))
        await callbacks.call("onPredictBatchEnd", from + every - 1, joined(parts.slice(from)));
      progress?.progress("predict", from + every - 1, {});
    };
    const pause = new Breather();
    this.stopPredicting = false;
    try {
      await callbacks.call("onPredictBegin");
      await stream.begin();
      for (let batch = await stream.next(signal); batch !== undefined; batch = await stream.next(signal)) {
        if (parts.length % every === 0) await callbacks.call("onPredictBatchBegin", parts.length);
        const outputs = step(batch.x);
        const flat = tree.flatten(outputs as tree.Tree<Tensor>);
        const hosts = await readAll(flat);
        parts.push({ outputs, hosts });
        for (const t of [...flat, ...tensorsOf(batch)]) dispose(t);
        if (parts.length % every === 0) await tell();
        await pause.maybe();
        if (this.stopPredicting) break;
      }
      if (parts.length % every !== 0) await tell();
    } finally {
      if (signal?.aborted === true) stream.abandon();
      else await stream.close();
    }
    await callbacks.call("onPredictEnd");
    if (parts.length === 0) throw noBatches(where);
    return joined(parts) as R;
  }

  /**
   * Prediction with the least time for each call: one compiled program with the weights of now inside, so that all that stands on
   * weights alone (batch normalisation, say) is computed once. No progress bar, no callbacks, no batches. Training goes on without it:
   * make another one for new weights. Stateful layers start each call from their state of now.
   * @param example data to compile for at once, else the first call does
   * @throws StateError if the model is not built.
   * @example
   * const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
   * const predict = await model.predictor([[0, 0]]);
   * (await predict([[1, 2]])).shape; // [1, 1]
   * predict.dispose();
   */
  predictor<R = Tensor>(example?: unknown): Promise<Predictor<R>> {
    return makePredictor<R>(this, example);
  }

  /** One training step on one batch. */
  async trainOnBatch(
    x: Data,
    y?: Data,
    options: { readonly sampleWeight?: Data; readonly classWeight?: ClassWeight; readonly returnDict?: boolean } = {},
  ): Promise<Scores> {
    const batch = await this.#oneBatch("trainOnBatch", x, y, options.sampleWeight, options.classWeight);
    return this.#oneStep(this.stepFunction("trainStep"), batch, options.returnDict);
  }
  /** One evaluation step on one batch. */
  async testOnBatch(
    x: Data,
    y?: Data,
    options: { readonly sampleWeight?: Data; readonly returnDict?: boolean } = {},
  ): Promise<Scores> {
    const batch = await this.#oneBatch("testOnBatch", x, y, options.sampleWeight, undefined);
    return this.#oneStep(this.stepFunction("testStep"), batch, options.returnDict);
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
    this.needCompiled(what);
    const source = await batchSource(where, x, y, weight, { batchSize: Number.MAX_SAFE_INTEGER, classWeight });
    const batch = await source.peek();
    if (batch === undefined) throw noBatches(where);
    this.buildAll(batch);
    return batch;
  }
  async #oneStep(step: Step, batch: Batch, returnDict = false): Promise<Scores> {
    this.resetMetrics();
    const results = step(batch);
    const logs = await readLogs(results);
    await retire({ logs: results, batch, count: 1, owned: this.#ownsResults });
    return returnDict ? { ...logs } : this.#inOrder(logs);
  }

  async #buildFor(where: string, source: BatchSource): Promise<void> {
    if (this.stateBuilt) {
      if (!this.optimizer.built) this.optimizer.build(this.trainableVariables);
      return;
    }
    const batch = await source.peek();
    if (batch === undefined) throw noBatches(where);
    this.buildAll(batch);
  }

  #watchers(
    options: RunOptions,
    steps: number | undefined,
    epochs = 1,
    more: readonly History[] = [],
  ): Omit<Watchers, "signal"> {
    const { verbose = "auto", sink, callbacks = [] } = options;
    const level = verbose === "auto" ? 1 : verbose;
    const progress = level === 0 ? undefined : new ProgressLogger(sink === undefined ? {} : { sink });
    const list = [...callbacks, ...more, ...(progress === undefined ? [] : [progress])];
    return { callbacks: new CallbackList(list, this, { verbose: level, epochs, steps }), progress };
  }

  // Steps that run op by op may give tensors that others hold, such as values of variables.
  get #ownsResults(): boolean {
    return !this.runsEagerly;
  }
  #run(
    stream: EpochStream,
    step: Step,
    kind: "train" | "test",
    watchers: Watchers,
    watch?: (logs: Logs) => void,
  ): Promise<Logs | undefined> {
    const every = this.compileOptions?.stepsPerExecution ?? 1;
    const stopped = (): boolean => (kind === "train" ? this.stopTraining : this.stopEvaluating);
    return runSteps({
      stream,
      step,
      kind,
      ...watchers,
      owned: this.#ownsResults,
      every,
      stopped,
      ...(watch === undefined ? {} : { watch }),
    });
  }

  async #evaluate(where: string, source: BatchSource, steps: number | undefined, watchers: Watchers): Promise<Logs> {
    this.stopEvaluating = false;
    const stream = new EpochStream(source, steps);
    await watchers.callbacks.call("onTestBegin");
    this.resetMetrics();
    try {
      const logs = await this.#run(stream, this.stepFunction("testStep"), "test", watchers);
      if (logs === undefined) throw noBatches(where);
      await watchers.callbacks.call("onTestEnd", logs);
      return logs;
    } finally {
      if (watchers.signal?.aborted === true) stream.abandon();
      else await stream.close();
    }
  }

  // Metrics in the order in which Keras lists them: compiled ones first, then whatever is left by name.
  #inOrder(logs: Logs): number | number[] {
    const names = new Set<string>();
    for (const metric of this.metrics) if (metric.name in logs) names.add(metric.name);
    const rest = Object.keys(logs)
      .filter((name) => !names.has(name))
      .sort();
    const values = [...names, ...rest].map((name) => logs[name] as number);
    return values.length === 1 ? (values[0] as number) : values;
  }
}

const sorted = (logs: Logs): Logs =>
  Object.fromEntries(
    Object.keys(logs)
      .sort()
      .map((name) => [name, logs[name] as number]),
  );
