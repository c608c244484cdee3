// Programs of earlier processes: found again, or compiled and kept. Whatever goes wrong here, training goes on.
import { complain, coreVersion, type Graph, warnOnce } from "@keras-ts/core/backend";
import type { KeepState } from "../gpu-session.ts";
import type { Device, Engine, InjectedOrt, OrtSessionOptions } from "../ort.ts";
import type { CompilerSettings } from "../passes/index.ts";
import { version } from "../version.ts";
import { processor } from "./folder.ts";
import { decodeEntry, encodeEntry, type Kept } from "./kept.ts";
import { keyOf } from "./key.ts";
import type { ProgramStore } from "./store.ts";

/** What decides about all programs of an engine. */
export interface Compiler {
  readonly ort: InjectedOrt;
  readonly engine: Engine;
  readonly device: Device;
  readonly session: OrtSessionOptions;
  readonly settings: CompilerSettings;
  /** What is kept of state on the graphics card. */
  readonly keepState: KeepState | undefined;
}

/** Constants may be so small a part of the limit: programs with more of them are not kept. */
const SHARE = 8;

export class ProgramCache {
  /** True if ONNX Runtime tells what it made of a program, so that this is what is kept. */
  readonly keepsOptimised: boolean;
  readonly #store: ProgramStore;
  readonly #stamp: Promise<string>;
  readonly #writing = new Set<Promise<void>>();
  #off = false;

  constructor(store: ProgramStore, compiler: Compiler) {
    this.#store = store;
    const { engine, session } = compiler;
    // Only for the CPU: what other providers compile cannot be written down. The wasm build writes into its own memory only.
    this.keepsOptimised =
      engine === "node" && store.scratch !== undefined && session.executionProviders?.join() === "cpu";
    this.#stamp = this.#describe(compiler);
    this.#stamp.catch(() => {}); // asked for with the first program
  }

  /** The name of a program, or undefined if it is not kept. `stage` tells graphs apart that come in different states. */
  key(graph: Graph, stage: string): Promise<string | undefined> {
    return this.#attempt(async () => keyOf(graph, `${await this.#stamp} ${stage}`, this.#store.limit / SHARE));
  }

  /** The program, if it is kept and whole. What is damaged is removed. */
  find(key: string): Promise<Kept | undefined> {
    return this.#attempt(async () => {
      const bytes = await this.#store.read(key);
      if (bytes === undefined) return undefined;
      const kept = await decodeEntry(key, bytes);
      if (kept === undefined) await this.#store.remove(key);
      return kept;
    });
  }

  drop(key: string): Promise<void> {
    return this.#attempt(() => this.#store.remove(key));
  }

  /** Where ONNX Runtime may write what it makes of a program. */
  async scratch(key: string): Promise<string | undefined> {
    return this.keepsOptimised ? this.#attempt(() => this.#store.scratch?.(key)) : undefined;
  }

  /** Keeps a program, from now on and in the background; `file` is where ONNX Runtime wrote the model. */
  keep(key: string, kept: Kept, file: string | undefined): void {
    const writing = this.#attempt(async () => {
      const model = file === undefined ? kept.model : ((await this.#store.take?.(file)) as Uint8Array);
      await this.#store.write(key, await encodeEntry(key, { ...kept, model }));
    });
    this.#writing.add(writing);
    void writing.then(() => this.#writing.delete(writing));
  }

  /** Everything is written. */
  async close(): Promise<void> {
    await Promise.all(this.#writing);
    this.#store.close();
  }

  /** Nothing is looked for or kept any more, which is said once. */
  fail(error: unknown): void {
    if (this.#off) return;
    this.#off = true;
    const got = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    const must = `the cache of programs, ${this.#store.place}, must be readable and writable`;
    const todo = "Training goes on without it: name another place, or leave out the option cache";
    warnOnce(complain("onnx", { must, got, todo }));
  }

  async #attempt<T>(action: () => T | Promise<T>): Promise<T | undefined> {
    if (this.#off) return undefined;
    try {
      return await action();
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  async #describe({ ort, engine, device, session, settings, keepState }: Compiler): Promise<string> {
    const { passes = {}, ...others } = settings;
    const runtime = ort.env.versions;
    if (runtime === undefined) throw new Error("a copy of ONNX Runtime that does not tell its version");
    // How many threads compute, how they wait, and what is logged, is no part of a program.
    const { intraOpNumThreads: _, interOpNumThreads: __, logSeverityLevel: ___, extra = {}, ...options } = session;
    const { intra_op: ____, ...own } = (extra["session"] ?? {}) as Readonly<Record<string, unknown>>;
    return JSON.stringify({
      versions: { core: coreVersion, writer: version, ...runtime },
      compiler: { engine, device, options: { ...options, extra: { ...extra, session: own } }, keepState, ...others },
      off: Object.keys(passes)
        .filter((name) => passes[name] === false)
        .sort(),
      processor: this.keepsOptimised ? await processor() : undefined,
    });
  }
}
