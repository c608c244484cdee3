import { type Connection, connect } from "./connection.ts";
import {
  arrayTypeOf,
  type Backend,
  BackendError,
  bitsOf,
  type CompileOptions,
  ConfigError,
  complain,
  type DType,
  type Executable,
  type Graph,
  type HostArray,
  sizeOf,
} from "./core.ts";
import { alignedBytes, emit, wholeComposites } from "./emitter.ts";
import { limitations } from "./limitations.ts";
import type { ArraySpec, Request } from "./protocol.ts";
import { openNative } from "./transports/native.ts";
import { node } from "./transports/node.ts";
import { openPyodide, type PyodideOptions } from "./transports/pyodide.ts";

/** An array that the Python worker holds. */
export interface NumpyHandle {
  readonly id: number;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface NumpyOptions extends PyodideOptions {
  /** Where Python runs. Default: `"native"` in Node if a python3 with NumPy 2 is found, else `"pyodide"`. */
  readonly runtime?: "native" | "pyodide";
  /** The Python to start. Default: `$KERAS_TS_PYTHON`, else `python3` on the path, else the environment of this project's tools. */
  readonly python?: string;
  /** BLAS threads of a native Python, 1 or more. Default: what BLAS takes, mostly all cores. */
  readonly threads?: number;
}

/** The NumPy engine; `inspect` asks Python itself what it holds. */
export interface NumpyBackend extends Backend<NumpyHandle> {
  readonly runtime: "native" | "pyodide";
  readonly inspect: () => Promise<{ readonly handles: number; readonly bytes: number; readonly programs: number }>;
  readonly dispose: () => Promise<void>;
}

/** What NumPy computes in. */
export const dtypes: ReadonlySet<DType> = new Set<DType>([
  "bool",
  "uint8",
  "uint16",
  "uint32",
  "int8",
  "int16",
  "int32",
  "float32",
  "float64",
]);

// Every so many runs one is answered; the next such one waits for it. So at most twice as many are on their way.
const ANSWERED = 32;

/**
 * An engine that writes every graph as a NumPy program and runs it in a native `python3` (Node) or in Pyodide (Node, browsers).
 * Work is queued in order: uploads, programs and releases return at once, reading waits.
 * @throws BackendError if no Python with NumPy can be started. @throws ConfigError unless `threads` is a positive integer.
 * @example
 * ```ts no-run
 * setBackend(await numpy()); // python3 if it has NumPy, else Pyodide
 * ```
 */
export async function numpy(options: NumpyOptions = {}): Promise<NumpyBackend> {
  const { threads } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0)) {
    const todo = "Leave it out, or give a number of cores";
    throw new ConfigError(complain("numpy", { must: "threads must be 1 or more", got: String(threads), todo }));
  }
  if (options.runtime === "pyodide") return backend(await connect(openPyodide(options)), "pyodide");
  const named = options.python ?? environment("KERAS_TS_PYTHON");
  if (named !== undefined) return backend(await connect(openNative(named, threads)), "native");
  const failures: string[] = [];
  for (const python of node("node:child_process") === undefined ? [] : candidates()) {
    try {
      return backend(await connect(openNative(python, threads)), "native");
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (options.runtime !== "native") return backend(await connect(openPyodide(options)), "pyodide");
  const got = failures.length > 0 ? failures.join("; ") : "no Node";
  const todo = 'Name one with the option python, install NumPy ("pip install numpy"), or use runtime: "pyodide"';
  throw new BackendError(complain("numpy", { must: "a python3 with NumPy 2 must be found", got, todo }));
}

function environment(name: string): string | undefined {
  const host = (globalThis as { readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> } })
    .process;
  return host?.env?.[name] || undefined;
}

function candidates(): string[] {
  const [fs, os, path] = [node("node:fs"), node("node:os"), node("node:path")];
  const home = os?.homedir() ?? "";
  const tools = path?.join(home, ".cache", "keras-ts", "python", "bin", "python") ?? "";
  return ["python3", ...(fs?.existsSync(tools) ? [tools] : [])];
}

const bytesOf = ({ data }: HostArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function backend(connection: Connection, runtime: "native" | "pyodide"): NumpyBackend {
  const live = new Map<number, number>();
  let bytes = 0;
  let created = 0;
  let programs = 0;
  let runs = 0;
  let answer: Promise<void> | undefined;

  const track = ({ shape, dtype }: { readonly shape: readonly number[]; readonly dtype: DType }): NumpyHandle => {
    const handle = { id: created++, shape, dtype };
    const size = (sizeOf(shape) * bitsOf(dtype)) / 8;
    live.set(handle.id, size);
    bytes += size;
    return handle;
  };
  const forget = (id: number): boolean => {
    const size = live.get(id);
    if (size === undefined) return false;
    live.delete(id);
    bytes -= size;
    return true;
  };

  // A failure is kept in the results: reading them throws it.
  const whenDone = (request: Request): Promise<void> => {
    const done: Promise<void> = connection.ask(request).then(
      () => forgetAnswer(done),
      () => forgetAnswer(done),
    );
    return done;
  };
  const forgetAnswer = (done: Promise<void>): void => {
    if (answer === done) answer = undefined;
  };

  const compile = (graph: Graph, { donate = [], label }: CompileOptions): Executable<NumpyHandle> => {
    const { source, literals } = emit(graph);
    const program = programs++;
    const specs: Record<string, ArraySpec> = {};
    const parts: Uint8Array[] = [];
    let offset = 0;
    for (const [name, value] of literals) {
      specs[name] = { dtype: value.dtype, shape: value.shape, offset };
      const padded = new Uint8Array(alignedBytes(value));
      padded.set(bytesOf(value));
      parts.push(padded);
      offset += padded.byteLength;
    }
    const donated = [...new Set(donate.map(([input]) => input))];
    const name = label ?? `program ${program}`;
    connection.post({ kind: "define", program, label: name, source, literals: specs, donate: donated }, parts);
    return {
      run(inputs) {
        const outputs = graph.outputs.map(track);
        const ids = outputs.map(({ id }) => id);
        const request = { kind: "run", program, inputs: inputs.map(({ id }) => id), outputs: ids } as const;
        const before = answer;
        const isAnswered = ++runs % ANSWERED === 0;
        if (isAnswered) answer = whenDone(request);
        else connection.post(request);
        for (const place of donated) forget((inputs[place] as NumpyHandle).id);
        return isAnswered && before !== undefined ? before.then(() => outputs) : outputs;
      },
      dispose() {
        if (connection.isOpen()) connection.post({ kind: "forget", program });
      },
    };
  };

  return {
    name: connection.name,
    runtime,
    dtypes,
    limitations,
    composites: wholeComposites,
    upload(data) {
      if (!dtypes.has(data.dtype)) {
        const todo = "Cast it first, or let core lower it";
        throw new BackendError(complain("numpy", { must: "the engine must have the dtype", got: data.dtype, todo }));
      }
      const handle = track(data);
      const { id, shape, dtype } = handle;
      connection.post({ kind: "upload", id, dtype, shape, offset: 0 }, [bytesOf(data)]);
      return handle;
    },
    async download({ id, dtype, shape }) {
      const { header, body } = await connection.ask({ kind: "download", id });
      if (header.dtype !== dtype || String(header.shape) !== String(shape)) {
        const got = `${header.dtype} [${header.shape?.join(", ")}] for ${dtype} [${shape.join(", ")}]`;
        const todo = "This is a defect of a kernel, please report it";
        throw new BackendError(complain("numpy", { must: "a program must give what its graph says", got, todo }));
      }
      const ArrayType = arrayTypeOf(dtype);
      const data = new ArrayType(sizeOf(shape));
      new Uint8Array(data.buffer).set(body);
      return { shape, dtype, data };
    },
    release({ id }) {
      if (forget(id)) connection.release(id);
    },
    compile,
    async settled() {
      await connection.ask({ kind: "settle" });
    },
    memory: () => ({ handles: live.size, bytes }),
    async inspect() {
      const { handles = 0, bytes: held = 0, programs: defined = 0 } = (await connection.ask({ kind: "memory" })).header;
      return { handles, bytes: held, programs: defined };
    },
    dispose: () => connection.close(),
  };
}

/**
 * The Python program that the engine runs for `graph`; `np` is NumPy, `kt` the engine's small runtime.
 * @example
 * import { Graph, placeholder, primitives } from "@keras-ts/core/backend";
 * const x = placeholder({ shape: [2], dtype: "float32" });
 * explain(new Graph([x], [primitives.exp(x)]));
 */
export const explain = (graph: Graph): string => emit(graph).source;
