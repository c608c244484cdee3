import { describe, expect, test } from "vitest";
import type { DType, HostArray } from "../../aval/index.ts";
import { Graph, placeholder, type Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { compileGraph, fromCarrier, toCarrier } from "../compile.ts";
import type { Backend, Executable } from "../contract.ts";
import { reference } from "../reference/index.ts";
import { shareCommon } from "./cse.ts";
import { lowerDtypes } from "./dtypes.ts";
import { inlineComposites } from "./inline.ts";
import { unrollScans } from "./unroll.ts";

const names = (graph: Graph): string[] => graph.nodes.map((node) => node.definition.name);
const vector = (n = 3, dtype: DType = "float32"): Tensor => placeholder({ shape: [n], dtype });

test("inlining leaves native composites and opens the others, inside bodies too", () => {
  const x = vector();
  const graph = new Graph([x], [p.relu(p.silu(x))]);
  expect(names(inlineComposites(graph, (name) => name === "relu"))).toEqual(["logistic", "mul", "relu"]);
  const y = vector();
  const body = new Graph([y], [p.relu(y)]);
  const flag = placeholder({ shape: [], dtype: "bool" });
  const branch = new Graph([flag, x], p.cond(flag, [x], { then: body, otherwise: body }));
  const inner = inlineComposites(branch, () => false).nodes[0]?.params as unknown as p.CondParams;
  expect(names(inner.then)).toEqual(["max"]);
});

test("equal nodes become one, unused ones vanish", () => {
  const x = vector();
  const unused = p.exp(x);
  const graph = new Graph([x], [p.add(p.sin(x), p.sin(x)), p.mul(p.sin(x), 2)]);
  expect(unused.shape).toEqual([3]);
  expect(names(shareCommon(graph))).toEqual(["sin", "add", "mul"]);
});

test("short scans are written out, long ones stay", () => {
  const c = placeholder({ shape: [], dtype: "float32" });
  const x = placeholder({ shape: [], dtype: "float32" });
  const next = p.add(p.mul(c, 0.5), x);
  const body = new Graph([c, x], [next, next]);
  const start = placeholder({ shape: [], dtype: "float32" });
  const xs = vector(3);
  const graph = new Graph(
    [start, xs],
    p.scan([start, xs], { body, numConsts: 0, numCarry: 1, length: 3, reverse: false }),
  );
  expect(names(unrollScans(graph, 2))).toContain("scan");
  expect(names(unrollScans(graph, 3))).not.toContain("scan");
});

/** The reference engine with few dtypes, as the engines have them. */
const narrow = (...dtypes: readonly DType[]): Backend<HostArray> => ({
  ...reference(),
  name: "narrow",
  dtypes: new Set(dtypes),
});

async function run(graph: Graph, inputs: readonly HostArray[], backend: Backend<HostArray>): Promise<number[][]> {
  const program: Executable<HostArray> = await compileGraph(graph, backend);
  const outs = await program.run(inputs.map((x) => backend.upload(toCarrier(x, backend as Backend))));
  const hosts = await Promise.all(outs.map((h) => backend.download(h)));
  return hosts.map((host, i) => Array.from(fromCarrier(host, (graph.outputs[i] as Tensor).dtype).data));
}

describe("dtypes that an engine lacks", () => {
  const cases: readonly [name: string, dtype: DType, values: readonly number[], f: (x: Tensor) => Tensor][] = [
    ["uint8 wraps", "uint8", [250, 3, 128], (x) => p.mul(p.add(x, 10), 3)],
    ["int8 wraps", "int8", [127, -128, 100], (x) => p.add(x, x)],
    ["int16 shifts", "int16", [30000, -30000, 5], (x) => p.shiftLeft(x, 1)],
    ["uint16 to float", "uint16", [65535, 1, 2], (x) => p.cast(x, { dtype: "float32" })],
    ["uint32 compares", "uint32", [4294967295, 1, 2147483648], (x) => p.greater(x, 5)],
    ["uint32 remainder", "uint32", [4294967295, 1, 2147483648], (x) => p.rem(x, 1000)],
    ["uint32 remainder of large", "uint32", [4294967295, 3000000000, 7], (x) => p.rem(x, 2999999999)],
    ["uint32 to float", "uint32", [4294967295, 16777217, 2147483648], (x) => p.cast(x, { dtype: "float32" })],
    ["uint32 shifts", "uint32", [4294967295, 16777217, 2147483648], (x) => p.shiftRightLogical(x, 9)],
    ["float16 rounds", "float16", [1000.5, 0.1, 70000], (x) => p.mul(x, 1.0009765625)],
    ["bfloat16 rounds", "bfloat16", [1, 3, 300], (x) => p.div(x, 3)],
    ["float to uint8 saturates", "float32", [300, -5, Number.NaN], (x) => p.cast(x, { dtype: "uint8" })],
  ];
  test.each(cases)("%s", async (_, dtype, list, f) => {
    const x = vector(list.length, dtype);
    const graph = new Graph([x], [f(x)]);
    const { castData } = await import("../../aval/index.ts");
    const input: HostArray = { shape: [list.length], dtype, data: castData(list, dtype, "float64") };
    const expected = await run(graph, [input], reference());
    expect(await run(graph, [input], narrow("bool", "int32", "float32"))).toEqual(expected);
  });
  test("what nobody can carry is refused", () => {
    const x = vector(2, "float64");
    expect(() => lowerDtypes(new Graph([x], [p.sin(x)]), narrow("float32"))).toThrow(/must have dtype float64/);
  });
});
