// Every layer against what real Keras computes: outputs, gradients, state, masks, symbolic specs, configs, weight paths.
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import type { HostArray } from "../aval/index.ts";
import { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { convertToTensor, isSymbolic, KerasTensor, resetNames, tensor } from "../ops/index.ts";
import { setRandomSeed } from "../random/index.ts";
import {
  deserializeKerasObject,
  registerBuiltins,
  type SerializedObject,
  serializeKerasObject,
  toCamel,
} from "../registry/index.ts";
import { gradients, readCell } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";
import * as weights from "../weights/index.ts";
import { Variable } from "../weights/index.ts";
import * as layers from "./index.ts";
import { type Layer, maskOf } from "./index.ts";

interface Stored {
  readonly data: readonly unknown[];
  readonly dtype: string;
  readonly shape: readonly number[];
}
interface Named {
  readonly path: string;
  readonly value: Stored;
}
interface Call {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly outputs: unknown;
  readonly state: readonly Named[];
  readonly losses?: readonly Stored[];
  readonly output_masks?: unknown;
  readonly cotangents?: readonly Stored[];
  readonly input_gradients?: readonly unknown[];
  readonly kwarg_gradients?: Readonly<Record<string, unknown>>;
  readonly weight_gradients?: readonly Named[];
}
interface Spec {
  readonly shape: readonly (number | null)[];
  readonly dtype: string;
}
interface Case {
  readonly layer: SerializedObject;
  readonly weights: readonly Named[];
  readonly initial_state: readonly Named[];
  readonly calls: readonly Call[];
  readonly symbolic?: { readonly inputs: unknown; readonly outputs: unknown };
}
interface Goldens {
  readonly cases: readonly Case[];
  readonly input_layers: readonly {
    readonly options: Record<string, unknown>;
    readonly layer: SerializedObject;
    readonly output: Spec & { name: string };
  }[];
  readonly masks: readonly {
    readonly layer: SerializedObject;
    readonly inputs: unknown;
    readonly mask: unknown;
    readonly output: unknown;
    readonly supports_masking: boolean;
  }[];
}
const goldens = JSON.parse(
  readFileSync(new URL("../../../conformance/goldens/layers.json", import.meta.url), "utf8"),
) as Goldens;

const isStored = (x: unknown): x is Stored => typeof x === "object" && x !== null && "data" in x && "dtype" in x;
const numberOf = (entry: unknown): number =>
  Number(String(entry).replace("inf", "Infinity").replace("true", "1").replace("false", "0"));
// Stored arrays, anywhere in a structure, as tensors.
function revive(x: unknown): unknown {
  if (isStored(x)) return tensor(x.data.map(numberOf), { shape: x.shape, dtype: x.dtype });
  if (Array.isArray(x)) return x.map(revive);
  if (!tree.isBranch(x)) return x;
  return Object.fromEntries(Object.entries(x).map(([key, value]) => [toCamel(key), revive(value)]));
}
const leaves = (x: unknown): Stored[] => (isStored(x) ? [x] : Array.isArray(x) ? x.flatMap(leaves) : []);

function expectClose(actual: HostArray, expected: Stored, where: string, tolerance = 2e-5): void {
  expect({ where, shape: actual.shape, dtype: actual.dtype }).toEqual({
    where,
    shape: expected.shape,
    dtype: expected.dtype,
  });
  const coarse = expected.dtype === "float16" ? 4e-3 : expected.dtype === "bfloat16" ? 3e-2 : tolerance;
  expected.data.forEach((entry, i) => {
    const [want, got] = [numberOf(entry), actual.data[i] as number];
    if (Object.is(want, got) || Math.abs(want - got) <= coarse * Math.max(1, Math.abs(want))) return;
    throw new Error(`${where}: element ${i} is ${got} instead of ${want}`);
  });
}

function make(serialized: SerializedObject): Layer {
  resetNames();
  setRandomSeed(0);
  registerBuiltins(Object.values(layers));
  registerBuiltins(Object.values(weights));
  return deserializeKerasObject(serialized) as unknown as Layer;
}
const isTensorTree = (x: unknown): boolean =>
  tree.flatten(x as tree.Tree<unknown>).every((leaf) => leaf instanceof Tensor);
const shapesOf = (x: unknown): never => tree.map(x as tree.Tree<unknown>, (leaf) => (leaf as Tensor).shape) as never;

async function expectState(layer: Layer, state: readonly Named[], where: string): Promise<void> {
  const cells = layer.nonTrainableVariables;
  expect(cells.length, where).toBe(state.length);
  for (const [i, { path, value }] of state.entries()) {
    const cell = cells[i] as (typeof cells)[number];
    if (cell instanceof Variable) expect(cell.path).toBe(path);
    expectClose(await readCell(cell).tensor.host(), value, `${where}: ${path}`);
  }
}

async function expectGradients(
  layer: Layer,
  call: Call,
  args: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const trainable = layer.trainableVariables.map((v) => convertToTensor(v.tensor));
  const others = layer.nonTrainableVariables.map((cell) => readCell(cell).tensor);
  const [outputs] = layer.statelessCall<unknown>(trainable, others, ...args, options);
  const floats = tree.flatten(outputs as tree.Tree<Tensor>).filter((y) => y.dtype.includes("float"));
  const parts = floats.map((y, i) =>
    ops.sum(ops.multiply(ops.cast(y, "float32"), ops.cast(revive(call.cotangents?.[i]) as Tensor, "float32"))),
  );
  const total = parts.reduce((a, b) => a.add(b));
  const inputs = tree.flatten([args, options] as tree.Tree<unknown>).filter((x): x is Tensor => x instanceof Tensor);
  const byInput = gradients(total, inputs);
  const byWeight = gradients(total, trainable);
  const wanted: readonly (readonly [unknown, unknown])[] = [
    ...args.map((arg, i) => [arg, call.input_gradients?.[i]] as const),
    ...Object.entries(call.kwarg_gradients ?? {}).map(([name, g]) => [options[toCamel(name)], g] as const),
  ];
  for (const [arg, g] of wanted) {
    const sources = tree.flatten(arg as tree.Tree<Tensor>);
    const expected = Array.isArray(g) ? g : [g];
    for (const [i, one] of expected.entries()) {
      if (!isStored(one)) continue;
      const found = byInput[inputs.indexOf(sources[i] as Tensor)] as Tensor;
      expectClose(await found.host(), one, `gradient of input ${i}`, 1e-4);
    }
  }
  for (const { path, value } of call.weight_gradients ?? []) {
    const i = layer.trainableVariables.findIndex((v) => v.path === path);
    expectClose(await (byWeight[i] as Tensor).host(), value, `gradient of ${path}`, 1e-4);
  }
}

describe("as Keras computes", () => {
  const named = goldens.cases.map((c, i) => [`${i} ${c.layer.class_name}`, c] as const);
  test.each(named)("%s", async (_, one) => {
    const layer = make(one.layer);
    const first = one.calls[0] as Call;
    const build = revive(first.args) as unknown[];
    // Stateful layers carry what the call left that built them in the goldens: no state to Keras, so nobody put it back.
    const carried = (layer as { readonly stateful?: boolean }).stateful === true;
    if (carried) layer.invoke(build);
    else layer.buildFrom(...build.filter(isTensorTree).map(shapesOf));
    expect(layer.weights.map((v) => v.path)).toEqual(one.weights.map((w) => w.path));
    layer.setWeights(one.weights.map((w) => revive(w.value) as Tensor));
    await expectState(layer, one.initial_state, "initial state");
    for (const call of one.calls) {
      const args = revive(call.args) as unknown[];
      const options = revive(call.kwargs) as Record<string, unknown>;
      if (call.cotangents !== undefined && !carried) await expectGradients(layer, call, args, options);
      const outputs = layer.invoke([...args, ...padding(layer, args), options]);
      const flat = tree.flatten(outputs as tree.Tree<Tensor>);
      const expected = leaves(call.outputs);
      expect(flat.length).toBe(expected.length);
      for (const [i, y] of flat.entries()) expectClose(await y.host(), expected[i] as Stored, `output ${i}`);
      await expectState(layer, call.state, "state");
      if (call.cotangents !== undefined && carried) await expectGradients(layer, call, args, options);
      if (call.losses !== undefined) {
        const { losses } = layer;
        expect(losses.length).toBe(call.losses.length);
        for (const [i, loss] of losses.entries()) expectClose(await loss.host(), call.losses[i] as Stored, `loss ${i}`);
      }
      if (call.output_masks !== undefined) {
        const masks = Array.isArray(call.output_masks) ? call.output_masks : [call.output_masks];
        for (const [i, mask] of masks.entries()) {
          const found = maskOf(flat[i]);
          expect(found === undefined).toBe(mask === null);
          if (found instanceof Tensor) expectClose(await found.host(), mask as Stored, `mask ${i}`);
        }
      }
    }
  });
  const padding = (layer: Layer, args: readonly unknown[]): undefined[] =>
    Array.from({ length: Math.max(0, (layer.constructor as typeof Layer).numInputs - args.length) }, () => undefined);

  test.each(named)("config and symbolic call of %s", (_, one) => {
    const layer = make(one.layer);
    const { build_config: _build, ...own } = JSON.parse(JSON.stringify(serializeKerasObject(layer))) as Record<
      string,
      unknown
    >;
    // LayerNormalization writes its axis as a list once built.
    expect({ ...own, config: { ...(own.config as object), axis: 0 } }).toEqual({
      ...one.layer,
      config: { ...one.layer.config, axis: 0 },
    });
    // Calls with masks have no symbolic counterpart in the goldens.
    if (one.symbolic === undefined) return;
    const first = one.calls[0] as Call;
    const toSymbol = (spec: unknown): unknown =>
      Array.isArray(spec) ? spec.map(toSymbol) : new KerasTensor((spec as Spec).shape, { dtype: (spec as Spec).dtype });
    const inputs = toSymbol(one.symbolic.inputs) as KerasTensor[];
    const grouped = Array.isArray(first.args[0]) ? [inputs] : inputs;
    const plain = Object.entries(first.kwargs).filter(([, value]) => leaves(value).length === 0);
    const options = Object.fromEntries(plain.map(([key, value]) => [toCamel(key), value]));
    const outputs = layer.invoke([...grouped, ...padding(layer, grouped), options]);
    const specs = tree.flatten(outputs as tree.Tree<KerasTensor>);
    expect(specs.every(isSymbolic)).toBe(true);
    const every = Array.isArray(one.symbolic.outputs) ? one.symbolic.outputs : [one.symbolic.outputs];
    expect(specs.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
      every.map(({ shape, dtype }: Spec) => ({ shape, dtype })),
    );
  });
});

describe("input layers", () => {
  beforeEach(resetNames);
  test.each(goldens.input_layers)("$options", ({ options, layer, output }) => {
    const made = new layers.InputLayer(revive(options) as never);
    expect(JSON.parse(JSON.stringify(serializeKerasObject(made)))).toEqual(layer);
    const { shape, dtype, name } = made.output;
    expect({ shape, dtype, name }).toEqual(output);
  });
});

describe("masks", () => {
  test.each(goldens.masks.map((c, i) => [`${i} ${c.layer.class_name}`, c] as const))("%s", async (_, one) => {
    const layer = make(one.layer);
    expect(layer.supportsMasking).toBe(one.supports_masking);
    const mask = layer.computeMask(revive(one.inputs), revive(one.mask)) as
      | Tensor
      | readonly Tensor[]
      | null
      | undefined;
    const wanted = Array.isArray(one.output) ? one.output : [one.output];
    const found = Array.isArray(mask) ? mask : [mask];
    expect(found.length).toBe(wanted.length);
    for (const [i, value] of wanted.entries()) {
      if (value === null) expect(found[i] ?? null).toBeNull();
      else expectClose(await (found[i] as Tensor).host(), value as Stored, `mask ${i}`);
    }
  });
});

test("a layer takes host arrays as they are", async () => {
  const rows = { shape: [2, 2], dtype: "float32", data: Float32Array.of(-1, 2, 3, -4) } as const;
  const y = new layers.ReLU({}).apply(rows);
  expect(await y.array()).toEqual([
    [0, 2],
    [3, 0],
  ]);
});
