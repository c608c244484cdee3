// Models from elsewhere inside of exported ones: what the file computes is what predict computes, where the layer runs by itself.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  input,
  type KerasTensor,
  layers,
  Model,
  Sequential,
  setBackend,
  setRandomSeed,
  type Tensor,
} from "@keras-ts/core";
import { reference } from "@keras-ts/core/backend";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { bytesOf } from "../builder.ts";
import { readProgram } from "../foreign/read-graph.ts";
import { exportOnnx, OnnxLayer, onnx, onnxBytes } from "../index.ts";
import { type Attribute, encodeModel, type GraphData, type Initializer, type NodeData } from "../proto.ts";

const folder = mkdtempSync(join(tmpdir(), "keras-ts-inline-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const engine = await onnx({ engine: "node", threads: 1 });
afterAll(() => engine.dispose?.());
beforeEach(() => {
  setBackend(engine);
  setRandomSeed(2);
});

type Values = Readonly<Record<string, number | string | readonly number[]>>;
const attributes = (values: Values): Record<string, Attribute> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]): [string, Attribute] => {
      if (typeof value === "string") return [name, { kind: "string", value }];
      if (typeof value !== "number") return [name, { kind: value.every(Number.isInteger) ? "ints" : "floats", value }];
      return [name, { kind: Number.isInteger(value) ? "int" : "float", value }];
    }),
  );
const node = (op: string, inputs: string, outputs: string, values: Values = {}, domain = ""): NodeData => ({
  op,
  domain,
  inputs: inputs.split(" ").map((name) => (name === "_" ? "" : name)),
  outputs: outputs.split(" "),
  attributes: attributes(values),
  name: "",
});
const weight = (name: string, values: readonly number[], type: Initializer["type"] = "float32"): Initializer => ({
  name,
  type,
  shape: [values.length],
  data: bytesOf(type, values),
});
const graphOf = (nodes: readonly NodeData[], more: Partial<GraphData> = {}): GraphData => ({
  name: "foreign",
  nodes,
  initializers: [],
  inputs: [{ name: "x", type: "float32", shape: ["n", 4, 6] }],
  outputs: [{ name: "y", type: "float32", shape: ["n", 4, 6] }],
  ...more,
});
const modelOf = (opset: number, nodes: readonly NodeData[], more: Partial<GraphData> = {}): Uint8Array =>
  encodeModel({ graph: graphOf(nodes, more), opsets: { "": opset } });

/** A model with the layer between others. */
function around(layer: OnnxLayer, shape: readonly number[] = [4, 6]): Model {
  const inputs = input({ shape, name: "x" });
  const before = new layers.Activation({ activation: "tanh" }).apply<KerasTensor>(inputs);
  const y = layer.apply<KerasTensor>(before);
  const outputs = new layers.Dense({ units: 2, name: "after" }).apply<KerasTensor>(
    new layers.Flatten().apply<KerasTensor>(y),
  );
  return new Model({ inputs, outputs, name: "whole" });
}
const samplesOf = (model: Model, count: number): { shape: number[]; dtype: "float32"; data: Float32Array } => {
  const [, ...sizes] = (model.functional as { readonly inputs: KerasTensor }).inputs.shape;
  const shape = [count, ...(sizes as number[])];
  const data = Float32Array.from({ length: shape.reduce((n, m) => n * m, 1) }, (_, i) => Math.sin(i * 0.7));
  return { shape, dtype: "float32", data };
};
async function gap(model: Model, source: Uint8Array | string, count = 3): Promise<number> {
  const x = samplesOf(model, count);
  const wanted = await (await model.predict<Tensor>(x, { verbose: 0 })).data();
  const session = await InferenceSession.create(source as string, { logSeverityLevel: 3 });
  const results = await session.run({ x: new OrtTensor("float32", x.data, x.shape) });
  await session.release();
  const found = (results[session.outputNames[0] as string] as OrtTensor).data as Float32Array;
  expect(found.length).toBe(wanted.length);
  return Math.max(...Array.from(found, (value, i) => Math.abs(value - Number(wanted[i]))));
}
const shapeOf = (sizes: readonly (number | string)[], name = "y"): Partial<GraphData> => ({
  outputs: [{ name, type: "float32", shape: sizes }],
});

type Case = readonly [name: string, opset: number, nodes: readonly NodeData[], more?: Partial<GraphData>];

describe("operators of old sets", () => {
  const big = 2 ** 53 - 1;
  const cases: readonly Case[] = [
    ["Clip with limits as attributes", 10, [node("Clip", "x", "y", { min: -0.25, max: 0.5 })]],
    ["Clip with one limit", 6 + 1, [node("Clip", "x", "y", { max: 0.5 })]],
    ["Slice to the end", 9, [node("Slice", "x", "y", { axes: [2], starts: [2], ends: [big] })], shapeOf(["n", 4, 4])],
    ["Slice of all axes", 9, [node("Slice", "x", "y", { starts: [0, 1], ends: [big, 3] })], shapeOf(["n", 2, 6])],
    ["Pad", 10, [node("Pad", "x", "y", { pads: [0, 1, 0, 0, 0, 2], value: 0.5, mode: "constant" })], shapeOf(["n", 5, 8])],
    ["TopK", 9, [node("TopK", "x", "y places", { k: 2 })], shapeOf(["n", 4, 2])],
    ["Dropout", 11, [node("Dropout", "x", "y", { ratio: 0.25 })]],
    ["Softmax over two axes", 12, [node("Softmax", "x", "y")]],
    ["LogSoftmax, axis from the end", 11, [node("LogSoftmax", "x", "y", { axis: -1 })]],
    ["Hardmax", 12, [node("Hardmax", "x", "y", { axis: 2 })]],
    ["Split in equal parts, then exchanged", 12, [node("Split", "x", "a b", { axis: 2 }), node("Concat", "b a", "y", { axis: 2 })]],
    ["Split in given parts", 11, [node("Split", "x", "a b", { axis: 2, split: [2, 4] }), node("Concat", "b a", "y", { axis: 2 })]],
    ["Split of set 13", 13, [node("Split", "x", "a b", { axis: 1 }), node("Concat", "b a", "y", { axis: 1 })]],
    ["Unsqueeze and Squeeze", 11, [node("Unsqueeze", "x", "a", { axes: [1, 3] }), node("Squeeze", "a", "y", { axes: [1, 3] })]],
    ["Squeeze of all", 12, [node("Unsqueeze", "x", "a", { axes: [2] }), node("Squeeze", "a", "y")]],
    ["ReduceSum", 12, [node("ReduceSum", "x", "y", { axes: [2], keepdims: 0 })], shapeOf(["n", 4])],
    ["ReduceMax of set 17", 17, [node("ReduceMax", "x", "y", { axes: [1] })], shapeOf(["n", 1, 6])],
    ["Upsample with scales as an attribute", 8, [node("Unsqueeze", "x", "a", { axes: [1] }), node("Upsample", "a", "y", { scales: [1.0000001, 1, 2, 1.5], mode: "nearest" })], shapeOf(["n", 1, 8, 9])],
    ["Upsample with scales as an input", 9, [node("Unsqueeze", "x", "a", { axes: [1] }), node("Upsample", "a s", "y", { mode: "linear" })], { ...shapeOf(["n", 1, 8, 9]), initializers: [weight("s", [1, 1, 2, 1.5])] }],
    ["Resize", 10, [node("Unsqueeze", "x", "a", { axes: [1] }), node("Resize", "a s", "y", { mode: "nearest" })], { ...shapeOf(["n", 1, 8, 9]), initializers: [weight("s", [1, 1, 2, 1.5])] }],
    ["Resize with sizes beside empty scales", 11, [node("Unsqueeze", "x", "a", { axes: [0] }), node("Transpose", "a", "t", { perm: [1, 0, 2, 3] }), node("Shape", "t", "all"), node("Slice", "all from to", "head"), node("Concat", "head size", "sizes", { axis: 0 }), node("Resize", "t none none sizes", "y", { mode: "nearest" })], { ...shapeOf(["n", 1, 8, 9]), initializers: [weight("none", []), weight("size", [8, 9], "int64"), weight("from", [0], "int64"), weight("to", [2], "int64")] }],
    ["GridSample", 16, [node("Unsqueeze", "x axis", "a"), node("Shape", "x", "n", { end: 1 }), node("Concat", "n rest", "size", { axis: 0 }), node("Reshape", "g one", "g2"), node("Expand", "g2 size", "grid"), node("GridSample", "a grid", "y", { mode: "bicubic" })], { ...shapeOf(["n", 1, 1, 2]), initializers: [weight("axis", [1], "int64"), weight("rest", [1, 2, 2], "int64"), weight("g", [-0.5, 0.25, 0.75, -1]), weight("one", [1, 1, 2, 2], "int64")] }],
    ["DFT", 17, [node("Unsqueeze", "x axis", "a"), node("DFT", "a", "b", { axis: 2 }), node("Slice", "b from to axis", "y")], { ...shapeOf(["n", 4, 6, 1]), initializers: [weight("axis", [3], "int64"), weight("from", [0], "int64"), weight("to", [1], "int64")] }],
  ]; // biome-ignore format: a table
  test.each(cases.map((one) => ({ name: one[0], one })))("$name", async ({ one: [, opset, nodes, more] }) => {
    const model = around(new OnnxLayer({ model: modelOf(opset, nodes, more), name: "foreign" }));
    for (const opsetVersion of [18, 21])
      expect(await gap(model, await onnxBytes(model, { opsetVersion }))).toBeLessThan(1e-5);
  });

  test("Scatter", async () => {
    const constant = (name: string, type: Initializer["type"], values: readonly number[]): Initializer => ({
      name,
      type,
      shape: [1, 2, 3],
      data: bytesOf(type, values),
    });
    const bytes = modelOf(10, [node("Scatter", "w places news", "s", { axis: 1 }), node("Add", "x s", "y")], {
      initializers: [
        {
          name: "w",
          type: "float32",
          shape: [1, 4, 6],
          data: bytesOf(
            "float32",
            Array.from({ length: 24 }, (_, i) => i),
          ),
        },
        constant("places", "int64", [0, 1, 2, 3, 2, 1]),
        constant("news", "float32", [9, 8, 7, 6, 5, 4]),
      ],
    });
    const model = around(new OnnxLayer({ model: bytes, name: "foreign" }));
    expect(await gap(model, await onnxBytes(model))).toBeLessThan(1e-5);
  });

  test("BatchNormalization over an image, Cast around int64", async () => {
    const bytes = modelOf(
      8,
      [node("BatchNormalization", "x s b m v", "a", { spatial: 1, epsilon: 0.01 }), node("Cast", "a", "y", { to: 7 })],
      {
        initializers: [
          weight("s", [1, 2, 3, 4]),
          weight("b", [5, 6, 7, 8]),
          weight("m", [0, 1, 0, 1]),
          weight("v", [1, 2, 1, 2]),
        ],
        outputs: [{ name: "y", type: "int64", shape: ["n", 4, 6] }],
      },
    );
    const inputs = input({ shape: [4, 6], name: "x" });
    const y = new OnnxLayer({ model: bytes, name: "foreign" }).apply<KerasTensor>(inputs);
    const model = new Model({ inputs, outputs: y });
    expect(await gap(model, await onnxBytes(model))).toBe(0);
  });
});

test("newer sets raise the version, unless one is asked for", async () => {
  const layer = (op: string, opset: number): OnnxLayer =>
    new OnnxLayer({ model: modelOf(opset, [node(op, "x", "y")]), name: "foreign" });
  const softplus = around(layer("Softplus", 22));
  const bytes = await onnxBytes(softplus);
  expect(readProgram(bytes).opsets.get("")).toBe(22);
  expect(await gap(softplus, bytes)).toBeLessThan(1e-5);
  await expect(onnxBytes(softplus, { opsetVersion: 21 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError: OnnxLayer "foreign": the model must go into a program with others, got Softplus of operator set 22 where 21 is asked for. Export what stands before and after it by themselves, or convert it with Python's onnx.version_converter. [docs/errors.md#backenderror]]`,
  );
  // Relu is the same in both.
  const relu = around(layer("Relu", 22));
  for (const opsetVersion of [18, 21]) {
    const older = await onnxBytes(relu, { opsetVersion });
    expect(readProgram(older).opsets.get("")).toBe(opsetVersion);
    expect(await gap(relu, older)).toBeLessThan(1e-5);
  }
});

describe("names", () => {
  const scaled = (): Uint8Array =>
    modelOf(18, [node("Mul", "x kernel", "v"), node("Add", "v v", "y")], {
      initializers: [weight("kernel", [1, 2, 3, 4, 5, 6])],
      values: [valueBytes("v", ["n", 4, 6])],
    });
  /** A `ValueInfoProto` of a float tensor. */
  function valueBytes(name: string, shape: readonly (number | string)[]): Uint8Array {
    const w = new BinaryWriter();
    w.tag(1, WireType.LengthDelimited).string(name);
    w.tag(2, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).fork();
    w.tag(1, WireType.Varint).int32(1).tag(2, WireType.LengthDelimited).fork();
    for (const size of shape) {
      w.tag(1, WireType.LengthDelimited).fork();
      if (typeof size === "string") w.tag(2, WireType.LengthDelimited).string(size);
      else w.tag(1, WireType.Varint).int64(size);
      w.join();
    }
    return w.join().join().join().finish();
  }

  test("are under the layer's; one called twice has its weights once; open sizes are the model's", async () => {
    const layer = new OnnxLayer({ model: scaled(), name: "scaled" });
    const x = input({ shape: [4, 6], name: "x" });
    const between = new layers.ReLU().apply<KerasTensor>(layer.apply<KerasTensor>(x));
    const model = new Model({ inputs: x, outputs: layer.apply<KerasTensor>(between), name: "twice" });
    const bytes = await onnxBytes(model);
    expect(await gap(model, bytes)).toBeLessThan(1e-5);
    const { graph } = readProgram(bytes);
    expect(graph.nodes.map(({ op }) => op)).toEqual(["Mul", "Add", "Relu", "Mul", "Add"]);
    expect(graph.nodes.flatMap(({ outputs }) => outputs)).toEqual(expect.arrayContaining(["scaled/v", "scaled/v_1"]));
    expect(graph.tensors.length).toBe(1);
    const text = graph.values.map((value) => new TextDecoder("latin1").decode(value)).join();
    expect(text).toContain("scaled/v_1");
    expect(text).toContain("batch");
    expect(text).not.toContain("/n");
  });

  test("of two layers, or of a layer and a weight, do not meet", async () => {
    const [one, two] = [new OnnxLayer({ model: scaled(), name: "a" }), new OnnxLayer({ model: scaled(), name: "b" })];
    const inner = new Sequential([input({ shape: [4, 6] }), new OnnxLayer({ model: scaled(), name: "a" })], {
      name: "inner",
    });
    const dense = new layers.Dense({ units: 6, name: "a_dense" });
    const model = new Sequential([input({ shape: [4, 6], name: "x" }), one, two, inner, dense], {
      name: "many",
    });
    expect(await gap(model, await onnxBytes(model))).toBeLessThan(1e-4);
  });

  test("outputs that are inputs or weights are copied", async () => {
    const bytes = modelOf(18, [node("Neg", "x", "unused")], shapeOf(["n", 4, 6], "x"));
    const model = around(new OnnxLayer({ model: bytes, name: "same" }));
    expect(await gap(model, await onnxBytes(model))).toBeLessThan(1e-5);
  });
});

test("bodies of branches keep what they read from around them, and have weights of their own", async () => {
  const body = (op: string, by: string, output: string, initializers: readonly Initializer[] = []): Attribute => ({
    kind: "graph",
    value: {
      name: output,
      nodes: [node("Squeeze", "wide", "narrow", { axes: [3] }), node(op, `narrow ${by}`, output)],
      initializers,
      inputs: [],
      outputs: [{ name: output, type: "float32", shape: ["n", 4, 6] }],
    },
  });
  const branch: NodeData = {
    ...node("If", "large", "y"),
    attributes: {
      then_branch: body("Mul", "kernel", "p"),
      else_branch: body("Sub", "own", "q", [weight("own", [6, 5, 4, 3, 2, 1])]),
    },
  };
  const before = [
    node("Unsqueeze", "x", "wide", { axes: [3] }),
    node("ReduceMax", "x", "most", { keepdims: 0 }),
    node("Greater", "most limit", "large"),
  ];
  for (const limit of [-5, 5]) {
    const initializers = [{ ...weight("limit", [limit]), shape: [] }, weight("kernel", [1, 2, 3, 4, 5, 6])];
    const layer = new OnnxLayer({ model: modelOf(12, [...before, branch], { initializers }), name: "branch" });
    const model = around(layer);
    expect(await gap(model, await onnxBytes(model))).toBeLessThan(1e-5);
  }
});

/** A `FunctionProto` of one operator. */
function functionBytes(domain: string, name: string, op: string, opset: number): Uint8Array {
  const w = new BinaryWriter();
  const text = (field: number, value: string): BinaryWriter => w.tag(field, WireType.LengthDelimited).string(value);
  text(1, name);
  text(4, "a");
  text(5, "b");
  w.tag(7, WireType.LengthDelimited).fork();
  text(1, "a");
  text(2, "b");
  text(4, op);
  w.join();
  w.tag(9, WireType.LengthDelimited).fork();
  text(1, "");
  w.tag(2, WireType.Varint).int64(opset).join();
  return text(10, domain).finish();
}

test("functions of several models, with the same names and of old sets", async () => {
  const calling = (op: string): Uint8Array =>
    encodeModel({
      graph: graphOf([node("f", "x", "v", {}, "local"), node("f", "v", "y", {}, "local")]),
      opsets: { "": 12, local: 1 },
      functions: [functionBytes("local", "f", op, 12)],
    });
  const [one, two] = [
    new OnnxLayer({ model: calling("Softmax"), name: "one" }),
    new OnnxLayer({ model: calling("Neg"), name: "two" }),
  ];
  const model = new Sequential([input({ shape: [4, 6], name: "x" }), one, two], { name: "functions" });
  const bytes = await onnxBytes(model);
  expect([...readProgram(bytes).opsets]).toEqual([
    ["", 21],
    ["one.local", 1],
    ["two.local", 1],
  ]);
  expect(await gap(model, bytes)).toBeLessThan(1e-5);
});

test("other domains come along; two versions of one are refused", async () => {
  const gelu = (version: number): Uint8Array =>
    encodeModel({
      graph: graphOf([node("QuickGelu", "x", "y", { alpha: 1.5 }, "com.microsoft")]),
      opsets: { "": 17, "com.microsoft": version },
    });
  const model = around(new OnnxLayer({ model: gelu(1), name: "gelu" }));
  const bytes = await onnxBytes(model);
  expect(readProgram(bytes).opsets.get("com.microsoft")).toBe(1);
  expect(await gap(model, bytes)).toBeLessThan(1e-5);
  const both = new Sequential(
    [
      input({ shape: [4, 6] }),
      new OnnxLayer({ model: gelu(1), name: "first" }),
      new OnnxLayer({ model: gelu(2), name: "second" }),
    ],
    { name: "both" },
  );
  await expect(onnxBytes(both)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError: OnnxLayer "second": the model must go into a program with others, got operators of "com.microsoft" in version 2, where OnnxLayer "first" has them in version 1. Export what stands before and after it by themselves, or convert it with Python's onnx.version_converter. [docs/errors.md#backenderror]]`,
  );
});

describe("weights in a file beside the model", () => {
  const kernel = Array.from({ length: 6 }, (_, i) => i - 2.5);
  const graph = (location: string, offset = 8): GraphData =>
    graphOf([node("Mul", "x kernel", "y")], {
      initializers: [{ ...weight("kernel", kernel), external: { location, offset } }],
    });
  const write = (name: string, content: GraphData): string => {
    const path = join(folder, name);
    writeFileSync(path, encodeModel({ graph: content, opsets: { "": 18 } }));
    return path;
  };
  writeFileSync(join(folder, "kernel.bin"), new Uint8Array([...new Uint8Array(8), ...bytesOf("float32", kernel)]));

  test("come into the exported file, or its own file of weights", async () => {
    const model = around(new OnnxLayer({ filepath: write("beside.onnx", graph("kernel.bin")), name: "beside" }));
    expect(await gap(model, await onnxBytes(model))).toBeLessThan(1e-5);
    const path = join(folder, "exported.onnx");
    await exportOnnx(model, path, { externalData: true });
    expect(await gap(model, path)).toBeLessThan(1e-5);
  });

  test("must be there", async () => {
    const failures = [
      new OnnxLayer({ model: encodeModel({ graph: graph("kernel.bin"), opsets: { "": 18 } }), name: "bytes" }),
      new OnnxLayer({ filepath: write("missing.onnx", graph("missing.bin")), name: "missing" }),
      new OnnxLayer({ filepath: write("short.onnx", graph("kernel.bin", 100)), name: "short" }),
      new OnnxLayer({ filepath: write("elsewhere.onnx", graph("../kernel.bin")), name: "elsewhere" }),
    ].map((layer) => onnxBytes(around(layer)));
    const messages = (await Promise.allSettled(failures)).map((x) =>
      x.status === "rejected" ? x.reason.message.replaceAll(folder, "...") : "none",
    );
    expect(messages).toMatchInlineSnapshot(`
      [
        "OnnxLayer "bytes": the model must go into a program with others, got weights in a file beside it, "kernel.bin", where only its bytes are known. Export what stands before and after it by themselves, or convert it with Python's onnx.version_converter. [docs/errors.md#backenderror]",
        "OnnxLayer "missing": the model must go into a program with others, got ENOENT: no such file or directory, open '.../missing.bin'. Export what stands before and after it by themselves, or convert it with Python's onnx.version_converter. [docs/errors.md#backenderror]",
        "OnnxLayer "short": the model must go into a program with others, got bytes 100 to 124 of ".../kernel.bin", which has 32. Export what stands before and after it by themselves, or convert it with Python's onnx.version_converter. [docs/errors.md#backenderror]",
        "OnnxLayer "elsewhere": the model must go into a program with others, got weights in "../kernel.bin", which is not beside it. Export what stands before and after it by themselves, or convert it with Python's onnx.version_converter. [docs/errors.md#backenderror]",
      ]
    `);
  });
});

test("what cannot be a part is told", async () => {
  const sparse = (bytes: Uint8Array): Uint8Array => {
    // A graph with an empty sparse tensor behind it.
    const { graph } = readProgram(bytes);
    const w = new BinaryWriter();
    w.tag(1, WireType.Varint).int64(8).tag(7, WireType.LengthDelimited).fork();
    for (const value of graph.inputs) w.tag(11, WireType.LengthDelimited).bytes(value);
    for (const value of graph.outputs) w.tag(12, WireType.LengthDelimited).bytes(value);
    w.tag(15, WireType.LengthDelimited).bytes(new Uint8Array());
    return w.join().finish();
  };
  const plain = modelOf(18, [node("Relu", "x", "y")]);
  const models: Readonly<Record<string, Uint8Array>> = {
    ancient: modelOf(6, [node("Relu", "x", "y")]),
    groups: modelOf(18, [node("GroupNormalization", "x w w", "y", { num_groups: 2 })], {
      initializers: [weight("w", [1, 2])],
    }),
    sparse: sparse(plain),
    "of a newer set": modelOf(99, [node("Relu", "x", "y")]),
    training: modelOf(9, [node("BatchNormalization", "x w w w w", "y a b c d")], {
      initializers: [weight("w", [1, 1, 1, 1])],
    }),
  };
  const messages = await Promise.all(
    Object.entries(models).map(async ([name, model]) => {
      const given = around(new OnnxLayer({ model, name }));
      return onnxBytes(given, { opsetVersion: 21 }).then(
        () => "none",
        (error: Error) => error.message,
      );
    }),
  );
  expect(messages).toMatchInlineSnapshot(`
    [
      "OnnxLayer "ancient": the model must go into a program with others, got operators of set 6; those of 7 and later are understood. Export what stands before and after it by themselves, or convert it with Python's onnx.version_converter. [docs/errors.md#backenderror]",
      "OnnxLayer "groups": the model must go into a program with others, got GroupNormalization, which newer operator sets do not have with scales for each group. Export what stands before and after it by themselves, or convert it with Python's onnx.version_converter. [docs/errors.md#backenderror]",
      "OnnxLayer "sparse": the model must go into a program with others, got sparse weights. Export what stands before and after it by themselves, or convert it with Python's onnx.version_converter. [docs/errors.md#backenderror]",
      "OnnxLayer "of a newer set": the model must go into a program with others, got Relu of operator set 99 where 21 is asked for. Export what stands before and after it by themselves, or convert it with Python's onnx.version_converter. [docs/errors.md#backenderror]",
      "OnnxLayer "training": the model must go into a program with others, got BatchNormalization, which newer operator sets do not have for training. Export what stands before and after it by themselves, or convert it with Python's onnx.version_converter. [docs/errors.md#backenderror]",
    ]
  `);
});

test("another engine exports the same file", async () => {
  const model = around(new OnnxLayer({ model: modelOf(12, [node("Softmax", "x", "y")]), name: "soft" }));
  const bytes = await onnxBytes(model);
  setBackend(reference());
  expect(await onnxBytes(model)).toEqual(bytes);
  setBackend(engine);
});
