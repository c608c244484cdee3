// A share of the conformance corpus in headless Chromium on TensorFlow.js' devices with a memory of their own, on software adapters: the
// primitives that have programs of this package, and these on large inputs. `npx tsx tools/ci/tfjs-corpus.ts all` runs the whole corpus.
import { runPage, softwareWebGl, softwareWebGpu } from "../browser.ts";
import type { LargeReport } from "../ci-pages/large.page.ts";
import { type Part, runCorpus } from "../lib/corpus.ts";

// Few of what is slow to compile there: one of the names of sorting, of convolutions those of integers. Decompositions are among the
// large inputs.
const BOTH =
  "shiftLeft shiftRightLogical shiftRightArithmetic rem div erfInv lgamma digamma trigamma argSort cumMax fft";
const OWN = {
  webgl: `${BOTH} dynamicUpdateSlice gatherNd dotGeneral`,
  webgpu: `${BOTH} dynamicUpdateSlice dynamicSlice scatterNd randomBits bitcast cumSum triangularSolve sin pow take pad`,
};
const SHARES = 2;
// On WebGL Euclid's algorithm does not end for the unsigned integers of the corpus, whose low bits the device loses.
const ALL = { webgl: "^(?!.*\\.(gcd|lcm)$)", webgpu: "" };
const isWhole = process.argv[2] === "all";
const parts = (["webgpu", "webgl"] as const).flatMap((device): Part[] =>
  isWhole
    ? Array.from(
        { length: SHARES },
        (_, share): Part => ({ engine: "tfjs", device, share, shares: SHARES, only: ALL[device] }),
      )
    : [
        {
          engine: "tfjs",
          device,
          share: 0,
          shares: 1,
          only: `^corpus > (${OWN[device].replaceAll(" ", "|")}|(conv|dotGeneral)(?= > \\S*int)) > `,
        },
      ],
);

let { passed, failed } = await runCorpus(parts, isWhole ? 1 : 2);
async function large(device: "webgpu" | "webgl"): Promise<void> {
  const flags = device === "webgpu" ? softwareWebGpu : softwareWebGl;
  const onLog = (line: string): unknown => line.includes("GL Driver Message") || console.log(`  page: ${line}`);
  try {
    const outcome = await runPage({ entry: "tools/ci-pages/large.page.ts", query: { device }, flags, onLog });
    if ("notRun" in outcome) return;
    const report = outcome.result as LargeReport;
    passed += report.passed;
    failed += report.failures.length;
    for (const failure of report.failures) console.log(`  FAILED ${device}, large inputs: ${failure}`);
  } catch (error) {
    failed++;
    console.log(`  FAILED ${device}, large inputs: ${error instanceof Error ? error.message : String(error)}`);
  }
}
await Promise.all([large("webgpu"), large("webgl")]);
process.exitCode = failed > 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed`);
