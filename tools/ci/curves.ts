// Real Keras on JAX trains four models for 100 steps, here and now; their twins train on ONNX Runtime from the same seeds. Every loss,
// dropout included, must agree to 1e-4.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@keras-ts/backend-onnx";
import { type CurveGolden, checkCurve } from "@keras-ts/conformance";
import { setBackend } from "@keras-ts/core";
import { run } from "../lib/process.ts";
import { close, type Outcome } from "../lib/sections.ts";
import { root } from "../lib/workspace.ts";
import { findPython, pythonEnvironment } from "../python.ts";

const PROGRAM = `
import pathlib, sys
sys.path.insert(0, sys.argv[1])
import golden
golden.FOLDER = pathlib.Path(sys.argv[2])
import curves
curves.make()
`;
const environment = { ...pythonEnvironment, JAX_DEFAULT_MATMUL_PRECISION: "highest", PYTHONHASHSEED: "0" };

/** What real Keras computes now. */
async function trainInPython(python: string): Promise<readonly CurveGolden[]> {
  const folder = mkdtempSync(join(tmpdir(), "keras-ts-curves-"));
  try {
    const args = ["-c", PROGRAM, join(root, "tools", "goldens"), folder];
    const { code } = await run(python, args, { env: environment, timeoutMs: 10 * 60_000 });
    if (code !== 0) throw new Error(`real Keras ended with code ${code}`);
    return (JSON.parse(readFileSync(join(folder, "curves.json"), "utf8")) as { readonly cases: CurveGolden[] }).cases;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(golden: CurveGolden): Promise<Outcome> {
  try {
    const { losses, worst } = await checkCurve(golden);
    const [first, last] = [losses[0], losses.at(-1)].map((x) => x?.toFixed(4));
    console.log(
      `${golden.name}: ${losses.length} steps, loss ${first} -> ${last}, largest difference ${worst.toExponential(1)}`,
    );
    return { passed: 1, failed: 0 };
  } catch (error) {
    const message = `${golden.name}: ${error instanceof Error ? error.message : String(error)}`;
    console.log(message);
    return { passed: 0, failed: 1, failures: [message] };
  }
}

const started = performance.now();
const side = await findPython();
if ("reason" in side) console.log(`not run: ${side.reason}`);
else {
  const goldens = await trainInPython(side.python);
  const engine = await onnx({ engine: "node" });
  setBackend(engine);
  const outcomes: Outcome[] = [];
  for (const golden of goldens) outcomes.push(await compare(golden));
  await engine.dispose?.();
  const seconds = (performance.now() - started) / 1000;
  const failures = outcomes.flatMap((outcome) => outcome.failures ?? []);
  const [passed, failed] = [outcomes.length - failures.length, failures.length];
  close([{ name: "curves", seconds, passed, failed, failures }]);
}
