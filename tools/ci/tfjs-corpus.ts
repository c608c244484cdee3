// A share of the conformance corpus in headless Chromium on TensorFlow.js' devices with a memory of their own, on software adapters: the
// primitives that have programs of this package, and these on large inputs. `npx tsx tools/ci/tfjs-corpus.ts all` runs the whole corpus.
import { runPage, softwareWebGl, softwareWebGpu } from "../browser.ts";
import type { LargeReport } from "../ci-pages/large.page.ts";
import { type Part, runCorpus } from "../lib/corpus.ts";

// Sorting is slow to compile on the software adapter, and stands for what is left out: one name of it.
const OWN = [
  ..."randomBits shiftLeft shiftRightLogical shiftRightArithmetic rem div erfInv lgamma digamma trigamma bitcast argSort".split(
    " ",
  ),
  ..."scatterNd dynamicSlice dynamicUpdateSlice gatherNd cumMax cumSum dotGeneral conv fft cholesky triangularSolve lu qr".split(
    " ",
  ),
  ..."eigh svd".split(" "),
];
const SHARES = 2;
const isWhole = process.argv[2] === "all";
const parts = (["webgpu", "webgl"] as const).flatMap((device): Part[] =>
  isWhole
    ? Array.from({ length: SHARES }, (_, share): Part => ({ engine: "tfjs", device, share, shares: SHARES }))
    : [{ engine: "tfjs", device, share: 0, shares: 1, only: `^corpus > (${OWN.join("|")}) > ` }],
);

let { passed, failed } = await runCorpus(parts, isWhole ? 1 : 2);
for (const device of ["webgpu", "webgl"] as const) {
  const flags = device === "webgpu" ? softwareWebGpu : softwareWebGl;
  const onLog = (line: string): unknown => line.includes("GL Driver Message") || console.log(`  page: ${line}`);
  try {
    const outcome = await runPage({ entry: "tools/ci-pages/large.page.ts", query: { device }, flags, onLog });
    if ("notRun" in outcome) break;
    const report = outcome.result as LargeReport;
    passed += report.passed;
    failed += report.failures.length;
    for (const failure of report.failures) console.log(`  FAILED ${device}, large inputs: ${failure}`);
  } catch (error) {
    failed++;
    console.log(`  FAILED ${device}, large inputs: ${error instanceof Error ? error.message : String(error)}`);
  }
}
process.exitCode = failed > 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed`);
