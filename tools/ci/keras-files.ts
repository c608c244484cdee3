// Files both ways: real Keras loads what we save (every layer, whole models), predicts and trains on as we do, and we load what it saves.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Model, saving, setRandomSeed } from "@keras-ts/core";
import { difference, type PlainTree, plainData, tensors, valuesOf } from "../keras-files/data.ts";
import { type SavedModel, singles, trained } from "../keras-files/models.ts";
import { run } from "../lib/process.ts";
import { root } from "../lib/workspace.ts";
import { findPython, pythonEnvironment } from "../python.ts";

const SEED = 7;
const STEPS = 4;
const PREDICTIONS = 1e-5;
const LOSSES = 1e-4;

interface Answer {
  readonly error?: string;
  readonly predictions: number[][];
  readonly later: number[][];
  readonly losses?: readonly Readonly<Record<string, number>>[];
  readonly config: unknown;
}
interface Ours {
  readonly predictions: number[][];
  readonly later: number[][];
  readonly losses: readonly Readonly<Record<string, number>>[];
  readonly config: unknown;
}

let passed = 0;
const failures: string[] = [];
function check(name: string, what: string, good: boolean, detail = ""): void {
  if (good) passed++;
  else {
    failures.push(`${name}: ${what}`);
    console.log(`  FAILED ${name}: ${what}${detail === "" ? "" : ` (${detail})`}`);
  }
}

const predict = async (model: Model, x: PlainTree): Promise<number[][]> =>
  valuesOf(await model.predict(tensors(x), { verbose: 0 }));
async function train(model: Model, x: PlainTree, y: PlainTree, steps: number): Promise<Record<string, number>[]> {
  const logs: Record<string, number>[] = [];
  for (let i = 0; i < steps; i++) {
    logs.push((await model.trainOnBatch(tensors(x), tensors(y), { returnDict: true })) as Record<string, number>);
  }
  return logs;
}

// Numbers of shared objects are Python's addresses; of ops only the options that were given are written here, Keras writes all.
function comparable(value: unknown, given: unknown): unknown {
  if (Array.isArray(value))
    return value.map((item, i) => comparable(item, Array.isArray(given) ? given[i] : undefined));
  if (typeof value !== "object" || value === null) return value;
  const other = (given ?? {}) as Readonly<Record<string, unknown>>;
  const isOp = /^keras\.src\.ops\./.test(String((value as { module?: unknown }).module));
  const entries = Object.entries(value)
    .filter(([key]) => key !== "shared_object_id")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]): [string, unknown] => {
      const own =
        isOp && key === "config"
          ? Object.fromEntries(Object.entries(item as object).filter(([k]) => k in ((other.config ?? {}) as object)))
          : item;
      return [key, comparable(own, other[key])];
    });
  return Object.fromEntries(entries);
}

async function main(python: string, folder: string): Promise<void> {
  const models: readonly SavedModel[] = [...singles, ...trained];
  const jobs: object[] = [];
  const ours = new Map<string, Ours>();
  for (const [i, one] of models.entries()) {
    const x = plainData(one.x, 1);
    const y = one.y === undefined ? undefined : plainData(one.y, 2);
    const [file, resaved] = [`ours-${i}.keras`, `theirs-${i}.keras`];
    setRandomSeed(1);
    const model = one.make();
    if (y !== undefined) await train(model, x, y, 2);
    else await predict(model, x);
    await model.save(join(folder, file));
    // What is compared starts from the file on both sides, because seeds of dropout are drawn anew while loading.
    setRandomSeed(SEED);
    const loaded = await saving.loadModel(join(folder, file));
    const predictions = await predict(loaded, x);
    const losses = y === undefined ? [] : await train(loaded, x, y, STEPS);
    const config: unknown = JSON.parse(await loaded.toJSON());
    ours.set(one.name, { predictions, losses, later: await predict(loaded, x), config });
    jobs.push({ name: one.name, file, resaved, x, y: y ?? null, steps: STEPS, seed: SEED });
  }
  writeFileSync(join(folder, "jobs.json"), JSON.stringify(jobs));
  console.log(`${models.length} models saved; real Keras loads them ...`);
  const script = join(root, "tools", "keras-files", "keras_files.py");
  const { code } = await run(python, [script, folder], { env: pythonEnvironment, quiet: true, timeoutMs: 900_000 });
  if (code !== 0) {
    check("keras", "the Python side must run to its end", false);
    return;
  }
  const answers = JSON.parse(readFileSync(join(folder, "answers.json"), "utf8")) as Record<string, Answer>;
  for (const [i, one] of models.entries())
    await compare(one, join(folder, `theirs-${i}.keras`), ours.get(one.name) as Ours, answers[one.name]);
}

async function compare(
  { name, x }: SavedModel,
  resaved: string,
  mine: Ours,
  theirs: Answer | undefined,
): Promise<void> {
  check(name, "Keras loads the file", theirs !== undefined && theirs.error === undefined, theirs?.error);
  if (theirs === undefined || theirs.error !== undefined) return;
  const gap = difference(theirs.predictions, mine.predictions);
  check(name, "Keras predicts the same", gap <= PREDICTIONS, String(gap));
  const [left, right] = [comparable(mine.config, mine.config), comparable(theirs.config, mine.config)].map((config) =>
    JSON.stringify(config, null, 1),
  );
  check(name, "Keras writes the same config", left === right, firstDifference(left ?? "", right ?? ""));
  if (theirs.losses !== undefined) {
    const values = (logs: readonly Readonly<Record<string, number>>[]): number[][] =>
      logs.map((log) =>
        Object.keys(log)
          .sort()
          .map((key) => log[key] as number),
      );
    const worst = difference(values(theirs.losses), values(mine.losses));
    check(name, "training goes on alike in Keras", worst <= LOSSES, String(worst));
    const later = difference(theirs.later, mine.later);
    check(name, "and predicts the same afterwards", later <= LOSSES, String(later));
  }
  try {
    const back = await saving.loadModel(resaved);
    const own = difference(await predict(back, plainData(x, 1)), theirs.later);
    check(name, "we load what Keras saved", own <= PREDICTIONS, String(own));
  } catch (error) {
    check(name, "we load what Keras saved", false, String(error));
  }
}

function firstDifference(a: string, b: string): string {
  const [left, right] = [a.split("\n"), b.split("\n")];
  const i = left.findIndex((line, k) => line !== right[k]);
  return `line ${i}: ours ${left.slice(i - 1, i + 2).join(" ")}, Keras' ${right.slice(i - 1, i + 2).join(" ")}`;
}

const found = await findPython();
if ("reason" in found) {
  console.log(`not run: ${found.reason}`);
} else {
  const folder = mkdtempSync(join(tmpdir(), "keras-ts-files-"));
  try {
    await main(found.python, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}
