// What goes wrong in ONNX Runtime, as errors of ours.
import { BackendError, complain, DeviceLostError, OutOfMemoryError } from "@keras-ts/core/backend";
import { LOST } from "./gpu-build.ts";

const noMemory = [
  /bad_alloc|out of memory|failed to allocate|memory allocation|cannot enlarge memory/i,
  // A number of bytes that the wasm build, of 32 bits, cannot say; a buffer larger than a graphics card has any.
  /SafeIntOnOverflow|buffer size.* exceeds the max|maximum storage buffer binding size/i,
];

/** What is told where neither a device nor memory is missing; by default that it is a fault of ours. */
export interface Otherwise {
  readonly must: string;
  readonly todo: string;
}

/**
 * Does something with ONNX Runtime. `where` and `label` are for messages.
 * @throws DeviceLostError if the graphics card or the worker is gone. @throws OutOfMemoryError @throws BackendError
 */
export async function attempt<T>(
  where: string,
  label: string,
  action: () => Promise<T>,
  otherwise?: Otherwise,
): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw translated(where, label, cause, otherwise);
  }
}

/** The same for what is done at once. */
export function attemptNow<T>(where: string, label: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw translated(where, label, cause);
  }
}

// ONNX Runtime names the failing operator in its message; ours are named after the primitive that wrote them.
function translated(where: string, label: string, cause: unknown, otherwise?: Otherwise): BackendError {
  const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
  const got = message.trim().replace(/\.$/, "");
  if (name === LOST) {
    const must = `${label} needs a device that is there`;
    const todo = "The state of the last completed step is kept: choose a new engine with setBackend, and go on";
    return new DeviceLostError(complain(where, { must, got, todo }), { cause });
  }
  if (noMemory.some((text) => text.test(message)) || (cause instanceof RangeError && /buffer|array/i.test(message))) {
    const must = `there must be memory to run ${label}`;
    const todo = "The state of the last completed step is kept: make a new engine, and go on with smaller batches";
    return new OutOfMemoryError(complain(where, { must, got, todo }), { cause });
  }
  if (otherwise !== undefined) return new BackendError(complain(where, { ...otherwise, got }), { cause });
  const node = /[Nn]ode:?\s*\(?'?"?([\w/]+)/.exec(got)?.[1];
  const must = node === undefined ? `${label} must run` : `${label} must run, node ${node} in it too`;
  return new BackendError(complain(where, { must, got, todo: "Report this: shapes and dtypes were checked before" }), {
    cause,
  });
}
