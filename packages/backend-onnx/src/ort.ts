// ONNX Runtime as we use it: the common part of onnxruntime-node and onnxruntime-web, typed here so that neither is needed to compile.
import { BackendError, complain } from "@keras-ts/core/backend";

export type OrtData = Float32Array | Int32Array | Uint32Array | Uint8Array;
export type OrtType = "float32" | "int32" | "uint32" | "bool";

export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
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
  readonly executionProviders?: readonly string[];
  readonly graphOptimizationLevel?: "disabled" | "basic" | "extended" | "layout" | "all";
  readonly intraOpNumThreads?: number;
  readonly interOpNumThreads?: number;
  readonly enableMemPattern?: boolean;
  readonly enableCpuMemArena?: boolean;
  readonly executionMode?: "sequential" | "parallel";
  readonly logSeverityLevel?: 0 | 1 | 2 | 3 | 4;
  readonly enableProfiling?: boolean;
  readonly profileFilePrefix?: string;
  readonly extra?: Readonly<Record<string, unknown>>;
}
/** What `onnx({ ort })` takes: the namespace of `onnxruntime-node` or `onnxruntime-web`. */
export interface InjectedOrt {
  readonly Tensor: new (type: OrtType, data: OrtData, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: { create(model: Uint8Array, options?: OrtSessionOptions): Promise<OrtSession> };
  readonly env: {
    logLevel?: string;
    readonly wasm?: { numThreads?: number; wasmPaths?: unknown; proxy?: boolean };
  };
}

export type Engine = "node" | "web";

const inNode: boolean =
  (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;

/** The wanted build, or the native one in Node and the wasm one elsewhere. @throws BackendError if the package is not installed. */
export async function loadOrt(
  engine: Engine | undefined,
): Promise<{ readonly ort: InjectedOrt; readonly engine: Engine }> {
  if (engine === "node" || (engine === undefined && inNode)) {
    const ort = await importOrt("onnxruntime-node");
    if (ort instanceof Error) {
      if (engine === "node") throw missing("onnxruntime-node", ort);
    } else return { ort, engine: "node" };
  }
  const ort = await importOrt("onnxruntime-web");
  if (ort instanceof Error) throw missing(inNode && engine === undefined ? "onnxruntime-node" : "onnxruntime-web", ort);
  return { ort, engine: "web" };
}

// In Node by names that bundlers cannot follow: a browser bundle must not look for the native package. In browsers by the entry
// with the plain wasm build: the default one brings the larger build for WebGPU along, and in Node only the default one has threads.
async function importOrt(name: "onnxruntime-node" | "onnxruntime-web"): Promise<InjectedOrt | Error> {
  try {
    const hidden: string = name;
    const loaded: unknown = inNode
      ? await import(/* @vite-ignore */ /* webpackIgnore: true */ hidden)
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
