// Runs a share of the conformance corpus in the page, on the engine and device that `?engine=` and `?device=` name.
import { limitations, onnx } from "@keras-ts/backend-onnx";
import { tfjs, limitations as tfjsLimitations } from "@keras-ts/backend-tfjs";
import { describeBackend } from "@keras-ts/conformance";
import { after, before, type Collected, tests } from "./corpus/vitest.ts";

/** What the test reads. */
export interface CorpusReport {
  readonly passed: number;
  readonly failures: readonly { readonly name: string; readonly reason: string }[];
  readonly slowest: readonly { readonly name: string; readonly ms: number }[];
}

const query = new URLSearchParams(location.search);
const device = query.get("device") === "webgpu" ? "webgpu" : "cpu";
const trainingEpochs = Number(query.get("trainingEpochs") ?? "2");
if (query.get("engine") === "tfjs") {
  const own = device === "webgpu" ? device : "webgl";
  const make = async (): ReturnType<typeof tfjs> => {
    if (own === "webgpu") await import("@tensorflow/tfjs-backend-webgpu");
    return tfjs({ device: own });
  };
  describeBackend("corpus", make, { limitations: tfjsLimitations, device: own, trainingEpochs });
} else {
  describeBackend("corpus", () => onnx({ device, wasmPaths: "/ort/" }), {
    limitations,
    device: device === "cpu" ? "wasm" : device,
    trainingEpochs,
  });
}

// What is about one op goes into one share, eagerly and traced: it compiles the same shaders.
const [share, shares] = [Number(query.get("share") ?? "0"), Number(query.get("shares") ?? "1")];
const goldens = "as Keras computes";
function subjectOf({ name }: Collected): string {
  const [, first = "", second = ""] = name.split(" > ");
  return first === goldens ? second.replace(/, \w+$/, "") : first.startsWith("training") ? name : first;
}
const subjects = [...new Set(tests.map(subjectOf))];
// Tests with such names alone.
const only = new RegExp(query.get("only") ?? "");
const isOurs = (test: Collected): boolean =>
  only.test(test.name) && subjects.indexOf(subjectOf(test)) % shares === share;

let passed = 0;
const failures: { name: string; reason: string }[] = [];
const times: { name: string; ms: number }[] = [];
for (const action of before) await action();
let now = "";
setInterval(() => console.log(`still at ${now}`), 20_000);
for (const { name, run } of tests.filter(isOurs)) {
  const started = performance.now();
  now = name;
  try {
    await run();
    passed++;
  } catch (error) {
    const { message, cause } = error instanceof Error ? error : new Error(String(error));
    const together = cause instanceof Error ? ` (in one program: ${cause.message.slice(0, 300)})` : "";
    failures.push({ name, reason: message.slice(0, 600) + together });
  }
  times.push({ name, ms: performance.now() - started });
}
for (const action of after) await action();
const slowest = times.sort((a, b) => b.ms - a.ms).slice(0, 10);
const report: CorpusReport = { passed, failures, slowest };
Object.assign(window, { __result: report });
