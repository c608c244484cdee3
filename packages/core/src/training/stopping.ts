// Callbacks that watch a metric. Sources: keras/src/callbacks/{monitor,early_stopping,model_checkpoint}_callback.py.
import type { HostArray } from "../aval/index.ts";
import { ConfigError, complain, warnOnce } from "../errors/index.ts";
import type { Metric } from "../metrics/index.ts";
import { Callback, type Logs } from "./callbacks.ts";
import { defaultSink } from "./progress-bar.ts";

export interface MonitorConfig {
  /** Log name to watch. */
  readonly monitor?: string;
  /** `auto` takes `max` for accuracies and scores, `min` for the rest. */
  readonly mode?: "auto" | "min" | "max";
  /** Least change that counts as better. */
  readonly minDelta?: number;
}

/** Compares a logged value with the best so far. */
export abstract class MonitorCallback extends Callback {
  readonly monitor: string;
  readonly mode: "auto" | "min" | "max";
  readonly minDelta: number;
  best: number | undefined;

  constructor(config: MonitorConfig) {
    super(config);
    const { monitor = "val_loss", mode = "auto", minDelta = 0 } = config;
    if (!["auto", "min", "max"].includes(mode)) {
      throw new ConfigError(
        complain(new.target.name, {
          must: 'mode must be "auto", "min" or "max"',
          got: `"${mode}"`,
          todo: 'Use "auto"',
        }),
      );
    }
    this.monitor = monitor;
    this.mode = mode;
    this.minDelta = Math.abs(minDelta);
  }

  /** True if larger values are better. @throws ConfigError if nobody says so. */
  protected get maximizes(): boolean {
    if (this.mode !== "auto") return this.mode === "max";
    const name = this.monitor.replace(/^val_/, "");
    if (name === "loss") return false;
    // With several outputs the name of the output stands before that of the metric.
    const matches = (metric: Metric): boolean => name === metric.name || name.endsWith(`_${metric.name}`);
    const direction = this.model.metrics.find((metric) => metric.direction !== undefined && matches(metric))?.direction;
    if (direction !== undefined) return direction === "up";
    if (name.endsWith("_loss")) return false;
    const must = `it must be known whether a larger "${this.monitor}" is better`;
    throw new ConfigError(
      complain(this.constructor.name, { must, got: 'mode "auto"', todo: 'Pass mode: "min" or mode: "max"' }),
    );
  }
  protected improves(value: number, reference: number | undefined): boolean {
    const { maximizes } = this;
    if (reference === undefined) return true;
    return maximizes ? value - this.minDelta > reference : value + this.minDelta < reference;
  }
  protected valueIn(logs: Logs): number | undefined {
    const value = logs[this.monitor];
    if (value === undefined)
      warnOnce(`"${this.monitor}" is watched but not logged; there are ${Object.keys(logs).join(", ")}.`);
    return value;
  }
}

export interface EarlyStoppingConfig extends MonitorConfig {
  /** Epochs without a better value before training stops. */
  readonly patience?: number;
  readonly verbose?: number;
  /** A value that must be beaten for patience to start again. */
  readonly baseline?: number;
  readonly restoreBestWeights?: boolean;
  /** Epochs to wait before watching. */
  readonly startFromEpoch?: number;
}

/**
 * Stops when a logged value does not get better any more.
 * @example new callbacks.EarlyStopping({ monitor: "val_loss", patience: 3, restoreBestWeights: true });
 */
export class EarlyStopping extends MonitorCallback {
  static readonly className: string = "EarlyStopping";
  static readonly module: string = "keras.callbacks";
  readonly patience: number;
  readonly verbose: number;
  readonly baseline: number | undefined;
  readonly restoreBestWeights: boolean;
  readonly startFromEpoch: number;
  wait = 0;
  stoppedEpoch = 0;
  bestEpoch = 0;
  #bestWeights: readonly HostArray[] | undefined;

  constructor(config: EarlyStoppingConfig = {}) {
    super(config);
    this.patience = config.patience ?? 0;
    this.verbose = config.verbose ?? 0;
    this.baseline = config.baseline;
    this.restoreBestWeights = config.restoreBestWeights ?? false;
    this.startFromEpoch = config.startFromEpoch ?? 0;
  }

  override onTrainBegin(): void {
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.best = undefined;
    this.bestEpoch = 0;
    this.#bestWeights = undefined;
  }
  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const value = this.valueIn(logs);
    if (value === undefined || epoch < this.startFromEpoch) return;
    if (this.restoreBestWeights && this.#bestWeights === undefined) {
      this.#bestWeights = await this.model.getWeights();
      this.bestEpoch = epoch;
    }
    this.wait++;
    if (this.improves(value, this.best)) {
      this.best = value;
      this.bestEpoch = epoch;
      if (this.restoreBestWeights) this.#bestWeights = await this.model.getWeights();
      if (this.baseline === undefined || this.improves(value, this.baseline)) this.wait = 0;
      return;
    }
    if (this.wait >= this.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }
  override onTrainEnd(): void {
    if (this.stoppedEpoch > 0 && this.verbose > 0)
      defaultSink().write(`Epoch ${this.stoppedEpoch + 1}: early stopping\n`);
    if (!this.restoreBestWeights || this.#bestWeights === undefined) return;
    if (this.verbose > 0) {
      defaultSink().write(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.\n`);
    }
    this.model.setWeights(this.#bestWeights);
  }
}

export interface ModelCheckpointConfig extends MonitorConfig {
  /** May hold `{epoch}`, `{batch}` and log names, with Python's format: `model-{epoch:02d}-{val_loss:.2f}.keras`. */
  readonly filepath: string;
  readonly verbose?: number;
  readonly saveBestOnly?: boolean;
  readonly saveWeightsOnly?: boolean;
  /** `"epoch"`, or a number of batches. */
  readonly saveFreq?: "epoch" | number;
  /** The best value from an earlier run. */
  readonly initialValueThreshold?: number;
}

/**
 * Saves the model while it trains. Files are replaced whole or not at all.
 * @example new callbacks.ModelCheckpoint({ filepath: "best.keras", monitor: "val_loss", saveBestOnly: true });
 */
export class ModelCheckpoint extends MonitorCallback {
  static readonly className: string = "ModelCheckpoint";
  static readonly module: string = "keras.callbacks";
  readonly filepath: string;
  readonly verbose: number;
  readonly saveBestOnly: boolean;
  readonly saveWeightsOnly: boolean;
  readonly saveFreq: "epoch" | number;
  #batches = 0;
  #epoch = 0;

  constructor(config: ModelCheckpointConfig) {
    super(config);
    this.filepath = config.filepath;
    this.verbose = config.verbose ?? 0;
    this.saveBestOnly = config.saveBestOnly ?? false;
    this.saveWeightsOnly = config.saveWeightsOnly ?? false;
    this.saveFreq = config.saveFreq ?? "epoch";
    this.best = config.initialValueThreshold;
    const ending = this.saveWeightsOnly ? ".weights.h5" : ".keras";
    if (typeof this.filepath !== "string" || !this.filepath.endsWith(ending)) {
      const must = `filepath must end with ${ending}`;
      throw new ConfigError(
        complain("ModelCheckpoint", { must, got: JSON.stringify(this.filepath) ?? "nothing", todo: "Rename the file" }),
      );
    }
    if (this.saveFreq !== "epoch" && !(Number.isInteger(this.saveFreq) && this.saveFreq > 0)) {
      const must = 'saveFreq must be "epoch" or a positive number of batches';
      throw new ConfigError(complain("ModelCheckpoint", { must, got: String(this.saveFreq), todo: 'Use "epoch"' }));
    }
    if (config.saveFreq !== undefined && config.saveFreq !== "epoch") this.onTrainBatchEnd = this.#afterBatch;
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }
  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.saveFreq === "epoch") await this.#save(epoch, undefined, logs);
  }
  async #afterBatch(batch: number, logs: Logs): Promise<void> {
    this.#batches++;
    if (this.#batches % (this.saveFreq as number) === 0) await this.#save(this.#epoch, batch, logs);
  }

  async #save(epoch: number, batch: number | undefined, logs: Logs): Promise<void> {
    const path = fileName(this.filepath, {
      ...logs,
      epoch: epoch + 1,
      ...(batch === undefined ? {} : { batch: batch + 1 }),
    });
    let reason = "";
    if (this.saveBestOnly) {
      const value = this.valueIn(logs);
      if (value !== undefined && !this.improves(value, this.best)) {
        if (this.verbose > 0)
          defaultSink().write(`\nEpoch ${epoch + 1}: ${this.monitor} did not improve from ${this.best?.toFixed(5)}\n`);
        return;
      }
      if (value !== undefined) {
        reason = `${this.monitor} improved from ${this.best === undefined ? "None" : this.best.toFixed(5)} to ${value.toFixed(5)}, `;
        this.best = value;
      }
    }
    if (this.verbose > 0) defaultSink().write(`\nEpoch ${epoch + 1}: ${reason}saving model to ${path}\n`);
    if (this.saveWeightsOnly) await this.model.saveWeights(path);
    else await this.model.save(path);
    if (this.verbose > 0) defaultSink().write(`\nEpoch ${epoch + 1}: finished saving model to ${path}\n`);
  }
}

// Python's format fields `{name}`, `{name:02d}`, `{name:.3f}`.
function fileName(template: string, values: Readonly<Record<string, number>>): string {
  return template.replace(/\{(\w+)(?::([^}]*))?\}/g, (_, name: string, format: string | undefined) => {
    const value = values[name];
    if (value === undefined) {
      const todo = `Use one of ${Object.keys(values).join(", ")}`;
      throw new ConfigError(
        complain("ModelCheckpoint", { must: "fields of filepath must be logged", got: `{${name}}`, todo }),
      );
    }
    const fixed = /^\.(\d+)f$/.exec(format ?? "");
    if (fixed !== null) return value.toFixed(Number(fixed[1]));
    const padded = /^0?(\d+)d$/.exec(format ?? "");
    return padded === null
      ? String(value)
      : String(value).padStart(Number(padded[1]), format?.startsWith("0") ? "0" : " ");
  });
}
