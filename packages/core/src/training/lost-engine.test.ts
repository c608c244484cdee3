// An engine that fails in the middle of training: variables keep what the last completed step gave, and training goes on.
import { describe, expect, test } from "vitest";
import { type Backend, compileGraph, reference, setBackend } from "../backend/index.ts";
import { complain, DeviceLostError } from "../errors/index.ts";
import { callbacks, input, layers, Sequential, setRandomSeed, tensor } from "../index.ts";

/** The reference engine as one that takes whole programs, later or at once, until `isLost`. */
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
