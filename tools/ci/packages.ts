// What npm would publish, installed as a user installs it: a strict TypeScript app on every engine, and one without any engine.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../build.ts";
import { run, runBin } from "../lib/process.ts";
import { packages } from "../lib/workspace.ts";
import { findPython } from "../python.ts";

const home = mkdtempSync(join(tmpdir(), "keras-ts-packages-"));
const tarballs = join(home, "tarballs");
const NODE_TYPES = "@types/node@20";

const everything = `
import { input, layers, type Model, Sequential, saving, setBackend, setRandomSeed, tensor } from "@keras-ts/core";
import { reference } from "@keras-ts/core/backend";
import { onnx } from "@keras-ts/backend-onnx";
import { numpy } from "@keras-ts/backend-numpy";
import { tfjs } from "@keras-ts/backend-tfjs";
import { toPure } from "@keras-ts/bridge-jax";
import { toModule } from "@keras-ts/bridge-pytorch";
import { Dataset } from "@keras-ts/data";

const x = [[0, 0], [0, 1], [1, 0], [1, 1]];
const y = [[0], [1], [1], [0]];
async function train(): Promise<readonly number[]> {
  setRandomSeed(1);
  const model: Model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 4 }), new layers.Dense({ units: 1 })]);
  model.compile({ optimizer: "adam", loss: "mse" });
  const data = (await Dataset.fromArrays(tensor(x), tensor(y))).batch(2);
  const { history } = await model.fit(data, undefined, { epochs: 3, verbose: 0 });
  await model.save("app.keras");
  const again = (await saving.loadModel("app.keras")) as Model;
  const guesses = [model, again].map(async (one) => String(await (await one.predict(tensor(x), { verbose: 0 })).data()));
  if ((await guesses[0]) !== (await guesses[1])) throw new Error("a loaded model must predict the same");
  if (typeof toPure(model).apply !== "function" || toModule(model).parameters().length !== 4) throw new Error("bridges");
  return history.loss ?? [];
}
const engines = {
  reference: async () => reference(),
  onnx: () => onnx(),
  tfjs: () => tfjs({ device: "cpu" }),
  wasm: () => tfjs({ device: "wasm" }),
  ...(process.argv.includes("--numpy") ? { numpy: () => numpy() } : {}),
};
const losses: Record<string, readonly number[]> = {};
for (const [name, make] of Object.entries(engines)) {
  const backend = await make();
  setBackend(backend as Parameters<typeof setBackend>[0]);
  losses[name] = await train();
  await backend.dispose?.();
}
console.log(JSON.stringify(losses));
`;

const nothing = `
import { onnx } from "@keras-ts/backend-onnx";
import { ops } from "@keras-ts/core";
const sum = await ops.sum([1, 2, 3]).item();
const error = await onnx().then(() => "none", (e) => \`\${e.name}: \${e.message}\`);
console.log(JSON.stringify({ sum, error }));
`;

const settings = (lib: readonly string[]): object => ({
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    target: "es2023",
    lib,
    module: "nodenext",
    types: ["node"],
  },
  files: ["app.ts"],
});

let passed = 0;
let failed = 0;
function check(name: string, good: boolean, otherwise: string): void {
  if (good) passed++;
  else failed++;
  console.log(`  ${good ? "ok    " : "FAILED"} ${name}${good ? "" : `: ${otherwise}`}`);
}
const endOf = (text: string): string => text.trim().split("\n").slice(-3).join(" | ");

/** A folder where an app and what it needs are installed and compiled, with the types of a language version and perhaps of browsers. */
async function install(
  name: string,
  source: string,
  needs: readonly string[],
  lib: readonly string[],
): Promise<string | undefined> {
  const folder = join(home, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  writeFileSync(join(folder, "app.ts"), source);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings(lib)));
  // Scripts of engines download things that nobody needs here.
  const flags = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  const { code, tail } = await run("npm", ["install", ...flags, ...needs], { cwd: folder, silent: true });
  check(`${name}: npm install`, code === 0, endOf(tail));
  if (code !== 0) return undefined;
  const compiled = await runBin("tsc", ["-p", folder, "--pretty", "false"], { cwd: folder, silent: true });
  // What is wrong with the types of engines is theirs to mend.
  const ours = compiled.tail.split("\n").filter((line) => /error TS/.test(line) && /^app\.ts|@keras-ts/.test(line));
  const clean = ours.length === 0 && existsSync(join(folder, "app.js"));
  check(
    `${name}: the app and the types of our packages compile`,
    clean,
    [...ours, compiled.tail].slice(0, 3).join(" | "),
  );
  return folder;
}

/** Its last line as JSON. */
async function output(name: string, folder: string, args: readonly string[] = []): Promise<unknown> {
  const { code, tail } = await run(process.execPath, ["app.js", ...args], { cwd: folder, silent: true });
  check(`${name}: runs`, code === 0, endOf(tail));
  return code === 0 ? JSON.parse(tail.trim().split("\n").at(-1) as string) : undefined;
}

async function withEngines(all: readonly string[]): Promise<void> {
  const engines = ["onnxruntime-node@1.30.0", "@tensorflow/tfjs@4", "@tensorflow/tfjs-backend-wasm@4", "@jax-js/jax"];
  const folder = await install("every engine", everything, [...all, ...engines, NODE_TYPES], ["es2023", "dom"]);
  if (folder === undefined) return;
  const python = await findPython();
  if ("reason" in python) console.log(`  numpy is not run: ${python.reason}`);
  const losses = (await output("every engine", folder, "reason" in python ? [] : ["--numpy"])) as
    | Record<string, number[]>
    | undefined;
  const [expected, ...others] = Object.values(losses ?? {});
  const apart = Math.max(...others.flatMap((row) => row.map((loss, i) => Math.abs(loss - (expected?.[i] ?? 0)))));
  check("every engine: losses agree", others.length >= 3 && apart < 1e-5, JSON.stringify(losses));
}

async function withoutEngine(all: readonly string[]): Promise<void> {
  const needs = all.filter((path) => /(core|backend-onnx)-\d/.test(path));
  const folder = await install("no engine", nothing, [...needs, NODE_TYPES], ["es2023"]);
  if (folder === undefined) return;
  const found = (await output("no engine", folder)) as { sum: number; error: string } | undefined;
  check("no engine: core computes", found?.sum === 6, JSON.stringify(found));
  const told = found?.error.startsWith("BackendError") && found.error.includes("npm install onnxruntime-node");
  check("no engine: the error says what to install", told === true, JSON.stringify(found));
}

try {
  check("packages are built", (await build()).failed === 0, "see above");
  mkdirSync(tarballs);
  for (const { id, folder, manifest } of packages()) {
    if (manifest.private) continue;
    const args = ["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", tarballs];
    const { code, tail } = await run("npm", args, { cwd: folder, silent: true });
    check(`${id}: npm pack`, code === 0, endOf(tail));
  }
  const all = readdirSync(tarballs).map((name) => join(tarballs, name));
  await withEngines(all);
  await withoutEngine(all);
} finally {
  rmSync(home, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed`);
