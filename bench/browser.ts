// Whole fit steps in headless Chromium, in the same page, on one thread and then on two: ours beside TensorFlow.js.
import { type PageOptions, runPage } from "../tools/browser.ts";
import type { BenchModel } from "./models.ts";
import type { Epochs } from "./tensorflow-js.ts";

const serve = {
  "/ort/": "node_modules/onnxruntime-web/dist",
  "/tfjs/": "node_modules/@tensorflow/tfjs-backend-wasm/dist",
};
/** Names of contenders, and how the page calls them. The first is the one whom the others are compared with. */
export const pageContenders: Readonly<Record<string, string>> = {
  "keras-ts, onnxruntime-web": "onnx",
  "TensorFlow.js layers": "tfjs-layers",
  "keras-ts, TensorFlow.js": "tfjs-ours",
};

/** Best milliseconds a step of each contender in Chromium, in turns; or why there are none. */
export async function browserSteps(
  model: BenchModel,
  threads: number,
  { rounds, steps }: { readonly rounds: number; readonly steps: number },
): Promise<Map<string, number | string>> {
  const results = new Map<string, number | string>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, engine] of Object.entries(pageContenders)) {
      const known = results.get(name);
      if (typeof known === "string") continue;
      const query = { engine, model: model.name, threads: `${threads}`, steps: `${steps}`, epochs: "2" };
      const options: PageOptions = {
        entry: "bench/browser.page.ts",
        serve,
        query,
        timeoutMs: 300_000,
        onLog: () => {},
      };
      const outcome = await runPage(options).catch((error: unknown) => ({
        notRun: String(error).split("\n")[0] ?? "",
      }));
      const report = "notRun" in outcome ? { reason: outcome.notRun } : (outcome.result as Epochs | { reason: string });
      const times = "reason" in report ? report.reason : Math.min(...report.times);
      results.set(name, typeof times === "number" && known !== undefined ? Math.min(known, times) : times);
    }
  }
  return results;
}
