// ONNX Runtime as we use it: the common part of onnxruntime-node and onnxruntime-web, typed here so that neither is needed to compile.
import { BackendError, complain, warnOnce } from "@keras-ts/core/backend";
import { configure } from "./configure.ts";
import { completeGpuBuild } from "./gpu-build.ts";
import type { Residence } from "./gpu-session.ts";

export type OrtData = Float32Array | Int32Array | Uint32Array | Uint8Array;
export type OrtType = "float32" | "int32" | "uint32" | "bool";

export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
  /** Where the values are: on `"cpu"` they are `data`, elsewhere `getData` brings them. */
  readonly location?: string;
  getData?(): Promise<OrtData>;
  dispose?(): void;
}

export interface OrtSession {
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: Readonly<Record<string, OrtTensor | null>>,
  ): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
  /** Ends what `enableProfiling` began, and closes its file. */
  endProfiling?(): void;
}
export interface OrtSessionOptions {
  readonly executionProviders?: readonly (
    | string
    | { readonly name: string; readonly forceCpuNodeNames?: readonly string[] }
  )[];
  readonly graphOptimizationLevel?: "disabled" | "basic" | "extended" | "layout" | "all";
  readonly intraOpNumThreads?: number;
  readonly interOpNumThreads?: number;
  readonly enableMemPattern?: boolean;
  readonly enableCpuMemArena?: boolean;
  readonly executionMode?: "sequential" | "parallel";
  readonly logSeverityLevel?: 0 | 1 | 2 | 3 | 4;
  readonly enableProfiling?: boolean;
  readonly profileFilePrefix?: string;
  /** Where to write the program as it is after all optimisation. Only the native build writes files. */
  readonly optimizedModelFilePath?: string;
  readonly extra?: Readonly<Record<string, unknown>>;
  /** For sessions on the graphics card. It does not reach ONNX Runtime. */
  readonly residence?: Residence;
}
/** What `onnx({ ort })` takes: the namespace of `onnxruntime-node` or `onnxruntime-web`. */
export interface InjectedOrt {
  readonly Tensor: (new (
    type: OrtType,
    data: OrtData,
    dims: readonly number[],
  ) => OrtTensor) & {
    /** A tensor in a buffer of the graphics card, which stays the caller's. */
    fromGpuBuffer?(buffer: object, options: { readonly dataType: string; readonly dims: readonly number[] }): OrtTensor;
  };
  readonly InferenceSession: { create(model: Uint8Array, options?: OrtSessionOptions): Promise<OrtSession> };
  readonly env: {
    logLevel?: string;
    /** Of the parts of this copy. */
    readonly versions?: Readonly<Record<string, string | undefined>>;
    readonly wasm?: { numThreads?: number; wasmPaths?: unknown; proxy?: boolean };
    /** The graphics card, once the first session is there. */
    readonly webgpu?: { readonly device: Promise<unknown> };
  };
}

export type Engine = "node" | "web";
/** Which execution provider computes. What it has no kernel for, ONNX Runtime computes on the CPU. */
export type Device = "cpu" | "webgpu";
/** Where the wasm files of `onnxruntime-web` are served. */
export type WasmPaths = string | { readonly wasm?: string; readonly mjs?: string };

const inNode: boolean =
  (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;

/** What is wanted of ONNX Runtime. */
export interface Wanted {
  readonly engine?: Engine | undefined;
  readonly device?: Device | undefined;
  readonly threads?: number | undefined;
  readonly wasmPaths?: WasmPaths | undefined;
  /** False for the page's own thread. */
  readonly worker?: boolean | undefined;
  /** A build that is loaded already. It runs on the page's own thread. */
  readonly ort?: InjectedOrt | undefined;
}
/** A build of ONNX Runtime, loaded. */
export interface Loaded {
  readonly ort: InjectedOrt;
  readonly engine: Engine;
  /** Ends the worker it runs in, or gives the graphics card back. */
  end?(): void | Promise<void>;
}

/**
 * The wanted build, or the native one in Node and the wasm one elsewhere, there in a worker.
 * @throws BackendError if the package is not installed, or there is no such device.
 */
export async function loadOrt({ ort: given, engine, device = "cpu", worker, ...rest }: Wanted): Promise<Loaded> {
  if (given !== undefined && (engine ?? engineOf(given)) === "node") return { ort: given, engine: "node" };
  if (device === "webgpu") await needGpu();
  else if (given === undefined && (engine ?? (inNode ? "node" : "web")) === "node") {
    const ort = await importOrt("onnxruntime-node");
    if (ort instanceof Error) {
      if (engine === "node") throw missing("onnxruntime-node", ort);
    } else return { ort, engine: "node" };
  }
  const { threads, wasmPaths } = { ...rest, threads: threadsHere(rest.threads) };
  if (given === undefined && worker !== false && !inNode && typeof Worker === "function") {
    const remote = await inWorker(device, threads, wasmPaths);
    if (remote !== undefined) return { ...remote, engine: "web" };
  }
  const load = async (build: Device): Promise<InjectedOrt> => {
    const ort = build === device && given !== undefined ? given : await importOrt("onnxruntime-web", build);
    const wanted = inNode && engine === undefined ? "onnxruntime-node" : "onnxruntime-web";
    if (ort instanceof Error) throw missing(wanted, ort);
    configure(ort, threads, wasmPaths);
    return ort;
  };
  const ort = await load(device);
  return { ...(device === "cpu" ? { ort } : completeGpuBuild(ort, () => load("cpu"))), engine: "web" };
}

/** As many threads as may be: in pages one core is left for the page; those that are not cross-origin isolated get one, which is said once. */
export function threadsHere(wanted: number | undefined): number | undefined {
  if (inNode) return wanted;
  if (globalThis.crossOriginIsolated) return wanted ?? Math.max(1, navigator.hardwareConcurrency - 1);
  if (wanted !== 1) {
    const todo = "Serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
    warnOnce(`onnx: one thread, since the page is not cross-origin isolated. ${todo}, or ask for threads: 1.`);
  }
  return 1;
}

const engineOf = (ort: InjectedOrt): Engine =>
  ort.env.wasm === undefined || Object.keys(ort.env.wasm).length === 0 ? "node" : "web";

async function needGpu(): Promise<void> {
  const gpu = inNode ? undefined : (navigator as { gpu?: { requestAdapter(): Promise<object | null> } }).gpu;
  if (gpu !== undefined && (await gpu.requestAdapter()) !== null) return;
  const got = gpu === undefined ? "no WebGPU" : "no adapter";
  throw new BackendError(
    complain("onnx", { must: 'device "webgpu" must exist here', got, todo: 'Use device "cpu", or another browser' }),
  );
}

async function inWorker(
  device: Device,
  threads: number | undefined,
  wasmPaths: WasmPaths | undefined,
): Promise<Omit<Loaded, "engine"> | undefined> {
  const { startRemote } = await import("./worker-client.ts");
  try {
    const modules = { cpu: mapped("cpu"), webgpu: mapped("webgpu") };
    return await startRemote({ modules, device, threads, wasmPaths: absolute(wasmPaths) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warnOnce(`onnx: the engine runs on the page's own thread, which stops while it computes: no worker (${reason}).`);
    return undefined;
  }
}

// Pages without a bundler say in an import map where packages are, and workers do not see it.
function mapped(device: Device): string | undefined {
  try {
    return import.meta.resolve(`onnxruntime-web/${device === "webgpu" ? "webgpu" : "wasm"}`);
  } catch {
    return undefined;
  }
}

// A worker's relative URLs start at the worker.
function absolute(paths: WasmPaths | undefined): WasmPaths | undefined {
  const full = (path: string): string => new URL(path, document.baseURI).href;
  if (paths === undefined || typeof paths === "string") return paths === undefined ? undefined : full(paths);
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, full(path as string)]));
}

// In Node by names that bundlers cannot follow: a browser bundle must not look for the native package. In browsers by the entry
// with the plain wasm build: the default one brings the larger build for WebGPU along, and in Node only the default one has threads.
async function importOrt(
  name: "onnxruntime-node" | "onnxruntime-web",
  device: Device = "cpu",
): Promise<InjectedOrt | Error> {
  try {
    const hidden: string = name;
    const loaded: unknown = inNode
      ? await import(/* @vite-ignore */ /* webpackIgnore: true */ hidden)
      : device === "webgpu"
        ? await import("onnxruntime-web/webgpu")
        : await import("onnxruntime-web/wasm");
    return loaded as InjectedOrt;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function missing(name: string, cause: Error): BackendError {
  const must = `the package "${name}" must be installed and load`;
  return new BackendError(complain("onnx backend", { must, got: cause.message, todo: `Run: npm install ${name}` }), {
    cause,
  });
}
