// Callbacks against real Keras. Scenarios: tools/goldens/training.py.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import {
  begin,
  compiled,
  expectNumbers,
  expectTold,
  goldenOf,
  mlp,
  sgd,
  sums,
  type Told,
  X,
  Y,
} from "../../testing/training-twins.ts";
import {
  Callback,
  EarlyStopping,
  type EarlyStoppingConfig,
  LambdaCallback,
  type LambdaHooks,
  ModelCheckpoint,
  type ModelCheckpointConfig,
} from "./index.ts";

beforeEach(() => begin());
const quiet = { verbose: 0 } as const;
const camel = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );

interface Stopped extends Told {
  readonly options: Readonly<Record<string, unknown>>;
  readonly wait: number;
  readonly stopped_epoch: number;
  readonly best_epoch: number;
  readonly best: number;
  readonly sums: number[];
}
const stops = goldenOf<{ cases: Stopped[] }>("early_stopping").cases;
test.each(stops.map((golden) => [JSON.stringify(golden.options), golden] as const))(
  "EarlyStopping %s",
  async (_, golden) => {
    begin(3);
    const model = compiled(mlp(), { optimizer: sgd(0.6), metrics: ["mae"] });
    const stop = new EarlyStopping(camel(golden.options) as EarlyStoppingConfig);
    expectTold(
      await model.fit(X, Y, { ...quiet, batchSize: 8, epochs: 12, validationSplit: 0.3, callbacks: [stop] }),
      golden,
    );
    expect([stop.wait, stop.stoppedEpoch, stop.bestEpoch]).toEqual([
      golden.wait,
      golden.stopped_epoch,
      golden.best_epoch,
    ]);
    expectNumbers([stop.best as number], [golden.best]);
    expectNumbers(await sums(model), golden.sums);
  },
);

interface Kept {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly files: string[];
}
const kept = goldenOf<{ cases: Kept[] }>("checkpoints").cases;
test.each(kept.map((golden) => [golden.name, golden] as const))("ModelCheckpoint %s", async (name, golden) => {
  begin(3);
  const folder = await mkdtemp(join(tmpdir(), "checkpoints-"));
  try {
    const model = compiled(mlp(), { optimizer: sgd(0.6), metrics: ["mae"] });
    const keep = new ModelCheckpoint({
      filepath: join(folder, name),
      ...camel(golden.options),
    } as ModelCheckpointConfig);
    await model.fit(X, Y, { ...quiet, batchSize: 8, epochs: 5, validationSplit: 0.3, callbacks: [keep] });
    expect((await readdir(folder)).sort()).toEqual(golden.files);
  } finally {
    await rm(folder, { recursive: true });
  }
});

// on_epoch_end(epoch, logs) and its like, as [name, number, names of logs].
function recorder(events: unknown[][]): LambdaCallback {
  const names = [
    ...["Train", "Test", "Predict"].flatMap((kind) =>
      ["Begin", "End"].flatMap((end) => [`on${kind}${end}`, `on${kind}Batch${end}`]),
    ),
    "onEpochBegin",
    "onEpochEnd",
  ];
  const hook =
    (name: string) =>
    (...args: readonly unknown[]): void => {
      const numbers = args.filter((arg) => typeof arg === "number");
      const logs = args.find((arg) => typeof arg === "object" && arg !== null);
      const keys = name === "onPredictBatchEnd" ? ["outputs"] : Object.keys((logs as object | undefined) ?? {});
      events.push([name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), ...numbers, keys]);
    };
  return new LambdaCallback(Object.fromEntries(names.map((name) => [name, hook(name)])) as LambdaHooks);
}

test.each([1, 2])("hooks come in Keras' order, every %i batches", async (every) => {
  const golden = goldenOf<Record<string, unknown[][]>>("hooks")[`every_${every}`];
  const model = compiled(mlp(), { metrics: ["mae"], stepsPerExecution: every });
  const events: unknown[][] = [];
  const callbacks = [recorder(events)];
  await model.fit(X, Y, { ...quiet, batchSize: 8, epochs: 2, validationSplit: 0.5, callbacks });
  await model.evaluate(X, Y, { ...quiet, batchSize: 12, callbacks });
  await model.predict(X, { ...quiet, batchSize: 12, callbacks });
  expect(events).toEqual(golden);
});

test("a monitored value needs a direction, and one that is logged", async () => {
  const model = compiled(mlp());
  const odd = new LambdaCallback({});
  expect(() => odd.model).toThrow(/only while fit/);
  class Adds extends Callback {
    override onEpochEnd(_epoch: number, logs: Record<string, number>): void {
      logs.odd = 1;
    }
  }
  const run = (monitor: string): Promise<unknown> =>
    model.fit(X, Y, { ...quiet, epochs: 2, callbacks: [new Adds(), new EarlyStopping({ monitor })] });
  await expect(run("odd")).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: EarlyStopping: it must be known whether a larger "odd" is better, got mode "auto". Pass mode: "min" or mode: "max". [docs/errors.md#configerror]]`,
  );
  await run("never");
});

test("mistakes", () => {
  expect(() => new ModelCheckpoint({ filepath: "model.h6" })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: ModelCheckpoint: filepath must end with .keras, got "model.h6". Rename the file. [docs/errors.md#configerror]]`,
  );
  expect(() => new ModelCheckpoint({ filepath: "m.keras", saveFreq: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: ModelCheckpoint: saveFreq must be "epoch" or a positive number of batches, got 0. Use "epoch". [docs/errors.md#configerror]]`,
  );
  expect(() => new EarlyStopping({ mode: "least" as never })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: EarlyStopping: mode must be "auto", "min" or "max", got "least". Use "auto". [docs/errors.md#configerror]]`,
  );
  expect(() => new LambdaCallback({ onEpoch: () => {} } as never)).toThrow(/hooks must be functions with known names/);
});
