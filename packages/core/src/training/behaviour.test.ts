// What no golden can show: stopping, failing, going on, what is compiled, memory, warnings and mistakes.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  begin,
  compiled,
  expectNumbers,
  LABELS,
  mlp,
  rows,
  sgd,
  sums,
  twoByTwo,
  WEIGHTS,
  X,
  Y,
} from "../../testing/training-twins.ts";
import type { HostArray } from "../aval/index.ts";
import { type Backend, compileGraph, reference, setBackend } from "../backend/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as layers from "../layers/index.ts";
import { Model } from "../models/index.ts";
import * as ops from "../ops/index.ts";
import { gradients } from "../transforms/index.ts";
import type { Variable } from "../weights/index.ts";
import { type Batch, Callback, EarlyStopping, LambdaCallback, type Logs, type StepLogs } from "./index.ts";

beforeEach(() => begin());
afterEach(() => {
  setBackend(reference());
  vi.restoreAllMocks();
});
const quiet = { verbose: 0 } as const;

/** The reference engine as one that takes whole programs: counts them, and the handles that are alive. */
function counting(): { readonly backend: Backend; readonly programs: () => number; readonly live: () => number } {
  const inner = reference() as Backend;
  const handles = new Set<unknown>();
  const noted = <H>(handle: H): H => {
    handles.add(handle);
    return handle;
  };
  const named = Object.entries(inner.kernels as Readonly<Record<string, (...args: unknown[]) => unknown>>);
  const kernels = Object.fromEntries(
    named.map(([name, kernel]) => [
      name,
      (...args: unknown[]) => {
        const out = kernel(...args);
        if (Array.isArray(out)) for (const one of out) noted(one);
        else noted(out);
        return out;
      },
    ]),
  );
  const release = (handle: unknown): void => {
    handles.delete(handle);
    inner.release(handle);
  };
  const upload: Backend["upload"] = (data) => noted(inner.upload(data));
  const byKernels = { ...inner, kernels: kernels as never, release, upload };
  let programs = 0;
  const compile: Backend["compile"] = (graph, options) => {
    programs++;
    return compileGraph(graph, byKernels, options);
  };
  return { backend: { ...byKernels, compile }, programs: () => programs, live: () => handles.size };
}

describe("stopping", () => {
  test("a signal stops before the next step and leaves the finished ones", async () => {
    const controller = new AbortController();
    const model = compiled(mlp());
    const steps: number[] = [];
    const stop = new LambdaCallback({
      onTrainBatchEnd: (batch) => {
        steps.push(batch);
        if (batch === 1) controller.abort(new Error("enough"));
      },
    });
    await expect(
      model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 9, callbacks: [stop], signal: controller.signal }),
    ).rejects.toThrow("enough");
    expect(steps).toEqual([0, 1]);
    expect(await model.optimizer.iterations.item()).toBe(2);
    await model.fit(X, Y, { ...quiet, batchSize: 5 });
    expect(await model.optimizer.iterations.item()).toBe(7);
  });
  test("a signal does not wait for a stream that gives nothing more", async () => {
    const controller = new AbortController();
    async function* stuck(): AsyncGenerator<unknown> {
      yield [X, Y];
      await new Promise(() => {});
    }
    setTimeout(() => controller.abort(), 20);
    const model = compiled(mlp());
    await expect(model.fit(stuck(), undefined, { ...quiet, signal: controller.signal })).rejects.toThrow(/abort/i);
    expect(await model.optimizer.iterations.item()).toBe(1);
  });
  test("a signal that was given before stops everything", async () => {
    const signal = AbortSignal.abort();
    const model = compiled(mlp());
    await expect(model.fit(X, Y, { ...quiet, signal })).rejects.toThrow();
    await expect(model.evaluate(X, Y, { ...quiet, signal })).rejects.toThrow();
    await expect(model.predict(X, { ...quiet, signal })).rejects.toThrow();
  });
  test("stopTraining ends after the step, with validation and the end of the epoch", async () => {
    const model = compiled(mlp());
    const stop = new LambdaCallback({ onTrainBatchEnd: (batch) => void (batch === 1 && (model.stopTraining = true)) });
    const { history, epoch } = await model.fit(X, Y, {
      ...quiet,
      batchSize: 5,
      epochs: 4,
      validationSplit: 0.3,
      callbacks: [stop],
    });
    expect(epoch).toEqual([0]);
    expect(Object.keys(history)).toEqual(["loss", "val_loss"]);
    expect(await model.optimizer.iterations.item()).toBe(2);
  });
  test("a callback that throws leaves a model that works", async () => {
    const model = compiled(mlp());
    const bad = new LambdaCallback({
      onTrainBatchEnd: (batch) => {
        if (batch === 2) throw new Error("mine");
      },
    });
    await expect(model.fit(X, Y, { ...quiet, batchSize: 5, callbacks: [bad] })).rejects.toThrow("mine");
    expect(await model.optimizer.iterations.item()).toBe(3);
    await model.fit(X, Y, { ...quiet, batchSize: 5 });
    expect(await model.optimizer.iterations.item()).toBe(8);
  });
});

test("steps run op by op give the same numbers", async () => {
  const run = async (runEagerly: boolean): Promise<number[]> => {
    begin();
    const model = compiled(mlp(), { runEagerly, metrics: ["mae"] });
    const { history } = await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 2, validationSplit: 0.3 });
    return [...Object.values(history).flat(), ...(await sums(model))];
  };
  expectNumbers(await run(true), await run(false));
});

class Plain extends Model {
  readonly inner = new layers.Dense({ units: 2, kernelInitializer: "ones" });
  override call(x: Tensor): Tensor {
    return this.inner.apply(x) as Tensor;
  }
}

test("a step of one's own", async () => {
  class Own extends Plain {
    override trainStep({ x, y }: Batch): StepLogs {
      const yPred = this.apply(x as Tensor, { training: true }) as Tensor;
      const loss = ops.mean(ops.square(ops.subtract(y as Tensor, yPred)));
      this.optimizer.apply(gradients(loss, this.trainableVariables), this.trainableVariables);
      return { loss, twice: loss.multiply(2), bias: (this.inner.bias as Variable).value };
    }
  }
  const run = async (model: Model): Promise<number[]> => {
    const options = { ...quiet, batchSize: 23, epochs: 4, shuffle: false };
    return (await compiled(model).fit(X, Y, options)).history.loss as number[];
  };
  const own = new Own();
  expectNumbers(await run(own), await run(new Plain()));
  const { loss, twice } = own.history?.history ?? {};
  expectNumbers(
    twice as number[],
    (loss as number[]).map((value) => value * 2),
  );
});

test("a model that was never called predicts", async () => {
  const model = new Plain();
  const made = await model.predict(rows(X, 0, 5), { ...quiet, batchSize: 2 });
  expect(made.shape).toEqual([5, 2]);
  expect(model.built).toBe(true);
  expectNumbers(
    [...(await made.data())],
    [...(await (model.apply(ops.convertToTensor(rows(X, 0, 5))) as Tensor).data())],
  );
});

describe("compiled steps", () => {
  test("are traced once for each shape, and not again by the next fit", async () => {
    let traces = 0;
    class Counted extends layers.Layer {
      override call(x: Tensor): Tensor {
        traces++;
        return x;
      }
    }
    const { Sequential } = await import("../models/index.ts");
    const { input } = await import("../layers/core/input-layer.ts");
    const model = compiled(new Sequential([input({ shape: [4] }), new Counted(), new layers.Dense({ units: 2 })]));
    await model.fit(X, Y, { ...quiet, batchSize: 5 });
    const first = traces;
    await model.fit(X, Y, { ...quiet, batchSize: 5, epochs: 3 });
    await model.trainOnBatch(rows(X, 0, 5), rows(Y, 0, 5));
    expect(traces).toBe(first);
    await model.fit(X, Y, { ...quiet, batchSize: 6 });
    expect(traces).toBe(first + 1);
    (model.layers.at(-1) as layers.Layer).trainable = false;
    expect(model.trainableVariables.length).toBe(0);
  });
  test("follow layers that are frozen after training began", async () => {
    const model = compiled(mlp());
    await model.fit(X, Y, { ...quiet, batchSize: 5 });
    (model.layers[0] as layers.Layer).trainable = false;
    const before = await sums(model);
    await model.fit(X, Y, { ...quiet, batchSize: 5 });
    const after = await sums(model);
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after.slice(2)).not.toEqual(before.slice(2));
  });
});

test("a second fit compiles nothing", async () => {
  const { backend, programs } = counting();
  setBackend(backend);
  const model = compiled(mlp(), { metrics: ["mae"] });
  const options = { ...quiet, batchSize: 5, epochs: 2, validationSplit: 0.3 };
  await model.fit(X, Y, options);
  const first = programs();
  expect(first).toBeGreaterThan(2);
  await model.fit(X, Y, { ...options, epochs: 4 });
  expect(programs()).toBe(first);
});

test("handles stay as many over hundreds of steps", async () => {
  const { backend, live } = counting();
  setBackend(backend);
  const model = compiled(mlp(), { metrics: ["mae"] });
  const held: number[] = [];
  const watch = new LambdaCallback({ onTrainBatchEnd: () => void held.push(live()) });
  function* batches(): Generator<unknown> {
    for (let i = 0; ; i++) yield [rows(X, i % 20, (i % 20) + 2), rows(Y, i % 20, (i % 20) + 2)];
  }
  await model.fit(batches(), undefined, { ...quiet, stepsPerEpoch: 300, callbacks: [watch] });
  expect(held.length).toBe(300);
  // Fewer if rubbish was collected meanwhile.
  expect(held[299]).toBeLessThanOrEqual(held[20] as number);
});

test("a loss that is no number is told of once in a fit", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const broken = { ...Y, data: Float32Array.from(Y.data, (v, i) => (i === 3 ? Number.NaN : v)) };
  const model = compiled(mlp());
  await model.fit(X, broken, { ...quiet, epochs: 3 });
  expect(warn.mock.calls.map(([text]) => String(text))).toMatchInlineSnapshot(`
    [
      "keras-ts: The loss of "sequential" became nan in epoch 1. Try a lower learning rate or clipnorm, check the data for nan and inf, and the loss for logits or probabilities it does not expect.",
    ]
  `);
});

describe("data", () => {
  const lists = { x: toNested(X), y: toNested(Y) };
  const expected = async (): Promise<number> => {
    begin();
    return (await compiled(mlp()).evaluate(X, Y, quiet)) as number;
  };
  test.each([
    ["nested arrays", lists.x, lists.y],
    ["host arrays", X, Y],
    ["tensors", ops.convertToTensor(X), ops.convertToTensor(Y)],
    ["doubles", { shape: X.shape, dtype: "float64", data: Float64Array.from(X.data) }, Y],
    ["an array of inputs", [X], [Y]],
    ["names", { [`input_layer`]: X }, Y],
  ])("as %s", async (_, x, y) => {
    const wanted = await expected();
    begin();
    expectNumbers([(await compiled(mlp()).evaluate(x, y, quiet)) as number], [wanted]);
  });
  test.each<[string, () => unknown]>([
    ["[x, y]", () => [X, Y]],
    ["nested arrays", () => [lists.x, lists.y]],
    ["{ x, y }", () => ({ x: X, y: Y })],
    ["[x, y, sampleWeight]", () => [X, Y, { ...WEIGHTS, data: new Float32Array(23).fill(1) }]],
    ["[[x], y]", () => [[X], Y]],
  ])("streams of %s", async (_, item) => {
    const wanted = await expected();
    begin();
    expectNumbers(
      [(await compiled(mlp()).evaluate([item()][Symbol.iterator](), undefined, quiet)) as number],
      [wanted],
    );
  });
  test("streams of x alone", async () => {
    const model = compiled(mlp());
    const wanted = await (await model.predict(X, quiet)).data();
    for (const item of [[X], { x: X }, ops.convertToTensor(X)]) {
      const made = await model.predict(
        (function* () {
          yield item;
        })(),
        quiet,
      );
      expectNumbers([...(await made.data())] as number[], [...wanted] as number[]);
    }
  });
  test("a function starts a stream for each epoch; a generator is read on where it was", async () => {
    let started = 0;
    let closed = 0;
    function* batches(): Generator<unknown> {
      started++;
      try {
        for (let i = 0; i < 4; i++) yield [X, Y];
      } finally {
        closed++;
      }
    }
    const model = compiled(mlp());
    await model.fit(batches, undefined, { ...quiet, epochs: 3 });
    expect([started, closed]).toEqual([3, 3]);
    const generator = batches();
    await model.evaluate(generator, undefined, { ...quiet, steps: 1 });
    await model.evaluate(generator, undefined, { ...quiet, steps: 1 });
    expect([...generator].length).toBe(2);
  });
  test("a stream that ends early ends training with a warning", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    function* batches(): Generator<unknown> {
      for (let i = 0; i < 3; i++) yield [X, Y];
    }
    const { epoch } = await compiled(mlp()).fit(batches(), undefined, { ...quiet, epochs: 5 });
    expect(epoch).toEqual([0]);
    expect(String(warn.mock.calls[0]?.[0])).toMatch(/ran out, so fit stopped before epoch 2/);
  });
  test("weights by the names of outputs", async () => {
    const model = compiled(twoByTwo(), { loss: { p: "mse", q: "sparse_categorical_crossentropy" } });
    const one = { ...WEIGHTS, data: new Float32Array(23).fill(1) };
    const y = { p: Y, q: LABELS };
    const plain = await model.evaluate([X, Y], y, quiet);
    expectNumbers(
      (await model.evaluate([X, Y], y, { ...quiet, sampleWeight: { p: one, q: one } })) as number[],
      plain as number[],
    );
  });
});

describe("mistakes", () => {
  const model = (): ReturnType<typeof mlp> => compiled(mlp());
  const bad: readonly [string, () => Promise<unknown>][] = [
    ["not compiled", () => mlp().fit(X, Y, quiet)],
    ["different numbers of samples", () => model().fit(X, rows(Y, 0, 20), quiet)],
    ["no y", () => model().fit(X, undefined, quiet)],
    ["y beside a stream", () => model().fit(function* () {}, Y, quiet)],
    ["an empty stream", () => model().fit(function* () {}, undefined, quiet)],
    ["a function that gives no stream", () => model().fit((() => 3) as never, undefined, quiet)],
    ["too long a batch", () => model().evaluate([[X, Y, WEIGHTS, X]][Symbol.iterator](), undefined, quiet)],
    ["a batch of numbers", () => model().evaluate([[1, 2]][Symbol.iterator](), undefined, quiet)],
    ["a batch of nothing", () => model().evaluate([null][Symbol.iterator](), undefined, quiet)],
    ["both kinds of weights", () => model().fit(X, LABELS, { ...quiet, sampleWeight: WEIGHTS, classWeight: { 0: 1 } })],
    ["a split of everything", () => model().fit(X, Y, { ...quiet, validationSplit: 1 })],
    ["half a batch", () => model().fit(X, Y, { ...quiet, batchSize: 0.5 })],
    ["half an epoch", () => model().fit(X, Y, { ...quiet, epochs: 0.5 })],
    ["no steps", () => model().fit(X, Y, { ...quiet, stepsPerEpoch: 0 })],
    ["wrong width", () => model().fit(Y, Y, quiet)],
    ["a callback that is none", () => model().fit(X, Y, { ...quiet, callbacks: [{}] as unknown as Callback[] })],
    ["an output that is none", () => compiled(twoByTwo(), { loss: { r: "mse" } }).fit([X, Y], [Y, LABELS], quiet)],
    ["metrics for too few outputs", () => compiled(twoByTwo(), { metrics: [["mae"]] }).fit([X, Y], [Y, Y], quiet)],
    ["too few targets", () => compiled(twoByTwo()).fit([X, Y], [Y], quiet)],
  ];
  test.each(bad)("%s", async (_, run) => {
    const error: unknown = await run().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    expect(String(error).replace(/sequential_?\d*|functional_?\d*/g, "model")).toMatchSnapshot();
  });
});

test("callbacks may be async, and have the model", async () => {
  const seen: number[] = [];
  class Slow extends Callback {
    override async onEpochEnd(_epoch: number, logs: Logs): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, 1));
      this.model.optimizer.learningRate = 0.01;
      seen.push(logs.loss as number);
    }
  }
  const model = compiled(mlp(), { optimizer: sgd() });
  const { history } = await model.fit(X, Y, {
    ...quiet,
    epochs: 2,
    callbacks: [new Slow(), new EarlyStopping({ monitor: "loss" })],
  });
  expect(seen).toEqual(history.loss);
  expect(await model.optimizer.learningRate.item()).toBeCloseTo(0.01);
});

function toNested({ shape, data }: HostArray): number[][] {
  const width = shape[1] as number;
  return Array.from({ length: shape[0] as number }, (_, i) => [
    ...(data.slice(i * width, (i + 1) * width) as Float32Array),
  ]);
}
