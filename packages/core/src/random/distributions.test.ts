// Numbers that follow their distributions, move with their parameters as JAX's do, and are the same inside a program.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { erf } from "../backend/reference/special.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/catalog.ts";
import { tensor } from "../ops/index.ts";
import { gradients, jit } from "../transforms/index.ts";
import * as random from "./index.ts";

const COUNT = 4000;
const valuesOf = async (x: Tensor): Promise<number[]> => Array.from((await x.data()) as ArrayLike<number>, Number);
// The largest distance between the distribution of a sample and a distribution function; above 1.95 / sqrt(n) in 1 of 1,000 samples.
function distance(sample: readonly number[], cumulative: (x: number) => number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  return Math.max(
    ...sorted.map((x, i) => {
      const wanted = cumulative(x);
      return Math.max(Math.abs(wanted - i / sorted.length), Math.abs(wanted - (i + 1) / sorted.length));
    }),
  );
}
function moments(sample: readonly number[]): [mean: number, variance: number] {
  const mean = sample.reduce((a, b) => a + b, 0) / sample.length;
  return [mean, sample.reduce((a, b) => a + (b - mean) ** 2, 0) / (sample.length - 1)];
}
// Gamma of a whole parameter: waiting for the k-th event.
const erlang =
  (k: number) =>
  (x: number): number => {
    let [term, sum] = [1, 0];
    for (let i = 0; i < k; i++) {
      sum += term;
      term *= x / (i + 1);
    }
    return 1 - Math.exp(-x) * sum;
  };
const halfGamma = (x: number): number => erf(Math.sqrt(x));
const normalCdf = (x: number): number => 0.5 * (1 + erf(x / Math.SQRT2));

describe("distributions", () => {
  const draws: Readonly<
    Record<
      string,
      readonly [draw: (seed: number) => Tensor, cumulative: (x: number) => number, mean: number, variance: number]
    >
  > = {
    "gamma(0.5)": [(seed) => random.gamma([COUNT], 0.5, { seed }), halfGamma, 0.5, 0.5],
    "gamma(1)": [(seed) => random.gamma([COUNT], 1, { seed }), erlang(1), 1, 1],
    "gamma(3)": [(seed) => random.gamma([COUNT], 3, { seed }), erlang(3), 3, 3],
    "beta(2, 3)": [(seed) => random.beta([COUNT], 2, 3, { seed }), (x) => x * x * (6 - 8 * x + 3 * x * x), 0.4, 0.04],
    "beta(0.5, 0.5)": [
      (seed) => random.beta([COUNT], 0.5, 0.5, { seed }),
      (x) => (2 / Math.PI) * Math.asin(Math.sqrt(x)),
      0.5,
      0.125,
    ],
    normal: [(seed) => random.normal([COUNT], { seed }), normalCdf, 0, 1],
  };
  test.each(Object.entries(draws))("%s", async (_, [draw, cumulative, mean, variance]) => {
    const sample = await valuesOf(draw(11));
    expect(distance(sample, cumulative)).toBeLessThan(1.95 / Math.sqrt(COUNT));
    const [foundMean, foundVariance] = moments(sample);
    expect(Math.abs(foundMean - mean)).toBeLessThan(4 * Math.sqrt(variance / COUNT));
    expect(Math.abs(foundVariance / variance - 1)).toBeLessThan(0.2);
  });
  test.each([
    [10, 0.3],
    [40, 0.5],
    [60, 0.9],
  ])("binomial(%d, %d)", async (n, chance) => {
    const sample = await valuesOf(random.binomial([COUNT], n, chance, { seed: 5 }));
    const [mean, variance] = moments(sample);
    const wanted = n * chance * (1 - chance);
    expect(Math.abs(mean - n * chance)).toBeLessThan(4 * Math.sqrt(wanted / COUNT));
    expect(Math.abs(variance / wanted - 1)).toBeLessThan(0.1);
    // How far each part of the sample up to k is off; discrete, so the bound holds all the more.
    let [share, sum] = [(1 - chance) ** n, 0];
    for (let k = 0; k <= n; k++) {
      sum += share;
      share *= ((n - k) / (k + 1)) * (chance / (1 - chance));
      expect(Math.abs(sample.filter((x) => x <= k).length / COUNT - sum)).toBeLessThan(1.95 / Math.sqrt(COUNT));
    }
  });
});

interface Slopes {
  readonly call: "gamma" | "beta";
  readonly parameters: readonly { readonly data: number[] }[];
  readonly seed: number;
  readonly gradients: readonly { readonly data: number[] }[];
}
const path = new URL("../../../conformance/goldens/random.json", import.meta.url);
const { slopes } = JSON.parse(readFileSync(path, "utf8")) as { readonly slopes: readonly Slopes[] };
test.each(slopes.map((one) => [`${one.call} ${one.seed}`, one] as const))("slopes of %s", async (_, one) => {
  const parameters = one.parameters.map(({ data }) => tensor(data));
  const [a, b] = parameters as [Tensor, Tensor];
  const drawn =
    one.call === "gamma"
      ? random.gamma([a.size], a, { seed: one.seed })
      : random.beta([a.size], a, b, { seed: one.seed });
  const found = gradients(ops.sum(drawn), parameters);
  for (const [i, wanted] of one.gradients.entries()) {
    const got = await valuesOf(found[i] as Tensor);
    wanted.data.forEach((want, j) => {
      expect(Math.abs((got[j] as number) - want)).toBeLessThanOrEqual(2e-4 * Math.abs(want) + 1e-6);
    });
  }
});

test("a program draws the same numbers, from a generator that it carries along", async () => {
  const [eager, carried] = [new random.SeedGenerator({ seed: 3 }), new random.SeedGenerator({ seed: 3 })];
  const draw = (seed: random.SeedGenerator): Tensor[] => [
    random.gamma([5], 0.7, { seed }),
    random.beta([5], 2, 0.5, { seed }),
    random.binomial([5], 50, 0.4, { seed }),
  ];
  const step = jit(() => draw(carried));
  for (let i = 0; i < 2; i++) {
    const [compiled, plain] = [step(), draw(eager)];
    for (const [j, x] of compiled.entries()) expect(await x.array()).toEqual(await plain[j]?.array());
  }
});

test("errors", () => {
  expect(() => random.gamma([2], [1, 2, 3])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: random.gamma: shapes must be equal or broadcast (sizes equal, or one of them 1, counted from the last axis), got [3] and [2]. Reshape one input, or insert axes of size 1 with expandDims. [docs/errors.md#shapeerror]]`,
  );
  expect(() => random.beta([2], 1, [[1]], { seed: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: random.beta: beta must broadcast to the shape, got [1, 1] for [2]. Pass a shape that holds all parameters. [docs/errors.md#shapeerror]]`,
  );
  expect(() => random.binomial([2.5], 1, 0.5)).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: random.binomial: shape must be a whole number or an array of them, got [2.5]. Call random.binomial(shape, counts, probabilities, { dtype, seed }). [docs/errors.md#configerror]]`,
  );
  expect(() => random.gamma([2], 1, { dtype: "int32" })).toThrowErrorMatchingInlineSnapshot(
    `[DtypeError: random.gamma: the dtype must be a float dtype, got int32. Use float32. [docs/errors.md#dtypeerror]]`,
  );
});
