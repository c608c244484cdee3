// An engine that fails in the middle of training: variables keep what the last completed step gave, and training goes on.
import { describe, expect, test } from "vitest";
import { type Backend, compileGraph, reference, setBackend } from "../backend/index.ts";
import { complain, DeviceLostError } from "../errors/index.ts";
import { callbacks, input, layers, ops, Sequential, setRandomSeed, type Tensor, tensor, Variable } from "../index.ts";
import { allOrNothing, read } from "../transforms/index.ts";

/** The reference engine as one that takes whole programs, later or at once, until `isLost`, which is asked at each run. */
function failing(isLost: () => boolean, later: boolean): Backend {
  const inner = reference() as Backend;
  const { kernels: _, ...rest } = inner;
  return {
    ...rest,
    name: "failing",
    async compile(graph) {
      const program = await compileGraph(graph, inner);
      const lost = (): DeviceLostError =>
        new DeviceLostError(
          complain("failing", { must: "there must be a device", got: "none", todo: "Go on elsewhere" }),
        );
      return {
        run(inputs) {
          if (!later) {
            if (isLost()) throw lost();
            return program.run(inputs);
          }
          return Promise.resolve().then(() => (isLost() ? Promise.reject(lost()) : program.run(inputs)));
        },
        dispose: () => program.dispose(),
      };
    },
  };
}

describe.each([true, false])("results later: %s", (later) => {
  test.each([0, 1, 2])(
    "op by op, after run %i of a step failed, variables are those of the step before",
    async (good) => {
      let left = Number.POSITIVE_INFINITY;
      setBackend(failing(() => left-- <= 0, later));
      setRandomSeed(1);
      const model = new Sequential([
        input({ shape: [2] }),
        new layers.Dense({ units: 1 }),
        new layers.Dropout({ rate: 0.1 }),
      ]);
      model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"], runEagerly: true });
      const [x, y] = [tensor([[0, 1], [1, 1]]), tensor([[1], [2]])]; // biome-ignore format: a table
      const state = async (): Promise<number[]> => {
        const cells = [...model.variables, ...model.optimizer.variables, ...model.metricsVariables];
        const hosts = await Promise.all(cells.map((cell) => read(cell.tensor)));
        return hosts.flatMap(({ data }) => Array.from(data, Number));
      };
      let known: number[] = [];
      let steps = 0;
      const onTrainBatchEnd = async (): Promise<void> => {
        known = await state();
        if (++steps === 3) left = good;
      };
      const fit = model.fit(x, y, {
        epochs: 3,
        batchSize: 1,
        verbose: 0,
        callbacks: [new callbacks.LambdaCallback({ onTrainBatchEnd })],
      });
      await expect(fit).rejects.toThrow(DeviceLostError);
      left = Number.POSITIVE_INFINITY;
      expect(steps).toBe(3);
      expect(await state()).toEqual(known);
      await model.fit(x, y, { verbose: 0 });
      expect(await model.optimizer.iterations.item()).toBe(4);
    },
  );

  test("op by op, steps that began before the failure was found are undone with it", async () => {
    let left = Number.POSITIVE_INFINITY;
    setBackend(failing(() => left-- === 0, later));
    const [a, b] = [new Variable([1, 2]), new Variable([3])];
    const step = (): { readonly sum: Tensor } => {
      b.assign(b.value.add(1));
      a.assign(a.value.add(1));
      return { sum: ops.sum(b.value) };
    };
    const good = allOrNothing(step);
    expect(await good["sum"]?.item()).toBe(4);
    left = 1; // a cannot be computed; b can, then and in the next step
    const [bad, after] = [allOrNothing(step), later ? allOrNothing(step) : undefined];
    await expect(bad["sum"]?.item()).rejects.toThrow(DeviceLostError);
    if (after !== undefined) await expect(after["sum"]?.item()).rejects.toThrow(DeviceLostError);
    expect([await a.value.array(), await b.value.array()]).toEqual([[2, 3], [4]]);
    allOrNothing(step);
    expect([await a.value.array(), await b.value.array()]).toEqual([[3, 4], [5]]);
  });

  test("after a step that failed, weights and optimizer are those of the step before, on another engine too", async () => {
    let lost = false;
    let steps = 0;
    setBackend(failing(() => lost, later));
    setRandomSeed(1);
    const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
    model.compile({ optimizer: "adam", loss: "mse" });
    const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]]); // biome-ignore format: a table
    const y = tensor([[1], [3], [0], [2]]);
    const snapshots: (readonly number[])[] = [];
    const look = async (): Promise<number[]> =>
      (await model.getWeights()).flatMap(({ data }) => Array.from(data, Number));
    const onTrainBatchEnd = async (): Promise<void> => {
      snapshots.push(await look());
      lost = ++steps === 5;
    };
    const fit = model.fit(x, y, {
      epochs: 9,
      batchSize: 4,
      verbose: 0,
      callbacks: [new callbacks.LambdaCallback({ onTrainBatchEnd })],
    });
    await expect(fit).rejects.toThrow(DeviceLostError);

    lost = false;
    expect(steps).toBe(5);
    expect(await look()).toEqual(snapshots.at(-1));
    setBackend(reference());
    expect(await model.optimizer.iterations.item()).toBe(5);
    const { history } = await model.fit(x, y, { epochs: 3, batchSize: 4, verbose: 0 });
    const losses = history["loss"] as number[];
    expect(losses[2]).toBeLessThan(losses[0] as number);
    expect(await model.optimizer.iterations.item()).toBe(8);
  });
});
