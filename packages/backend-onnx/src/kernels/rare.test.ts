// Large inputs branch on whether something is rare in them: both ways give what the reference engine gives.
import { ops, setBackend, type Tensor, tensor } from "@keras-ts/core";
import { reference } from "@keras-ts/core/backend";
import { expect, test } from "vitest";
import { onnx } from "../index.ts";

const [ROWS, COLUMNS] = [64, 600];
const SHAPE = [ROWS, COLUMNS];
const numbers = (f: (x: number) => number, rare: readonly (readonly [number, number, number])[] = []): Float32Array => {
  const data = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => f(Math.sin(1 + i * i)));
  for (const [row, column, value] of rare) data[row * COLUMNS + column] = value;
  return data;
};
const [NAN, INF] = [Number.NaN, Number.POSITIVE_INFINITY];
const infinities = [
  [0, 3, INF],
  [0, 4, -INF],
  [9, 1, INF],
  [63, 599, -INF],
] as const;
const nans = [...infinities, [3, 7, NAN], [3, 9, INF], [40, 0, NAN], [63, 598, NAN]] as const;
const zeros = [
  [2, 5, -0],
  [2, 8, 0],
  [5, 1, -0],
  [6, 2, 0],
  [6, 9, -0],
] as const;

const inputs: Readonly<Record<string, Float32Array>> = {
  plain: numbers((x) => x),
  infinities: numbers((x) => x, infinities),
  nan: numbers((x) => x, nans),
  "zeros above": numbers((x) => -1 - Math.abs(x), zeros),
  "zeros below": numbers((x) => 1 + Math.abs(x), zeros),
};
const computed: Readonly<Record<string, (x: Tensor) => readonly Tensor[]>> = {
  extremes: (x) => [0, 1, null].flatMap((axis) => [ops.max(x, { axis }), ops.min(x, { axis })]),
  "their places": (x) => [0, 1, null].flatMap((axis) => [ops.argmax(x, { axis }), ops.argmin(x, { axis })]),
  "the largest": (x) => ops.topK(x, 5),
};
const cases = Object.keys(computed).flatMap((what) => Object.keys(inputs).map((name) => [what, name] as const));

test.each(cases.filter(([what, name]) => what !== "the largest" || name !== "nan"))("%s, %s", async (what, name) => {
  // Signs of zeros are not the runtime's strength: only places tell them apart.
  const values = async (): Promise<number[][]> => {
    const found = computed[what]?.(tensor(inputs[name] as Float32Array, { shape: SHAPE })) ?? [];
    return Promise.all(found.map(async (y) => Array.from(await y.data(), (value) => Number(value) + 0)));
  };
  setBackend(reference());
  const expected = await values();
  for (const engine of ["node", "web"] as const) {
    const backend = await onnx({ engine, threads: 1 });
    setBackend(backend);
    expect(await values(), engine).toEqual(expected);
    await backend.dispose?.();
  }
});

test("branches are written for large inputs", async () => {
  const engine = await onnx({ engine: "node", threads: 1 });
  setBackend(engine);
  const operators = async (rows: number): Promise<string> =>
    `${(await engine.explain(() => ops.argmax(ops.ones([rows, 600]), { axis: 1 }))).programs[0]?.steps.at(-1)?.listing}`;
  expect(await operators(64)).toContain("= If(");
  expect(await operators(4)).not.toContain("= If(");
  await engine.dispose?.();
});
