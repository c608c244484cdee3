// The ONNX engine finds its wasm files and its worker in pages built with Vite, with webpack and without a bundler, and trains there.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import webpack from "webpack";
import { findChromium, type PageOptions, runPage } from "../browser.ts";
import { runBin } from "../lib/process.ts";
import { root } from "../lib/workspace.ts";

// Inside of the checkout, so that packages resolve as in an app that installed them: to what was built.
const home = join(root, "node_modules", ".cache", "keras-ts-bundlers");

const app = `
import { onnx } from "@keras-ts/backend-onnx";
import { input, layers, Sequential, setBackend, setRandomSeed, tensor } from "@keras-ts/core";

const query = new URLSearchParams(location.search);
const threads = query.get("threads");
const wasmPaths = query.get("wasmPaths");
const backend = await onnx({ ...(threads && { threads: Number(threads) }), ...(wasmPaths && { wasmPaths }) });
setBackend(backend);
setRandomSeed(1);
const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
model.compile({ optimizer: "sgd", loss: "mse" });
const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]]);
const y = tensor([[1], [3], [0], [2]]);
const { history } = await model.fit(x, y, { epochs: 30, verbose: 0 });
window.__result = { name: backend.name, losses: history.loss };
`;

const html = (head: string, script: string): string =>
  `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">${head}<script type="module" src="${script}"></script>`;

/** Writes the app, has it built, and gives the folder to serve. */
type Way = () => Promise<string>;

const vite: Way = async () => {
  const folder = join(home, "vite");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "main.js"), app);
  writeFileSync(join(folder, "index.html"), html("", "./main.js"));
  await build({ root: folder, configFile: false, logLevel: "error", build: { target: "es2023" } });
  return join(folder, "dist");
};

const withWebpack: Way = async () => {
  const folder = join(home, "webpack");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "main.js"), app);
  const compiler = webpack({
    mode: "production",
    context: folder,
    entry: "./main.js",
    output: { path: join(folder, "dist"), filename: "main.js" },
    performance: false,
  });
  if (compiler === null) throw new Error("webpack must give a compiler for this configuration.");
  await new Promise<void>((done, fail) => {
    compiler.run((error, stats) => {
      if (error !== null && error !== undefined) fail(error);
      else if (stats?.hasErrors()) fail(new Error(stats.toString({ all: false, errors: true })));
      else compiler.close(() => done());
    });
  });
  writeFileSync(join(folder, "dist", "index.html"), html("", "./main.js"));
  return join(folder, "dist");
};

// What a page without a bundler serves: packages as they are installed, and an import map.
const served = {
  "/core/": "packages/core/dist",
  "/backend-onnx/": "packages/backend-onnx/dist",
  "/protobuf/": "node_modules/@bufbuild/protobuf/dist/esm",
  "/onnxruntime-web/": "node_modules/onnxruntime-web/dist",
};
const plain: Way = async () => {
  const folder = join(home, "plain");
  mkdirSync(folder, { recursive: true });
  const imports = {
    "@keras-ts/core": "/core/index.js",
    "@keras-ts/core/backend": "/core/backend.js",
    "@keras-ts/backend-onnx": "/backend-onnx/index.js",
    "@bufbuild/protobuf/wire": "/protobuf/wire/index.js",
    "onnxruntime-web/wasm": "/onnxruntime-web/ort.wasm.bundle.min.mjs",
  };
  writeFileSync(join(folder, "main.js"), app);
  writeFileSync(
    join(folder, "index.html"),
    html(`<script type="importmap">${JSON.stringify({ imports })}</script>`, "./main.js"),
  );
  return folder;
};

let passed = 0;
let failed = 0;
function check(name: string, good: boolean, otherwise: string): void {
  if (good) passed++;
  else failed++;
  console.log(`  ${good ? "ok    " : "FAILED"} ${name}${good ? "" : `: ${otherwise}`}`);
}

/** Runs a built page: what it trained, the wasm files it loaded, and what it logged. */
async function visit(entry: string, options: Partial<PageOptions>): Promise<{ wasm: string[]; log: string[] }> {
  const wasm: string[] = [];
  const log: string[] = [];
  const outcome = await runPage({
    entry,
    onServed: (path) => void (path.endsWith(".wasm") && wasm.push(path)),
    onLog: (line) => void log.push(line),
    ...options,
  });
  if ("notRun" in outcome) throw new Error(outcome.notRun);
  const { losses } = outcome.result as { readonly losses: readonly number[] };
  const [first = Number.NaN, last = Number.NaN] = [losses[0], losses.at(-1)];
  if (!(last < first / 2)) throw new Error(`the loss must fall, got ${first} and then ${last}`);
  return { wasm, log };
}

async function checkWay(name: string, way: Way, serve: Readonly<Record<string, string>>): Promise<void> {
  try {
    const entry = await way();
    const own = await visit(entry, { serve });
    const usual = own.wasm.length > 0 && own.log.length === 0;
    check(`${name}: trains in a worker, with the wasm file of its own bundle`, usual, `${own.wasm} ${own.log}`);
    const two = await visit(entry, { serve, query: { threads: "2" } });
    check(`${name}: trains with two threads`, two.log.length === 0, two.log.join());
    const elsewhere = { ...serve, "/elsewhere/": "node_modules/onnxruntime-web/dist" };
    const given = await visit(entry, { serve: elsewhere, query: { wasmPaths: "/elsewhere/" } });
    const only = given.wasm.length > 0 && given.wasm.every((path) => path.startsWith("/elsewhere/"));
    check(`${name}: takes wasm files from the URL that it is given`, only && given.log.length === 0, `${given.wasm}`);
    const bare = await visit(entry, { serve, isolated: false });
    const said = bare.log.length === 1 && bare.log[0]?.includes("one thread") === true;
    check(`${name}: not isolated, it says once that there is one thread`, said, bare.log.join());
  } catch (error) {
    check(`${name}: the page is built and runs`, false, error instanceof Error ? error.message : String(error));
  }
}

if (findChromium() === undefined) console.log("not run: no Chromium");
else {
  const { code } = await runBin("tsc", ["-b", "packages/core", "packages/backend-onnx"]);
  check("the packages are built", code === 0, `exit code ${code}`);
  rmSync(home, { recursive: true, force: true });
  await checkWay("Vite", vite, {});
  await checkWay("webpack", withWebpack, {});
  await checkWay("no bundler", plain, served);
  rmSync(home, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed`);
