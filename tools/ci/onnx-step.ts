// A training step exported as a program: Python's onnxruntime trains the digits model with it, with the losses of fit.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@keras-ts/backend-onnx";
import { setBackend } from "@keras-ts/core";
import { loadDigits, splitDigits } from "../../examples/digits/data.ts";
import { exportDigits } from "../../examples/onnx-python/export.ts";
import { run } from "../lib/process.ts";
import { close } from "../lib/sections.ts";
import { root } from "../lib/workspace.ts";
import { findPython, pythonEnvironment } from "../python.ts";

const EPOCHS = 3;
const TOLERANCE = 1e-4;

type Logs = Readonly<Record<string, number>>;

async function inPython(python: string, folder: string): Promise<readonly Logs[]> {
  const script = join(root, "examples", "onnx-python", "train.py");
  const { code, tail } = await run(python, [script, folder, String(EPOCHS)], {
    env: pythonEnvironment,
    quiet: true,
    timeoutMs: 300_000,
  });
  if (code !== 0) throw new Error(`Python ended with code ${code}: ${tail}`);
  const lines = tail.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as Logs);
}

async function compare(python: string, folder: string): Promise<string[]> {
  const model = await exportDigits(folder);
  const theirs = await inPython(python, folder);
  const { train } = splitDigits(await loadDigits());
  const { history } = await model.fit(train.images, train.labels, { epochs: EPOCHS, shuffle: false, verbose: 0 });
  const failures: string[] = [];
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const [mine, other] = [history["loss"]?.[epoch] as number, theirs[epoch]?.["loss"] as number];
    console.log(`epoch ${epoch + 1}: loss ${mine.toFixed(6)} with fit, ${other?.toFixed(6)} in Python`);
    if (!(Math.abs(mine - other) <= TOLERANCE))
      failures.push(`epoch ${epoch + 1}: losses must be equal to ${TOLERANCE}`);
  }
  const losses = theirs.map((logs) => logs["loss"] as number);
  if (!((losses.at(-1) as number) < (losses[0] as number) / 2)) failures.push("the loss must fall to less than a half");
  return failures;
}

const started = performance.now();
const found = await findPython();
if ("reason" in found) console.log(`not run: ${found.reason}`);
else {
  const folder = mkdtempSync(join(tmpdir(), "keras-ts-step-"));
  const engine = await onnx({ engine: "node" });
  setBackend(engine);
  let failures: string[];
  try {
    failures = await compare(found.python, folder);
  } catch (error) {
    failures = [String(error)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await engine.dispose?.();
  }
  for (const failure of failures) console.log(`  FAILED ${failure}`);
  const seconds = (performance.now() - started) / 1000;
  close([{ name: "onnx step", seconds, passed: EPOCHS + 1 - failures.length, failed: failures.length, failures }]);
}
