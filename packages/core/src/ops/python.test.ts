import { describe, expect, test } from "vitest";
import * as ops from "./catalog.ts";
import { KerasTensor } from "./keras-tensor.ts";
import { OpOperation } from "./op.ts";
import { fromPython, pythonOperationTable, toPython } from "./python.ts";

const x = new KerasTensor([null, 4]);

describe("to and from Python", () => {
  test.each([
    [
      "multiply",
      [x, 2],
      { module: "keras.src.ops.numpy", className: "Multiply", config: {}, args: [x, 2], kwargs: {} },
    ],
    [
      "sum",
      [x, { axis: 1 }],
      { module: "keras.src.ops.numpy", className: "Sum", config: { axis: 1, keepdims: false }, args: [x], kwargs: {} },
    ],
    [
      "reshape",
      [x, [2, -1]],
      { module: "keras.src.ops.numpy", className: "Reshape", config: { newshape: [2, -1] }, args: [x], kwargs: {} },
    ],
    [
      "rearrange",
      [x, "b (h p) -> b h p", { p: 2 }],
      {
        module: "keras.src.ops.einops",
        className: "Rearrange",
        config: {},
        args: [x, "b (h p) -> b h p"],
        kwargs: { p: 2 },
      },
    ],
    ["softmax", [x], { module: "keras.src.ops.nn", className: "Softmax", config: { axis: -1 }, args: [x], kwargs: {} }],
    [
      "leakyRelu",
      [x, { negativeSlope: 0.1 }],
      { module: "keras.src.ops.nn", className: "LeakyRelu", config: { negative_slope: 0.1 }, args: [x], kwargs: {} },
    ],
    [
      "concatenate",
      [[x, x], { axis: 1 }],
      { module: "keras.src.ops.numpy", className: "Concatenate", config: { axis: 1 }, args: [[x, x]], kwargs: {} },
    ],
    [
      "einsum",
      ["ij,kj->ik", x, x],
      {
        module: "keras.src.ops.numpy",
        className: "Einsum",
        config: { subscripts: "ij,kj->ik" },
        args: [x, x],
        kwargs: {},
      },
    ],
  ])("%s", (op, args, saved) => {
    expect(toPython(op, args)).toEqual(saved);
    const back = fromPython(saved);
    expect(back.op).toBe(op);
    expect(back.args).toEqual(args);
  });
  test("an op without a class is refused", () => {
    expect(() => toPython("shape", [x])).toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: toPython: only ops that Keras has a class for can be saved in a model, got "shape". Use a layer, for example Lambda's replacement. [docs/errors.md#configerror]]`,
    );
  });
});

test("recorded ops are named as Keras names them", () => {
  const cases: readonly (readonly [KerasTensor, string])[] = [
    [ops.abs(x) as unknown as KerasTensor, "absolute"],
    [ops.leakyRelu(x) as unknown as KerasTensor, "leaky_relu"],
    [ops.layerNormalization(x) as unknown as KerasTensor, "layer_norm"],
    [x.multiply(2), "multiply"],
    [x.at("...", 0), "get_item"],
  ];
  for (const [y, name] of cases) {
    const operation = y.history?.operation;
    expect(operation).toBeInstanceOf(OpOperation);
    expect(operation?.name.replace(/_\d+$/, "")).toBe(name);
    expect(y.shape[0]).toBe(null);
  }
});

test("class names of all recorded ops are those of the table", () => {
  for (const [op, { className }] of pythonOperationTable()) {
    if (className === "" || !(op in ops || op in ops.image)) continue;
    expect(`${op}: ${new OpOperation(op, () => null).className}`).toBe(`${op}: ${className}`);
  }
});
