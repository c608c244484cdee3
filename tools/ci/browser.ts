// The digits model learns in headless Chromium on every engine that runs there, with Node's losses, and its file is Node's.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { onnx } from "@keras-ts/backend-onnx";
import { callbacks, saving, setBackend, setRandomSeed, type Tensor } from "@keras-ts/core";
import { loadDigits, splitDigits } from "../../examples/digits/data.ts";
import { digitsModel } from "../../examples/digits/model.ts";
import type { DigitsReport } from "../../examples/digits/page.ts";
import { runPage, softwareWebGl, softwareWebGpu } from "../browser.ts";
import { root } from "../lib/workspace.ts";

const EPOCHS = 3;
// The default of the example.
const SEED = 1;
const TOLERANCE = 1e-4;

interface Engine {
  readonly name: string;
  readonly flags?: readonly string[];
}
// The slowest first: two run at a time.
const engines: readonly Engine[] = [
  { name: "tfjs-webgpu", flags: softwareWebGpu },
  { name: "onnx-webgpu", flags: softwareWebGpu },
  { name: "tfjs-webgl", flags: softwareWebGl },
  { name: "tfjs-cpu" },
  { name: "onnx" },
  { name: "tfjs-wasm" },
];
const AT_ONCE = 2;

let passed = 0;
let failed = 0;
function check(name: string, good: boolean, otherwise: string): void {
  if (good) passed++;
  else failed++;
  console.log(`  ${good ? "ok    " : "FAILED"} ${name}${good ? "" : `: ${otherwise}`}`);
}

/** The folder of an installed file: at the root, or inside the package that needs it. */
function folderOf(file: string): string {
  const places = ["node_modules", "packages/backend-onnx/node_modules", "packages/backend-tfjs/node_modules"];
  const found = places.map((place) => join(root, place, file)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${file} must be installed. Run npm install.`);
  return dirname(found);
}
const serve = {
  "/ort/": folderOf("onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"),
  "/tfjs/": folderOf("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm"),
  "/digits/": "examples/digits",
};

setBackend(await onnx({ engine: "node" }));
setRandomSeed(SEED);
const steps: number[] = [];
const { train, test } = splitDigits(await loadDigits());
const { history } = await digitsModel().fit(train.images, train.labels, {
  epochs: EPOCHS,
  batchSize: 32,
  validationSplit: 0.1,
  verbose: 0,
  callbacks: [new callbacks.LambdaCallback({ onTrainBatchEnd: (_, logs) => void steps.push(logs.loss ?? Number.NaN) })],
});
const wanted = history["loss"] ?? [];
const show = (values: readonly number[]): string => values.map((value) => value.toFixed(6)).join(", ");
console.log(`  Node, onnx: losses ${show(wanted)}`);
const few = { ...test.images, shape: [40, 8, 8, 1], data: test.images.data.subarray(0, 40 * 64) };

/** How far two lists are apart at most; not a number if they have different lengths. */
const apart = (a: readonly number[], b: readonly number[]): number =>
  a.length === b.length && a.length > 0 ? Math.max(...a.map((x, i) => Math.abs(x - (b[i] as number)))) : Number.NaN;

async function predictionsOf(file: Uint8Array | undefined): Promise<number[]> {
  if (file === undefined) return [];
  const model = await saving.loadModel(file);
  const probabilities = (await model.predict(few, { verbose: 0 })) as Tensor;
  return [...(await probabilities.data())].map(Number);
}

async function learn({ name, flags = [] }: Engine): Promise<void> {
  try {
    const outcome = await runPage({
      entry: "examples/digits/page.ts",
      query: { engine: name, epochs: String(EPOCHS), seed: String(SEED) },
      serve,
      flags,
      downloads: 1,
      timeoutMs: 300_000,
      // Chromium tells each time that reading from a software WebGL takes long.
      onLog: (line) => line.includes("GL Driver Message") || console.log(`  page: ${line}`),
    });
    if ("notRun" in outcome) {
      console.log(`not run: ${name}: ${outcome.notRun}`);
      return;
    }
    const report = outcome.result as DigitsReport;
    const { engine, seconds, shown, frames } = report;
    console.log(
      `  ${name} (${engine}): losses ${show(report.losses)}, ${seconds.toFixed(1)} s, ${frames} frames painted`,
    );
    const far = apart(report.losses, wanted);
    check(`${name}: the losses are Node's to ${TOLERANCE}`, far <= TOLERANCE, `apart by ${far}`);
    const each = apart(report.steps, steps);
    check(`${name}: ${steps.length} steps are Node's to ${TOLERANCE}`, each <= TOLERANCE, `apart by ${each}`);
    const lively = shown > EPOCHS && frames > EPOCHS;
    check(`${name}: the progress element moves while it trains`, lively, `${shown} values in ${frames} frames`);
    const changed = apart(report.before, report.after);
    check(`${name}: the page saves and loads, predictions stay equal`, changed === 0, `apart by ${changed}`);
    const moved = apart(report.before, await predictionsOf(outcome.downloads?.get("digits.keras")));
    check(`${name}: the downloaded file predicts the same in Node`, moved <= 1e-5, `apart by ${moved}`);
  } catch (error) {
    check(`${name}: the page runs`, false, error instanceof Error ? error.message : String(error));
  }
}
const waiting = [...engines];
async function work(): Promise<void> {
  for (let engine = waiting.shift(); engine !== undefined; engine = waiting.shift()) await learn(engine);
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
process.exitCode = failed > 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed`);
