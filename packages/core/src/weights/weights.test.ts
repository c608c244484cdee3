// Initializers, regularizers and constraints against what real Keras computes.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { HostArray } from "../aval/index.ts";
import { convertToTensor, tensor } from "../ops/index.ts";
import { SeedGenerator, setRandomSeed } from "../random/index.ts";
import { type Config, deserializeConfig, type SerializedObject, toCamel } from "../registry/index.ts";
import { gradients } from "../transforms/index.ts";
import * as constraints from "./constraints.ts";
import * as initializers from "./initializers.ts";
import * as regularizers from "./regularizers.ts";

interface Stored {
  readonly data: readonly unknown[];
  readonly dtype: string;
  readonly shape: readonly number[];
}
const load = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../conformance/goldens/${name}.json`, import.meta.url), "utf8"));
const numberOf = (entry: unknown): number =>
  Number(String(entry).replace("inf", "Infinity").replace("true", "1").replace("false", "0"));
const revive = (x: Stored): ReturnType<typeof tensor> =>
  tensor(x.data.map(numberOf), { shape: x.shape, dtype: x.dtype });
const json = (x: unknown): unknown => JSON.parse(JSON.stringify(x));

function expectClose(actual: HostArray, expected: Stored, tolerance: number): void {
  expect({ shape: actual.shape, dtype: actual.dtype }).toEqual({ shape: expected.shape, dtype: expected.dtype });
  const coarse = expected.dtype === "float16" ? 2e-3 : expected.dtype === "bfloat16" ? 1e-2 : tolerance;
  expected.data.forEach((entry, i) => {
    const [want, got] = [numberOf(entry), actual.data[i] as number];
    if (Object.is(want, got) || Math.abs(want - got) <= coarse * Math.max(1, Math.abs(want))) return;
    throw new Error(`element ${i} is ${got} instead of ${want}`);
  });
}

describe("initializers", () => {
  const goldens = load("initializers") as {
    readonly cases: readonly {
      initializer: SerializedObject;
      shape: readonly number[];
      dtype: string | null;
      output: Stored;
    }[];
    readonly repeats: readonly { seed?: number; seed_generator?: number; outputs: readonly Stored[]; state?: Stored }[];
    readonly identifiers: Readonly<Record<string, string>>;
  };
  test.each(goldens.cases.map((c, i) => [`${i} ${c.initializer.class_name} [${c.shape}]`, c] as const))(
    "%s",
    async (_, c) => {
      // Keras' Identity forgets its gain.
      const gain = numberOf(c.output.data[0]);
      const initializer =
        c.initializer.class_name === "Identity" ? new initializers.Identity({ gain }) : initializers.get(c.initializer);
      const values = initializer.call(c.shape, c.dtype === null ? {} : { dtype: c.dtype });
      expectClose(await values.host(), c.output, 1e-6);
      if (!(initializer instanceof initializers.Identity))
        expect(json(initializers.serialize(initializer))).toEqual(c.initializer);
    },
  );

  test("a number as seed repeats, a generator goes on", async () => {
    for (const { seed, seed_generator: generator, outputs } of goldens.repeats) {
      const source = seed ?? new SeedGenerator({ seed: generator as number });
      const initializer = new initializers.GlorotUniform({ seed: source });
      for (const output of outputs) expectClose(await initializer.call(output.shape).host(), output, 1e-6);
    }
  });

  test("names in both spellings", () => {
    for (const [name, className] of Object.entries(goldens.identifiers)) {
      for (const spelled of [name, toCamel(name), className]) {
        expect((initializers.get(spelled).constructor as unknown as { className: string }).className).toBe(className);
      }
    }
  });

  test("unseeded ones draw from Python's generator when made, and then repeat", async () => {
    setRandomSeed(7);
    const a = new initializers.GlorotUniform();
    const b = a.clone() as initializers.GlorotUniform;
    setRandomSeed(7);
    const c = new initializers.GlorotUniform();
    expect(c.seed).toBe(a.seed);
    expect(b.seed).not.toBe(a.seed);
    expect(await a.call([2, 2]).array()).toEqual(await a.call([2, 2]).array());
    expect(a.getConfig()).toEqual({ seed: null, inputAxes: null, outputAxes: null });
  });

  test("functions and tensors stand for initializers", async () => {
    expect(
      await initializers
        .get((shape: readonly number[]) => tensor([5, 6], { shape }))
        .call([2])
        .array(),
    ).toEqual([5, 6]);
    expect(
      await initializers
        .get(tensor([1, 2]))
        .call([2])
        .array(),
    ).toEqual([1, 2]);
    expect(() => initializers.get(tensor([1, 2])).call([3])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: initializer: the tensor must have the weight's shape, got [2] for [3]. Reshape it. [docs/errors.md#shapeerror]]`,
    );
  });

  test("mistakes are named", () => {
    expect(() => initializers.get("glorot_unifrom")).toThrow(/Did you mean "GlorotUniform"/);
    expect(() => new initializers.VarianceScaling({ scale: 0 })).toThrow(/scale must be positive, got 0/);
    expect(() => new initializers.VarianceScaling({ mode: "fan" as never })).toThrow(
      /mode must be a known name, got "fan"/,
    );
    expect(() => new initializers.Orthogonal().call([3])).toThrow(/at least two axes, got \[3\]/);
    expect(() => new initializers.Identity().call([3])).toThrow(/that of a matrix, got \[3\]/);
    expect(() => new initializers.RandomUniform({ seed: 1.5 })).toThrow(/seed must be an integer/);
  });
});

describe("regularizers", () => {
  const goldens = load("regularizers") as {
    readonly cases: readonly { regularizer: SerializedObject; input: Stored; output: Stored; gradient?: Stored }[];
    readonly identifiers: Readonly<Record<string, SerializedObject>>;
  };
  test.each(goldens.cases.map((c, i) => [`${i} ${c.regularizer.class_name}`, c] as const))("%s", async (_, c) => {
    const regularizer = regularizers.get(c.regularizer) as regularizers.Regularizer;
    const x = revive(c.input);
    const penalty = regularizer.call(x);
    expectClose(await convertToTensor(penalty).host(), c.output, 1e-5);
    expect(json(regularizers.serialize(regularizer))).toEqual(c.regularizer);
    if (c.gradient === undefined) return;
    const [g] = gradients(regularizer.call(x), [x]);
    expectClose(await (g as typeof x).host(), c.gradient, 1e-5);
  });
  test("names in both spellings", () => {
    for (const [name, serialized] of Object.entries(goldens.identifiers)) {
      for (const spelled of [name, toCamel(name)]) {
        expect(json(regularizers.serialize(regularizers.get(spelled) as regularizers.Regularizer))).toEqual(serialized);
      }
    }
    expect(regularizers.get(null)).toBeUndefined();
  });
  test("mistakes are named", () => {
    expect(() => new regularizers.L2({ l2: -1 })).toThrow(/l2 must be a finite number not below 0, got -1/);
    expect(() => new regularizers.OrthogonalRegularizer({ mode: "diagonal" as never })).toThrow(
      /mode must be a known name/,
    );
    expect(() => new regularizers.OrthogonalRegularizer().call(tensor([1, 2]))).toThrow(/must be a matrix, got \[2\]/);
  });
});

describe("constraints", () => {
  const goldens = load("constraints") as {
    readonly cases: readonly { constraint: SerializedObject; input: Stored; output: Stored }[];
    readonly identifiers: Readonly<Record<string, SerializedObject>>;
  };
  test.each(goldens.cases.map((c, i) => [`${i} ${c.constraint.class_name}`, c] as const))("%s", async (_, c) => {
    const constraint = constraints.get(c.constraint) as constraints.Constraint;
    expectClose(await constraint.call(revive(c.input)).host(), c.output, 1e-6);
    expect(json(constraints.serialize(constraint))).toEqual(c.constraint);
    const config: Config = deserializeConfig(c.constraint.config);
    expect(json(constraint.getConfig())).toEqual(json(config));
  });
  test("names in both spellings", () => {
    for (const [name, serialized] of Object.entries(goldens.identifiers)) {
      for (const spelled of [name, toCamel(name)]) {
        expect(json(constraints.serialize(constraints.get(spelled) as constraints.Constraint))).toEqual(serialized);
      }
    }
    expect(constraints.get(undefined)).toBeUndefined();
  });
});
