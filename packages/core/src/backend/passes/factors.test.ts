import { expect, test } from "vitest";
import { Graph, placeholder, type Tensor as Value } from "../../graph/index.ts";
import { input, layers, type Model, Sequential, setRandomSeed, type Tensor } from "../../index.ts";
import * as p from "../../primitives/index.ts";
import { trace } from "../../transforms/index.ts";
import { interpret } from "../plan.ts";
import { reference } from "../reference/index.ts";
import { foldFactors } from "./factors.ts";
import { graphPasses } from "./index.ts";
import { partition } from "./partition.ts";

const float = (...shape: number[]): Value => placeholder({ shape, dtype: "float32" });
const names = (graph: Graph): string[] => graph.nodes.map((node) => node.definition.name);
const counts = (graph: Graph, name: string): number => names(graph).filter((x) => x === name).length;

async function values(graph: Graph): Promise<number[]> {
  const backend = reference();
  const inputs = graph.inputs.map(({ shape, size }) => ({
    shape,
    dtype: "float32" as const,
    data: Float32Array.from({ length: size }, (_, i) => 1.5 + Math.sin(i + size)),
  }));
  const outs = await interpret(graph, backend, []).run(inputs);
  return outs.flatMap((out) => [...out.data].map(Number));
}
async function check(graph: Graph, after: Graph): Promise<void> {
  const [want, got] = [await values(graph), await values(after)];
  expect(got.length).toBe(want.length);
  const apart = Math.max(...got.map((x, i) => Math.abs(x - (want[i] as number)) / Math.max(1, Math.abs(x))));
  expect(apart).toBeLessThan(1e-5);
}

const none = [0, 0] as const;
const window: p.ConvParams = { strides: [1, 1], padding: [none, none], dilation: [1, 1], groups: 1 };
/** `(conv(x, k) + b) s + t`, the kernel smaller than the result or not. */
function normed(samples: number): Graph {
  const [x, k, b, s, t] = [float(samples, 5, 5, 2), float(3, 3, 2, 4), float(1, 1, 1, 4), float(1, 1, 1, 4), float(4)];
  const y = p.conv(x, k, window);
  return new Graph([x, k, b, s, t], [p.add(p.mul(p.add(y, b), s), t)]);
}

test("a factor for each channel goes into a kernel that is smaller than the result", async () => {
  const [small, large] = [normed(1), normed(8)];
  expect(names(foldFactors(small))).toEqual(["conv", "add", "mul", "add"]);
  const after = foldFactors(large);
  expect(names(after)).toEqual(["mul", "conv", "mul", "add", "add"]);
  await check(large, after);
});

test("into kernels that are known, whatever their size", async () => {
  const graph = normed(1);
  const after = foldFactors(graph, 1);
  expect(counts(after, "mul")).toBe(2);
  await check(graph, after);
  const { main, prepare } = partition(after, 1);
  expect(names(main).filter((name) => name === "mul")).toEqual([]);
  expect(prepare.inputs.length).toBe(4);
  // A factor that is not known stays.
  const open = foldFactors(new Graph([...graph.inputs.slice(3), ...graph.inputs.slice(0, 3)], graph.outputs), 3);
  expect(names(open)).toEqual(["conv", "add", "mul", "add"]);
});

test("into the matrix of a product, along its own axes", async () => {
  const [x, w, s] = [float(7, 3, 5), float(2, 5, 4), float(2, 4)];
  const y = p.dotGeneral(x, w, { lhsContract: [2], rhsContract: [1], lhsBatch: [], rhsBatch: [] });
  const graph = new Graph([x, w, s], [p.mul(y, s)]);
  const after = foldFactors(graph);
  expect(names(after)).toEqual(["reshape", "mul", "dotGeneral"]);
  await check(graph, after);
});

test("stays where others read the product, or where it tells samples apart", () => {
  const [x, w, s, each] = [float(7, 5), float(5, 4), float(4), float(7, 1)];
  const y = p.dotGeneral(x, w, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
  const twice = new Graph([x, w, s], [p.mul(y, s), p.reduceSum(y, { axes: [0] })]);
  expect(names(foldFactors(twice))).toEqual(names(twice));
  const rows = new Graph([x, w, each], [p.mul(y, each)]);
  expect(names(foldFactors(rows))).toEqual(names(rows));
});

const model = (): Model =>
  new Sequential([
    input({ shape: [6, 6, 2] }),
    new layers.Conv2D({ filters: 4, kernelSize: 3 }),
    new layers.BatchNormalization(),
    new layers.Dropout({ rate: 0.5 }),
    new layers.DepthwiseConv2D({ kernelSize: 2, depthMultiplier: 2, useBias: false }),
    new layers.BatchNormalization({ scale: false }),
    new layers.Flatten(),
    new layers.Dense({ units: 8 }),
    new layers.BatchNormalization({ center: false }),
  ]);

test("normalisation and dropout are gone from prediction, and stay in training", async () => {
  setRandomSeed(1);
  const net = model();
  const of = (training: boolean): { graph: Graph; numOpen: number } => {
    const { graph, numArguments } = trace(
      (x) => [net.apply<Tensor>(x, { training })],
      [{ shape: [5, 6, 6, 2], dtype: "float32" }],
    );
    return { graph: new Graph(graph.inputs, graph.outputs.slice(0, 1)), numOpen: numArguments };
  };
  const predicting = of(false);
  const folded = graphPasses.reduce((graph, { run }) => run(graph), foldFactors(predicting.graph, predicting.numOpen));
  const { main } = partition(folded, predicting.numOpen);
  expect(names(main).filter((name) => name !== "reshape")).toEqual(["conv", "add", "conv", "add", "dotGeneral", "add"]);
  await check(predicting.graph, folded);
  const training = of(true);
  expect(counts(foldFactors(training.graph), "rsqrt")).toBe(3);
});
