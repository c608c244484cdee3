// Trains a twin of a Keras model from the same seed and compares it step by step.
import { callbacks, type Model, random, setRandomSeed, type Tensor } from "@keras-ts/core";
import type { HostArray } from "@keras-ts/core/backend";
import { readGoldens } from "../goldens/case.ts";
import { expectStored, type Stored } from "../goldens/stored.ts";
import { type CurveName, curves } from "./curve-models.ts";

interface Digest {
  readonly path: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly sum: number;
  readonly first: Stored;
}
type Logs = Readonly<Record<string, number>>;
/** One model of curves.json. */
export interface CurveGolden {
  readonly name: string;
  readonly seed: number;
  readonly rows: number;
  readonly options: { readonly batch_size: number; readonly epochs: number; readonly validation_split?: number };
  readonly data: { readonly first_x: Stored; readonly first_y: Stored; readonly x_sum: number; readonly y_sum: number };
  readonly initial: readonly Digest[];
  readonly batch_loss: readonly number[];
  readonly epochs: readonly Logs[];
  readonly final: readonly Digest[];
  readonly next_draws: { readonly python: number; readonly numpy: readonly number[] };
  readonly predictions: Stored;
  readonly evaluate: Logs;
}

/** The curves of real Keras. */
export const curveGoldens = (): readonly CurveGolden[] =>
  (readGoldens("curves") as { readonly cases: readonly CurveGolden[] }).cases;

/** How far losses, and anything computed from trained weights, may be off. */
export const CURVE_TOLERANCE = 1e-4;
// One sample of an epoch that fell on the other side of a tie.
const ACCURACY_TOLERANCE = 4e-3;

class Recorder extends callbacks.Callback {
  readonly losses: number[] = [];
  readonly epochs: Logs[] = [];
  readonly #rows: number;
  readonly #batch: number;
  #seen = 0;
  #total = 0;
  constructor(rows: number, batch: number) {
    super();
    this.#rows = rows;
    this.#batch = batch;
  }
  override onEpochBegin(): void {
    [this.#seen, this.#total] = [0, 0];
  }
  // The loss of one batch, worked out from two running means.
  override onTrainBatchEnd(_: number, logs: Logs): void {
    const size = Math.min(this.#batch, this.#rows - this.#seen);
    this.#seen += size;
    const total = (logs["loss"] as number) * this.#seen;
    this.losses.push((total - this.#total) / size);
    this.#total = total;
  }
  override onEpochEnd(_: number, logs: Logs): void {
    this.epochs.push({ ...logs });
  }
}

/** What a training run did. */
export interface CurveResult {
  /** One loss a batch. */
  readonly losses: readonly number[];
  /** The largest difference from Keras' loss of a batch. */
  readonly worst: number;
}

function near(what: string, got: number | undefined, want: number, tolerance: number): void {
  if (got !== undefined && Math.abs(got - want) <= tolerance * Math.max(1, Math.abs(want))) return;
  throw new Error(`${what}: must be ${want}, got ${got}`);
}

function expectLogs(where: string, got: Logs, want: Logs): void {
  for (const [key, value] of Object.entries(want)) {
    near(`${where}, ${key}`, got[key], value, key.includes("accuracy") ? ACCURACY_TOLERANCE : CURVE_TOLERANCE);
  }
}

async function expectWeights(what: string, model: Model, digests: readonly Digest[], tolerance: number): Promise<void> {
  const values: readonly HostArray[] = await Promise.all(model.variables.map((cell) => cell.tensor.host()));
  near(`${what}: number of variables`, values.length, digests.length, 0);
  for (const [i, { path, shape, dtype, sum, first }] of digests.entries()) {
    const { data, ...aval } = values[i] as HostArray;
    const head: HostArray = { shape: first.shape, dtype: aval.dtype, data: data.slice(0, first.data.length) };
    near(`${what}: rank of ${path}`, aval.shape.length, shape.length, 0);
    expectStored(`${what}: ${path}`, head, { ...first, dtype }, { relative: { float32: tolerance }, scale: 1 });
    let total = 0;
    for (const value of data) total += value;
    near(`${what}: sum of ${path}`, total, sum, tolerance * Math.max(10, data.length));
  }
}

/**
 * Trains the twin of one Keras model on the current engine, from Keras' seed, and compares initial weights, the loss of each batch and
 * the logs of each epoch; after all epochs also the trained weights, predictions, scores, and the random draws that come next.
 * @param epochs how many of the golden's epochs to run
 * @throws Error that names the first difference.
 */
export async function checkCurve(golden: CurveGolden, epochs: number = golden.options.epochs): Promise<CurveResult> {
  const { build, data } = curves[golden.name as CurveName];
  setRandomSeed(golden.seed);
  const model = build();
  const { x, y } = data(golden.rows);
  const { first_x, first_y } = golden.data;
  const head = (from: HostArray, like: Stored): HostArray => ({
    ...from,
    shape: like.shape,
    data: from.data.slice(0, like.data.length),
  });
  expectStored("data x", head(x, first_x), first_x, { relative: {} });
  expectStored("data y", head(y, first_y), first_y, { relative: {} });
  await expectWeights("initial weights", model, golden.initial, 1e-6);
  const { batch_size: batchSize, validation_split: validationSplit } = golden.options;
  const trained = golden.rows - (validationSplit === undefined ? 0 : Math.ceil(golden.rows * validationSplit));
  const recorder = new Recorder(trained, batchSize);
  const options = validationSplit === undefined ? {} : { validationSplit };
  await model.fit(x, y, { batchSize, epochs, verbose: 0, callbacks: [recorder], ...options });
  let worst = 0;
  recorder.losses.forEach((loss, step) => {
    const want = golden.batch_loss[step] as number;
    near(`loss of step ${step}`, loss, want, CURVE_TOLERANCE);
    worst = Math.max(worst, Math.abs(loss - want));
  });
  recorder.epochs.forEach((logs, epoch) => expectLogs(`epoch ${epoch}`, logs, golden.epochs[epoch] as Logs));
  if (epochs === golden.options.epochs) await expectEnd(model, golden, x, y);
  return { losses: recorder.losses, worst };
}

async function expectEnd(model: Model, golden: CurveGolden, x: HostArray, y: HostArray): Promise<void> {
  near("Python's next draw", random.drawPythonSeed(), golden.next_draws.python, 0);
  const order = [...random.permutation(5)].join(" ");
  if (order !== golden.next_draws.numpy.join(" "))
    throw new Error(`NumPy's next order: must be ${golden.next_draws.numpy}, got ${order}`);
  const width = x.data.length / (x.shape[0] as number);
  const some: HostArray = { ...x, shape: [8, ...x.shape.slice(1)], data: x.data.slice(0, 8 * width) };
  const predicted = await ((await model.predict(some, { verbose: 0 })) as Tensor).host();
  expectStored("predictions", predicted, golden.predictions, { relative: { float32: 10 * CURVE_TOLERANCE }, scale: 1 });
  // Keras' weights were written down after `predict`, which draws random numbers too (masks of recurrent layers).
  await expectWeights("trained weights", model, golden.final, 10 * CURVE_TOLERANCE);
  const scores = await model.evaluate(x, y, { verbose: 0, returnDict: true });
  expectLogs("evaluate", scores as Logs, golden.evaluate);
}
