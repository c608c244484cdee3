// The backend: handles are tensors of ONNX Runtime, programs are sessions.
import {
  type Aval,
  arrayTypeOf,
  type Backend,
  BackendError,
  type CompileOptions,
  complain,
  type Executable,
  type Graph,
  type HostArray,
  lower,
  sizeOf,
} from "@keras-ts/core/backend";
import { attempt, attemptNow } from "./attempt.ts";
import { typeOf } from "./builder.ts";
import type { CacheOptions } from "./cache/open-store.ts";
import { traits } from "./composites.ts";
import { type Compiled, Explainer, Profiler } from "./diagnostics.ts";
import type { Explanation } from "./explain.ts";
import { enableOnnxExport } from "./export/enable.ts";
import { ForeignSessions } from "./foreign/sessions.ts";
import { compileStages, hasForeign } from "./foreign/stages.ts";
import type { KeepState } from "./gpu-session.ts";
import type { RandomBits } from "./kernels/random.ts";
import { limitations } from "./limitations.ts";
import { type Opened, ProgramOpener } from "./open-program.ts";
import {
  type Device,
  type Engine,
  type InjectedOrt,
  loadOrt,
  type OrtData,
  type OrtSessionOptions,
  type OrtTensor,
  type OrtType,
  type WasmPaths,
} from "./ort.ts";
import { othersAreBusy } from "./other-load.ts";
import { checkSettings, type PassSwitches } from "./passes/index.ts";
import type { Profile } from "./profile.ts";
import { isRemote } from "./remote.ts";

/** Options of `onnx`. */
export interface OnnxOptions {
  /** `"node"`: native, from `onnxruntime-node`. `"web"`: wasm, from `onnxruntime-web`, in browsers and Node. */
  readonly engine?: Engine;
  /** Threads for each operator; all cores if not given, in browsers one less. There more than 1 needs cross-origin isolation. */
  readonly threads?: number;
  /** The namespace of `onnxruntime-node` or `onnxruntime-web`, for a copy of your own. */
  readonly ort?: InjectedOrt;
  /** Where the wasm files of `onnxruntime-web` are served: a prefix, or `{ wasm, mjs }` URLs. */
  readonly wasmPaths?: WasmPaths;
  /** `"webgpu"`: on the graphics card, in browsers. Default `"cpu"`. What has no kernel there is computed on the CPU; see `limitations`. */
  readonly device?: Device;
  /**
   * For `device: "webgpu"`, where state stays on the graphics card: of which step variables are kept on the host, should the card be lost.
   * `"step"`: the last completed one, by default. `"recent"`: one shortly before, so that training never waits. `"none"`: none.
   */
  readonly keepState?: KeepState;
  /** False to compute on the page's own thread. By default a worker does in browsers, so that the page stays responsive. */
  readonly worker?: boolean;
  /**
   * Whether idle threads spin for the next operator: faster alone, wasteful on a busy machine. In Node they do unless other processes
   * keep half a processor busy while the engine starts.
   */
  readonly spinning?: boolean;
  /** Passes of the compiler that are switched off, by name: `{ moveTransposes: false }`. All are on by default. */
  readonly passes?: PassSwitches;
  /**
   * `"fast"`: random bits come from a hash instead of the cipher of JAX, at a tenth of the cost. The same seed gives the same numbers on
   * all builds, but not those of Keras: losses and initial weights cannot be compared with it. Default `"threefry"`.
   */
  readonly random?: RandomBits;
  /** True to have the engine time every operator, for `profile()`. In Node only, and a little slower. */
  readonly profile?: boolean;
  /**
   * Where compiled programs are kept, so that another process does not compile them again. `true` for a folder of the user, or a folder;
   * in browsers a database of IndexedDB. Off by default.
   */
  readonly cache?: boolean | string | CacheOptions;
  /** Anything else of ONNX Runtime's session options. */
  readonly session?: OrtSessionOptions;
}

/** What this engine can do beside what every engine does. */
export interface OnnxBackend extends Backend<OrtHandle> {
  /**
   * How the programs that run while `action` does were compiled: the graph as it was recorded, after each pass, the ONNX program, after
   * each pass. Tensors that `action` returns are computed. As a string it is a page to read.
   * @throws BackendError if nothing runs on this engine.
   */
  explain(action: () => unknown): Promise<Explanation>;
  /**
   * Where the time went so far, by primitive: a table as a string, a Chrome trace, an SVG. Programs that were profiled once run on
   * without. @throws BackendError without the option `profile: true`.
   */
  profile(): Promise<Profile>;
  /** Tensors alive on the engine, their size, programs that are open, and how many so far were compiled or came from the cache. */
  memory(): {
    readonly handles: number;
    readonly bytes: number;
    readonly programs: number;
    readonly compiled: number;
    readonly fromCache: number;
  };
}

/** A tensor that ONNX Runtime can read and write. */
export interface OrtHandle {
  readonly tensor: OrtTensor;
  readonly bytes: number;
  /** Runs that read it and are not done. */
  readers: number;
}

const sizeInBytes = (shape: readonly number[], type: string): number => sizeOf(shape) * (type === "bool" ? 1 : 4);
const handleTypes: ReadonlySet<string> = new Set<OrtType>(["float32", "int32", "uint32", "bool"]);

/**
 * ONNX Runtime as an engine: every graph, training steps included, becomes one ONNX model.
 * @throws BackendError if the package of the engine is not installed, if a pass or `random` has an unknown name, if `cache` names no
 * place, or for `profile` on the wasm build.
 * @example
 * setBackend(await onnx());
 */
export async function onnx(options: OnnxOptions = {}): Promise<OnnxBackend> {
  const { passes: switches = {}, random = "threefry" } = options;
  const settings = { passes: switches, random };
  checkSettings(settings);
  enableOnnxExport();
  const { device = "cpu" } = options;
  // Only who wants a cache loads its code.
  const store =
    options.cache === undefined ? undefined : (await import("./cache/open-store.ts")).openStore(options.cache);
  const loaded = await loadOrt(options);
  const { ort, engine } = loaded;
  const name = device === "webgpu" ? "onnx webgpu" : `onnx ${engine}`;
  const place = device === "cpu" && engine === "web" ? "wasm" : device;
  if (engine === "node") keepHeap();
  const sessionOptions = sessionOptionsOf(engine, options);
  const live = { handles: 0, bytes: 0 };
  const sessions = new Set<Program>();
  // Once: the engine may be gone already, and all its sessions with it.
  const close = async (program: Program): Promise<void> => {
    if (sessions.delete(program)) await program.dispose();
  };
  // Programs that nobody can run any more, core having forgotten them, are closed too.
  const forgotten = new FinalizationRegistry<Program>((program) => void close(program));
  const spares = new Spares();
  const explainer = new Explainer();
  const foreign = new ForeignSessions(ort, engine, sessionOptions);
  const profiler = options.profile === true ? new Profiler(engine) : undefined;
  const { keepState } = options;
  const compiler = { ort, engine, device, session: sessionOptions, settings, keepState };
  const cache = store && new (await import("./cache/program-cache.ts")).ProgramCache(store, compiler);
  const opener = new ProgramOpener(`${name} backend`, compiler, cache);

  const wrap = (tensor: OrtTensor, bytes: number): OrtHandle => {
    live.handles++;
    live.bytes += bytes;
    return { tensor, bytes, readers: 0 };
  };
  const allocate = ({ dtype, shape }: Aval): OrtTensor => {
    const type = typeOf(dtype) as OrtType;
    return spares.take(type, shape) ?? new ort.Tensor(type, new (arrayTypeOf(dtype))(sizeOf(shape)) as OrtData, shape);
  };
  const forget = (handle: OrtHandle): void => {
    live.handles--;
    live.bytes -= handle.bytes;
  };

  const compileWhole = async (
    graph: Graph,
    compileOptions: CompileOptions,
    lowered?: (graph: Graph) => Graph,
  ): Promise<Executable<OrtHandle>> => {
    const label = compileOptions.label ?? "program";
    const profiling = profiler?.next();
    const { state } = compileOptions;
    const opened = await opener.open(graph, { label, lower: lowered, state, session: profiling?.options });
    const compiled: Compiled = { label, source: graph, session: opened.session };
    profiling?.opened(compiled);
    const made = new Program({
      ...opened,
      label: `${name} backend`,
      compileOptions,
      allocate: engine === "node" ? allocate : undefined,
      wrap,
      forget,
    });
    sessions.add(made);
    const executable: Executable<OrtHandle> = {
      run: (inputs) => {
        explainer.noteRun(compiled);
        return made.run(inputs);
      },
      dispose: () => void close(made),
    };
    forgotten.register(executable, made);
    return executable;
  };

  const backend: OnnxBackend = {
    name,
    passes: switches,
    ...traits,
    limitations: limitations.filter(({ devices = [place] }) => devices.includes(place)),
    // A loop runs on the host: on the graphics card all state would come down and go up again with each step.
    prefersLoops: device !== "webgpu",
    lowers: true,
    upload({ shape, dtype, data }) {
      const type = typeOf(dtype);
      if (!handleTypes.has(type)) typeOf("complex64");
      const spare = spares.take(type, shape);
      if (spare === undefined) {
        const made = (): OrtTensor => new ort.Tensor(type as OrtType, data.slice() as OrtData, shape);
        return wrap(attemptNow(`${name} backend`, "an upload", made), data.byteLength);
      }
      (spare.data as OrtData).set(data);
      return wrap(spare, data.byteLength);
    },
    download({ tensor }) {
      const host = (data: OrtData): HostArray => ({ shape: tensor.dims, dtype: tensor.type as OrtType, data });
      if (!isRemote(tensor)) return host((tensor.data as OrtData).slice());
      return attempt(`${name} backend`, "reading a tensor", () => tensor.getData()).then(host);
    },
    release(handle) {
      forget(handle);
      if (isRemote(handle.tensor)) handle.tensor.dispose();
      else if (handle.readers === 0) spares.give(handle);
    },
    async compile(graph, compileOptions) {
      const lowered = (whole: Graph): Graph => lower(whole, backend);
      if (!hasForeign(graph)) return compileWhole(graph, compileOptions, lowered);
      return compileStages(lowered(graph), compileOptions, {
        compile: compileWhole,
        runForeign: async (model, inputs, outs) => {
          const results = await foreign.run(
            model,
            inputs.map(({ tensor }) => tensor),
            outs,
          );
          return results.map((tensor) => wrap(tensor, sizeInBytes(tensor.dims, tensor.type)));
        },
        release: (handle) => backend.release(handle),
      });
    },
    memory: () => ({ ...live, programs: sessions.size, ...opener.counts }),
    explain: (action) => explainer.explain(backend as unknown as Backend, settings, action),
    async profile() {
      if (profiler !== undefined) return profiler.finish();
      const todo = "Create it with onnx({ profile: true })";
      throw new BackendError(
        complain("profile", { must: "the backend must record times", got: "no option profile", todo }),
      );
    },
    async dispose() {
      await Promise.all([...sessions].map(close));
      await foreign.dispose();
      await cache?.close();
      spares.clear();
      profiler?.dispose();
      await loaded.end?.();
    },
  };
  return backend;
}

/** `moveTransposes` has done their work, and they would join again what `splitTransposes` has split. */
const SPARED_OPTIMIZERS = "TransposeOptimizer;TransposeOptimizer_CPUExecutionProvider";

function sessionOptionsOf(engine: Engine, { threads, session, device, ...rest }: OnnxOptions): OrtSessionOptions {
  const spinning = rest.spinning ?? (engine === "node" && othersAreBusy() ? false : undefined);
  const extra = {
    ...(device === "webgpu" ? {} : { optimization: { disable_specified_optimizers: SPARED_OPTIMIZERS } }),
    ...(spinning === undefined ? {} : { session: { intra_op: { allow_spinning: spinning ? "1" : "0" } } }),
  };
  return {
    executionProviders: [engine === "node" ? "cpu" : "wasm"],
    graphOptimizationLevel: "all",
    executionMode: "sequential",
    // One planned block for all intermediates spreads a step over more cache than chunks that are used again: measured slower.
    enableMemPattern: false,
    enableCpuMemArena: true,
    logSeverityLevel: 3,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...session,
    extra: { ...extra, ...session?.extra },
  };
}

/**
 * Buffers of released tensors, for the next tensors of the same type and shape: a training loop uploads the same shapes each step, and
 * fresh arrays of that size would have the garbage collector run every few steps.
 */
class Spares {
  static readonly #limit = 64 * 2 ** 20;
  readonly #tensors = new Map<string, OrtTensor[]>();
  #bytes = 0;

  take(type: string, shape: readonly number[]): OrtTensor | undefined {
    const tensor = this.#tensors.get(`${type} ${shape.join()}`)?.pop();
    if (tensor !== undefined) this.#bytes -= (tensor.data as OrtData).byteLength;
    return tensor;
  }
  give({ tensor, bytes }: OrtHandle): void {
    if (bytes > Spares.#limit) return;
    if (this.#bytes + bytes > Spares.#limit) this.clear();
    const key = `${tensor.type} ${tensor.dims.join()}`;
    const row = this.#tensors.get(key) ?? [];
    this.#tensors.set(key, row);
    if (row.length >= 4) return;
    row.push(tensor);
    this.#bytes += bytes;
  }
  clear(): void {
    this.#tensors.clear();
    this.#bytes = 0;
  }
}

let closed: MessagePort | undefined;
/** Frees buffers at once. */
function discard(buffers: readonly ArrayBuffer[]): void {
  if (closed === undefined) {
    closed = new MessageChannel().port1;
    closed.close();
  }
  closed.postMessage(null, [...buffers]);
}

let heapKept = false;
/**
 * glibc hands large freed blocks back to the system and gets them again page by page, which took up to 5 ms of a step that copies 8 MB
 * out of ONNX Runtime. It stops doing so for blocks as large as the largest that was freed so far, up to 32 MB.
 */
function keepHeap(): void {
  if (heapKept) return;
  heapKept = true;
  discard([new ArrayBuffer(31 * 2 ** 20)]);
}

/**
 * The native build writes into the buffers that it is given, and copies everything once more into new ones. Left to the garbage
 * collector these are megabytes a step, and it would run every few steps; handed over to a closed port they are free at once.
 */
function drop(results: Readonly<Record<string, OrtTensor>>, fetches: Readonly<Record<string, OrtTensor | null>>): void {
  const bufferOf = (tensor: OrtTensor | null | undefined): unknown => (tensor?.data as OrtData | undefined)?.buffer;
  const buffers = Object.keys(results).flatMap((name) => {
    const buffer = bufferOf(results[name]);
    const isCopy = fetches[name] && buffer instanceof ArrayBuffer && buffer !== bufferOf(fetches[name]);
    return isCopy && buffer.byteLength > 2 ** 14 ? [buffer] : [];
  });
  if (buffers.length > 0) discard(buffers);
}

interface ProgramParts extends Opened {
  readonly label: string;
  readonly compileOptions: CompileOptions;
  /** Only the native build writes into buffers that it is given; the wasm build copies results out of its heap. */
  readonly allocate: ((aval: Aval) => OrtTensor) | undefined;
  readonly wrap: (tensor: OrtTensor, bytes: number) => OrtHandle;
  readonly forget: (handle: OrtHandle) => void;
}

/** A session with its buffers. The memory of a donated input becomes the output buffer of the next run. */
class Program {
  readonly #parts: ProgramParts;
  readonly #bytes: readonly number[];
  readonly #spare: (OrtTensor | undefined)[];
  #running = 0;
  #whenIdle: (() => void) | undefined;

  constructor(parts: ProgramParts) {
    this.#parts = parts;
    this.#bytes = parts.outputs.map(({ shape, dtype }) => sizeInBytes(shape, dtype));
    this.#spare = new Array<OrtTensor | undefined>(parts.outputs.length).fill(undefined);
  }

  async run(handles: readonly OrtHandle[]): Promise<readonly OrtHandle[]> {
    const { session, inputs, outputs, allocate, wrap, forget, compileOptions, label } = this.#parts;
    const feeds: Record<string, OrtTensor> = {};
    for (let i = 0; i < inputs.length; i++) feeds[inputs[i] as string] = (handles[i] as OrtHandle).tensor;
    const fetches: Record<string, OrtTensor | null> = {};
    attemptNow(label, compileOptions.label ?? "program", () => {
      outputs.forEach((output, i) => {
        fetches[output.name] = this.#spare[i] ?? allocate?.(output) ?? null;
        this.#spare[i] = undefined;
      });
    });
    for (const handle of handles) handle.readers++;
    this.#running++;
    const results = await attempt(label, compileOptions.label ?? "program", () => session.run(feeds, fetches)).finally(
      () => {
        for (const handle of handles) handle.readers--;
        this.#running--;
        if (this.#running === 0) this.#whenIdle?.();
      },
    );
    for (const [input, output] of compileOptions.donate ?? []) {
      const handle = handles[input] as OrtHandle;
      forget(handle);
      if (allocate !== undefined) this.#spare[output] = handle.tensor;
      else if (isRemote(handle.tensor)) handle.tensor.dispose();
    }
    if (allocate !== undefined) drop(results, fetches);
    return outputs.map(({ name }, i) => wrap(fetches[name] ?? (results[name] as OrtTensor), this.#bytes[i] as number));
  }

  /** Closes the session, once no run needs it any more. */
  async dispose(): Promise<void> {
    this.#spare.fill(undefined);
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    await this.#parts.session.release();
  }
}
