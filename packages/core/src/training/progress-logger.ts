import { checkNames } from "../registry/index.ts";
import { Callback, type Logs, type RunParams } from "./callbacks.ts";
import { defaultSink, ProgressBar, type TextSink } from "./progress-bar.ts";

/** Shows fit, evaluate and predict as Keras does: `Epoch 1/10`, then one line that fills up. Source: keras/src/callbacks/progbar_logger.py. */
export class ProgressLogger extends Callback {
  readonly #sink: TextSink;
  #bar: ProgressBar | undefined;
  #target: number | undefined;
  #seen = 0;
  #insideFit = false;

  /** @param options `sink`, where it writes: an addition to Keras, for tests and browsers. */
  constructor(options: { readonly sink?: TextSink } = {}) {
    checkNames("ProgbarLogger", options, ["sink"]);
    super();
    this.#sink = options.sink ?? defaultSink();
  }

  override setParams(params: RunParams): void {
    super.setParams(params);
    this.#target = params.steps;
  }

  /** True if the values of this step will be shown. */
  isDue(kind: "train" | "test"): boolean {
    return !(kind === "test" && this.#insideFit) && (this.#bar?.due ?? false);
  }

  #begin(): void {
    this.#seen = 0;
    this.#bar = new ProgressBar({ target: this.#target, verbose: this.params.verbose, sink: this.#sink });
  }
  #step(batch: number, logs: Logs): void {
    this.#seen = batch + 1;
    this.#bar?.update(this.#seen, logs, false);
  }
  #finish(logs: Logs): void {
    this.#target ??= this.#seen;
    if (this.#bar === undefined) return;
    this.#bar.target = this.#target;
    this.#bar.update(this.#target, logs, true);
  }

  override onTrainBegin(): void {
    this.#insideFit = true;
  }
  override onEpochBegin(epoch: number): void {
    this.#begin();
    if (this.params.verbose !== 0 && this.params.epochs > 1)
      this.#sink.write(`Epoch ${epoch + 1}/${this.params.epochs}\n`);
  }
  override onEpochEnd(_epoch: number, logs: Logs): void {
    this.#finish(logs);
  }
  override onTestBegin(): void {
    if (!this.#insideFit) this.#begin();
  }
  override onTestEnd(logs: Logs): void {
    if (!this.#insideFit) this.#finish(logs);
  }
  override onPredictBegin(): void {
    this.#begin();
  }
  override onPredictEnd(): void {
    this.#finish({});
  }

  /** One step is done. Called by the loops, with values only when they will be shown. */
  progress(kind: "train" | "test" | "predict", batch: number, logs: Logs): void {
    if (kind === "test" && this.#insideFit) return;
    this.#step(batch, logs);
  }
}
