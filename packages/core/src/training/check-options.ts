// The options of compile, fit, evaluate and predict, checked by name. The types make each list complete.
import { ConfigError, complain, ValueError } from "../errors/index.ts";
import { checkNames } from "../registry/index.ts";
import type { CompileOptions, EvaluateOptions, FitOptions, PredictOptions } from "./options.ts";

type Names<T> = Readonly<Record<keyof T, true>>;

const compile: Names<CompileOptions> = {
  optimizer: true,
  loss: true,
  lossWeights: true,
  metrics: true,
  weightedMetrics: true,
  runEagerly: true,
  stepsPerExecution: true,
  jitCompile: true,
  autoScaleLoss: true,
};
const run: Names<Pick<FitOptions, "batchSize" | "verbose" | "callbacks" | "signal" | "sink">> = {
  batchSize: true,
  verbose: true,
  callbacks: true,
  signal: true,
  sink: true,
};
const fit: Names<FitOptions> = {
  ...run,
  epochs: true,
  initialEpoch: true,
  validationSplit: true,
  validationData: true,
  validationBatchSize: true,
  validationSteps: true,
  validationFreq: true,
  shuffle: true,
  classWeight: true,
  sampleWeight: true,
  stepsPerEpoch: true,
};
const evaluate: Names<EvaluateOptions> = { ...run, sampleWeight: true, steps: true, returnDict: true };
const predict: Names<PredictOptions> = { ...run, steps: true };
const known: Readonly<Record<"compile" | "fit" | "evaluate" | "predict", object>> = { compile, fit, evaluate, predict };

/** @throws ConfigError for an unknown option, or a verbosity that does not exist. */
export function checkRunOptions(model: string, method: keyof typeof known, options: object): void {
  const where = `${model}.${method}`;
  if (typeof options !== "object" || options === null) {
    const todo = `Name them: ${method}(..., { batchSize: 32 })`;
    throw new ConfigError(
      complain(where, { must: "options must be an object", got: JSON.stringify(options) ?? "undefined", todo }),
    );
  }
  checkNames(where, options, Object.keys(known[method]));
  const { verbose = "auto" } = options as FitOptions;
  if (!(["auto", 0, 1, 2] as unknown[]).includes(verbose)) {
    const todo = "Use 0 for silence, 1 for a progress bar, 2 for one line per epoch";
    throw new ConfigError(
      complain(where, { must: 'verbose must be "auto", 0, 1 or 2', got: JSON.stringify(verbose), todo }),
    );
  }
}

/** @throws ValueError for a number of steps or epochs that is none. */
export function checkNumbers(where: string, numbers: Readonly<Record<string, number | undefined>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    const least = name === "epochs" || name === "initialEpoch" ? 0 : 1;
    if (value === undefined || (Number.isInteger(value) && value >= least)) continue;
    const must = `${name} must be a whole number from ${least} up`;
    throw new ValueError(complain(where, { must, got: String(value), todo: "Use for example 10" }));
  }
}
