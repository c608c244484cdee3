// From a graph to a session: written by our passes and optimised by ONNX Runtime, or as a cache kept it.
import type { CompileOptions, Graph } from "@keras-ts/core/backend";
import { attempt } from "./attempt.ts";
import { everything } from "./builder.ts";
import type { Kept } from "./cache/kept.ts";
import type { Compiler, ProgramCache } from "./cache/program-cache.ts";
import { emit } from "./emit.ts";
import type { OrtSession, OrtSessionOptions } from "./ort.ts";
import { lowerFor, optimize } from "./passes/index.ts";
import { serialize } from "./program.ts";
import { onGpu } from "./webgpu.ts";

/** A session with the names of what goes in, and names, shapes and dtypes of what comes out. */
export type Opened = Pick<Kept, "inputs" | "outputs"> & { readonly session: OrtSession };

/** What is wanted of one program. */
export interface OpenOptions {
  /** For messages. */
  readonly label: string;
  /** What core's passes make of the graph, if they did not run yet. */
  readonly lower?: ((graph: Graph) => Graph) | undefined;
  /** Outputs that are new values of variables, with the inputs that hold the ones before. */
  readonly state?: CompileOptions["state"];
  /** Session options beside those of the engine. */
  readonly session?: OrtSessionOptions | undefined;
}

/** Opens programs, and counts where they came from. */
export class ProgramOpener {
  readonly #compiler: Compiler;
  readonly #where: string;
  readonly #cache: ProgramCache | undefined;
  readonly counts = { compiled: 0, fromCache: 0 };

  constructor(where: string, compiler: Compiler, cache: ProgramCache | undefined) {
    this.#where = where;
    this.#compiler = compiler;
    this.#cache = cache;
  }

  async open(graph: Graph, { label, lower, state = [], session: more }: OpenOptions): Promise<Opened> {
    const places = this.#compiler.device === "webgpu" ? ` ${JSON.stringify(state)}` : "";
    const key = await this.#cache?.key(graph, `${lower === undefined ? "stage" : "whole"}${places}`);
    const found = key === undefined ? undefined : await this.#fromCache(key, label, more);
    if (found !== undefined) return found;
    const program = this.#write(lower === undefined ? graph : lower(graph), state);
    const session = await this.#create(key, program, label, more);
    this.counts.compiled++;
    return { ...program, session };
  }

  async #fromCache(key: string, label: string, more: OrtSessionOptions = {}): Promise<Opened | undefined> {
    const cache = this.#cache as ProgramCache;
    const kept = await cache.find(key);
    if (kept === undefined) return undefined;
    const done: OrtSessionOptions = cache.keepsOptimised ? { graphOptimizationLevel: "disabled" } : {};
    try {
      const session = await this.#session(kept, label, { ...more, ...done });
      this.counts.fromCache++;
      return { ...kept, session };
    } catch {
      // Compiled again, it may work; if not, that is what is told.
      await cache.drop(key);
      return undefined;
    }
  }

  #write(graph: Graph, state: NonNullable<CompileOptions["state"]>): Kept {
    const { settings, device, keepState } = this.#compiler;
    const operators = { ...everything, branches: device !== "webgpu" };
    const compiled = optimize(emit(lowerFor(graph, settings), operators), settings.passes);
    const { inputs, outputs } = compiled;
    const named = state.map(
      ([output, input]) =>
        [outputs[output] as string, (input === undefined ? undefined : inputs[input]) ?? null] as const,
    );
    const { program, ...session } = device === "webgpu" ? onGpu(compiled, named, keepState) : { program: compiled };
    return {
      model: serialize(program),
      inputs,
      outputs: graph.outputs.map(({ shape, dtype }, i) => ({ name: outputs[i] as string, shape, dtype })),
      session,
    };
  }

  async #create(
    key: string | undefined,
    program: Kept,
    label: string,
    more: OrtSessionOptions = {},
  ): Promise<OrtSession> {
    const cache = this.#cache;
    if (key === undefined || cache === undefined) return this.#session(program, label, more);
    const file = await cache.scratch(key);
    if (file === undefined) {
      const copy = { ...program, model: program.model.slice() }; // a worker takes the bytes away
      const opened = await this.#session(program, label, more);
      cache.keep(key, copy, undefined);
      return opened;
    }
    let session: OrtSession;
    try {
      session = await this.#session(program, label, { ...more, optimizedModelFilePath: file });
    } catch (error) {
      session = await this.#session(program, label, more);
      cache.fail(error); // since it works without the file
      return session;
    }
    cache.keep(key, program, file);
    return session;
  }

  #session({ model, session }: Kept, label: string, more: OrtSessionOptions): Promise<OrtSession> {
    const { ort, session: own } = this.#compiler;
    return attempt(this.#where, label, () => ort.InferenceSession.create(model, { ...own, ...session, ...more }));
  }
}
