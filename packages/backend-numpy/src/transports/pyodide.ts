// Python as WebAssembly: in a worker thread in Node, so that its event loop stays free, else in the calling thread.
import type { OpenTransport, Transport, TransportEvents } from "../connection.ts";
import { BackendError, complain } from "../core.ts";
import { runtimeSource } from "../python/index.ts";
import { node } from "./node.ts";
import { startCode, workerCode } from "./pyodide-worker.ts";

/** What the engine needs of a loaded Pyodide. */
export interface PyodideLike {
  runPython(code: string): unknown;
  loadPackage(
    names: string | readonly string[],
    options?: { readonly messageCallback?: (text: string) => void; readonly errorCallback?: (text: string) => void },
  ): Promise<readonly unknown[]>;
}
/** Pyodide's `loadPyodide`. */
export type PyodideLoader = (options: Readonly<Record<string, unknown>>) => Promise<PyodideLike>;

export interface PyodideOptions {
  /** A loaded Pyodide or its `loadPyodide`, used in the calling thread. Default: the package `pyodide`, in a worker thread in Node. */
  readonly pyodide?: PyodideLike | PyodideLoader;
  /** Options for `loadPyodide`, such as `indexURL`; plain data where it runs in a worker thread. */
  readonly pyodideOptions?: Readonly<Record<string, unknown>>;
  /** Path or URL of a NumPy wheel built for this Pyodide; without it Pyodide fetches its own. */
  readonly numpyWheel?: string;
  /** A folder (Node) or base URL (browsers, Pyodide 0.28 and newer) with Pyodide's packages, instead of its servers. */
  readonly packageDir?: string;
}

/** Opens a worker in Pyodide. @throws BackendError if Pyodide or its NumPy cannot be loaded. */
export const openPyodide =
  (options: PyodideOptions): OpenTransport =>
  (events) => {
    const threads = node("node:worker_threads");
    return options.pyodide === undefined && threads !== undefined
      ? openThread(threads, options, events)
      : openHere(options, events);
  };

function missingNumpy(said: readonly string[]): BackendError {
  const got = said.length > 0 ? said.join(" ") : "nothing loaded";
  const todo =
    "Go online once, or name a wheel built for this version of Pyodide with numpyWheel (a path or URL) or its folder with packageDir";
  return new BackendError(complain("numpy", { must: "Pyodide must find a NumPy 2 wheel", got, todo }));
}

// What to hand to loadPackage: a wheel's URL, or the name for Pyodide to look up.
function numpyPackage({ numpyWheel, packageDir }: PyodideOptions): string {
  const [fs, path, url] = [node("node:fs"), node("node:path"), node("node:url")];
  const isUrl = (text: string): boolean => /^[a-z][a-z+.-]+:\/\//i.test(text);
  const asUrl = (text: string): string => (isUrl(text) || url === undefined ? text : url.pathToFileURL(text).href);
  if (numpyWheel !== undefined) {
    if (!isUrl(numpyWheel) && fs !== undefined && !fs.existsSync(numpyWheel))
      throw missingNumpy([`no file ${numpyWheel}`]);
    return asUrl(numpyWheel);
  }
  if (packageDir === undefined || isUrl(packageDir) || fs === undefined || path === undefined) return "numpy";
  const files = fs.existsSync(packageDir) ? fs.readdirSync(packageDir) : [];
  const wheel = files.find((file) => /^numpy-.*wasm32\.whl$/.test(file));
  if (wheel === undefined) throw missingNumpy([`no numpy-*wasm32.whl in ${packageDir}`]);
  return asUrl(path.resolve(packageDir, wheel));
}

const loaderOptions = ({ pyodideOptions, packageDir }: PyodideOptions): Readonly<Record<string, unknown>> =>
  packageDir?.includes("://") ? { packageBaseUrl: packageDir, ...pyodideOptions } : { ...pyodideOptions };

// Pyodide's own package, as this package sees it, or as the program that runs sees it.
function pyodideUrl(): string {
  const [modules, url] = [node("node:module"), node("node:url")];
  for (const from of [import.meta.url, url?.pathToFileURL("./").href ?? ""]) {
    try {
      return url?.pathToFileURL(modules?.createRequire(from).resolve("pyodide/pyodide.mjs") ?? "").href ?? "";
    } catch {
      // Not installed there.
    }
  }
  const todo = 'Run "npm install pyodide", or install NumPy for python3';
  throw new BackendError(
    complain("numpy", { must: "the package pyodide must be installed", got: "no such module", todo }),
  );
}

/** What the thread says: a frame, that it is ready, or why it is not. */
type FromThread =
  | { readonly kind: "frame"; readonly frame: Uint8Array }
  | { readonly kind: "ready" }
  | { readonly kind: "missing"; readonly said: readonly string[] }
  | { readonly kind: "failed"; readonly text: string };

function openThread(
  threads: typeof import("node:worker_threads"),
  options: PyodideOptions,
  { received, ended }: TransportEvents,
): Promise<Transport> {
  const pyodide = pyodideUrl();
  const workerData = {
    pyodide,
    // Pyodide finds its files by reading a stack trace, which does not show where code given as text comes from.
    options: { indexURL: node("node:url")?.fileURLToPath(new URL(".", pyodide)), ...loaderOptions(options) },
    numpy: numpyPackage(options),
    start: startCode,
    runtime: runtimeSource,
  };
  const thread = new threads.Worker(workerCode, { eval: true, workerData, stderr: false });
  const transport: Transport = {
    name: "numpy (pyodide)",
    send: (frame) => thread.postMessage(frame, [frame.buffer]),
    hold: (busy) => (busy ? thread.ref() : thread.unref()),
    async close() {
      await thread.terminate();
    },
  };
  return new Promise((resolve, reject) => {
    const fail = (error: BackendError): void => {
      ended(error.message);
      reject(error);
      void thread.terminate();
    };
    const failed = (text: string): void => {
      const todo = "Check the version of pyodide and its options";
      fail(new BackendError(complain("numpy", { must: "Pyodide must start", got: text, todo })));
    };
    thread.on("message", (message: FromThread) => {
      if (message.kind === "frame") received(message.frame);
      else if (message.kind === "ready") resolve(transport);
      else if (message.kind === "missing") fail(missingNumpy(message.said));
      else failed(message.text);
    });
    thread.on("error", (error) => failed(String(error)));
    thread.on("exit", (code) => failed(`its thread ended with code ${code}`));
  });
}

/** The Python function that takes a message and answers with a proxy of bytes, or nothing. */
type Receive = (frame: Uint8Array) => { toJs(): Uint8Array; destroy(): void } | undefined;

async function openHere(options: PyodideOptions, { received, ended }: TransportEvents): Promise<Transport> {
  const given = options.pyodide ?? (await import("pyodide")).loadPyodide;
  const pyodide = typeof given === "function" ? await (given as PyodideLoader)(loaderOptions(options)) : given;
  const said: string[] = [];
  const loaded = await pyodide.loadPackage(numpyPackage(options), {
    messageCallback: () => undefined,
    errorCallback: (text) => said.push(text),
  });
  // A Pyodide that has NumPy already loads nothing.
  const present = pyodide.runPython('__import__("importlib.util").util.find_spec("numpy") is not None') === true;
  if (loaded.length === 0 && !present) throw missingNumpy(said);
  const start = pyodide.runPython(startCode) as (runtime: string) => Receive;
  let receive: Receive | undefined = start(runtimeSource);
  return {
    name: "numpy (pyodide)",
    send(frame) {
      try {
        const answer = receive?.(frame);
        if (answer === undefined) return;
        const bytes = answer.toJs();
        answer.destroy();
        queueMicrotask(() => received(bytes));
      } catch (error) {
        ended(String(error));
        receive = undefined;
      }
    },
    // Answers come within the call, nothing is ever outstanding.
    hold: () => undefined,
    close() {
      receive = undefined;
    },
  };
}
