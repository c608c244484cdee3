// Training in half precision as real Keras trains, and the same training run op by op.
import {
  callbacks,
  dtypePolicy,
  input,
  layers,
  type Model,
  optimizers,
  Sequential,
  saving,
  setDtypePolicy,
  setRandomSeed,
  type Tensor,
  tensor,
} from "@keras-ts/core";
import { readGoldens } from "../goldens/case.ts";
import { expectStored, type Stored } from "../goldens/stored.ts";
import { vectors } from "./curve-data.ts";

interface Variable {
  readonly path: string;
  readonly shape: readonly number[];
  readonly dtype: string;
}
/** One training of precision.json. */
export interface PrecisionGolden {
  readonly policy: string;
  readonly auto_scale_loss: boolean;
  readonly config: unknown;
  /** The mean loss of the epoch after each step, and the loss scale then. */
  readonly losses: readonly number[];
  readonly scales: readonly number[];
  readonly optimizer: unknown;
  readonly state: readonly Variable[];
  readonly weights: readonly string[];
  /** The dtype of a hidden layer's output. */
  readonly middle: string;
  readonly predictions: Stored;
}

/** What real Keras did, by name. */
export const precisionGoldens = (): readonly (readonly [string, PrecisionGolden])[] =>
  Object.entries((readGoldens("precision") as { readonly runs: Readonly<Record<string, PrecisionGolden>> }).runs);

/** XLA keeps some intermediate results in float32, so losses agree to a few roundings of the half type and no better. */
const TOLERANCE: Readonly<Record<string, number>> = { mixed_float16: 2 ** -9, mixed_bfloat16: 2 ** -6 };

class Recorder extends callbacks.Callback {
  readonly losses: number[] = [];
  readonly scales: number[] = [];
  override async onTrainBatchEnd(_: number, logs: Readonly<Record<string, number>>): Promise<void> {
    this.losses.push(logs["loss"] as number);
    const { optimizer } = this.model as Model;
    if (optimizer instanceof optimizers.LossScaleOptimizer)
      this.scales.push((await optimizer.dynamicScale?.value.item()) as number);
  }
}

const sgd = (): optimizers.Optimizer => new optimizers.SGD({ learningRate: 0.1, momentum: 0.9 });
const high = (): optimizers.Optimizer =>
  new optimizers.LossScaleOptimizer({ innerOptimizer: sgd(), initialScale: 2 ** 24, dynamicGrowthSteps: 3 });

function small(norm = true): Model {
  return new Sequential({
    name: "small",
    layers: [
      input({ shape: [6] }),
      new layers.Dense({ units: 8, activation: "tanh", name: "hidden" }),
      ...(norm ? [new layers.BatchNormalization({ name: "norm" })] : []),
      new layers.Dropout({ rate: 0.2, name: "drop" }),
      new layers.Dense({ units: 8, activation: "relu", name: "more" }),
      new layers.Dense({ units: 3, activation: "softmax", dtype: "float32", name: "out" }),
    ],
  });
}

async function train(model: Model): Promise<Recorder> {
  const { x, y } = vectors(96);
  const recorder = new Recorder();
  await model.fit(x, y, { batchSize: 32, epochs: 4, verbose: 0, callbacks: [recorder] });
  return recorder;
}

function same(what: string, got: unknown, want: unknown): void {
  const [one, other] = [JSON.stringify(got), JSON.stringify(want)];
  if (one === other) return;
  const at = [...other].findIndex((letter, i) => letter !== one[i]);
  const near = (text: string): string => text.slice(Math.max(0, at - 100), at + 100);
  throw new Error(`${what}: must be ${near(other)}, got ${near(one)}`);
}

function near(what: string, got: readonly number[], want: readonly number[], tolerance: number): void {
  same(`${what}: number`, got.length, want.length);
  want.forEach((x, i) => {
    if (Math.abs(x - (got[i] as number)) <= tolerance * Math.max(1, Math.abs(x))) return;
    throw new Error(`${what} ${i}: must be ${x}, got ${got[i]}`);
  });
}

// Objects in the order of their keys, as the golden files have them.
const sortedKeys = (x: unknown): unknown =>
  Array.isArray(x)
    ? x.map(sortedKeys)
    : typeof x === "object" && x !== null
      ? Object.fromEntries(
          Object.entries(x)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, value]) => [key, sortedKeys(value)]),
        )
      : x;

/**
 * Trains a small net under a policy of half precision on the current engine, from Keras' seed. Configs, dtypes and loss scales are
 * Keras' own (steps that overflow are left out in the same places), losses within a few roundings.
 * @throws Error that names the first difference.
 */
export async function checkPrecision(name: string, golden: PrecisionGolden): Promise<void> {
  const before = dtypePolicy();
  setDtypePolicy(golden.policy);
  try {
    setRandomSeed(5);
    const model = small(name !== "high");
    model.compile({
      optimizer: name === "high" ? high() : sgd(),
      loss: "sparse_categorical_crossentropy",
      metrics: ["accuracy"],
      autoScaleLoss: golden.auto_scale_loss,
    });
    const { losses, scales } = await train(model);
    same("loss scales", scales, golden.scales);
    const tolerance = TOLERANCE[golden.policy] as number;
    near("loss", losses, golden.losses, tolerance);
    same(
      "dtypes of weights",
      model.weights.map(({ dtype }) => dtype),
      golden.weights,
    );
    const state = model.optimizer.variables.map(({ path, shape, dtype }) => ({ dtype, path: tail(path), shape }));
    same("optimizer state", state, sortedKeys(golden.state.map((v) => ({ ...v, path: tail(v.path) }))));
    same("dtype inside", model.getLayer("more").apply(tensor([[1, 2, 3, 4, 5, 6, 7, 8]])).dtype, golden.middle);
    const { x } = vectors(4);
    const predicted = await ((await model.predict(x, { verbose: 0 })) as Tensor).host();
    expectStored("predictions", predicted, golden.predictions, { relative: { float32: 8 * tolerance }, scale: 1 });
    same("config", sortedKeys(named(saving.serializeKerasObject(model))), named(golden.config));
  } finally {
    setDtypePolicy(before);
  }
}
const tail = (path: string): string => path.replace(/^(sgd|loss_scale_optimizer)(_\d+)?\//, "$1/");
const named = (x: unknown): unknown =>
  JSON.parse(JSON.stringify(x), (_, value: unknown) =>
    typeof value === "string" ? value.replace(/^(sgd|loss_scale_optimizer|input_layer)_\d+$/, "$1") : value,
  );

/**
 * `fit` with batch norm and dropout gives the same losses as one program, with `jitCompile: false`, with `runEagerly: true`, and with
 * several steps in one program.
 * @throws Error that names the first difference.
 */
export async function checkEager(): Promise<void> {
  const run = async (options: object): Promise<number[]> => {
    setRandomSeed(5);
    const model = small();
    model.compile({ optimizer: sgd(), loss: "sparse_categorical_crossentropy", ...options });
    const { x, y } = vectors(80);
    const { history } = await model.fit(x, y, { batchSize: 32, epochs: 2, verbose: 0 });
    const { loss } = (await model.evaluate(x, y, { verbose: 0, returnDict: true })) as { readonly loss: number };
    return [...(history["loss"] as number[]), loss];
  };
  const compiled = await run({});
  near("run eagerly", await run({ runEagerly: true }), compiled, 1e-5);
  near("without jit", await run({ jitCompile: false }), compiled, 1e-5);
  near("two steps at once", await run({ stepsPerExecution: 2 }), compiled, 1e-5);
}
