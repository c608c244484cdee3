// What compile, fit, evaluate and predict may be told.
import type { Tensor } from "../graph/index.ts";
import type { OptimizerIdentifier } from "../optimizers/index.ts";
import type { ClassWeight, Data } from "./batches.ts";
import type { Callback } from "./callbacks.ts";
import type { TextSink } from "./progress-bar.ts";

/** Results of one step by name. */
export type StepLogs = Readonly<Record<string, Tensor>>;

export interface CompileOptions {
  /** Name, config or object; rmsprop by default. */
  readonly optimizer?: OptimizerIdentifier | undefined;
  /** Name, object or function; an array or object for several outputs. */
  readonly loss?: unknown;
  readonly lossWeights?: unknown;
  readonly metrics?: unknown;
  /** Metrics that see sample weights. */
  readonly weightedMetrics?: unknown;
  /** True to run each step op by op instead of as one compiled program. */
  readonly runEagerly?: boolean;
  /** Batches between two calls of the batch hooks; each is still one run of the step. */
  readonly stepsPerExecution?: number;
  /** False to run each step op by op too, as Keras on JAX does. */
  readonly jitCompile?: boolean | "auto";
  /** False to leave the optimizer of a `mixed_float16` model as it is; by default it gets a `LossScaleOptimizer` around it. */
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

/** One number, several, or all by name. */
export type Scores = number | number[] | Record<string, number>;
