import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type OutputChunk, rolldown } from "rolldown";
import { isMain } from "./lib/process.ts";
import { close, type Outcome } from "./lib/sections.ts";
import { root } from "./lib/workspace.ts";

interface Budget {
  /** The program to bundle. */
  readonly code: string;
  /** Nothing but core may be in what loads at start: no engine, no third-party code, no builtin of Node. */
  readonly alone?: boolean;
  /** Most kilobytes (1024 bytes), minified and gzipped. Glue is weighed without core and without its engine. */
  readonly kilobytes: number;
}

/** What a program weighs and what it pulls in when it starts. */
export interface Bundle {
  readonly bytes: number;
  /** Modules outside the workspace that load at start (not behind `import()`). */
  readonly foreign: readonly string[];
}

const WORKSPACE = /^@keras-ts\//;
const BARE = /^[^./\0]/;
const ENTRY = "./entry.ts";

/** Bundles a program and weighs what loads at start: the entry and all that it imports statically. By Vite's bundler, as most pages are. */
export async function weigh(code: string, keep: RegExp = WORKSPACE): Promise<Bundle> {
  const bundle = await rolldown({
    input: ENTRY,
    cwd: root,
    platform: "neutral",
    external: (path) => BARE.test(path) && !keep.test(path),
    resolve: { conditionNames: ["@keras-ts/source"] },
    plugins: [
      {
        name: "program",
        resolveId: (path) => (path === ENTRY ? join(root, ENTRY) : null),
        load: (path) => (path === join(root, ENTRY) ? code : null),
      },
    ],
    onLog(_level, { code: kind, message }) {
      if (kind === "IMPORT_IS_UNDEFINED" || kind === "MISSING_EXPORT") throw new Error(message);
    },
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  const chunks = new Map(output.flatMap((one) => (one.type === "chunk" ? [[one.fileName, one] as const] : [])));
  const { loaded, foreign } = startup(chunks);
  return { bytes: loaded.reduce((total, one) => total + gzipSync(one.code, { level: 9 }).length, 0), foreign };
}

/** The chunks and foreign modules reached from the entry by static imports. */
function startup(chunks: ReadonlyMap<string, OutputChunk>): {
  readonly loaded: OutputChunk[];
  readonly foreign: string[];
} {
  const loaded = new Set<OutputChunk>();
  const foreign = new Set<string>();
  const visit = (path: string): void => {
    const chunk = chunks.get(path);
    if (chunk === undefined) foreign.add(path);
    if (chunk === undefined || loaded.has(chunk)) return;
    loaded.add(chunk);
    chunk.imports.forEach(visit);
  };
  for (const chunk of chunks.values()) if (chunk.isEntry) visit(chunk.fileName);
  return { loaded: [...loaded], foreign: [...foreign].sort() };
}

/** Checks every budget of `size-budgets.json` and prints the weights. */
export async function checkSizes(): Promise<Outcome> {
  const budgets = JSON.parse(readFileSync(join(root, "tools", "size-budgets.json"), "utf8")) as Record<string, Budget>;
  const failures: string[] = [];
  for (const [name, { code, alone = false, kilobytes }] of Object.entries(budgets)) {
    // Glue is its own code: core is external to it, as it is to whoever installs both.
    const keep = alone ? WORKSPACE : /^@keras-ts\/(backend|bridge)-/;
    try {
      const { bytes, foreign } = await weigh(code, keep);
      const size = bytes / 1024;
      console.log(`  ${name}: ${size.toFixed(1)} of ${kilobytes} kB (minified, gzipped)`);
      if (size > kilobytes)
        failures.push(
          `${name}: at most ${kilobytes} kB, got ${size.toFixed(1)} kB. Import less, or raise tools/size-budgets.json.`,
        );
      if (alone && foreign.length)
        failures.push(`${name}: core alone must load nothing else, got ${foreign.join(", ")}. Import it lazily.`);
    } catch (error) {
      const [reason] = String(error instanceof Error ? error.message : error).split("\n");
      failures.push(`${name}: ${reason}`);
    }
  }
  for (const failure of failures) console.log(`  ${failure}`);
  return { passed: Math.max(0, Object.keys(budgets).length - failures.length), failed: failures.length, failures };
}

if (isMain(import.meta)) close([{ name: "sizes", seconds: 0, ...(await checkSizes()) }]);
