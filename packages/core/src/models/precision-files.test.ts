// A model in half precision with a loss scale: from Keras' file, and back to Keras.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { HostArray } from "../aval/index.ts";
import { resetNames, tensor } from "../ops/index.ts";
import * as optimizers from "../optimizers/index.ts";
import { modelToBytes, unpackKerasFile } from "../saving/index.ts";
import { setDtypePolicy } from "../weights/index.ts";
import { loadModel, type Model } from "./index.ts";

interface Stored {
  readonly data: readonly number[];
  readonly dtype: string;
  readonly shape: readonly number[];
}
interface Saved {
  readonly file: string;
  readonly x: Stored;
  readonly y: Stored;
  readonly config: unknown;
  readonly predictions: Stored;
  readonly state: readonly { readonly path: string; readonly value: Stored }[];
  readonly resumed: readonly { readonly loss: number }[];
  readonly resumed_state: readonly { readonly path: string; readonly value: Stored }[];
}
const folder = new URL("../../../conformance/goldens/", import.meta.url);
const { saved } = JSON.parse(readFileSync(new URL("mixed.json", folder), "utf8")) as { readonly saved: Saved };
const bytes = new Uint8Array(readFileSync(new URL(saved.file, folder)));
const made = ({ data, dtype, shape }: Stored): HostArray =>
  ({ shape, dtype, data: Float32Array.from(data) }) as HostArray;
const STEP = 2 ** -9;

const stateOf = async (model: Model): Promise<readonly number[][]> =>
  Promise.all(
    [...model.weights, ...model.optimizer.variables].map(async (v) => Array.from((await v.host()).data, Number)),
  );
function expectNear(got: readonly number[], want: readonly number[], tolerance: number, what: string): void {
  expect(got.length, what).toBe(want.length);
  want.forEach((x, i) => {
    expect(Math.abs(x - (got[i] as number)), `${what}[${i}]`).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(x)));
  });
}

beforeEach(() => {
  resetNames();
  setDtypePolicy("float32");
});

test("from Keras: the same state, and training goes on alike, loss scale included", async () => {
  const model = await loadModel(bytes);
  const { optimizer } = model;
  expect(optimizer).toBeInstanceOf(optimizers.LossScaleOptimizer);
  expect((optimizer as optimizers.LossScaleOptimizer).innerOptimizer).toBeInstanceOf(optimizers.Adam);
  const state = await stateOf(model);
  state.forEach((values, i) => {
    expectNear(
      values,
      (saved.state[i] as Saved["state"][number]).value.data.map(Math.fround),
      0,
      saved.state[i]?.path ?? "",
    );
  });
  const predicted = await (await model.predict(tensor([...saved.x.data], saved.x), { verbose: 0 })).data();
  expectNear(Array.from(predicted, Number), saved.predictions.data, STEP, "predictions");
  const losses: number[] = [];
  for (const _ of saved.resumed) losses.push((await model.trainOnBatch(made(saved.x), made(saved.y))) as number);
  expectNear(
    losses,
    saved.resumed.map(({ loss }) => loss),
    STEP,
    "losses",
  );
  (await stateOf(model)).forEach((values, i) => {
    expectNear(values, saved.resumed_state[i]?.value.data ?? [], STEP, `resumed ${saved.resumed_state[i]?.path}`);
  });
});

// Python numbers shared objects, and leaves the numbers out of copies.
const plain = (config: unknown): unknown =>
  JSON.parse(JSON.stringify(config, (key, value: unknown) => (key === "shared_object_id" ? undefined : value)));

test("written back: the config and arrays of Keras' file", async () => {
  // As in Keras, a loaded Sequential has the policy of the moment; its layers have theirs.
  setDtypePolicy("mixed_float16");
  const [ours, theirs] = [
    await unpackKerasFile(await modelToBytes(await loadModel(bytes))),
    await unpackKerasFile(bytes),
  ];
  expect(plain(ours.config)).toEqual(plain(theirs.config));
  expect(ours.weights.map(({ path }) => path).sort()).toEqual(theirs.weights.map(({ path }) => path).sort());
  for (const group of theirs.weights)
    expect(ours.weights.find(({ path }) => path === group.path)?.vars, group.path).toEqual(group.vars);
});

// As in saving/python.test.ts: what we write, opened by the real thing.
const python = process.env.KERAS_TS_PYTHON ?? join(homedir(), ".cache/keras-ts/python/bin/python");
if (!existsSync(python)) console.warn(`NOT RUN: a half-precision file opened by real Keras (no Python at ${python})`);
test.runIf(existsSync(python))("Keras loads our file, with the state of both optimizers", async () => {
  const place = mkdtempSync(join(tmpdir(), "keras-ts-precision-"));
  try {
    const model = await loadModel(bytes);
    await model.trainOnBatch(made(saved.x), made(saved.y));
    const path = join(place, "ours.keras");
    writeFileSync(path, await modelToBytes(model));
    const script =
      "import sys, json, keras\nm = keras.saving.load_model(sys.argv[1])\n" +
      "print(json.dumps([type(m.optimizer).__name__, [v.numpy().ravel().tolist() for v in m.weights + m.optimizer.variables]]))";
    const { status, stdout, stderr } = spawnSync(python, ["-c", script, path], {
      encoding: "utf8",
      env: { ...process.env, KERAS_BACKEND: "jax", JAX_PLATFORMS: "cpu" },
    });
    expect(status, stderr).toBe(0);
    const [name, state] = JSON.parse(stdout.trim().split("\n").at(-1) as string) as [string, number[][]];
    expect(name).toBe("LossScaleOptimizer");
    expect(state).toEqual(await stateOf(model));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
