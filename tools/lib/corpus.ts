// The conformance corpus in headless Chromium, in parts that are a browser each.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { runPage, softwareWebGl, softwareWebGpu } from "../browser.ts";
import type { CorpusReport } from "../ci-pages/corpus.page.ts";
import { root } from "./workspace.ts";

/** A share of the corpus on one device of an engine. */
export interface Part {
  readonly engine: "onnx" | "tfjs";
  readonly device: "webgpu" | "webgl" | "cpu";
  readonly share: number;
  readonly shares: number;
  /** Only tests whose names match this regular expression. */
  readonly only?: string;
}
const SHOWN = { webgpu: "WebGPU", webgl: "WebGL", cpu: "wasm" } as const;
/** What a part is called in the log. */
export const nameOf = ({ device, share, shares }: Part): string => `${SHOWN[device]} ${share + 1}/${shares}`;

const FLAGS = { webgpu: softwareWebGpu, webgl: softwareWebGl, cpu: [] } as const;
const serve = { "/ort/": "node_modules/onnxruntime-web/dist", "/goldens/": "packages/conformance/goldens" };
const alias = { vitest: "tools/ci-pages/corpus/vitest.ts", "node:fs": "tools/ci-pages/corpus/fs.ts" };

/** Counts of tests. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** Runs parts, so many browsers at a time, telling on the console what fails. */
export async function runCorpus(parts: readonly Part[], atOnce: number): Promise<Counts> {
  const files = readdirSync(join(root, "packages/conformance/goldens")).filter((file) => file.endsWith(".json"));
  let passed = 0;
  let failed = 0;
  const run = async (part: Part): Promise<void> => {
    const { engine, device, share, shares, only = "" } = part;
    const started = performance.now();
    const name = nameOf(part);
    try {
      const outcome = await runPage({
        entry: "tools/ci-pages/corpus.page.ts",
        query: {
          ...{ engine, device, only, share: String(share), shares: String(shares) },
          ...{ trainingEpochs: "1", goldens: files.join() },
        },
        serve,
        alias,
        flags: FLAGS[device],
        timeoutMs: 15 * 60_000,
        // The engine's own complaints about programs that are expected to fail, and Chromium's that reading takes long.
        onLog: (line) =>
          line.includes("[E:onnxruntime") || line.includes("GL Driver Message") || console.log(`  page: ${line}`),
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
  };
  const waiting = [...parts];
  const work = async (): Promise<void> => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) await run(part);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { passed, failed };
}
