// Looking into the compiler and at the clock: what `explain` and `profile` of the backend do.
import { type Backend, BackendError, complain, type Graph, settle, Tensor, whenReady } from "@keras-ts/core/backend";
import { type ExplainedProgram, type Explanation, explainGraph, explanation } from "./explain.ts";
import type { OrtSession, OrtSessionOptions } from "./ort.ts";
import type { CompilerSettings } from "./passes/index.ts";
import { type Profile, type ProfiledProgram, profileOf, readProfile } from "./profile.ts";

/** What is remembered of a compiled program. */
export interface Compiled {
  readonly label: string;
  /** Before core lowered it. */
  readonly source: Graph;
  readonly session: OrtSession;
}

/** Notes which programs run while somebody wants to know. */
export class Explainer {
  readonly #explained = new Map<Compiled, ExplainedProgram>();
  #ran: Set<Compiled> | undefined;

  noteRun(program: Compiled): void {
    this.#ran?.add(program);
  }

  async explain(backend: Backend, settings: CompilerSettings, action: () => unknown): Promise<Explanation> {
    const ran = new Set<Compiled>();
    this.#ran = ran;
    try {
      const result = await action();
      await whenReady([result].flat().filter((x) => x instanceof Tensor));
      await settle(backend);
    } finally {
      this.#ran = undefined;
    }
    if (ran.size === 0) {
      const todo = "Call setBackend with this backend first, and compute something new inside the function";
      throw new BackendError(complain("explain", { must: "a program must run on this backend", got: "none", todo }));
    }
    const programs = [...ran].map((program) => {
      const known = this.#explained.get(program);
      const made = known ?? explainGraph(program.label, program.source, backend, settings);
      this.#explained.set(program, made);
      return made;
    });
    return explanation(programs);
  }
}

// The part of Node that is used, so that the package needs no types of Node and bundlers see no import of it.
interface FileSystem {
  mkdtempSync(prefix: string): string;
  readdirSync(path: string): string[];
  readFileSync(path: string, encoding: "utf8"): string;
  rmSync(path: string, options: { readonly recursive: boolean; readonly force: boolean }): void;
}
interface NodeProcess {
  getBuiltinModule(name: "node:fs"): FileSystem;
  getBuiltinModule(name: "node:os"): { tmpdir(): string };
}

/** Profiles of sessions. ONNX Runtime writes a file for each; it is read, and removed. */
export class Profiler {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #open: { readonly compiled: Compiled; readonly prefix: string }[] = [];
  readonly #done: ProfiledProgram[] = [];
  #count = 0;

  /** @throws BackendError for the wasm build: it writes the file inside of its module, and there is no way to read it. */
  constructor(engine: string) {
    if (engine !== "node") {
      const todo = 'Profile the same program with onnx({ engine: "node", profile: true })';
      throw new BackendError(
        complain("onnx", { must: "profile needs onnxruntime-node", got: `engine "${engine}"`, todo }),
      );
    }
    const { process } = globalThis as unknown as { readonly process: NodeProcess };
    this.#fs = process.getBuiltinModule("node:fs");
    this.#directory = this.#fs.mkdtempSync(`${process.getBuiltinModule("node:os").tmpdir()}/keras-ts-profile-`);
  }

  /** Options for the next session, and what to call once it is there. */
  next(): { readonly options: OrtSessionOptions; readonly opened: (compiled: Compiled) => void } {
    const prefix = `program${this.#count++}`;
    const options = { enableProfiling: true, profileFilePrefix: `${this.#directory}/${prefix}` };
    return { options, opened: (compiled) => this.#open.push({ compiled, prefix }) };
  }

  /** Ends the profiles of all programs so far; they run on without. */
  finish(): Profile {
    for (const { compiled, prefix } of this.#open.splice(0)) {
      compiled.session.endProfiling?.();
      const name = this.#fs.readdirSync(this.#directory).find((file) => file.startsWith(`${prefix}_`));
      if (name === undefined) continue;
      const file = `${this.#directory}/${name}`;
      this.#done.push(readProfile(compiled.label, this.#fs.readFileSync(file, "utf8")));
      this.#fs.rmSync(file, { recursive: false, force: true });
    }
    return profileOf(this.#done.filter(({ runs }) => runs > 0));
  }

  dispose(): void {
    this.#fs.rmSync(this.#directory, { recursive: true, force: true });
  }
}
