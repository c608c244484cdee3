import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { castData, type HostArray } from "../aval/index.ts";
import { convertToTensor, tensor } from "../ops/index.ts";
import * as p from "../primitives/index.ts";
import { jit } from "../transforms/index.ts";
import * as random from "./index.ts";

interface Stored {
  readonly data: readonly (number | string)[];
  readonly dtype: string;
  readonly shape: readonly number[];
}
interface Case {
  readonly call: string;
  readonly arguments: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly outputs: readonly Stored[];
  readonly seed?: number;
  readonly seed_generator?: number;
  readonly state?: Stored;
}
interface Goldens {
  readonly bits: readonly { readonly key: number[]; readonly output: Stored }[];
  readonly splits: readonly { readonly key: number[]; readonly count: number; readonly output: Stored }[];
  readonly cases: readonly Case[];
  readonly generators: readonly {
    readonly seed: number;
    readonly ordered: Stored[];
    readonly unordered: Stored[];
    readonly state: Stored;
  }[];
  readonly unseeded: readonly {
    readonly seed: number;
    readonly steps: readonly { step: string; output?: unknown; state?: Stored }[];
  }[];
}
const path = new URL("../../../conformance/goldens/random.json", import.meta.url);
const goldens = JSON.parse(readFileSync(path, "utf8")) as Goldens;
const key = (words: readonly number[]): ReturnType<typeof tensor> => convertToTensor(Uint32Array.from(words));
const camel = (name: string): string => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());

function isStored(x: unknown): x is Stored {
  return typeof x === "object" && x !== null && "data" in x && "dtype" in x;
}
const read = (x: unknown): unknown =>
  isStored(x) ? tensor(x.data.map(Number), { shape: x.shape, dtype: x.dtype }) : x;

function expectStored(actual: HostArray, expected: Stored, ulps: number, scale = 0): void {
  expect({ shape: actual.shape, dtype: actual.dtype }).toEqual({ shape: expected.shape, dtype: expected.dtype });
  const wanted = castData(expected.data.map(Number), actual.dtype, "float64");
  expected.data.forEach((_, i) => {
    const [want, got] = [wanted[i] as number, actual.data[i] as number];
    if (Object.is(got, want) || Math.abs(got - want) <= ulps * spacing(Math.max(scale, Math.abs(want)), actual.dtype))
      return;
    throw new Error(`element ${i}: ${got} instead of ${want}`);
  });
}
// The distance to the next number of the dtype.
function spacing(x: number, dtype: string): number {
  const bits = dtype === "bfloat16" ? 7 : dtype === "float16" ? 10 : 23;
  return 2 ** (Math.floor(Math.log2(Math.max(Math.abs(x), 2 ** -126))) - bits);
}
// All are exact but what is made of powers and exponentials, which engines and XLA round in their own ways: those of gamma numbers below
// alpha = 1, where a rounded logarithm is divided by alpha, and of beta numbers.
const ulpsOf = ({ call, arguments: [, alpha] }: Case): number =>
  call === "beta" ? 16 : call !== "gamma" ? 0 : typeof alpha === "number" && alpha >= 1 ? 4 : 16;

describe("bits", () => {
  test.each(goldens.bits)("threefry of $key", async ({ key: words, output }) => {
    const bits = p.randomBits(key(words), { shape: output.shape, words: 1 });
    expectStored(await convertToTensor(bits, { dtype: output.dtype }).host(), output, 0);
  });
  test.each(goldens.splits)("$count keys from $key", async ({ key: words, count, output }) => {
    const rows = await Promise.all(random.splitKey(key(words), count).map((k) => k.data()));
    expect(rows.flatMap((row) => [...row])).toEqual(output.data);
  });
});

describe("draws", () => {
  const functions = random as unknown as Readonly<Record<string, (...args: unknown[]) => ReturnType<typeof tensor>>>;
  const known = goldens.cases.filter((c) => camel(c.call) in functions);
  test.each(
    known.map(
      (c, i) => [`${i} ${c.call} ${JSON.stringify(c.arguments).slice(0, 60)} ${JSON.stringify(c.options)}`, c] as const,
    ),
  )("%s", async (_, c) => {
    const f = functions[camel(c.call)] as (...args: unknown[]) => ReturnType<typeof tensor>;
    const generator = c.seed_generator === undefined ? undefined : new random.SeedGenerator({ seed: c.seed_generator });
    const options = Object.fromEntries(Object.entries(c.options).map(([name, value]) => [camel(name), read(value)]));
    for (const expected of c.outputs) {
      const out = f(...c.arguments.map(read), { ...options, seed: generator ?? c.seed });
      // A mean added to a scaled sample may cancel: errors are those of the larger of both.
      const scale = Number(c.options["mean"] ?? 0) === 0 ? 0 : 2 * Number(c.options["stddev"] ?? 1);
      expectStored(await out.host(), expected, ulpsOf(c), scale);
    }
    if (generator !== undefined && c.state !== undefined) expectStored(await generator.state.tensor.host(), c.state, 0);
  });
});

describe("generators", () => {
  test.each(goldens.generators)("states from seed $seed", async ({ seed, ordered, unordered, state }) => {
    const generator = new random.SeedGenerator({ seed });
    for (const expected of ordered) expectStored(await generator.next().host(), expected, 0);
    for (const expected of unordered) expectStored(await generator.next({ ordered: false }).host(), expected, 0);
    expectStored(await generator.state.tensor.host(), state, 0);
  });

  test("a compiled function carries the state along", async () => {
    const [eager, carried] = [new random.SeedGenerator({ seed: 7 }), new random.SeedGenerator({ seed: 7 })];
    const step = jit(() => random.uniform([3], { seed: carried }));
    for (let i = 0; i < 3; i++) {
      expect(await step().array()).toEqual(await random.uniform([3], { seed: eager }).array());
    }
    expect(await carried.state.tensor.array()).toEqual([7, 3]);
  });

  test("a seed must be a whole number", () => {
    expect(() => new random.SeedGenerator({ seed: 1.5 })).toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: SeedGenerator: seed must be a whole number, got 1.5. Pass for example 1337. [docs/errors.md#configerror]]`,
    );
  });
});

describe("unseeded", () => {
  test.each(goldens.unseeded)("after setRandomSeed($seed)", async ({ seed, steps }) => {
    random.setRandomSeed(seed);
    for (const { step, output, state } of steps) {
      if (step === "SeedGenerator()")
        expectStored(await new random.SeedGenerator().state.tensor.host(), state as Stored, 0);
      else if (step.startsWith("GlorotUniform")) random.drawPythonSeed();
      else if (step.startsWith("uniform")) expectStored(await random.uniform([3]).host(), output as Stored, 0);
      else if (step.startsWith("normal")) expectStored(await random.normal([2]).host(), output as Stored, 0);
      else if (step.startsWith("randint(["))
        expectStored(await random.randint([3], 0, 100).host(), output as Stored, 0);
      else if (step.startsWith("random.randint")) expect(random.drawPythonSeed()).toBe(output);
      else if (step.startsWith("np.random")) expect([...random.permutation(5)]).toEqual(output);
      else throw new Error(`unknown step ${step}`);
    }
  });
});
