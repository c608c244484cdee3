// The engines called by hand: each gives one function that does the op once on inputs that are with the engine already.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { HostArray } from "@keras-ts/core/backend";
import type * as Tensorflow from "@tensorflow/tfjs";
import { findPython } from "../../tools/python.ts";
import type { OpCase } from "./cases.ts";
import { handWritten } from "./onnx-model.ts";

/** Does the op once, and throws away what comes out. */
export type Once = () => Promise<void> | void;
export interface ByHand {
  readonly once: Once;
  readonly dispose: () => void;
}

/** The op as a hand-written model in a session of ONNX Runtime's own defaults; undefined if ONNX has no operator for it. */
export async function onnxByHand(
  one: OpCase,
  inputs: readonly HostArray[],
  output: HostArray,
): Promise<ByHand | undefined> {
  if (one.onnx === undefined) return undefined;
  const ort = await import("onnxruntime-node");
  const typed = inputs.map(({ shape, dtype }) => ({ shape, type: dtype as "float32" | "int32" }));
  const position = one.onnx.some(([op]) => op === "ArgMax");
  const complex = one.onnx.some(([op]) => op === "DFT");
  const shape = complex ? [1, ...output.shape, 2] : output.shape;
  const type = position ? "int64" : (output.dtype as "float32");
  const session = await ort.InferenceSession.create(handWritten(one.onnx, typed, { shape, type }, one.constants), {
    logSeverityLevel: 3,
  });
  const feeds = Object.fromEntries(
    inputs.map(({ data, shape: dims, dtype }, i) => [
      `x${i}`,
      new ort.Tensor(dtype as "float32", data as Float32Array, dims),
    ]),
  );
  const once = async (): Promise<void> => {
    const { y } = await session.run(feeds);
    y?.dispose();
  };
  return { once, dispose: () => void session.release() };
}

/** The op by TensorFlow.js' public functions on its wasm backend. */
export async function tfjsByHand(one: OpCase, inputs: readonly HostArray[]): Promise<ByHand | undefined> {
  const { tf: compute } = one;
  if (compute === undefined) return undefined;
  const tf: typeof Tensorflow = await import("@tensorflow/tfjs");
  await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  await tf.ready();
  const xs = inputs.map(({ data, shape, dtype }) => tf.tensor(data as Float32Array, [...shape], dtype as "float32"));
  const once = (): void => {
    // Another engine of ours may have moved TensorFlow.js to its device.
    if (tf.getBackend() !== "wasm") void tf.setBackend("wasm");
    tf.tidy(() => compute(tf, ...xs)).dispose();
  };
  return {
    once,
    dispose: () => {
      for (const x of xs) x.dispose();
    },
  };
}

/** NumPy in a Python of its own: milliseconds of every repetition, within about the time given. */
export interface NumpyByHand {
  readonly times: (one: OpCase, milliseconds: number) => Promise<readonly number[] | undefined>;
  readonly stop: () => void;
}

/** @throws if there is no Python with NumPy. */
export async function numpyByHand(): Promise<NumpyByHand> {
  const side = await findPython();
  const python = "reason" in side ? "python3" : side.python;
  const child = spawn(python, [fileURLToPath(new URL("numpy_by_hand.py", import.meta.url))], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const times: NumpyByHand["times"] = async ({ numpy: expression, inputs }, milliseconds) => {
    if (expression === undefined) return undefined;
    child.stdin.write(`${JSON.stringify({ inputs, expression, milliseconds })}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error("Python with NumPy is missing");
    const answer = JSON.parse(value as string) as { readonly times?: readonly number[]; readonly error?: string };
    if (answer.times === undefined) throw new Error(answer.error);
    return answer.times;
  };
  return { times, stop: () => child.kill() };
}
