// The twins of tools/goldens/training.py: the same data and models. For tests.
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { HostArray } from "../src/aval/index.ts";
import { input } from "../src/layers/core/input-layer.ts";
import * as layers from "../src/layers/index.ts";
import { Model, Sequential } from "../src/models/index.ts";
import { resetNames } from "../src/ops/index.ts";
import * as optimizers from "../src/optimizers/index.ts";
import { setRandomSeed } from "../src/random/index.ts";
import type { CompileOptions, History } from "../src/training/index.ts";

interface Stored {
  readonly data: readonly number[];
  readonly shape: readonly number[];
}
/** What Keras' `fit` told. */
export interface Told {
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly order: readonly string[];
  readonly epoch: readonly number[];
}

const file = new URL("../../conformance/goldens/training.json", import.meta.url);
const goldens = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, unknown>>;
/** A scenario's record. */
export const goldenOf = <T>(name: string): T => goldens[name] as T;

/** `((i a + j b) mod c) / c - 0.5`. */
export function grid(rows: number, columns: number, a: number, b: number, c: number): HostArray {
  const data = Float32Array.from(
    { length: rows * columns },
    (_, at) => ((Math.floor(at / columns) * a + (at % columns) * b) % c) / c - 0.5,
  );
  return { shape: [rows, columns], dtype: "float32", data };
}
export const X: HostArray = grid(23, 4, 7, 3, 11);
export const Y: HostArray = grid(23, 2, 5, 2, 7);
const labels = Int32Array.from({ length: 23 }, (_, i) => (i * 5) % 3);
export const LABELS: HostArray = { shape: [23], dtype: "int32", data: labels };
export const COLUMN: HostArray = { shape: [23, 1], dtype: "int32", data: labels };
export const ONEHOT: HostArray = {
  shape: [23, 3],
  dtype: "float32",
  data: Float32Array.from({ length: 69 }, (_, at) => (labels[Math.floor(at / 3)] === at % 3 ? 1 : 0)),
};
export const WEIGHTS: HostArray = {
  shape: [23],
  dtype: "float32",
  data: Float32Array.from({ length: 23 }, (_, i) => ((i * 3) % 5) / 2),
};
export const REVERSED: HostArray = { ...WEIGHTS, data: Float32Array.from(WEIGHTS.data).reverse() };

/** Rows of an array. */
export function rows({ shape, dtype, data }: HostArray, from: number, to: number): HostArray {
  const width = shape.slice(1).reduce((n, size) => n * size, 1);
  return {
    shape: [Math.min(to, shape[0] as number) - from, ...shape.slice(1)],
    dtype,
    data: data.slice(from * width, to * width) as HostArray["data"],
  };
}

/** As before each scenario. */
export function begin(seed = 11): void {
  resetNames();
  setRandomSeed(seed);
}
export function mlp(units = 2, activation: string | null = null): Sequential {
  return new Sequential([
    input({ shape: [4] }),
    new layers.Dense({ units: 5, activation: "tanh", name: "hidden" }),
    new layers.Dense({ units, activation, name: "out" }),
  ]);
}
export const sgd = (learningRate = 0.1): optimizers.Optimizer => new optimizers.SGD({ learningRate, momentum: 0.9 });
export function compiled<M extends Model>(model: M, options: CompileOptions = {}): M {
  model.compile({ optimizer: sgd(), loss: "mse", ...options });
  return model;
}
export function twoByTwo(): Model {
  const a = input({ shape: [4], name: "a" });
  const b = input({ shape: [2], name: "b" });
  const left = new layers.Dense({ units: 3, activation: "tanh", name: "left" }).apply(a);
  const joined = new layers.Concatenate().apply([left, b]);
  const p = new layers.Dense({ units: 2, name: "p" }).apply(joined);
  const q = new layers.Dense({ units: 3, activation: "softmax", name: "q" }).apply(joined);
  return new Model({ inputs: [a, b], outputs: [p, q] });
}

const TOLERANCE = 1e-5;
export function expectNumbers(ours: readonly number[], theirs: readonly number[], what = "values"): void {
  expect(ours.length, what).toBe(theirs.length);
  theirs.forEach((value, i) => {
    expect(Math.abs((ours[i] as number) - value), `${what}[${i}]: ${ours[i]} for ${value}`).toBeLessThanOrEqual(
      TOLERANCE * Math.max(1, Math.abs(value)),
    );
  });
}
export function expectTold({ history, epoch }: History, golden: Told): void {
  expect(Object.keys(history)).toEqual(golden.order);
  expect(epoch).toEqual(golden.epoch);
  for (const name of golden.order) expectNumbers(history[name] as number[], golden.history[name] as number[], name);
}
export function expectNamed(ours: unknown, golden: Readonly<Record<string, number>>): void {
  const named = ours as Readonly<Record<string, number>>;
  expect(Object.keys(named).sort()).toEqual(Object.keys(golden).sort());
  for (const [name, value] of Object.entries(golden)) expectNumbers([named[name] as number], [value], name);
}
export const expectScores = (ours: unknown, golden: readonly number[]): void =>
  expectNumbers(Array.isArray(ours) ? (ours as number[]) : [ours as number], golden, "scores");
export async function expectArray(ours: { host(): Promise<HostArray> }, golden: unknown): Promise<void> {
  const { shape, data } = await ours.host();
  const stored = golden as Stored;
  expect(shape).toEqual(stored.shape);
  expectNumbers([...data], stored.data);
}
/** Sums of all weights. */
export async function sums(model: Model): Promise<number[]> {
  return (await model.getWeights()).map(({ data }) => [...data].reduce((sum, value) => sum + value, 0));
}
