// What goes wrong in ONNX Runtime, as errors of ours.
import { BackendError, complain, DeviceLostError, OutOfMemoryError } from "@keras-ts/core/backend";
import { LOST } from "./gpu-build.ts";

const noMemory = /bad_alloc|out of memory|failed to allocate|memory allocation|cannot enlarge memory/i;

/**
 * Does something with ONNX Runtime. `where` and `label` are for messages.
 * @throws DeviceLostError if the graphics card or the worker is gone. @throws OutOfMemoryError @throws BackendError
 */
export async function attempt<T>(where: string, label: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw translated(where, label, cause);
  }
}

// ONNX Runtime names the failing operator in its message; ours are named after the primitive that wrote them.
function translated(where: string, label: string, cause: unknown): BackendError {
  const { name, message: got } = cause instanceof Error ? cause : new Error(String(cause));
  if (name === LOST) {
    const must = `${label} needs a device that is there`;
    const todo = "The state of the last completed step is kept: choose a new engine with setBackend, and go on";
    return new DeviceLostError(complain(where, { must, got: got.replace(/\.$/, ""), todo }), { cause });
  }
  if (noMemory.test(got) || (cause instanceof RangeError && /buffer|array/i.test(got))) {
    const must = `there must be memory to run ${label}`;
    const todo = "The state of the last completed step is kept: make a new engine, and go on with smaller batches";
    return new OutOfMemoryError(complain(where, { must, got, todo }), { cause });
  }
  const node = /[Nn]ode:?\s*\(?'?"?([\w/]+)/.exec(got)?.[1];
  const must = node === undefined ? `${label} must run` : `${label} must run, node ${node} in it too`;
  return new BackendError(complain(where, { must, got, todo: "Report this: shapes and dtypes were checked before" }), {
    cause,
  });
}
