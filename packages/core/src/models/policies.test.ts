// Dtype policies by path against real Keras. Cases: tools/goldens/policies.py.
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import type { Layer } from "../layers/layer.ts";
import { KerasTensor, resetNames } from "../ops/index.ts";
import { stringifyPythonJson } from "../saving/python-json.ts";
import { DTypePolicy, DTypePolicyMap, setDtypePolicy } from "../weights/index.ts";
import * as dtypePolicies from "../weights/public-dtype-policies.ts";
import { type Model, modelFromJSON } from "./index.ts";

type Row = readonly [name: string, ...string[]];
interface MapCase {
  readonly default: string | null;
  readonly object: boolean;
  readonly entries: readonly Row[];
  readonly lookups: readonly Row[];
  readonly later: readonly Row[];
  readonly written: string;
  readonly rewritten: string;
  readonly name: string;
  readonly compute_dtype: string;
  readonly variable_dtype: string;
}
interface ModelCase {
  readonly layers: readonly Row[];
  readonly weights: readonly Row[];
  readonly output_dtypes: readonly Row[];
  readonly keys: readonly string[];
  readonly to_json: string;
}
const path = new URL("../../../conformance/goldens/policies.json", import.meta.url);
const { maps, models } = JSON.parse(readFileSync(path, "utf8")) as {
  readonly maps: readonly MapCase[];
  readonly models: readonly ModelCase[];
};

beforeEach(() => {
  resetNames();
  setDtypePolicy("float32");
});

/** The same text without the spaces that Python puts between. */
const compact = (text: string): string => JSON.stringify(JSON.parse(text));
const chosen = (map: DTypePolicyMap, rows: readonly Row[]): Row[] =>
  rows.map(([key]) => {
    try {
      return [key, map.get(key).name];
    } catch {
      return [key, "several"];
    }
  });

describe.each(maps)("a map with default $default, $entries.length keys", (golden) => {
  const { object, entries } = golden;
  const defaultPolicy = object ? new DTypePolicy({ name: golden.default }) : golden.default;

  test("gives the policies that Keras gives", () => {
    const map = new DTypePolicyMap({ defaultPolicy, policyMap: Object.fromEntries(entries) });
    expect(chosen(map, golden.lookups)).toEqual(golden.lookups);
    expect([map.name, map.computeDtype, map.variableDtype]).toEqual([
      golden.name,
      golden.compute_dtype,
      golden.variable_dtype,
    ]);
    expect([...map.keys()]).toEqual(entries.map(([key]) => key));
  });

  test("is written byte for byte alike, and read in a session with another policy", () => {
    const map = new DTypePolicyMap({ defaultPolicy, policyMap: Object.fromEntries(entries) });
    expect(stringifyPythonJson(dtypePolicies.serialize(map))).toBe(compact(golden.written));
    setDtypePolicy("mixed_bfloat16");
    const again = dtypePolicies.deserialize(JSON.parse(golden.written)) as DTypePolicyMap;
    expect(again).toBeInstanceOf(DTypePolicyMap);
    expect(chosen(again, golden.later)).toEqual(golden.later);
    expect(stringifyPythonJson(dtypePolicies.serialize(again))).toBe(compact(golden.rewritten));
  });
});

interface Written {
  readonly config: { readonly layers: readonly { readonly config: Readonly<Record<string, unknown>> }[] };
}

describe.each(models)("a model under maps", (golden) => {
  const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);
  const inside = (model: Model): Layer[] => model.flattenLayers().filter((layer) => layer !== model);

  test("stores, computes and gives in the dtypes of the paths, and is written alike", async () => {
    const model = modelFromJSON(golden.to_json);
    // What was assigned afterwards is in the file; the layer had another policy when it was built.
    expect(
      inside(model)
        .sort(byName)
        .map(({ name, computeDtype }) => [name, computeDtype]),
    ).toEqual(
      [...golden.layers]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, compute]) => [name, name === "third" ? "float16" : compute]),
    );
    const built = ({ path: at }: { readonly path: string }): boolean => !at.startsWith("third/");
    expect(model.weights.filter(built).map((weight) => [weight.path, weight.dtype])).toEqual(
      golden.weights.filter(([at]) => built({ path: at })),
    );
    const [ours, theirs] = [JSON.parse(await model.toJSON()), JSON.parse(golden.to_json)] as [Written, Written];
    expect(ours).toEqual(theirs);
    const maps = ({ config }: Written): string[] => config.layers.map((layer) => JSON.stringify(layer.config["dtype"]));
    expect(maps(ours)).toEqual(maps(theirs));
  });

  test("a policy that is assigned goes into the map", () => {
    const model = modelFromJSON(golden.to_json);
    const third = inside(model).find(({ name }) => name === "third") as Layer;
    const map = third.dtypePolicy as DTypePolicyMap;
    expect([...map.keys()]).toEqual(golden.keys);
    third.dtypePolicy = "float32";
    expect([third.dtypePolicy, third.computeDtype, map.get(third.path).name]).toEqual([map, "float32", "float32"]);
    expect(third.apply<KerasTensor>(new KerasTensor([2, 2])).dtype).toBe("float32");
  });
});

test("says what is wrong", () => {
  const map = new DTypePolicyMap({ policyMap: { a: "float16", "[": "float16" } });
  const failures: (() => unknown)[] = [
    () => new DTypePolicyMap({ defaultPolicy: map }),
    () => map.set("a", "float32"),
    () => map.get("b"),
    () => new DTypePolicyMap({ policyMap: { "x/.*": "float16", "x/y.*": "float16" } }).get("x/y"),
    () => dtypePolicies.get({ class_name: "QuantizedDTypePolicy", config: { mode: "int8" } }),
    () => map.set("c", "float99"),
  ];
  const messages = failures.map((run) => {
    try {
      run();
      return "none";
    } catch (error) {
      return (error as Error).message;
    }
  });
  expect(messages).toMatchInlineSnapshot(`
    [
      "DTypePolicyMap: defaultPolicy must be one policy, got a map of policies. Pass one policy, such as "float32". [docs/errors.md#configerror]",
      "DTypePolicyMap: the key "a" must not be there yet, got "float16" for it. Delete it first, or use another key. [docs/errors.md#configerror]",
      "DTypePolicyMap: a key that is no path must be a regular expression, got "[". Escape brackets, dots and the like with a backslash. [docs/errors.md#configerror]",
      "DTypePolicyMap: the path "x/y" must match at most one key, got "x/.*", "x/y.*". Make the expressions narrower. [docs/errors.md#configerror]",
      "dtype: dtype must be a dtype name, mixed_float16, mixed_bfloat16 or a DTypePolicy, got QuantizedDTypePolicy. Use for example dtype: "float32". [docs/errors.md#configerror]",
      "dtype: a dtype must be one of bool, uint8, uint16, uint32, int8, int16, int32, float16, bfloat16, float32, complex64, got "float99". Did you mean "float16"? [docs/errors.md#dtypeerror]",
    ]
  `);
});
