// What our loop, batches and runtime add to the engine's own work.

import { onnx } from "@keras-ts/backend-onnx";
import { setBackend, setRandomSeed } from "@keras-ts/core";
import { type BenchModel, data } from "./models.ts";

type Ort = NonNullable<NonNullable<Parameters<typeof onnx>[0]>["ort"]>;
type Session = Awaited<ReturnType<Ort["InferenceSession"]["create"]>>;

/** ONNX Runtime that remembers the last run of each of its sessions. */
async function remembering(): Promise<{ readonly ort: Ort; readonly again: () => Promise<void> }> {
  const library = (await import("onnxruntime-node")) as unknown as Ort;
  let last: (() => Promise<unknown>) | undefined;
  const create = async (...args: Parameters<Ort["InferenceSession"]["create"]>): Promise<Session> => {
    const session = await library.InferenceSession.create(...args);
    return {
      run: (feeds, fetches) => {
        last = () => session.run(feeds, fetches);
        return session.run(feeds, fetches);
      },
      release: () => session.release(),
    };
  };
  const ort: Ort = { Tensor: library.Tensor, env: library.env, InferenceSession: { create } };
  const again = async (): Promise<void> => {
    if (last === undefined) throw new Error("no program has run");
    await last();
  };
  return { ort, again };
}

/**
 * Milliseconds of a whole `fit` step, and of `session.run` of the same program over the same buffers with nothing around it: bursts
 * of both in turns, the best of each.
 */
export async function sessionOverhead(
  model: BenchModel,
  steps: number,
  bursts: number,
): Promise<{ readonly step: number; readonly session: number }> {
  const { ort, again } = await remembering();
  const engine = await onnx({ ort, engine: "node" });
  setBackend(engine);
  setRandomSeed(1);
  const net = model.build();
  const { x, y } = data(model, steps);
  let [step, session] = [Infinity, Infinity];
  for (let burst = 0; burst <= bursts; burst++) {
    const start = performance.now();
    await net.fit(x, y, { batchSize: model.batch, epochs: 1, verbose: 0 });
    const between = performance.now();
    for (let i = 0; i < steps; i++) await again();
    const end = performance.now();
    if (burst === 0) continue;
    step = Math.min(step, (between - start) / steps);
    session = Math.min(session, (end - between) / steps);
  }
  await engine.dispose?.();
  return { step, session };
}
