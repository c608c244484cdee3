// mixed.json: models with half-precision policies, trained by real Keras.
import {
  callbacks,
  dtypePolicy,
  input,
  layers,
  optimizers,
  Sequential,
  setDtypePolicy,
  setRandomSeed,
} from "@keras-ts/core";
import { readGoldens } from "../goldens/case.ts";
import { expectStored, type Stored, toHost } from "../goldens/stored.ts";

type Serialized = ReturnType<typeof optimizers.serialize>;
/** One training of mixed.json. */
export interface MixedGolden {
  readonly policy: string;
  readonly optimizer: Serialized;
  readonly options: { readonly auto_scale_loss?: boolean };
  readonly x: Stored;
  readonly y: Stored;
  readonly running_loss: readonly number[];
  readonly compiled: Serialized;
  readonly optimizer_paths: readonly string[];
  readonly dtypes: readonly (readonly [path: string, dtype: string])[];
  readonly scale: Stored | null;
  readonly predictions: Stored;
}

/** The trainings of real Keras. */
export const mixedGoldens = (): readonly MixedGolden[] =>
  (readGoldens("mixed") as { readonly cases: readonly MixedGolden[] }).cases;

// Halves round at each step, and engines add in orders of their own: a few units of theirs.
const TOLERANCE: Readonly<Record<string, number>> = { mixed_float16: 3e-3, mixed_bfloat16: 2e-2 };

function same(what: string, got: unknown, want: unknown): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
  if (a !== b) throw new Error(`${what}: must be ${b}, got ${a}`);
}
// Keras and we write the keys of configs in orders of our own.
const sorted = (x: unknown): unknown => {
  if (Array.isArray(x)) return x.map(sorted);
  if (typeof x !== "object" || x === null) return x;
  const entries = Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, sorted(value)]));
};

class Losses extends callbacks.Callback {
  readonly running: number[] = [];
  override onTrainBatchEnd(_: number, logs: Readonly<Record<string, number>>): void {
    this.running.push(logs["loss"] as number);
  }
}

/**
 * Trains the twin on the current engine and compares what `compile` made of the optimizer, dtypes and names of variables,
 * the loss of each batch, the final loss scale and predictions.
 * @throws Error that names the first difference.
 */
export async function checkMixed(golden: MixedGolden): Promise<void> {
  const before = dtypePolicy();
  setRandomSeed(5);
  setDtypePolicy(golden.policy);
  try {
    const model = new Sequential(
      [
        input({ shape: [8] }),
        new layers.Dense({ units: 16, activation: "gelu", name: "dense" }),
        new layers.BatchNormalization({ name: "batch_normalization" }),
        new layers.Dropout({ rate: 0.25, name: "dropout" }),
        new layers.Dense({ units: 4, name: "dense_1" }),
        new layers.Activation({ activation: "softmax", dtype: "float32", name: "activation" }),
      ],
      { name: "sequential" },
    );
    const { auto_scale_loss: autoScaleLoss } = golden.options;
    const optimizer = optimizers.deserialize(golden.optimizer);
    model.compile({
      optimizer,
      loss: "sparse_categorical_crossentropy",
      ...(autoScaleLoss === undefined ? {} : { autoScaleLoss }),
    });
    const losses = new Losses();
    const [x, y] = [toHost(golden.x), toHost(golden.y)];
    await model.fit(x, y, { batchSize: 8, epochs: 4, verbose: 0, callbacks: [losses] });
    const made = model.optimizer;
    same("the optimizer", sorted(optimizers.serialize(made)), sorted(golden.compiled));
    same(
      "its variables",
      made.variables.map(({ path }) => path),
      golden.optimizer_paths,
    );
    same(
      "the model's variables",
      model.weights.map(({ path, dtype }) => [path, dtype]),
      golden.dtypes,
    );
    const relative = TOLERANCE[golden.policy] as number;
    golden.running_loss.forEach((want, i) => {
      const got = losses.running[i] ?? Number.NaN;
      if (!(Math.abs(got - want) <= relative * Math.max(1, want)))
        throw new Error(`loss after batch ${i}: must be ${want}, got ${got}`);
    });
    if (golden.scale !== null && made instanceof optimizers.LossScaleOptimizer) {
      const scale = made.dynamicScale;
      same("the loss scale", typeof scale === "number" ? scale : await scale.item(), golden.scale.data[0]);
    }
    const predicted = await (await model.predict(x, { verbose: 0 })).host();
    const { shape, data } = golden.predictions;
    const head = { ...predicted, shape, data: predicted.data.slice(0, data.length) };
    expectStored("predictions", head, golden.predictions, { relative: { float32: 4 * relative }, scale: 1 });
  } finally {
    setDtypePolicy(before);
  }
}
