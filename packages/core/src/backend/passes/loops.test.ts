import { expect, test } from "vitest";
import type { HostArray } from "../../aval/index.ts";
import { Graph, placeholder, type Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { gradients } from "../../transforms/index.ts";
import { interpret } from "../plan.ts";
import { reference } from "../reference/index.ts";
import { shareCommon } from "./cse.ts";
import { hoistScans } from "./hoist-scans.ts";
import { joinPads } from "./join-pads.ts";
import { mergeScans } from "./merge-scans.ts";

const float = (...shape: number[]): Tensor => placeholder({ shape, dtype: "float32" });
const names = (graph: Graph): string[] => graph.nodes.map((node) => node.definition.name);
const scansOf = (graph: Graph): p.ScanParams[] =>
  graph.nodes.flatMap((node) => (node.definition.name === "scan" ? [node.params as unknown as p.ScanParams] : []));
const product = { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] };

async function run(graph: Graph): Promise<number[][]> {
  const backend = reference();
  const inputs = graph.inputs.map(({ shape }, k): HostArray => {
    const size = shape.reduce((n, m) => n * m, 1);
    return { shape, dtype: "float32", data: Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + k) / 2) };
  });
  const outs = await interpret(graph, backend, []).run(inputs.map((x) => backend.upload(x)));
  return Promise.all(outs.map(async (h) => Array.from((await backend.download(h)).data)));
}
async function expectSame(graph: Graph, changed: Graph): Promise<void> {
  const [before, after] = [await run(graph), await run(changed)];
  expect(after.length).toBe(before.length);
  before.forEach((row, i) => {
    row.forEach((x, k) => void expect(after[i]?.[k]).toBeCloseTo(x, 5));
  });
}

/** `h' = tanh(x W + h U + b) * rate_t` over T steps, and the gradients of the sum of all h. */
function recurrence(reverse: boolean): Graph {
  const [T, B, C, U] = [5, 2, 3, 4];
  const inputs = [float(C, U), float(U, U), float(U), float(B, U), float(T, B, C), float(T, U)];
  const body = inputs.map((x, i) => (i < 4 ? float(...x.shape) : float(...x.shape.slice(1))));
  const [w, u, b, h, x, rate] = body as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const z = p.add(p.add(p.dotGeneral(x, w, product), p.dotGeneral(h, u, product)), b);
  const next = p.mul(p.tanh(z), rate);
  const params = { body: new Graph(body, [next, next]), numConsts: 3, numCarry: 1, length: T, reverse };
  const [last, all] = p.scan(inputs, params) as [Tensor, Tensor];
  const loss = p.add(p.reduceSum(p.mul(all, all), { axes: [0, 1, 2] }), p.reduceSum(last, { axes: [0, 1] }));
  return new Graph(inputs, [loss, ...gradients(loss, inputs)]);
}

test.each([false, true])("a loop and its gradient do step by step only what must be (reverse: %s)", async (reverse) => {
  const graph = recurrence(reverse);
  expect(scansOf(graph).length).toBe(3);
  const merged = mergeScans(shareCommon(graph));
  expect(scansOf(merged).length).toBe(2);
  const hoisted = hoistScans(merged);
  const [forward, backward] = scansOf(hoisted) as [p.ScanParams, p.ScanParams];
  expect(names(forward.body)).toEqual(["dotGeneral", "add", "tanh", "mul"]);
  // Products for the gradients of weights and inputs are taken once, over all steps.
  expect(names(backward.body).filter((name) => name === "dotGeneral")).toEqual(["dotGeneral"]);
  expect(backward.numCarry).toBe(1);
  await expectSame(graph, merged);
  await expectSame(graph, hoisted);
});

test("what is the same in each step is computed once; a carry that nobody asks for is dropped", async () => {
  const [w, c, d, xs] = [float(3), float(3), float(3), float(4, 3)] as const;
  const [iw, ic, id, ix] = [float(3), float(3), float(3), float(3)] as const;
  const body = new Graph([iw, ic, id, ix], [p.mul(ic, p.exp(iw)), p.add(id, ic), p.add(ic, ix)]);
  const outs = p.scan([w, c, d, xs], { body, numConsts: 1, numCarry: 2, length: 4, reverse: false });
  const graph = new Graph([w, c, d, xs], [outs[0] as Tensor, outs[2] as Tensor]);
  const hoisted = hoistScans(graph);
  expect(names(hoisted)).toEqual(["exp", "scan"]);
  expect(scansOf(hoisted)[0]?.numCarry).toBe(1);
  await expectSame(graph, hoisted);
});

test("a carry that is read in the loop stays in it", async () => {
  const [c, xs] = [float(2), float(4, 2)] as const;
  const [ic, ix] = [float(2), float(2)] as const;
  const body = new Graph([ic, ix], [p.add(ic, p.reduceSum(p.mul(ix, ic), { axes: [0] })), ic]);
  const graph = new Graph([c, xs], p.scan([c, xs], { body, numConsts: 0, numCarry: 1, length: 4, reverse: false }));
  const hoisted = hoistScans(graph);
  expect(scansOf(hoisted)[0]?.numCarry).toBe(1);
  await expectSame(graph, hoisted);
});

test("gradients of a split are joined, not padded and added", async () => {
  const x = float(2, 6);
  const part = (from: number, to: number): Tensor =>
    p.slice(x, { starts: [0, from], limits: [2, to], strides: [1, 1] });
  const y = p.mul(p.mul(part(0, 2), part(2, 4)), part(4, 6));
  const graph = shareCommon(new Graph([x], gradients(p.reduceSum(y, { axes: [0, 1] }), [x])));
  expect(names(graph)).toContain("pad");
  expect(names(joinPads(graph))).not.toContain("pad");
  expect(names(joinPads(graph))).toContain("concat");
  await expectSame(graph, joinPads(graph));
});

test("pads that overlap stay", () => {
  const [a, b] = [float(2, 3), float(2, 3)] as const;
  const wide = (t: Tensor, low: number): Tensor => p.pad(t, { low: [0, low], high: [0, 1 - low], interior: [0, 0] });
  const graph = new Graph([a, b], [p.add(wide(a, 0), wide(b, 1))]);
  expect(names(joinPads(graph))).toEqual(["pad", "pad", "add"]);
});
