// A python3 process, spoken to over its standard streams.
import type { ChildProcess } from "node:child_process";
import type { OpenTransport, Transport } from "../connection.ts";
import { BackendError, complain } from "../core.ts";
import { runtimeSource } from "../python/index.ts";
import { node } from "./node.ts";

// Reads the runtime from the pipe: command lines are short on some systems. Whatever prints goes to stderr, never between messages.
const bootstrap = `
import os, sys, types
sys.path[:] = [p for p in sys.path if p]
source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
kt = types.ModuleType("kt")
kt.kt = kt
text = source.read(int.from_bytes(source.read(4), "little")).decode()
exec(compile(text, "<keras-ts runtime>", "exec"), kt.__dict__)
kt.serve(source, sink)
`;

// glibc gives large arrays back to the system as soon as they are freed, and every new one begins with thousands of page faults. So
// arrays of up to 32 MB come from its heap, of which up to 256 MB stay free for the next ones. Other allocators do not look at this.
const keepsMemory = { MALLOC_MMAP_THRESHOLD_: String(2 ** 25), MALLOC_TRIM_THRESHOLD_: String(2 ** 28) };

// Each BLAS has a name of its own for it.
const blasThreads = (count: number | undefined): Readonly<Record<string, string>> =>
  count === undefined
    ? {}
    : Object.fromEntries(
        ["OPENBLAS_NUM", "MKL_NUM", "OMP_NUM", "VECLIB_MAXIMUM"].map((name) => [`${name}_THREADS`, String(count)]),
      );

const KEPT_LINES = 20;

/** Starts `python`; the process ends when this one does, since its input ends then. */
export const openNative =
  (python: string, threads?: number): OpenTransport =>
  ({ received, ended }) => {
    const childProcess = node("node:child_process");
    if (childProcess === undefined) {
      const todo = 'Use runtime: "pyodide"';
      throw new BackendError(complain("numpy", { must: "a native python needs Node", got: "another runtime", todo }));
    }
    const child = childProcess.spawn(python, ["-c", bootstrap], {
      stdio: ["pipe", "pipe", "pipe"],
      windowsHide: true,
      env: { ...keepsMemory, ...process.env, ...blasThreads(threads) },
    });
    let printed = "";
    const lastLines = (): string => printed.trimEnd().split("\n").slice(-KEPT_LINES).join("\n");
    child.stderr.on("data", (chunk: Uint8Array) => {
      printed = (printed + new TextDecoder().decode(chunk))
        .split("\n")
        .slice(-KEPT_LINES - 1)
        .join("\n");
    });
    child.stdout.on("data", received);
    const exited = new Promise<void>((resolve) => {
      child.on("error", (error) => {
        ended(`${python}: ${error.message}`);
        resolve();
      });
      child.on("close", (code, signal) => {
        const lines = lastLines();
        ended(`${python} ended with ${signal ?? `code ${code}`}${lines === "" ? "" : `, its last lines:\n${lines}\n`}`);
        resolve();
      });
    });
    // Writing to a process that died is told by "close".
    child.stdin.on("error", () => undefined);
    const source = new TextEncoder().encode(runtimeSource);
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, source.byteLength, true);
    child.stdin.write(size);
    child.stdin.write(source);
    return transport(python, child, exited);
  };

function transport(python: string, child: ChildProcess, exited: Promise<void>): Transport {
  const buffers = node("node:buffer");
  // The pipes are sockets, which can be told not to keep the event loop alive.
  const holders = [child, child.stdin, child.stdout, child.stderr] as readonly unknown[] as readonly {
    ref?: () => void;
    unref?: () => void;
  }[];
  // The process and what it says are enough to wait for.
  const waitedFor = [holders[0], holders[2]];
  for (const holder of holders) if (!waitedFor.includes(holder)) holder.unref?.();
  return {
    name: `numpy (${python})`,
    send(frame) {
      child.stdin?.write(frame);
    },
    ...(buffers === undefined ? {} : { allocate: (size) => buffers.Buffer.allocUnsafe(size) }),
    hold(busy) {
      for (const holder of waitedFor) busy ? holder?.ref?.() : holder?.unref?.();
    },
    async close() {
      for (const holder of holders) holder.ref?.();
      child.stdin?.end();
      const late = setTimeout(() => child.kill("SIGKILL"), 2000);
      await exited;
      clearTimeout(late);
    },
  };
}
