// The cases of ops-*.json that give no tensor. All others run in packages/conformance, on the reference engine too.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { argumentsOf, camel, isStored, opNamed, type PythonCall } from "../../testing/python-call.ts";

interface Case extends PythonCall {
  readonly output: unknown;
}
const folder = new URL("../../../conformance/goldens/", import.meta.url);
const cases = readdirSync(folder)
  .filter((file) => file.startsWith("ops-"))
  .flatMap((file) => (JSON.parse(readFileSync(new URL(file, folder), "utf8")) as { cases: readonly Case[] }).cases);
const holdsTensor = (x: unknown): boolean => isStored(x) || (Array.isArray(x) && x.some(holdsTensor));
const plain = cases.filter(({ output }) => !holdsTensor(output));

describe("ops that give plain values", () => {
  test("there are some", () => {
    expect(plain.length).toBeGreaterThan(0);
  });
  test.each(plain.map((one) => [`${one.op} ${JSON.stringify(one.args).slice(0, 120)}`, one] as const))(
    "%s",
    (_, one) => {
      expect(opNamed(camel(one.op))?.(...argumentsOf(one))).toEqual(one.output);
    },
  );
});
