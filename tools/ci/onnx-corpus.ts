// The conformance corpus in headless Chromium, on the ONNX engine in its worker: wasm, and WebGPU on the software adapter.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { runPage, softwareWebGpu } from "../browser.ts";
import type { CorpusReport } from "../ci-pages/corpus.page.ts";
import { root } from "../lib/workspace.ts";

interface Part {
  readonly name: string;
  /** What of the corpus runs: `match` is an expression for names of tests. */
  readonly query: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
}
// The software adapter compiles a shader for each operator and shape, so that all cases of real Keras would take half an hour on it:
// there the first of each op, layer and loss and every fourth after it run, traced. All primitives run, forwards and backwards.
// The convolutional net with relu and max pools ends its first epoch 1.3e-4 away: WGSL lets quotients and roots be off by some units.
const parts: readonly Part[] = [
  { name: "wasm", query: { device: "cpu", goldensAmount: "sample", trainingEpochs: "1" } },
  {
    name: "WebGPU",
    query: {
      device: "webgpu",
      goldensAmount: "sample",
      trainingEpochs: "1",
      match: "^(?!.*(as Keras computes, eager|as Keras trains > convnet))",
    },
    flags: softwareWebGpu,
  },
];

const serve = { "/ort/": "node_modules/onnxruntime-web/dist", "/goldens/": "packages/conformance/goldens" };
const alias = { vitest: "tools/ci-pages/corpus/vitest.ts", "node:fs": "tools/ci-pages/corpus/fs.ts" };
const files = readdirSync(join(root, "packages/conformance/goldens")).filter((file) => file.endsWith(".json"));

let passed = 0;
let failed = 0;
for (const { name, query, flags = [] } of parts) {
  const started = performance.now();
  try {
    const outcome = await runPage({
      entry: "tools/ci-pages/corpus.page.ts",
      query: { ...query, goldens: files.join() },
      serve,
      alias,
      flags,
      timeoutMs: 15 * 60_000,
      // The engine's own complaints about programs that are expected to fail.
      onLog: (line) => line.includes("[E:onnxruntime") || console.log(`  page: ${line}`),
    });
    if ("notRun" in outcome) {
      console.log(`not run: ${outcome.notRun}`);
      break;
    }
    const report = outcome.result as CorpusReport;
    passed += report.passed;
    failed += report.failures.length;
    for (const { name: test, reason } of report.failures) console.log(`  FAILED ${name}: ${test}: ${reason}`);
    const seconds = (performance.now() - started) / 1000;
    console.log(`  ${name}: ${report.passed} passed, ${report.failures.length} failed in ${seconds.toFixed(0)} s`);
  } catch (error) {
    failed++;
    console.log(`  FAILED ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
process.exitCode = failed > 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed`);
