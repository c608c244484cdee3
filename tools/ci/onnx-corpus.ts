// The conformance corpus in headless Chromium, all of it, on the ONNX engine in its worker: wasm, and WebGPU on the software adapter.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { runPage, softwareWebGpu } from "../browser.ts";
import type { CorpusReport } from "../ci-pages/corpus.page.ts";
import { root } from "../lib/workspace.ts";

/** A share of the corpus on one device. */
interface Part {
  readonly device: "webgpu" | "cpu";
  readonly share: number;
  readonly shares: number;
}
// Each share is a browser of its own. Two at a time: a page waits for its compilers of shaders, and they for it. Sessions of a whole
// corpus are more than one worker's memory holds.
const SHARES = { webgpu: 4, cpu: 2 } as const;
const AT_ONCE = 2;
const nameOf = ({ device, share, shares }: Part): string =>
  `${device === "cpu" ? "wasm" : "WebGPU"} ${share + 1}/${shares}`;
// `npx tsx tools/ci/onnx-corpus.ts "WebGPU 3"` runs those that are named so.
const parts = (["webgpu", "cpu"] as const)
  .flatMap((device) =>
    Array.from({ length: SHARES[device] }, (_, share): Part => ({ device, share, shares: SHARES[device] })),
  )
  .filter((part) => nameOf(part).includes(process.argv[2] ?? ""));

const serve = { "/ort/": "node_modules/onnxruntime-web/dist", "/goldens/": "packages/conformance/goldens" };
const alias = { vitest: "tools/ci-pages/corpus/vitest.ts", "node:fs": "tools/ci-pages/corpus/fs.ts" };
const files = readdirSync(join(root, "packages/conformance/goldens")).filter((file) => file.endsWith(".json"));

let passed = 0;
let failed = 0;
async function run(part: Part): Promise<void> {
  const { device, share, shares } = part;
  const started = performance.now();
  const name = nameOf(part);
  try {
    const outcome = await runPage({
      entry: "tools/ci-pages/corpus.page.ts",
      query: { device, share: String(share), shares: String(shares), trainingEpochs: "1", goldens: files.join() },
      serve,
      alias,
      flags: device === "cpu" ? [] : softwareWebGpu,
      timeoutMs: 15 * 60_000,
      // The engine's own complaints about programs that are expected to fail.
      onLog: (line) => line.includes("[E:onnxruntime") || console.log(`  page: ${line}`),
    });
    if ("notRun" in outcome) {
      console.log(`not run: ${outcome.notRun}`);
      return;
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

const waiting = [...parts];
async function work(): Promise<void> {
  for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) await run(part);
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
process.exitCode = failed > 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed`);
