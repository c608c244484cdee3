// What our loop, batches and runtime add to the engine's own work: each program that fit runs is run once more with nothing around it.

import { onnx } from "@keras-ts/backend-onnx";
import { setBackend, setRandomSeed } from "@keras-ts/core";
import { type BenchModel, data } from "./models.ts";

type Ort = NonNullable<NonNullable<Parameters<typeof onnx>[0]>["ort"]>;
type Session = Awaited<ReturnType<Ort["InferenceSession"]["create"]>>;
type Results = Awaited<ReturnType<Session["run"]>>;

/** One program of a fit, beside the same program alone; milliseconds. */
interface Pair {
  /** From the end of the program before to the end of this one: our own work and the program. */
  readonly fit: number;
  readonly alone: number;
}

/** ONNX Runtime that runs every program twice, now the one that counts first, now the other, and keeps the times. */
async function doubling(): Promise<{ readonly ort: Ort; readonly pairs: Pair[] }> {
  const library = (await import("onnxruntime-node")) as unknown as Ort;
  const pairs: Pair[] = [];
  let left: number | undefined;
  const create = async (...args: Parameters<Ort["InferenceSession"]["create"]>): Promise<Session> => {
    const session = await library.InferenceSession.create(...args);
    left = undefined;
    const timed = async (...given: Parameters<Session["run"]>): Promise<readonly [Results, number]> => {
      const start = performance.now();
      const results = await session.run(...given);
      return [results, performance.now() - start];
    };
    const run: Session["run"] = async (feeds, fetches) => {
      const ours = left === undefined ? undefined : performance.now() - left;
      const before = pairs.length % 2 === 0 ? await timed(feeds, fetches) : undefined;
      if (before !== undefined) discard(before[0], fetches);
      const [results, real] = await timed(feeds, fetches);
      const after = before ?? (await timed(feeds, fetches));
      if (before === undefined) discard(after[0], fetches);
      if (ours !== undefined) pairs.push({ fit: ours + real, alone: after[1] });
      left = performance.now();
      return results;
    };
    return { run, release: () => session.release() };
  };
  return { ort: { Tensor: library.Tensor, env: library.env, InferenceSession: { create } }, pairs };
}

const closed = new MessageChannel().port1;
closed.close();
/** Frees the copies that nobody reads, which would have the garbage collector run in our part of the time. */
function discard(results: Results, fetches: Parameters<Session["run"]>[1]): void {
  const buffers = Object.entries(results).flatMap(([name, { data: values }]) => {
    const { buffer } = values as Float32Array;
    return buffer instanceof ArrayBuffer && buffer !== (fetches[name]?.data as Float32Array | undefined)?.buffer
      ? [buffer]
      : [];
  });
  closed.postMessage(null, buffers);
}

/**
 * Milliseconds of a program in the course of `fit`, and of the same program on the same values alone, in turns step by step; `more` is
 * the middle of the paired differences, as a fraction of the latter.
 */
export async function sessionOverhead(
  model: BenchModel,
  steps: number,
  epochs: number,
): Promise<{ readonly step: number; readonly session: number; readonly more: number }> {
  const { ort, pairs } = await doubling();
  const engine = await onnx({ ort, engine: "node" });
  setBackend(engine);
  setRandomSeed(1);
  const net = model.build();
  const { x, y } = data(model, steps);
  await net.fit(x, y, { batchSize: model.batch, epochs: 1, verbose: 0 });
  pairs.length = 0;
  await net.fit(x, y, { batchSize: model.batch, epochs, verbose: 0 });
  await engine.dispose?.();
  const session = median(pairs.map(({ alone }) => alone));
  const step = median(pairs.map(({ fit }) => fit));
  return { step, session, more: median(pairs.map(({ fit, alone }) => fit - alone)) / session };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
