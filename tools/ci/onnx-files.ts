// Exported models elsewhere: Python's onnx.checker takes every file, and Python's onnxruntime computes what predict computes.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportOnnx, type OnnxExportOptions, onnx } from "@keras-ts/backend-onnx";
import { setBackend, tensor } from "@keras-ts/core";
import { difference, valuesOf } from "../keras-files/data.ts";
import { type Exported, exportedModels } from "../keras-files/export-data.ts";
import { run } from "../lib/process.ts";
import { close } from "../lib/sections.ts";
import { root } from "../lib/workspace.ts";
import { foreignModels, type WithForeign } from "../onnx-files/foreign-models.ts";
import { findPython, pythonEnvironment } from "../python.ts";

const TOLERANCE = 1e-5;
/** Each model goes through one of these in turn, all through the first. */
const variants: readonly (OnnxExportOptions & { readonly label: string })[] = [
  { label: "" },
  { label: " in two files", externalData: true },
  { label: " of operator set 18", opsetVersion: 18 },
  { label: " with contrib operators", contribOps: true },
];

/** Operator sets that a file must have. */
type Sets = Pick<WithForeign, "domains" | "opset">;

interface Answer {
  readonly error?: string;
  readonly outputs: number[][];
  readonly domains: readonly string[];
  readonly opset: number;
  readonly metadata: readonly string[];
}

const failures: string[] = [];
let passed = 0;
function check(name: string, what: string, good: boolean, detail = ""): void {
  if (good) passed++;
  else {
    failures.push(`${name}: ${what}`);
    console.log(`  FAILED ${name}: ${what}${detail === "" ? "" : ` (${detail})`}`);
  }
}

async function main(python: string, folder: string): Promise<void> {
  const wanted = new Map<
    string,
    { readonly outputs: number[][]; readonly options: OnnxExportOptions; readonly sets: Sets }
  >();
  const jobs: object[] = [];
  const models: readonly (Exported & Partial<Sets>)[] = [...exportedModels(), ...(await foreignModels(python, folder))];
  for (const [i, { name, make, domains = [], opset = 21 }] of models.entries()) {
    const { model, inputs } = await make();
    const given = inputs.map(({ data, shape, dtype }) => tensor(data, { shape, dtype }));
    const plain = inputs.map(({ data, shape }) => ({ data: Array.from(data, Number), shape }));
    const may = ({ opsetVersion }: OnnxExportOptions): boolean => opsetVersion === undefined || opset === 21;
    const chosen = variants.filter((variant, k) => may(variant) && (k === 0 || i % (variants.length - 1) === k - 1));
    for (const [k, { label, ...options }] of chosen.entries()) {
      const file = `model-${i}-${k}.onnx`;
      await exportOnnx(model, join(folder, file), options);
      jobs.push({ name: name + label, file, inputs: plain });
    }
    // Afterwards, as predicting may change state that files start from.
    const outputs = await valuesOf(await model.predictOnBatch(given as never));
    for (const { label, ...options } of chosen)
      wanted.set(name + label, { outputs, options, sets: { domains, opset } });
  }
  writeFileSync(join(folder, "jobs.json"), JSON.stringify(jobs));
  console.log(`${jobs.length} files exported; Python checks and runs them ...`);
  const script = join(root, "tools", "onnx-files", "onnx_files.py");
  const { code } = await run(python, [script, folder], { env: pythonEnvironment, quiet: true, timeoutMs: 600_000 });
  check("python", "must run to its end", code === 0);
  if (code !== 0) return;
  const answers = JSON.parse(readFileSync(join(folder, "answers.json"), "utf8")) as Record<string, Answer>;
  for (const [name, { outputs, options, sets }] of wanted) {
    const answer = answers[name];
    check(name, "the checker takes it and it runs", answer?.error === undefined, answer?.error);
    if (answer === undefined || answer.error !== undefined) continue;
    const gap = difference(answer.outputs, outputs);
    check(name, `outputs agree to ${TOLERANCE}`, gap <= TOLERANCE, String(gap));
    const contrib = options.contribOps === true ? ["com.microsoft"] : [];
    const domains = [...new Set(["", ...contrib, ...sets.domains])];
    check(
      name,
      "operators are of the sets asked for",
      String([...answer.domains].sort()) === String(domains.sort()),
      String(answer.domains),
    );
    check(name, "the version is the one asked for", answer.opset === (options.opsetVersion ?? sets.opset));
    check(name, "metadata is there", answer.metadata.includes("keras_config"));
  }
}

const started = performance.now();
const found = await findPython();
if ("reason" in found) console.log(`not run: ${found.reason}`);
else {
  const folder = mkdtempSync(join(tmpdir(), "keras-ts-onnx-"));
  const engine = await onnx({ engine: "node" });
  setBackend(engine);
  try {
    await main(found.python, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await engine.dispose?.();
  }
  const seconds = (performance.now() - started) / 1000;
  close([{ name: "onnx files", seconds, passed, failed: failures.length, failures }]);
}
