// Activations against what real Keras computes.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { HostArray } from "../aval/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { KerasTensor, tensor } from "../ops/index.ts";
import { toCamel } from "../registry/index.ts";
import { gradients } from "../transforms/index.ts";
import * as activations from "./activations.ts";
import { PReLU } from "./index.ts";

interface Stored {
  readonly data: readonly unknown[];
  readonly dtype: string;
  readonly shape: readonly number[];
}
interface Case {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly input: Stored;
  readonly output: Stored;
  readonly cotangent?: Stored;
  readonly gradient?: Stored;
}
const goldens = JSON.parse(
  readFileSync(new URL("../../../conformance/goldens/activations.json", import.meta.url), "utf8"),
) as {
  readonly cases: readonly Case[];
  readonly identifiers: Readonly<Record<string, unknown>>;
};
const numberOf = (entry: unknown): number =>
  Number(String(entry).replace("inf", "Infinity").replace("true", "1").replace("false", "0"));
const revive = (x: Stored): Tensor => tensor(x.data.map(numberOf), { shape: x.shape, dtype: x.dtype });

function expectClose(actual: HostArray, expected: Stored): void {
  expect({ shape: actual.shape, dtype: actual.dtype }).toEqual({ shape: expected.shape, dtype: expected.dtype });
  const coarse = expected.dtype === "float16" ? 4e-3 : expected.dtype === "bfloat16" ? 3e-2 : 2e-5;
  expected.data.forEach((entry, i) => {
    const [want, got] = [numberOf(entry), actual.data[i] as number];
    if (Object.is(want, got) || Math.abs(want - got) <= coarse * Math.max(1, Math.abs(want))) return;
    throw new Error(`element ${i} is ${got} instead of ${want}`);
  });
}

describe("as Keras computes", () => {
  test.each(goldens.cases.map((c, i) => [`${i} ${c.name} ${JSON.stringify(c.options)}`, c] as const))(
    "%s",
    async (_, c) => {
      const f = activations.get(c.name) as (x: Tensor, ...rest: unknown[]) => Tensor;
      const options = Object.fromEntries(Object.entries(c.options).map(([key, value]) => [toCamel(key), value]));
      const { threshold, defaultValue } = options;
      // `threshold` alone has required arguments.
      const rest = c.name === "threshold" ? [threshold, defaultValue] : [options];
      const x = revive(c.input);
      expectClose(await f(x, ...rest).host(), c.output);
      if (c.gradient === undefined || c.cotangent === undefined) return;
      const [g] = gradients(ops.sum(ops.multiply(f(x, ...rest), revive(c.cotangent))), [x]);
      expectClose(await (g as Tensor).host(), c.gradient);
    },
  );
});

test("names in both spellings, and back", () => {
  for (const [name, serialized] of Object.entries(goldens.identifiers)) {
    for (const spelled of [name, toCamel(name)])
      expect(activations.serialize(activations.get(spelled))).toBe(serialized);
  }
  expect(activations.serialize(activations.get(null))).toBe("linear");
});

test("activations accept symbolic tensors", () => {
  const x = new KerasTensor([null, 3]);
  const made = [activations.relu(x), activations.gelu(x), activations.mish(x), activations.silu(x)];
  for (const y of made) expect(y.shape).toEqual([null, 3]);
  expect(activations.relu(x, { maxValue: 3, threshold: 1, negativeSlope: 0.1 }).shape).toEqual([null, 3]);
});

test("layers stand for activations, own functions cannot be saved", () => {
  const layer = new PReLU();
  expect(activations.serialize(activations.get(layer))).toBe(layer);
  expect(() => activations.serialize((x: Tensor) => x)).toThrow(/built in, or a layer/);
  expect(() => activations.get("rleu")).toThrow(/Did you mean/);
});
