import { afterEach, expect, test } from "vitest";
import { type Backend, reference, setBackend } from "../backend/index.ts";
import { interpret } from "../backend/plan.ts";
import { input, layers, Sequential, setRandomSeed } from "../index.ts";
import { LambdaCallback } from "./callbacks.ts";
import type { CompileOptions, FitOptions } from "./options.ts";

afterEach(() => setBackend(reference()));

/** The reference engine as one that takes whole programs, and how many loops of each length it ran. */
function looping(): { readonly engine: Backend; readonly loops: Map<number, number> } {
  const loops = new Map<number, number>();
  const inner = reference();
  const engine = {
    ...inner,
    prefersLoops: true,
    compile(graph, { donate = [] }) {
      const program = interpret(
        graph,
        inner,
        donate.map(([from]) => from),
      );
      const scan = graph.nodes.find((node) => node.definition.name === "scan");
      const length = scan?.params.length as number | undefined;
      return {
        ...program,
        run(inputs) {
          if (length !== undefined) loops.set(length, (loops.get(length) ?? 0) + 1);
          return program.run(inputs);
        },
      };
    },
  } satisfies Backend<ReturnType<typeof inner.upload>>;
  return { engine: engine as unknown as Backend, loops };
}

const rows = 70;
const x = {
  shape: [rows, 3],
  dtype: "float32",
  data: Float32Array.from({ length: rows * 3 }, (_, i) => Math.sin(i)),
} as const;
const y = {
  shape: [rows, 1],
  dtype: "float32",
  data: Float32Array.from({ length: rows }, (_, i) => Math.cos(i)),
} as const;

async function trained(engine: Backend, compile: CompileOptions, fit: FitOptions): Promise<number[]> {
  setBackend(engine);
  setRandomSeed(3);
  const model = new Sequential([
    input({ shape: [3] }),
    new layers.Dense({ units: 4, activation: "relu" }),
    new layers.Dropout({ rate: 0.2 }),
    new layers.Dense({ units: 1 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"], ...compile });
  const { history } = await model.fit(x, y, { batchSize: 2, epochs: 3, verbose: 0, ...fit });
  const weights = await Promise.all(model.weights.map(async (w) => Array.from((await w.host()).data)));
  return [...(history.loss ?? []), ...(history.mae ?? []), ...weights.flat()];
}
const expectSame = (a: readonly number[], b: readonly number[]): void => {
  expect(b.length).toBe(a.length);
  a.forEach((value, i) => void expect(b[i]).toBeCloseTo(value, 6));
};

test("short steps go into one program by groups, with the same numbers", async () => {
  const alone = await trained(reference() as Backend, {}, {});
  const { engine, loops } = looping();
  expectSame(alone, await trained(engine, {}, {}));
  expect(loops.size).toBe(1);
  const [[length, runs]] = [...loops] as [[number, number]];
  expect(length).toBeGreaterThan(1);
  expect(length).toBeLessThanOrEqual(32);
  expect(runs).toBeGreaterThan(0);
});

test("stepsPerExecution says how many; a short last batch goes alone", async () => {
  const alone = await trained(reference() as Backend, {}, { batchSize: 3 });
  const { engine, loops } = looping();
  const ends: number[] = [];
  const watcher = new LambdaCallback({ onTrainBatchEnd: (batch) => void ends.push(batch) });
  const options = { batchSize: 3, callbacks: [watcher] };
  expectSame(alone, await trained(engine, { stepsPerExecution: 10 }, options));
  // 23 whole batches and one of a single row: two groups, four steps.
  expect([...loops]).toEqual([[10, 6]]);
  expect(ends.slice(0, 3)).toEqual([9, 19, 29]);
});

test("where somebody listens to each batch, each step is a program", async () => {
  const { engine, loops } = looping();
  const seen: number[] = [];
  const watcher = new LambdaCallback({ onTrainBatchBegin: (batch) => void seen.push(batch) });
  await trained(engine, {}, { callbacks: [watcher] });
  expect(loops.size).toBe(0);
  expect(seen.length).toBe(105);
});

test("an abort is heard between groups", async () => {
  const { engine } = looping();
  const controller = new AbortController();
  const reason = new Error("enough");
  const watcher = new LambdaCallback({ onEpochEnd: (epoch) => (epoch === 1 ? controller.abort(reason) : undefined) });
  await expect(trained(engine, {}, { callbacks: [watcher], signal: controller.signal })).rejects.toBe(reason);
});
