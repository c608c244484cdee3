// Runs the conformance corpus on the ONNX engine in the page, on the device that `?device=` names, or a share of it.
import { limitations, onnx } from "@keras-ts/backend-onnx";
import { describeBackend, type GoldenAmount } from "@keras-ts/conformance";
import { after, before, tests } from "./corpus/vitest.ts";

/** What the test reads. */
export interface CorpusReport {
  readonly passed: number;
  readonly failures: readonly { readonly name: string; readonly reason: string }[];
  readonly slowest: readonly { readonly name: string; readonly ms: number }[];
}

const query = new URLSearchParams(location.search);
const device = query.get("device") === "webgpu" ? "webgpu" : "cpu";
const matching = new RegExp(query.get("match") ?? "");
describeBackend("corpus", () => onnx({ device, wasmPaths: "/ort/" }), {
  limitations,
  device,
  goldens: (query.get("goldensAmount") ?? "all") as GoldenAmount,
  trainingEpochs: Number(query.get("trainingEpochs") ?? "2"),
});

let passed = 0;
const failures: { name: string; reason: string }[] = [];
const times: { name: string; ms: number }[] = [];
for (const action of before) await action();
for (const { name, run } of tests) {
  if (!matching.test(name)) continue;
  const started = performance.now();
  try {
    await run();
    passed++;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    failures.push({ name, reason: reason.slice(0, 900) });
  }
  times.push({ name, ms: performance.now() - started });
}
for (const action of after) await action();
const slowest = times.sort((a, b) => b.ms - a.ms).slice(0, 10);
const report: CorpusReport = { passed, failures, slowest };
Object.assign(window, { __result: report });
