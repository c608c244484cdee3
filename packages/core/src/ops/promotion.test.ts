// Result dtypes for every pair of dtypes, as Keras on JAX has them.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Tensor } from "../graph/index.ts";
import * as ops from "./catalog.ts";
import { tensor } from "./convert.ts";

type Table = Readonly<Record<string, Readonly<Record<string, string | null>>>>;
const path = new URL("../../../conformance/goldens/promotion.json", import.meta.url);
const { binary, unary } = JSON.parse(readFileSync(path, "utf8")) as { readonly binary: Table; readonly unary: Table };
const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
const functions = ops as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;
// A Python float that is whole has no twin in JS: 0.5 stands for it.
const operand = (name: string): unknown =>
  name === "int" ? 1 : name === "float" ? 0.5 : tensor([[1]], { dtype: name });
// How the golden script called ops whose two operands are not the first two arguments.
const call = (op: string, a: unknown, b: unknown): unknown => {
  if (op === "concatenate") return functions.concatenate?.([a, b]);
  return op === "where" ? functions.where?.(true, a, b) : functions[camel(op)]?.(a, b);
};
const dtypeOf = (x: unknown): string => (x instanceof Tensor ? x.dtype : dtypeOf((x as readonly unknown[])[0]));

describe.each(Object.entries(binary).filter(([op]) => camel(op) in functions))("%s", (op, table) => {
  test.each(Object.entries(table).filter(([, result]) => result !== null))("%s gives %s", (pair, result) => {
    const [left, right] = pair.split(",") as [string, string];
    expect(dtypeOf(call(op, operand(left), operand(right)))).toBe(result);
  });
});
describe.each(Object.entries(unary).filter(([op]) => camel(op) in functions))("%s", (op, table) => {
  test.each(Object.entries(table).filter(([, result]) => result !== null))("%s gives %s", (dtype, result) => {
    expect(dtypeOf(functions[camel(op)]?.(operand(dtype)))).toBe(result);
  });
});
