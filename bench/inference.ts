// Latency of one sample: ours in this process, Keras in Python in processes of its own, in turns.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { onnx } from "@keras-ts/backend-onnx";
import { setBackend } from "@keras-ts/core";
import { findPython } from "../tools/python.ts";
import type { BenchModel } from "./models.ts";

/** Best milliseconds a call, of ten rounds. */
async function best(call: () => Promise<unknown>, calls: number): Promise<number> {
  for (let i = 0; i < 20; i++) await call();
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 10; round++) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) await call();
    least = Math.min(least, (performance.now() - start) / calls);
  }
  return least;
}

async function inPython(python: string, backend: string, model: BenchModel, calls: number): Promise<number> {
  const script = fileURLToPath(new URL("inference.py", import.meta.url));
  const env = { ...process.env, KERAS_BACKEND: backend, TF_CPP_MIN_LOG_LEVEL: "3", JAX_PLATFORMS: "cpu" };
  const { stdout } = await promisify(execFile)(python, [script, model.name, String(calls)], { env });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as number;
}

/** Best milliseconds for one sample by name, or why there is none; the first is `predictor()`. */
export async function oneSample(
  model: BenchModel,
  { quick, python }: { readonly quick: boolean; readonly python: boolean },
): Promise<Map<string, number | string>> {
  const calls = quick ? 20 : 100;
  const engine = await onnx({ engine: "node" });
  setBackend(engine);
  const net = model.build();
  const shape = [1, ...model.inputShape];
  const size = shape.reduce((a, b) => a * b, 1);
  const x = { shape, dtype: "float32", data: Float32Array.from({ length: size }, (_, i) => Math.abs(Math.sin(i))) };
  const predictor = await net.predictor(x);
  const ways: [string, () => Promise<number>][] = [
    ["keras-ts, predictor", () => best(() => predictor(x), calls)],
    ["keras-ts, predict", () => best(() => net.predict(x, { verbose: 0 }), calls)],
  ];
  if (python) {
    const side = await findPython();
    for (const backend of ["jax", "tensorflow", "torch"]) {
      const ask = async (): Promise<number> => {
        if ("reason" in side) throw new Error(side.reason);
        return inPython(side.python, backend, model, calls);
      };
      ways.push([`Keras 3 on ${backend}`, ask]);
    }
  }
  const found = new Map<string, number | string>();
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const [name, ask] of ways) {
      const before = found.get(name);
      if (typeof before === "string") continue;
      try {
        found.set(name, Math.min(before ?? Number.POSITIVE_INFINITY, await ask()));
      } catch (error) {
        found.set(name, (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "");
      }
    }
  }
  predictor.dispose();
  await engine.dispose?.();
  return found;
}
