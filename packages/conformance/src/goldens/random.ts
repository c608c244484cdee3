// random.json: bits, uniform and normal numbers are Keras' exactly, gamma numbers to the last places of an engine's functions.
import { random, type Tensor } from "@keras-ts/core";
import { type DType, primitives } from "@keras-ts/core/backend";
import { type GoldenCase, type GoldenGroup, groupBy, readGoldens, stateless } from "./case.ts";
import { camel, exact, isStored, type Stored, type Tolerance, toHost } from "./stored.ts";

interface DrawCase {
  readonly call: string;
  readonly arguments: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly outputs: readonly Stored[];
  readonly seed?: number;
  readonly seed_generator?: number;
  readonly state?: Stored;
}
interface Goldens {
  readonly bits: readonly { readonly key: readonly number[]; readonly output: Stored }[];
  readonly splits: readonly { readonly key: readonly number[]; readonly count: number; readonly output: Stored }[];
  readonly cases: readonly DrawCase[];
}
type Draw = (...args: unknown[]) => Tensor;
const functions = random as unknown as Readonly<Record<string, Draw>>;

/** Bits, keys split in two, and the cases of random.json by function. */
export function randomGoldens(): GoldenGroup[] {
  const { bits, splits, cases } = readGoldens("random") as Goldens;
  const known = cases.filter((one) => camel(one.call) in functions);
  const draws = [...groupBy(known, (one) => one.call)].map(([call, list]) => ({
    name: `random.${camel(call)}`,
    cases: list.map(drawCase),
  }));
  return [
    {
      name: "random bits",
      cases: bits.map(({ key, output }) =>
        keyed(`key ${key.join(" ")}, ${output.dtype} [${output.shape}]`, key, output, bitsOf(output.shape)),
      ),
    },
    {
      name: "random.splitKey",
      cases: splits.map(({ key, count, output }) =>
        keyed(`${count} keys from ${key.join(" ")}`, key, output, keysOf(count)),
      ),
    },
    ...draws,
  ];
}

const bitsOf =
  (shape: readonly number[]) =>
  (key: Tensor): Tensor =>
    primitives.randomBits(key, { shape, words: 1 });
const keysOf =
  (count: number) =>
  (key: Tensor): Tensor =>
    primitives.concat(
      random.splitKey(key, count).map((k) => primitives.reshape(k, { shape: [1, 2] })),
      { axis: 0 },
    );

function keyed(name: string, key: readonly number[], output: Stored, compute: (key: Tensor) => Tensor): GoldenCase {
  return {
    name,
    inputs: [{ shape: [2], dtype: "uint32", data: Uint32Array.from(key) }],
    prepare: stateless(([k]) => [primitives.cast(compute(k as Tensor), { dtype: output.dtype as DType })]),
    expected: [{ what: "words", value: output, tolerance: exact }],
  };
}

// Engines have logarithms and powers of their own, of which gamma numbers are made; normal numbers are exact.
const rounded: ReadonlySet<string> = new Set(["gamma", "beta"]);
// XLA keeps some of the steps between in float32 where the dtype is narrow.
const nearly: Tolerance = { relative: { bfloat16: 2 ** -6, float16: 2 ** -9, float32: 2e-6 } };
const toleranceOf = ({ call }: DrawCase): Tolerance => (rounded.has(call) ? nearly : exact);

function drawCase(one: DrawCase, index: number): GoldenCase {
  const stored = [...one.arguments, ...Object.values(one.options)].filter(isStored);
  const draw = functions[camel(one.call)] as Draw;
  const generator = one.seed_generator;
  const compute = (inputs: readonly Tensor[]): Tensor[] => {
    let next = 0;
    const read = (x: unknown): unknown => (isStored(x) ? inputs[next++] : x);
    const args = one.arguments.map(read);
    const options = Object.fromEntries(Object.entries(one.options).map(([name, x]) => [camel(name), read(x)]));
    const seed = generator === undefined ? one.seed : new random.SeedGenerator({ seed: generator });
    const outs = one.outputs.map(() => draw(...args, { ...options, seed }));
    return seed instanceof random.SeedGenerator && one.state !== undefined ? [...outs, seed.next()] : outs;
  };
  const state =
    generator === undefined || one.state === undefined ? [] : [{ what: "state", value: one.state, tolerance: exact }];
  return {
    name: `${index} ${JSON.stringify(one.arguments).slice(0, 60)} ${JSON.stringify(one.options)}`,
    inputs: stored.map(toHost),
    prepare: stateless(compute),
    expected: [...one.outputs.map((value, i) => ({ what: `draw ${i}`, value, tolerance: toleranceOf(one) })), ...state],
  };
}
