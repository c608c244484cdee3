import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Metafile, type Plugin } from "esbuild";
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
const BARE = /^[^./]/;

/** Bundles a program and weighs what loads at start: the entry and all that it imports statically. */
export async function weigh(code: string, keep: RegExp = WORKSPACE): Promise<Bundle> {
  const outside: Plugin = {
    name: "outside",
    setup({ onResolve }) {
      onResolve({ filter: BARE }, ({ path }) => (keep.test(path) ? undefined : { path, external: true }));
    },
  };
  const { metafile, outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, loader: "ts" },
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    target: "es2023",
    conditions: ["@keras-ts/source"],
    outdir: join(root, "out"),
    metafile: true,
    write: false,
    logLevel: "error",
    logOverride: { "import-is-undefined": "error" },
    plugins: [outside],
  });
  const { chunks, foreign } = startup(metafile);
  const contents = outputFiles.filter(({ path }) => chunks.some((chunk) => join(root, chunk) === path));
  return { bytes: contents.reduce((total, file) => total + gzipSync(file.contents, { level: 9 }).length, 0), foreign };
}

/** The output files and foreign modules reached from the entry by static imports. */
function startup(metafile: Metafile): { readonly chunks: string[]; readonly foreign: string[] } {
  const entry = Object.keys(metafile.outputs).find((path) => metafile.outputs[path]?.entryPoint === "<stdin>");
  const chunks = new Set<string>();
  const foreign = new Set<string>();
  const visit = (path: string): void => {
    if (chunks.has(path)) return;
    chunks.add(path);
    for (const item of metafile.outputs[path]?.imports ?? []) {
      if (item.kind !== "import-statement") continue;
      if (item.external) foreign.add(item.path);
      else visit(item.path);
    }
  };
  if (entry) visit(entry);
  return { chunks: [...chunks], foreign: [...foreign].sort() };
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
