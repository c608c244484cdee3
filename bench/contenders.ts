// Who takes part: our engines, TensorFlow.js' own layers, Keras in Python. Each does the same whole fit steps, in turns.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findPython } from "../tools/python.ts";
import type { BenchModel } from "./models.ts";
import { pythonKeras } from "./peers.ts";
import { type Epochs, tensorflowJs } from "./tensorflow-js.ts";

/** Milliseconds a step: the best epoch and the middle one. */
export interface StepTime {
  readonly best: number;
  readonly median: number;
  /** Milliseconds from the first call of `fit` to its first step done, the best of the rounds. */
  readonly first: number | undefined;
  /** Most megabytes of memory of its process. */
  readonly peak: number | undefined;
}
export interface Contender {
  readonly name: string;
  readonly epochs: () => Promise<Epochs>;
}

/** Times of epochs of our own `fit`, one epoch of warming up before, in a process of its own. */
async function ours(backend: string, model: BenchModel, steps: number, epochs: number): Promise<Epochs> {
  const script = fileURLToPath(new URL("epochs.ts", import.meta.url));
  const args = [...process.execArgv, script, backend, model.name, String(steps), String(epochs)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout.trim().split("\n").at(-1) as string) as Epochs;
}

/** Everybody who can be asked; the first is the one whom the others are compared with. */
export async function contenders(
  model: BenchModel,
  { quick, python }: { readonly quick: boolean; readonly python: boolean },
): Promise<Contender[]> {
  // One epoch warms up: fit looks at a few dozen steps before it puts several into one program.
  const steps = quick ? Math.min(40, model.steps) : model.steps;
  const few = Math.ceil(model.steps / (quick ? 15 : 8));
  const list: Contender[] = [
    { name: "keras-ts, onnxruntime-node", epochs: () => ours("onnx", model, steps, quick ? 2 : 4) },
    { name: "keras-ts, onnxruntime-web (wasm)", epochs: () => ours("onnx-web", model, few, 2) },
    { name: "keras-ts, TensorFlow.js (wasm)", epochs: () => ours("tfjs", model, few, 1) },
    { name: "keras-ts, NumPy", epochs: () => ours("numpy", model, few, 1) },
    { name: "TensorFlow.js layers (wasm)", epochs: () => tensorflowJs(model, few, 2) },
  ];
  if (!python) return list;
  const side = await findPython();
  for (const backend of ["jax", "tensorflow", "torch"]) {
    const epochs = async (): Promise<Epochs> => {
      if ("reason" in side) throw new Error(side.reason);
      return pythonKeras(side.python, backend, model, steps, quick ? 2 : 4);
    };
    list.push({ name: `Keras 3 on ${backend}`, epochs });
  }
  return list;
}

/**
 * Everybody's turn, several times over, so that a busy minute hits all alike. Whoever fails is not asked again, nor is who takes four
 * times as long as the first.
 * @returns a time, or why there is none, by name
 */
export async function rounds(list: readonly Contender[], count: number): Promise<Map<string, StepTime | string>> {
  const reports = new Map<string, Epochs[]>();
  const failures = new Map<string, string>();
  const first = list[0]?.name ?? "";
  const bestOf = (name: string): number => Math.min(...(reports.get(name) ?? []).flatMap(({ times }) => times));
  for (let round = 0; round < count; round++) {
    for (const { name, epochs } of list) {
      if (failures.has(name) || (round > 0 && bestOf(name) > 4 * bestOf(first))) continue;
      try {
        reports.set(name, [...(reports.get(name) ?? []), await epochs()]);
      } catch (error) {
        failures.set(name, (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "");
      }
    }
  }
  return new Map(list.map(({ name }) => [name, failures.get(name) ?? summary(reports.get(name) ?? [])]));
}

function summary(reports: readonly Epochs[]): StepTime | string {
  const sorted = reports.flatMap(({ times }) => times).sort((a, b) => a - b);
  const [best] = sorted;
  if (best === undefined) return "no times";
  const of = (key: "first" | "peak"): number | undefined => {
    const values = reports.flatMap((one) => one[key] ?? []);
    return values.length === 0 ? undefined : Math.min(...values);
  };
  return { best, median: sorted[Math.floor(sorted.length / 2)] as number, first: of("first"), peak: of("peak") };
}
