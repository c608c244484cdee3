// Files that real Keras saved: what they predict here, how training goes on, how they print, and that they are written back alike.
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import type { Tensor } from "../graph/index.ts";
import { resetNames, tensor } from "../ops/index.ts";
import { setRandomSeed } from "../random/index.ts";
import { modelToBytes, unpackKerasFile } from "../saving/index.ts";
import * as tree from "../tree/index.ts";
import { loadModel, modelFromJSON } from "./index.ts";
import type { SummaryOptions } from "./summary.ts";
import { summaryText } from "./summary.ts";

interface Stored {
  readonly data: readonly number[];
  readonly dtype: string;
  readonly shape: readonly number[];
}
type StoredTree = Stored | readonly StoredTree[] | { readonly [key: string]: StoredTree };
type Logs = Readonly<Record<string, number | Stored>>;
interface Case {
  readonly name: string;
  readonly file: string;
  readonly config: unknown;
  readonly to_json: string;
  readonly x: StoredTree;
  readonly y: StoredTree;
  readonly predictions: StoredTree;
  readonly resumed: readonly Logs[];
  readonly resumed_predictions: StoredTree;
  readonly resume_seed: number;
  readonly evaluate: Logs;
  readonly weights: readonly { readonly path: string; readonly trainable: boolean; readonly value: Stored }[];
  readonly optimizer_variables: readonly { readonly path: string; readonly value: Stored }[];
  readonly summaries: readonly {
    readonly options: Record<string, unknown>;
    readonly text: string;
    readonly compiled?: boolean;
  }[];
}

const folder = new URL("../../../conformance/goldens/", import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL("models.json", folder), "utf8")) as {
  readonly cases: readonly Case[];
};

const isStored = (value: StoredTree): value is Stored => "data" in value && "shape" in value;
function mapStored<R>(value: StoredTree, f: (stored: Stored) => R): tree.Tree<R> {
  if (isStored(value)) return f(value);
  if (Array.isArray(value)) return (value as readonly StoredTree[]).map((item) => mapStored(item, f));
  return Object.fromEntries(
    Object.entries(value as Record<string, StoredTree>).map(([key, item]) => [key, mapStored(item, f)]),
  );
}
const dataOf = (value: StoredTree): tree.Tree<Tensor> =>
  mapStored(value, ({ data, shape, dtype }) => tensor(data as number[], { shape, dtype }));

async function expectClose(actual: unknown, expected: StoredTree, tolerance: number): Promise<void> {
  const ours = tree.flatten(actual as tree.Tree<Tensor>);
  const theirs = tree
    .flatten(mapStored(expected, (stored) => stored) as tree.Tree<Stored>)
    .filter((x) => x !== undefined);
  const flat: Stored[] = [];
  mapStored(expected, (stored) => flat.push(stored));
  expect(theirs.length).toBeGreaterThan(0);
  expect(ours.length).toBe(flat.length);
  for (const [i, t] of ours.entries()) {
    const stored = flat[i] as Stored;
    const { data, shape } = await t.host();
    expect(shape).toEqual(stored.shape);
    for (const [n, value] of stored.data.entries())
      expect(Math.abs((data[n] as number) - value), `element ${n}`).toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(value)),
      );
  }
}

const numberOf = (value: number | Stored): number => (typeof value === "number" ? value : (value.data[0] as number));

// Python writes the numbers of shared objects, and leaves them out of copies; they are no part of what a model is.
function withoutShared(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutShared);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "shared_object_id");
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutShared(item)]));
}

beforeEach(() => resetNames());

describe.each(cases.map((golden) => [golden.name, golden] as const))("%s.keras from Keras", (_, golden) => {
  const bytes = new Uint8Array(readFileSync(new URL(golden.file, folder)));

  test("predicts the same", async () => {
    const model = await loadModel(bytes);
    await expectClose(await model.predict(dataOf(golden.x), { verbose: 0 }), golden.predictions, 1e-5);
  });

  test("has the same weights and optimizer state", async () => {
    const model = await loadModel(bytes);
    expect(model.weights.map((w) => w.trainable)).toEqual(golden.weights.map((w) => w.trainable));
    // As in Keras, a loaded layer is built before its model, whose name is then missing in the path.
    model.weights.forEach(({ path }, i) => expect(golden.weights[i]?.path.endsWith(path), path).toBe(true));
    for (const [i, variable] of model.optimizer.variables.entries()) {
      const { value } = golden.optimizer_variables[i] as Case["optimizer_variables"][number];
      expect([...(await variable.host()).data]).toEqual(
        value.data.map((x) => (variable.dtype === "int32" ? x : Math.fround(x))),
      );
    }
  });

  test("trains on with the same losses", async () => {
    setRandomSeed(golden.resume_seed);
    const model = await loadModel(bytes);
    await model.predict(dataOf(golden.x), { verbose: 0 });
    for (const expected of golden.resumed) {
      const logs = await model.trainOnBatch(dataOf(golden.x), dataOf(golden.y), { returnDict: true });
      for (const [name, value] of Object.entries(expected)) {
        expect((logs as Record<string, number>)[name], name).toBeCloseTo(numberOf(value), 4);
      }
    }
    await expectClose(await model.predict(dataOf(golden.x), { verbose: 0 }), golden.resumed_predictions, 1e-4);
    const results = await model.evaluate(dataOf(golden.x), dataOf(golden.y), { verbose: 0, returnDict: true });
    for (const [name, value] of Object.entries(golden.evaluate))
      expect(results[name], name).toBeCloseTo(numberOf(value), 4);
  });

  test("is written with the same config and the same groups", async () => {
    const model = await loadModel(bytes);
    const original = await unpackKerasFile(bytes);
    const written = await unpackKerasFile(await modelToBytes(model));
    expect(withoutShared(written.config)).toEqual(withoutShared(original.config));
    const shapes = (groups: typeof written.weights): unknown =>
      groups.map(({ path, name, vars }) => [path, name, vars.map((v) => v.shape)]);
    expect(shapes(written.weights)).toEqual(shapes(original.weights));
    expect(written.weights.map((group) => group.vars)).toEqual(original.weights.map((group) => group.vars));
  });

  test("gives the JSON of to_json, and comes from it", async () => {
    const model = await loadModel(bytes);
    expect(withoutShared(JSON.parse(await model.toJSON()))).toEqual(withoutShared(JSON.parse(golden.to_json)));
    resetNames();
    expect(withoutShared(JSON.parse(await modelFromJSON(golden.to_json).toJSON()))).toEqual(
      withoutShared(JSON.parse(golden.to_json)),
    );
  });

  test("prints the same summaries", async () => {
    const compiled = await loadModel(bytes);
    const plain = await loadModel(bytes, { compile: false });
    for (const { options, text, compiled: isCompiled } of golden.summaries) {
      const {
        line_length: lineLength,
        expand_nested: expandNested,
        show_trainable: showTrainable,
        layer_range: layerRange,
      } = options;
      const given = { lineLength, expandNested, showTrainable, layerRange };
      const wanted = Object.fromEntries(
        Object.entries(given).filter(([, value]) => value !== undefined),
      ) as SummaryOptions;
      expect(summaryText(isCompiled ? compiled : plain, wanted)).toBe(text);
    }
  });
});
