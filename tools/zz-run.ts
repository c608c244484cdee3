import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const base = "/work/wt/gpu";
const { runPage, softwareWebGpu, softwareWebGl } = await import(base + "/tools/browser.ts");
const [device = "webgpu", only = "", share = "0", shares = "1", epochs = "0"] = process.argv.slice(2);
const serve = { "/ort/": "node_modules/onnxruntime-web/dist", "/goldens/": "packages/conformance/goldens" };
const alias = { vitest: "tools/ci-pages/corpus/vitest.ts", "node:fs": "tools/ci-pages/corpus/fs.ts" };
const files = readdirSync(join(base, "packages/conformance/goldens")).filter((f) => f.endsWith(".json"));
const started = performance.now();
const logs: string[] = [];
const outcome: any = await runPage({
  entry: "tools/ci-pages/corpus.page.ts",
  query: { engine: "tfjs", device, only, share, shares, trainingEpochs: epochs, goldens: files.join() },
  serve,
  alias,
  flags: device === "webgpu" ? softwareWebGpu : softwareWebGl,
  timeoutMs: 15 * 60_000,
  onLog: (l: string) => {
    if (!l.includes("GL Driver Message")) { logs.push(l); if (l.includes("still at")) console.log(l); };
  },
});
const r = outcome.result ?? outcome;
const seen = new Set<string>();
for (const l of logs) {
  const k = l.slice(0, 400);
  if (!seen.has(k) && seen.size < 25) {
    seen.add(k);
    console.log("page:", k);
  }
}
for (const f of r.failures ?? [])
  console.log("FAILED", f.name.replace("corpus > ", ""), "::", f.reason.slice(0, 300).replace(/\n/g, " | "));
console.log(r.passed, "passed", r.failures?.length, "failed", ((performance.now() - started) / 1000).toFixed(0), "s");
console.log(
  (r.slowest ?? [])
    .slice(0, 6)
    .map((x: any) => x.name.slice(9, 70) + " " + x.ms.toFixed(0))
    .join("; "),
);
