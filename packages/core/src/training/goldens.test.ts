// fit, evaluate and the rest against real Keras, number by number. Scenarios: tools/goldens/training.py.
import { beforeEach, describe, expect, test } from "vitest";
import {
  begin,
  COLUMN,
  compiled,
  expectArray,
  expectNamed,
  expectNumbers,
  expectScores,
  expectTold,
  goldenOf,
  LABELS,
  mlp,
  ONEHOT,
  REVERSED,
  rows,
  sums,
  type Told,
  twoByTwo,
  WEIGHTS,
  X,
  Y,
} from "../../testing/training-twins.ts";
import type { Tensor } from "../graph/index.ts";
import { input } from "../layers/core/input-layer.ts";
import * as layers from "../layers/index.ts";
import * as metrics from "../metrics/index.ts";
import { Model, Sequential } from "../models/index.ts";
import * as ops from "../ops/index.ts";
import * as optimizers from "../optimizers/index.ts";
import { permutation } from "../random/index.ts";
import { jit, valueAndGrad } from "../transforms/index.ts";
import type { Tree } from "../tree/index.ts";
import * as regularizers from "../weights/regularizers.ts";
import { LambdaCallback } from "./index.ts";

beforeEach(() => begin());
const quiet = { verbose: 0 } as const;
type Named = Readonly<Record<string, number>>;

describe("validation", () => {
  test("by a fraction of the data", async () => {
    const golden = goldenOf<Told & { sums: number[] }>("validation_split");
    const model = compiled(mlp(), { metrics: ["mae"] });
    expectTold(await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 3, validationSplit: 0.3 }), golden);
    expectNumbers(await sums(model), golden.sums);
  });
  test("by data of its own, weighted, every second epoch", async () => {
    const model = compiled(mlp(), { metrics: ["mae"], weightedMetrics: ["mse"] });
    const validationData = [rows(X, 0, 9), rows(Y, 0, 9), rows(WEIGHTS, 0, 9)];
    const options = {
      ...quiet,
      batchSize: 6,
      epochs: 4,
      validationData,
      validationFreq: 2,
      validationBatchSize: 4,
      shuffle: false,
    };
    expectTold(await model.fit(X, Y, options), goldenOf("validation_data"));
  });
  test("in some epochs, some steps, from a later epoch on", async () => {
    const options = {
      ...quiet,
      epochs: 5,
      initialEpoch: 1,
      validationData: [X, Y],
      validationFreq: [2, 5],
      validationSteps: 1,
      validationBatchSize: 8,
    };
    expectTold(await compiled(mlp()).fit(X, Y, options), goldenOf("validation_some"));
  });
});

test("shuffling inside batches", async () => {
  const golden = goldenOf<Told & { sums: number[] }>("shuffle_batch");
  const model = compiled(mlp());
  expectTold(await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 3, shuffle: "batch" }), golden);
  expectNumbers(await sums(model), golden.sums);
});

describe("weights", () => {
  test("of samples; metrics of one name", async () => {
    const golden = goldenOf<Told & { evaluate: Named }>("sample_weight");
    const model = compiled(mlp(), {
      metrics: ["mae", "mae"],
      weightedMetrics: ["mae", new metrics.MeanSquaredError({ name: "mae" })],
    });
    expectTold(await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 2, sampleWeight: WEIGHTS }), golden);
    expectNamed(
      await model.evaluate(X, Y, { ...quiet, sampleWeight: WEIGHTS, batchSize: 4, returnDict: true }),
      golden.evaluate,
    );
  });
  test("of classes", async () => {
    const golden = goldenOf<{ sparse: Told; column: Told; onehot: Told }>("class_weight");
    const classWeight = { 0: 0.5, 2: 3 };
    const options = { ...quiet, batchSize: 5, classWeight };
    const model = compiled(mlp(3, "softmax"), {
      loss: "sparse_categorical_crossentropy",
      metrics: ["accuracy"],
      weightedMetrics: ["acc"],
    });
    expectTold(await model.fit(X, LABELS, { ...options, epochs: 2 }), golden.sparse);
    expectTold(await model.fit(X, COLUMN, { ...options, epochs: 1 }), golden.column);
    const other = compiled(mlp(3, "softmax"), { loss: "categorical_crossentropy", metrics: ["accuracy"] });
    expectTold(await other.fit(X, ONEHOT, { ...options, epochs: 2 }), golden.onehot);
  });
});

describe("several inputs and outputs", () => {
  test("by position", async () => {
    const golden = goldenOf<Told & { evaluate: number[]; by_name: Named }>("outputs_list");
    const model = compiled(twoByTwo(), {
      loss: ["mse", "sparse_categorical_crossentropy"],
      lossWeights: [0.5, 2],
      metrics: [["mae"], ["accuracy", "accuracy"]],
      weightedMetrics: [[], ["acc"]],
    });
    expectTold(await model.fit([X, Y], [Y, LABELS], { ...quiet, batchSize: 5, epochs: 2 }), golden);
    expectScores(await model.evaluate([X, Y], [Y, LABELS], { ...quiet, batchSize: 5 }), golden.evaluate);
    expectNamed(
      await model.evaluate([X, Y], [Y, LABELS], { ...quiet, batchSize: 5, returnDict: true }),
      golden.by_name,
    );
  });
  test("by name", async () => {
    const golden = goldenOf<Told & { evaluate: number[]; weighted: Told }>("outputs_dict");
    const model = compiled(twoByTwo(), {
      loss: { q: "sparse_categorical_crossentropy", p: "mae" },
      lossWeights: { p: 3, q: 1 },
      metrics: { q: "accuracy" },
    });
    const y = { p: Y, q: LABELS };
    expectTold(await model.fit({ a: X, b: Y }, y, { ...quiet, batchSize: 5, epochs: 2 }), golden);
    const weighted = { ...quiet, batchSize: 5, epochs: 1, sampleWeight: [WEIGHTS, REVERSED] };
    expectTold(await model.fit([X, Y], [Y, LABELS], weighted), golden.weighted);
    expectScores(await model.evaluate({ a: X, b: Y }, y, { ...quiet, batchSize: 5 }), golden.evaluate);
  });
  test("with no loss for one of them, and one loss for all", async () => {
    const golden = goldenOf<{ first: Told; shared: Told }>("outputs_one_loss");
    const options = { ...quiet, batchSize: 5, epochs: 1 };
    expectTold(await compiled(twoByTwo(), { loss: ["mse", null] }).fit([X, Y], [Y, ONEHOT], options), golden.first);
    expectTold(
      await compiled(twoByTwo()).fit([X, Y], [Y, ONEHOT], { ...options, sampleWeight: WEIGHTS }),
      golden.shared,
    );
  });
});

test("single batches", async () => {
  const golden = goldenOf<{
    trained: [number[], Named];
    tested: [number[], Named];
    predicted: unknown;
    iterations: number;
  }>("on_batch");
  const model = compiled(mlp(), { metrics: ["mae"] });
  expectScores(await model.trainOnBatch(rows(X, 0, 5), rows(Y, 0, 5)), golden.trained[0]);
  const second = await model.trainOnBatch(rows(X, 5, 12), rows(Y, 5, 12), {
    sampleWeight: rows(WEIGHTS, 5, 12),
    returnDict: true,
  });
  expectNamed(second, golden.trained[1]);
  expectScores(await model.testOnBatch(X, Y), golden.tested[0]);
  expectNamed(await model.testOnBatch(X, Y, { sampleWeight: WEIGHTS, returnDict: true }), golden.tested[1]);
  await expectArray(await model.predictOnBatch(rows(X, 0, 2)), golden.predicted);
  expect(await model.optimizer.iterations.item()).toBe(golden.iterations);
});

test("a number of steps per epoch goes through the data and starts again at its end", async () => {
  const golden = goldenOf<Told & { ends: [number, number][]; spread: Told }>("steps_per_epoch");
  const ends: [number, number][] = [];
  const callback = new LambdaCallback({
    onTrainBatchEnd: (batch, { loss }) => void ends.push([batch, loss as number]),
  });
  const options = { ...quiet, batchSize: 5, epochs: 4, stepsPerEpoch: 3, shuffle: false, callbacks: [callback] };
  expectTold(await compiled(mlp()).fit(X, Y, options), golden);
  expect(ends.map(([batch]) => batch)).toEqual(golden.ends.map(([batch]) => batch));
  expectNumbers(
    ends.map(([, loss]) => loss),
    golden.ends.map(([, loss]) => loss),
  );
  expectTold(await compiled(mlp()).fit(X, Y, { ...quiet, epochs: 2, stepsPerEpoch: 4 }), golden.spread);
});

class Extra extends layers.Layer {
  override call(x: Tensor): Tensor {
    this.addLoss(ops.sum(ops.square(x)).multiply(0.01));
    return x;
  }
}

test("penalties on weights and outputs, losses of layers", async () => {
  const golden = goldenOf<Told & { alone: Told }>("penalties");
  const model = new Sequential([
    input({ shape: [4] }),
    new layers.Dense({
      units: 5,
      kernelRegularizer: new regularizers.L2({ l2: 0.05 }),
      activityRegularizer: new regularizers.L1({ l1: 0.02 }),
    }),
    new Extra(),
    new layers.Dense({ units: 2, biasRegularizer: new regularizers.L1({ l1: 0.1 }) }),
  ]);
  compiled(model, { metrics: ["mse"] });
  expectTold(await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 3 }), golden);
  const alone = compiled(
    new Sequential([input({ shape: [4] }), new layers.Dense({ units: 2, kernelRegularizer: "l2" }), new Extra()]),
    { loss: null },
  );
  expectTold(await alone.fit(X, Y, { ...quiet, batchSize: 5, epochs: 1 }), golden.alone);
});

class Own extends Model {
  readonly first = new layers.Dense({ units: 4, activation: "relu" });
  readonly drop = new layers.Dropout({ rate: 0.25 });
  readonly last = new layers.Dense({ units: 2 });
  readonly mine = new metrics.Mean({ name: "mine" });

  override call(x: Tensor, { training }: layers.CallOptions = {}): Tensor {
    const hidden = this.drop.apply(this.first.apply(x) as Tensor, { training: training ?? false });
    return this.last.apply(hidden as Tensor) as Tensor;
  }
  override computeLoss(given: Parameters<Model["computeLoss"]>[0]): Tensor {
    const distance = ops.mean(ops.abs(ops.subtract(given.y as Tensor, given.yPred as Tensor)));
    return distance.add(super.computeLoss(given));
  }
  override computeMetrics(given: Parameters<Model["computeMetrics"]>[0]): ReturnType<Model["computeMetrics"]> {
    this.mine.updateState(ops.max(given.yPred as Tensor));
    return super.computeMetrics(given);
  }
}

test("a subclass with a loss and a metric of its own", async () => {
  const golden = goldenOf<Told & { evaluate: number[]; predicted: unknown }>("subclass");
  const model = compiled(new Own(), { metrics: ["mae"] });
  expectTold(await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 2, validationSplit: 0.2 }), golden);
  expectScores(await model.evaluate(X, Y, { ...quiet, batchSize: 8 }), golden.evaluate);
  await expectArray(await model.predict(rows(X, 0, 3), quiet), golden.predicted);
});

describe("optimizers that do more", () => {
  test("averages replace the weights at the end", async () => {
    const golden = goldenOf<Record<string, Told & { sums: number[] }>>("averages");
    for (const [name, more] of [
      ["plain", {}],
      ["often", { emaOverwriteFrequency: 2 }],
    ] as const) {
      const optimizer = new optimizers.SGD({ learningRate: 0.1, useEma: true, emaMomentum: 0.8, ...more });
      const model = compiled(mlp(), { optimizer });
      const wanted = golden[name] as Told & { sums: number[] };
      expectTold(await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 2 }), wanted);
      expectNumbers(await sums(model), wanted.sums, name);
      // Keras fails here: its averages and weights then share buffers that the next step gives away.
      await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 1, shuffle: false });
    }
  });
  test("accumulated gradients", async () => {
    const golden = goldenOf<Told & { sums: number[]; iterations: number }>("accumulation");
    const model = compiled(mlp(), {
      optimizer: new optimizers.Adam({ learningRate: 0.05, gradientAccumulationSteps: 3 }),
    });
    expectTold(await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 3 }), golden);
    expectNumbers(await sums(model), golden.sums);
    expect(await model.optimizer.iterations.item()).toBe(golden.iterations);
  });
});

test("frozen layers stay", async () => {
  const golden = goldenOf<Told & { before: number[]; sums: number[]; slots: number }>("frozen");
  const model = compiled(mlp());
  (model.layers[0] as layers.Layer).trainable = false;
  expectNumbers(await sums(model), golden.before);
  expectTold(await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 2 }), golden);
  expectNumbers(await sums(model), golden.sums);
  expect(model.optimizer.variables.length).toBe(golden.slots);
});

test("normalization and dropout know whether they train", async () => {
  const golden = goldenOf<Told & { sums: number[]; evaluate: number[]; still: Told; still_sums: number[] }>("modes");
  const model = new Sequential([
    input({ shape: [4] }),
    new layers.Dense({ units: 6, useBias: false }),
    new layers.BatchNormalization({ momentum: 0.8 }),
    new layers.Dropout({ rate: 0.4 }),
    new layers.Dense({ units: 2 }),
  ]);
  const adam = (): optimizers.Adam => new optimizers.Adam({ learningRate: 0.02 });
  compiled(model, { optimizer: adam() });
  expectTold(await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 3, validationData: [X, Y] }), golden);
  expectNumbers(await sums(model), golden.sums);
  expectScores(await model.evaluate(X, Y, { ...quiet, batchSize: 7 }), golden.evaluate);
  (model.layers[1] as layers.Layer).trainable = false;
  compiled(model, { optimizer: adam() });
  expectTold(await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 1 }), golden.still);
  expectNumbers(await sums(model), golden.still_sums);
});

test("fit called again goes on", async () => {
  const golden = goldenOf<{ fits: (Told & { iterations: number })[]; draw: number[] }>("again");
  const model = compiled(mlp(), { optimizer: new optimizers.Adam({ learningRate: 0.05 }) });
  for (const wanted of golden.fits) {
    expectTold(await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 2 }), wanted);
    expect(await model.optimizer.iterations.item()).toBe(wanted.iterations);
  }
  expect([...permutation(5)]).toEqual(golden.draw);
});

test("a loop of stateless calls gives the numbers of fit", async () => {
  begin(5);
  const golden = goldenOf<Told & { sums: number[] }>("stateless");
  const model = new Sequential([
    input({ shape: [4] }),
    new layers.Dense({ units: 6, activation: "relu", useBias: false }),
    new layers.BatchNormalization(),
    new layers.Dropout({ rate: 0.3 }),
    new layers.Dense({ units: 2, kernelRegularizer: "l2" }),
  ]);
  const optimizer = new optimizers.Adam({ learningRate: 0.02 });
  compiled(model, { optimizer, metrics: ["mae"] });
  optimizer.build(model.trainableVariables);
  const [mean, mae] = [new metrics.Mean(), new metrics.MeanAbsoluteError()];
  type Values = readonly Tensor[];
  const metricValues = model.metricsVariables.map((cell) => ops.zeros(cell.shape));
  const now = (cells: readonly { readonly tensor: Tensor }[]): Values => cells.map((cell) => cell.tensor);

  const step = jit(
    (trainable: Values, others: Values, slots: Values, means: Values, errors: Values, x: Tensor, y: Tensor) => {
      const lossOf = (weights: Values): readonly [Tensor, unknown] => {
        const [yPred, after] = model.statelessCall(weights, others, x, { training: true });
        const [loss] = model.statelessComputeLoss(weights, after, metricValues, { x, y, yPred, training: true });
        return [loss, [yPred, after]];
      };
      const [[loss, [yPred, after]], grads] = valueAndGrad(lossOf, { hasAux: true })(trainable) as [
        [Tensor, [Tensor, Values]],
        Values,
      ];
      const [weights, state] = optimizer.statelessApply(slots, grads, trainable);
      const nextMeans = mean.statelessUpdateState(means, loss, { sampleWeight: x.shape[0] as number });
      return { weights, after, state, means: nextMeans, errors: mae.statelessUpdateState(errors, y, yPred) };
    },
  );

  let [trainable, others, slots] = [
    now(model.trainableVariables),
    now(model.nonTrainableVariables),
    now(optimizer.variables),
  ];
  const losses: number[] = [];
  const errorsSeen: number[] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    let [means, errors]: [Values, Values] = [mean.statelessResetState(), mae.statelessResetState()];
    for (let at = 0; at < 23; at += 5) {
      const [x, y] = [ops.convertToTensor(rows(X, at, at + 5)), ops.convertToTensor(rows(Y, at, at + 5))];
      const made = step(trainable, others, slots, means, errors, x, y);
      trainable = made.weights;
      others = made.after;
      slots = made.state;
      means = made.means;
      errors = made.errors;
    }
    losses.push((await mean.statelessResult(means).item()) as number);
    errorsSeen.push((await mae.statelessResult(errors).item()) as number);
  }
  expectNumbers(losses, golden.history.loss as number[], "loss");
  expectNumbers(errorsSeen, golden.history.mae as number[], "mae");
  // Nothing of the model changed: fit starts where the loop did.
  expectTold(await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 3, shuffle: false }), golden);
  expectNumbers(await sums(model), golden.sums);
});

test("streams", async () => {
  const golden = goldenOf<{ finite: Told; endless: Told; evaluate: number[]; predicted: unknown }>("streams");
  function* batches(): Generator<Tree<unknown>> {
    for (let at = 0; at < 23; at += 5) yield [rows(X, at, at + 5), rows(Y, at, at + 5), rows(WEIGHTS, at, at + 5)];
  }
  async function* forever(): AsyncGenerator<Tree<unknown>> {
    while (true) yield* batches();
  }
  const model = compiled(mlp(), { weightedMetrics: ["mae"] });
  expectTold(await model.fit(batches(), undefined, quiet), golden.finite);
  const options = { ...quiet, epochs: 3, stepsPerEpoch: 3, validationData: [X, Y], validationBatchSize: 10 };
  expectTold(await model.fit(forever(), undefined, options), golden.endless);
  expectScores(await model.evaluate(forever(), undefined, { ...quiet, steps: 4 }), golden.evaluate);
  await expectArray(await model.predict(forever(), { ...quiet, steps: 2 }), golden.predicted);
});
