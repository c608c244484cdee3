// What we are measured against in Python: Keras, doing the same fit step.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BenchModel } from "./models.ts";
import type { Epochs } from "./tensorflow-js.ts";

/** Milliseconds a step of Keras in Python on one of its backends, by epoch, in a process of its own. */
export async function pythonKeras(
  python: string,
  backend: string,
  model: BenchModel,
  steps: number,
  epochs: number,
): Promise<Epochs> {
  const script = fileURLToPath(new URL("models.py", import.meta.url));
  const env = { ...process.env, KERAS_BACKEND: backend, TF_CPP_MIN_LOG_LEVEL: "3", JAX_PLATFORMS: "cpu" };
  try {
    const { stdout } = await promisify(execFile)(python, [script, model.name, String(steps), String(epochs)], { env });
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as Epochs;
  } catch (error) {
    const lines = String((error as { stderr?: unknown }).stderr || error)
      .trim()
      .split("\n");
    throw new Error(lines.at(-1) ?? "it failed");
  }
}
