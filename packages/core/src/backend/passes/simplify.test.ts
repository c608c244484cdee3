import { describe, expect, test } from "vitest";
import type { DType, HostArray } from "../../aval/index.ts";
import { Graph, literal, placeholder, type Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { lower } from "../compile.ts";
import type { Backend } from "../contract.ts";
import { interpret } from "../plan.ts";
import { reference } from "../reference/index.ts";
import { simplify } from "./algebra.ts";
import { sinkBroadcasts } from "./broadcasts.ts";
import { shareCommon } from "./cse.ts";
import { foldConstants } from "./fold.ts";
import { joinScales } from "./scales.ts";

const float = (...shape: number[]): Tensor => placeholder({ shape, dtype: "float32" });
const names = (graph: Graph): string[] => graph.nodes.map((node) => node.definition.name);
const vector = (...values: number[]): Tensor =>
  literal({ shape: [values.length], dtype: "float32", data: Float32Array.from(values) });

async function values(graph: Graph, inputs: readonly HostArray[]): Promise<number[][]> {
  const backend = reference();
  const outs = await interpret(graph, backend, []).run(inputs);
  return outs.map((out) => [...out.data].map(Number));
}
/** Same numbers before and after; gives the names of what is left. */
async function check(pass: (graph: Graph) => Graph, graph: Graph): Promise<string[]> {
  const inputs = graph.inputs.map(({ shape, dtype }) => {
    const size = shape.reduce((n, s) => n * s, 1);
    const data = Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1));
    return { shape, dtype, data: dtype === "float32" ? data : Int32Array.from(data, (v) => Math.round(v * 9)) };
  });
  const after = pass(graph);
  expect(after.outputs.map((x) => [x.shape, x.dtype])).toEqual(graph.outputs.map((x) => [x.shape, x.dtype]));
  const [want, got] = [await values(graph, inputs), await values(after, inputs)];
  want.forEach((row, i) => {
    row.forEach((value, k) => {
      expect((got[i] as number[])[k]).toBeCloseTo(value, 5);
    });
  });
  return names(after);
}

test("fold: what stands on literals is computed, what stands on inputs stays", async () => {
  const x = float(3);
  const graph = new Graph([x], [p.add(x, p.exp(p.mul(vector(1, 2, 3), 2)))]);
  expect(names(graph)).toEqual(["mul", "exp", "add"]);
  expect(await check(foldConstants, graph)).toEqual(["add"]);
});

test("fold: large results are left to the engine, bodies of loops are folded too", async () => {
  expect(names(foldConstants(new Graph([], [p.neg(p.iota({ shape: [2000], axis: 0, dtype: "int32" }))])))).toEqual([
    "iota",
    "neg",
  ]);
  const y = float(3);
  const body = new Graph([y], [p.add(y, p.neg(vector(1, 2, 3)))]);
  const flag = placeholder({ shape: [], dtype: "bool" });
  const x = float(3);
  const branch = new Graph([flag, x], p.cond(flag, [x], { then: body, otherwise: body }));
  const inner = foldConstants(branch).nodes[0]?.params as unknown as p.CondParams;
  expect(names(inner.then)).toEqual(["add"]);
});

const rows: readonly [name: string, f: (x: Tensor) => Tensor, left: readonly string[]][] = [
  ["x 1 and x + 0 and x - 0", (x) => p.sub(p.add(p.mul(x, 1), 0), 0), []],
  ["x / 1 and x^1", (x) => p.pow(p.div(x, 1), 1), []],
  ["x^2", (x) => p.pow(x, 2), ["mul"]],
  ["a + (-b)", (x) => p.add(p.sin(x), p.neg(x)), ["sin", "sub"]],
  ["(-a) (-b)", (x) => p.mul(p.neg(x), p.neg(p.sin(x))), ["sin", "mul"]],
  [
    "two transposes that cancel",
    (x) => p.transpose(p.transpose(x, { permutation: [1, 0] }), { permutation: [1, 0] }),
    [],
  ],
  ["two reshapes", (x) => p.reshape(p.reshape(x, { shape: [6] }), { shape: [3, 2] }), ["reshape"]],
  ["sums of sums", (x) => p.reduceSum(p.reduceSum(x, { axes: [0] }), { axes: [0] }), ["reduceSum"]],
  ["equal branches", (x) => p.where(p.greater(x, 0), x, x), []],
];
test.each(rows)("algebra: %s", async (_, f, left) => {
  const x = float(2, 3);
  expect(await check(simplify, new Graph([x], [f(x)]))).toEqual(left);
});

test("algebra: a neutral number that widens the result stays", async () => {
  const x = float(3);
  const ones = p.broadcastTo(p.reshape(vector(1), { shape: [1, 1] }), { shape: [2, 3] });
  expect(await check(simplify, new Graph([x], [p.mul(x, ones)]))).toContain("mul");
});

test("algebra: casts through a wider dtype are one cast, through a narrower one they stay", () => {
  const through = (from: DType, middle: DType, to: DType): string[] => {
    const x = placeholder({ shape: [2], dtype: from });
    return names(simplify(new Graph([x], [p.cast(p.cast(x, { dtype: middle }), { dtype: to })])));
  };
  expect(through("bool", "int32", "float32")).toEqual(["cast"]);
  expect(through("int8", "int32", "int8")).toEqual([]);
  expect(through("float32", "int32", "float32")).toEqual(["cast", "cast"]);
  expect(through("int32", "float32", "int32")).toEqual(["cast", "cast"]);
});

describe("algebra: a dropout's mask compares whole numbers", () => {
  const masked = (shift: number, unit: number, limit: number): Graph => {
    const bits = placeholder({ shape: [8], dtype: "uint32" });
    const uniform = p.mul(p.cast(p.shiftRightLogical(bits, shift), { dtype: "float32" }), unit);
    return new Graph([bits], [p.less(uniform, limit)]);
  };
  const around = (limit: number, shift: number, unit: number): HostArray => {
    const edge = Math.ceil(Math.fround(limit) / unit) * 2 ** shift;
    const data = [0, 1, edge - 2 ** shift, edge - 1, edge, edge + 1, 2 ** 31, 2 ** 32 - 1];
    return { shape: [8], dtype: "uint32", data: Uint32Array.from(data) };
  };
  test.each([
    [9, 2 ** -23, 0.5],
    [9, 2 ** -23, 0.9],
    [9, 2 ** -23, 0.3],
    [9, 2 ** -23, 1e-9],
    [9, 2 ** -23, 1 - 2 ** -23],
    [16, 2 ** -10, 7.3],
  ])("shifted by %d, times %d, below %d", async (shift, unit, limit) => {
    const graph = masked(shift, unit, limit);
    const after = simplify(graph);
    expect(names(after)).toEqual(["shiftRightLogical", "cast", "less"]);
    expect(after.nodes.at(-1)?.inputs[0]?.dtype).toBe("int32");
    const bits = around(limit, shift, unit);
    expect(await values(after, [bits])).toEqual(await values(graph, [bits]));
  });
  test.each([
    ["a limit that all are below", 9, 2 ** -23, 1],
    ["a limit that none is below", 9, 2 ** -23, 0],
    ["no number", 9, 2 ** -23, Number.NaN],
    ["more bits than float32 has", 7, 2 ** -25, 0.5],
    ["a factor that rounds", 9, 0.1, 0.5],
  ])("%s stays", (_, shift, unit, limit) => {
    expect(names(simplify(masked(shift, unit, limit)))).toEqual(names(masked(shift, unit, limit)));
  });
});

test("fold: random bits of a known key are left to the engine, which may have its own", () => {
  const key = literal({ shape: [2], dtype: "uint32", data: Uint32Array.of(1, 2) });
  expect(names(foldConstants(new Graph([], [p.randomBits(key, { shape: [3], words: 1 })])))).toEqual(["randomBits"]);
});

test("broadcasts: elementwise operations read what was broadcast, and compute as little as they can", async () => {
  const [x, b] = [float(4, 3), float(3)];
  const wide = p.broadcastTo(b, { shape: [4, 3] });
  expect(await check(sinkBroadcasts, new Graph([x, b], [p.add(x, wide)]))).toEqual(["add"]);
  const after = sinkBroadcasts(new Graph([x, b], [p.exp(p.mul(wide, 2))]));
  expect(names(after)).toEqual(["mul", "exp", "broadcastTo"]);
  expect(after.nodes.map((node) => node.outs[0]?.shape)).toEqual([[3], [3], [4, 3]]);
});

test("broadcasts: a sum over repeated values is a product", async () => {
  const b = float(3);
  const graph = new Graph([b], [p.reduceSum(p.broadcastTo(b, { shape: [4, 3] }), { axes: [0] })]);
  expect(await check(sinkBroadcasts, graph)).toEqual(["mul"]);
  const both = new Graph([b], [p.reduceSum(p.broadcastTo(b, { shape: [4, 3] }), { axes: [0, 1] })]);
  expect(await check(sinkBroadcasts, both)).toEqual(["broadcastTo", "reduceSum"]);
});

const scaled: readonly [
  name: string,
  f: (x: Tensor, y: Tensor, a: Tensor, b: Tensor) => Tensor,
  left: readonly string[],
][] = [
  ["(x a) b", (x, _, a, b) => p.mul(p.mul(x, a), b), ["mul", "mul"]],
  ["-(x a)", (x, _, a) => p.neg(p.mul(x, a)), ["neg", "mul"]],
  ["x a + x a", (x, _, a) => p.add(p.mul(x, a), p.mul(x, a)), ["mul", "add"]],
  ["(x + a) + b", (x, _, a, b) => p.add(p.add(x, a), b), ["add", "add"]],
  ["((x + a) + y) + b", (x, y, a, b) => p.add(p.add(p.add(x, a), y), b), ["add", "add", "add"]],
  ["(x + a) + (y + b)", (x, y, a, b) => p.add(p.add(x, a), p.add(y, b)), ["add", "add", "add"]],
  ["sum x a", (x, _, a) => p.reduceSum(p.mul(x, a), { axes: [0] }), ["reduceSum", "mul"]],
  ["sum -x", (x) => p.reduceSum(p.neg(x), { axes: [0] }), ["reduceSum", "neg"]],
];
test.each(scaled)("scales: %s", async (_, f, left) => {
  const [x, y, a, b] = [float(6, 3), float(6, 3), float(3), float(1, 3)];
  const graph = new Graph([x, y, a, b], [f(x, y, a, b)]);
  const passed = (g: Graph): Graph => joinScales(shareCommon(g));
  expect((await check(passed, graph)).toSorted()).toEqual(left.toSorted());
  const large = (g: Graph): number =>
    g.nodes.filter((node) => node.outs[0]?.shape.length === 2 && node.outs[0].shape[0] === 6).length;
  expect(large(passed(graph))).toBeLessThan(large(graph));
});

test("scales: single numbers stay in their order, on which the bits of random draws hang", async () => {
  const x = float(6, 3);
  const graph = new Graph([x], [p.add(p.add(p.mul(p.mul(x, 3), 0.1), 0.7), 0.1)]);
  expect(await check(joinScales, graph)).toEqual(["mul", "mul", "add", "add"]);
});

test("scales: a bias stays with its product, and a factor along the summed axis inside of the sum", async () => {
  const [x, w, b, y] = [float(6, 4), float(4, 3), float(3), float(6, 3)];
  const product = p.dotGeneral(x, w, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
  expect(await check(joinScales, new Graph([x, w, b, y], [p.add(p.add(product, b), y)]))).toEqual([
    "dotGeneral",
    "add",
    "add",
  ]);
  const graph = new Graph([y, b], [p.reduceSum(p.mul(y, b), { axes: [1] })]);
  expect(await check(joinScales, graph)).toEqual(["mul", "reduceSum"]);
});

test("every pass can be switched off, and the steps of lowering can be watched", () => {
  const x = float(3);
  const graph = new Graph([x], [p.mul(p.add(x, p.neg(vector(0, 0, 0))), 1)]);
  const seen: string[] = [];
  const lowered = lower(graph, reference(), (step) => seen.push(step));
  expect(seen.join(" ")).toBe(
    "recorded inline joinPads mergeScans hoistScans broadcasts fold algebra factors scales pools common",
  );
  expect(names(lowered)).toEqual([]);
  const off = Object.fromEntries(
    ["fold", "algebra", "broadcasts", "scales", "factors", "pools", "common"].map((name) => [name, false]),
  );
  const plain: Backend<HostArray> = { ...reference(), passes: off };
  expect(names(lower(graph, plain))).toEqual(["neg", "add", "mul"]);
});
