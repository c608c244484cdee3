import { Graph, primitives as p, placeholder, type Tensor } from "@keras-ts/core/backend";
import { expect, test } from "vitest";
import { emit } from "../emit.ts";
import { liveNodes, type Program } from "../program.ts";
import { convBiases } from "./conv-biases.ts";
import { dropExpands } from "./drop-expands.ts";
import { dropPlaces } from "./drop-places.ts";
import { leadingSums } from "./leading-sums.ts";
import { moveTransposes } from "./move-transposes.ts";
import { nanRows } from "./nan-rows.ts";
import { normScales } from "./norm-scales.ts";
import { productBiases } from "./product-biases.ts";
import { productScales } from "./product-scales.ts";
import { reluMasks } from "./relu-masks.ts";
import { transposedProducts } from "./transposed-products.ts";

const float = (...shape: number[]): Tensor => placeholder({ shape, dtype: "float32" });
const written = (inputs: readonly Tensor[], ...outputs: readonly Tensor[]): Program => emit(new Graph(inputs, outputs));
const operators = (program: Program): string[] => liveNodes(program).map((node) => node.op);
const unit = { strides: [1, 1], padding: [[0, 0] as const, [0, 0] as const], dilation: [1, 1], groups: 1 };

test("dropExpands: an operator that broadcasts reads what was expanded", () => {
  const [x, bias] = [float(4, 3), float(3)];
  const program = written([x, bias], p.add(x, p.broadcastTo(bias, { shape: [4, 3] })));
  expect(operators(program)).toEqual(["Expand", "Add"]);
  expect(operators(dropExpands(program))).toEqual(["Add"]);
});

test("dropExpands: an expand that gives the result its shape stays", () => {
  const bias = float(3);
  const program = written([bias], p.neg(p.broadcastTo(bias, { shape: [4, 3] })));
  expect(operators(dropExpands(program))).toEqual(["Expand", "Neg"]);
});

test("dropPlaces: a max pool gives its places only to those who read them", () => {
  const x = float(2, 4, 4, 3);
  const pool = { window: [2, 2], strides: [2, 2], padding: unit.padding };
  const outputsOf = (program: Program): number | undefined =>
    program.nodes.find(({ op }) => op === "MaxPool")?.outputs.length;
  const alone = written([x], p.maxPool(x, pool));
  expect([outputsOf(alone), outputsOf(dropPlaces(alone))]).toEqual([2, 1]);
  const y = p.maxPool(x, pool);
  const both = written([x], y, p.maxPoolGather(x, x, pool));
  expect(outputsOf(dropPlaces(both))).toBe(2);
});

test("normScales: a normalisation takes the row that it is multiplied by, and the one that is added", () => {
  const [x, scale, bias] = [float(4, 3), float(3), float(1, 3)];
  const normal = p.normalize(x, { axes: [1], epsilon: 1e-3 });
  const whole = written([x, scale, bias], p.add(p.mul(normal, scale), bias));
  expect(operators(normScales(dropExpands(whole)))).toEqual(["Reshape", "LayerNormalization"]);
  const scaled = written([x, scale], p.mul(normal, scale));
  expect(operators(normScales(dropExpands(scaled)))).toEqual(["LayerNormalization"]);
  const read = written([x, scale, bias], p.add(p.mul(normal, scale), bias), normal);
  expect(operators(normScales(read))).toEqual(operators(read));
});

test("reluMasks: the gradient of relu is a product with its mask", () => {
  const [x, g] = [float(4), float(4)];
  const y = p.relu(x);
  const program = written([x, g], p.where(p.greater(y, 0), g, 0));
  expect(operators(program)).toEqual(["Relu", "Greater", "Where"]);
  expect(operators(reluMasks(program))).toEqual(["Relu", "HardSigmoid", "Mul"]);
});

test("reluMasks: other selections stay, since a mask would let nan through", () => {
  const [x, g] = [float(4), float(4)];
  const program = written([x, g], p.where(p.greater(x, 0), g, 0));
  expect(operators(reluMasks(program))).toEqual(["Greater", "Where"]);
});

test("nanRows: rows to be nan are multiplied by it", () => {
  const [x, bad] = [float(8, 5), placeholder({ shape: [8, 1], dtype: "bool" })];
  const wide = p.broadcastTo(bad, { shape: [8, 5] });
  for (const y of [p.where(wide, Number.NaN, x), p.where(wide, x, Number.NaN)]) {
    const [select, product] = liveNodes(nanRows(dropExpands(written([x, bad], y))));
    expect([select?.op, product?.op]).toEqual(["Where", "Mul"]);
    expect(product?.inputs[0]).toBe("in0");
    expect(select?.inputs[0]).toBe("in1");
  }
});

test("nanRows: a condition for each number, and other numbers than nan, stay", () => {
  const [x, bad, rows] = [
    float(8, 5),
    placeholder({ shape: [8, 5], dtype: "bool" }),
    placeholder({ shape: [8, 1], dtype: "bool" }),
  ];
  expect(operators(nanRows(written([x, bad], p.where(bad, Number.NaN, x))))).toEqual(["Where"]);
  const zero = p.where(p.broadcastTo(rows, { shape: [8, 5] }), 0, x);
  expect(operators(nanRows(dropExpands(written([x, rows], zero))))).toEqual(["Where"]);
});

test("leadingSums: rows are summed by a product with ones, which programs share by length", () => {
  const [x, y] = [float(4, 2, 5), float(8, 3)];
  const sums = written([x, y], p.reduceSum(x, { axes: [0, 1] }), p.reduceSum(y, { axes: [0] }));
  expect(operators(sums)).toEqual(["ReduceSum", "ReduceSum"]);
  const after = leadingSums(sums);
  expect(operators(after)).toEqual(["Reshape", "MatMul", "Reshape", "MatMul", "Reshape"]);
  const [one, other] = liveNodes(after).filter(({ op }) => op === "MatMul");
  expect(one?.inputs[0]).toBe(other?.inputs[0]);
  expect(after.infos.get(one?.inputs[0] as string)?.shape).toEqual([1, 8]);
});

test("leadingSums: sums over other axes, of everything, and of very many rows stay", () => {
  const [x, tall] = [float(4, 2, 5), float(2 ** 16 + 1, 2)];
  for (const axes of [[1], [2], [0, 2], [0, 1, 2]])
    expect(operators(leadingSums(written([x], p.reduceSum(x, { axes }))))).toEqual(["ReduceSum"]);
  expect(operators(leadingSums(written([tall], p.reduceSum(tall, { axes: [0] }))))).toEqual(["ReduceSum"]);
});

test("moveTransposes: between two convolutions nothing is left but the edges", () => {
  const [x, k1, bias, k2] = [float(2, 8, 8, 3), float(3, 3, 3, 4), float(4), float(3, 3, 4, 5)];
  const y = p.conv(p.relu(p.add(p.conv(x, k1, unit), bias)), k2, unit);
  const program = written([x, k1, bias, k2], y);
  const count = (q: Program): number => operators(q).filter((op) => op === "Transpose").length;
  expect(count(program)).toBe(6);
  // Input, two kernels, output.
  expect(count(moveTransposes(program))).toBe(4);
});

test("moveTransposes: a reduction takes the axes as they are, a transpose of units is a reshape", () => {
  const [x, k] = [float(2, 8, 8, 1), float(3, 3, 1, 4)];
  const program = moveTransposes(written([x, k], p.reduceSum(p.conv(x, k, unit), { axes: [0, 1, 2] })));
  expect(operators(program)).toEqual(["Reshape", "Transpose", "Conv", "ReduceSum"]);
});

test("moveTransposes: optimizer state stays in its own layout", () => {
  const [x, g, m] = [float(2, 6, 6, 3), float(2, 6, 6, 4), float(1, 1, 3, 4)];
  const filter = p.convFilterGrad(x, g, { ...unit, kernelSpatial: [1, 1] });
  const program = moveTransposes(written([x, g, m], p.add(p.mul(m, 0.9), filter)));
  const added = liveNodes(program).at(-1);
  expect(added?.op).toBe("Add");
});

test("transposedProducts: a transposed product reads its operands the other way round", () => {
  const [x, g] = [float(8, 3), float(8, 5)];
  const dot = p.dotGeneral(g, x, { lhsContract: [0], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
  const program = written([x, g], p.transpose(dot, { permutation: [1, 0] }));
  expect(operators(program)).toEqual(["Gemm", "Transpose"]);
  const [gemm, ...rest] = liveNodes(transposedProducts(program));
  expect(rest).toEqual([]);
  expect(gemm?.inputs).toEqual(program.inputs);
  expect(gemm?.attributes).toEqual({ transA: { kind: "int", value: 1 }, transB: { kind: "int", value: 0 } });
});

test("transposedProducts: a product that is read both ways stays", () => {
  const [x, y] = [float(8, 3), float(3, 5)];
  const dot = p.dotGeneral(x, y, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
  const program = written([x, y], dot, p.transpose(dot, { permutation: [1, 0] }));
  expect(operators(transposedProducts(program))).toEqual(["MatMul", "Transpose"]);
});

test("convBiases: a number for each channel goes into the convolution", () => {
  const [x, k, bias] = [float(2, 8, 8, 3), float(3, 3, 3, 4), float(4)];
  const program = moveTransposes(written([x, k, bias], p.relu(p.add(p.conv(x, k, unit), bias))));
  expect(operators(program)).toContain("Add");
  const fused = convBiases(program);
  expect(operators(fused)).not.toContain("Add");
  expect(liveNodes(fused).find((node) => node.op === "Conv")?.inputs.length).toBe(3);
});

test("convBiases: other sums stay", () => {
  const [x, k, rows] = [float(2, 8, 8, 3), float(3, 3, 3, 4), float(6, 1)];
  const y = p.conv(x, k, unit);
  expect(operators(convBiases(moveTransposes(written([x, k, rows], p.add(y, rows)))))).toContain("Add");
  expect(operators(convBiases(moveTransposes(written([x, k], y, p.add(y, 1)))))).toContain("Add");
});

test("productScales: a number before or after a product is the product's own factor", () => {
  const [x, y] = [float(2, 4, 3), float(2, 3, 5)];
  const dot = (a: Tensor, b: Tensor): Tensor =>
    p.dotGeneral(a, b, { lhsContract: [2], rhsContract: [1], lhsBatch: [0], rhsBatch: [0] });
  const program = written([x, y], p.mul(dot(p.mul(x, 0.5), y), 0.25));
  expect(operators(program)).toEqual(["Mul", "MatMul", "Mul"]);
  const [product, ...rest] = liveNodes(productScales(program));
  expect(rest).toEqual([]);
  expect(product?.op).toBe("FusedMatMul");
  expect(product?.attributes.alpha).toEqual({ kind: "float", value: 0.125 });
  expect(product?.outputs).toEqual(program.outputs);
});

test("productScales: what others read too, and factors that are no number, stay", () => {
  const [x, y, s] = [float(4, 3), float(3, 5), float(4, 3)];
  const dot = (a: Tensor): Tensor =>
    p.dotGeneral(a, y, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
  const half = p.mul(x, 0.5);
  expect(operators(productScales(written([x, y], dot(half), half)))).toContain("Mul");
  expect(operators(productScales(written([x, y, s], dot(p.mul(x, s)))))).toContain("Mul");
});

test("productBiases: a bias goes before the reshape of a product", () => {
  const [x, w, bias] = [float(6, 4), float(4, 6), float(2, 3)];
  const dot = p.dotGeneral(x, w, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
  const program = written([x, w, bias], p.add(p.reshape(dot, { shape: [2, 3, 2, 3] }), bias));
  expect(operators(program)).toEqual(["MatMul", "Reshape", "Add"]);
  const after = productBiases(program);
  expect(operators(after)).toEqual(["MatMul", "Reshape", "Add", "Reshape"]);
  expect(after.outputs).toEqual(program.outputs);
});

test("productBiases: a bias over other axes stays", () => {
  const [x, w, bias] = [float(6, 4), float(4, 6), float(3)];
  const dot = p.dotGeneral(x, w, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
  const program = written([x, w, bias], p.add(p.reshape(dot, { shape: [2, 3, 2, 3] }), bias));
  expect(operators(productBiases(program))).toEqual(["MatMul", "Reshape", "Add"]);
});

test("the gradient of a convolution's input is a convolution where that reads little more, else a transposed one", () => {
  const gradient = (spatial: number, pad: number, strides = [1, 1]): string[] => {
    const out = Math.floor((spatial + 2 * pad - 3) / (strides[0] as number)) + 1;
    const padding = [[pad, pad] as const, [pad, pad] as const];
    const [g, k] = [float(2, out, out, 4), float(3, 3, 3, 4)];
    const params = { ...unit, strides, padding, inputSpatial: [spatial, spatial] };
    return operators(written([g, k], p.convInputGrad(g, k, params))).filter((op) => op.startsWith("Conv"));
  };
  expect(gradient(8, 1)).toEqual(["Conv"]);
  expect(gradient(20, 0)).toEqual(["Conv"]);
  expect(gradient(8, 0)).toEqual(["ConvTranspose"]);
  expect(gradient(9, 1, [2, 2])).toEqual(["ConvTranspose"]);
});
