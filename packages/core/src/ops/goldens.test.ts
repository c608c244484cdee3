// Every case of ops-*.json whose op exists here: values, dtypes, and gradients where given.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bitsOf, castData, type DType, isComplex, isDifferentiable } from "../aval/index.ts";
import { type Index, Tensor } from "../graph/index.ts";
import { gradients } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";
import * as ops from "./catalog.ts";
import { tensor } from "./convert.ts";
import { publicOp, pythonOperationTable } from "./python.ts";

interface Stored {
  readonly data: readonly (number | string | boolean | number[])[];
  readonly dtype: string;
  readonly shape: readonly number[];
}
interface Case {
  readonly op: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly output: unknown;
  /** What of each output is compared, where it is not wholly defined: signs of vectors are free. */
  readonly observe?: readonly ("same" | "magnitude" | "shape")[];
  readonly cotangents?: readonly Stored[];
  readonly gradients?: readonly unknown[];
  readonly kwarg_gradients?: Readonly<Record<string, unknown>>;
}
const folder = new URL("../../../conformance/goldens/", import.meta.url);
const cases = readdirSync(folder)
  .filter((file) => file.startsWith("ops-"))
  .flatMap((file) => (JSON.parse(readFileSync(new URL(file, folder), "utf8")) as { cases: readonly Case[] }).cases);
const camel = (name: string): string =>
  name.replace(/_+$/, "").replace(/_([a-zA-Z0-9])/g, (_, c: string) => c.toUpperCase());
const special: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};
const number = (x: unknown): number => (typeof x === "string" ? (special[x] ?? Number(x)) : Number(x));

const isStored = (x: unknown): x is Stored => typeof x === "object" && x !== null && "data" in x && "dtype" in x;
function read(x: unknown): unknown {
  if (isStored(x)) return tensor(Float64Array.from(x.data, number), { shape: x.shape, dtype: x.dtype });
  if (Array.isArray(x)) return x.map(read);
  if (typeof x === "object" && x !== null && "slice" in x) return x.slice;
  if (typeof x === "object" && x !== null && "ellipsis" in x) return "...";
  if (typeof x === "object" && x !== null) return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, read(v)]));
  return typeof x === "string" && x in special ? special[x] : x;
}

// Python's positional arguments beyond the required ones are options here.
function argumentsOf(c: Case): unknown[] {
  const entry = pythonOperationTable().get(camel(c.op.split(".").at(-1) as string));
  if (entry === undefined) throw new Error(`no signature of ${c.op}`);
  const values = c.args.map(read);
  const kwargs = Object.fromEntries(Object.entries(c.kwargs).map(([k, v]) => [k, read(v)]));
  const variadic = entry.required.some((name) => name.startsWith("*"));
  const fixed = entry.required.filter((name) => !name.startsWith("*"));
  const positional = fixed.map((name, i) => (i < values.length ? values[i] : kwargs[name]));
  const options: Record<string, unknown> = {};
  if (!variadic)
    values.slice(fixed.length).forEach((v, i) => {
      options[camel(entry.optional[i] as string)] = v;
    });
  for (const [name, v] of Object.entries(kwargs)) if (!entry.required.includes(name)) options[camel(name)] = v;
  if (c.op === "get_item") {
    const key = positional[1] as Index | readonly Index[];
    const list =
      Array.isArray(key) &&
      !(key.length <= 3 && key.every((k) => k === null || typeof k === "number") && isSliceJson(c.args[1]))
        ? key
        : [key];
    positional[1] = (list as unknown[]).map((k) => (k === null ? "newaxis" : k));
  }
  const rest = variadic ? values.slice(fixed.length) : [];
  return [...positional, ...rest, ...(Object.keys(options).length > 0 ? [options] : [])];
}
const isSliceJson = (x: unknown): boolean => typeof x === "object" && x !== null && !Array.isArray(x) && "slice" in x;

// How far off the reference engine may be: 1e-5 of a float32, or of the largest value where that is below 1; one unit of a half.
const digits: Readonly<Record<string, number>> = { bfloat16: 7, float16: 10 };
function allowedFor(dtype: DType, want: number, largest: number): number {
  if (!isDifferentiable(dtype)) return 0;
  const fraction = digits[dtype];
  if (fraction === undefined) return Math.max(1e-5 * Math.max(Math.abs(want), Math.min(largest, 1)), 2 ** -126);
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(want))), -8) - fraction);
}
async function expectStored(actual: unknown, expected: Stored): Promise<void> {
  if (!(actual instanceof Tensor)) throw new Error(`got ${String(actual)}`);
  const host = await actual.host();
  expect({ dtype: host.dtype, shape: host.shape }).toEqual({ dtype: expected.dtype, shape: expected.shape });
  const wanted = Array.from(castData(Float64Array.from(expected.data, number), host.dtype, "float64"));
  const largest = Math.max(1e-3, ...wanted.filter(Number.isFinite).map(Math.abs));
  wanted.forEach((want, i) => {
    const got = host.data[i] as number;
    const allowed = allowedFor(host.dtype, want, largest);
    if (Object.is(got, want) || got === want || Math.abs(got - want) <= allowed) return;
    throw new Error(`element ${i}: ${got} instead of ${want} (${bitsOf(host.dtype)} bits)`);
  });
}
async function compare(actual: unknown, expected: unknown): Promise<void> {
  if (isStored(expected)) return expectStored(actual, expected);
  if (Array.isArray(expected)) {
    if (expected.some(isStored) || Array.isArray(actual)) {
      expect((actual as readonly unknown[]).length).toBe(expected.length);
      for (const [i, item] of expected.entries()) await compare((actual as readonly unknown[])[i], item);
      return;
    }
  }
  expect(actual).toEqual(expected);
}

const known = cases.filter((c) => publicOp(c.op) !== undefined);
const byOp = groupBy(known);
function groupBy(all: readonly Case[]): Map<string, Case[]> {
  const groups = new Map<string, Case[]>();
  for (const c of all) groups.set(c.op, [...(groups.get(c.op) ?? []), c]);
  return groups;
}

describe.each([...byOp])("ops.%s", (_, group) => {
  test.each(group.map((c, i) => [i, JSON.stringify({ args: c.args, kwargs: c.kwargs }).slice(0, 120), c] as const))(
    "%i %s",
    async (_i, _text, c) => {
      const args = argumentsOf(c);
      // Python's whole numbers are int32; JS has one kind of number, and it means float32.
      if (c.op === "convert_to_tensor" && args.length === 1 && isStored(c.output)) args.push({ dtype: c.output.dtype });
      // where(mask) reads values: that is nonzero here.
      const name = c.op === "where" && c.args.length === 1 ? "nonzero" : c.op;
      const made = await (publicOp(name) as (...a: unknown[]) => unknown)(
        ...args.filter((x) => name !== "nonzero" || x !== undefined),
      );
      const output = c.observe === undefined ? made : observed(made as Tensor[], c.observe);
      if (c.cotangents === undefined || c.gradients === undefined) return compare(output, c.output);
      const outs = tree
        .flatten(output as tree.Tree<Tensor>)
        .filter((t) => t instanceof Tensor && isDifferentiable(t.dtype));
      const parts = outs.map((t, i) => inner(t, read(c.cotangents?.[i]) as Tensor));
      const wanted = [...leaves(c.gradients), ...leaves(c.kwarg_gradients ?? {})];
      const inputs = floatInputs(args);
      expect(inputs.length).toBe(wanted.length);
      const again = parts.reduce((a, b) => a.add(b));
      const slopes = gradients(again, inputs);
      await compare(output, c.output);
      for (const [i, want] of wanted.entries()) await expectStored(slopes[i], want);
    },
  );
});
function inner(y: Tensor, weight: Tensor): Tensor {
  if (!isComplex(y.dtype)) return ops.sum(ops.multiply(ops.cast(y, "float32"), weight));
  return ops.sum(
    ops
      .real(y)
      .multiply(ops.real(weight))
      .add(ops.imag(y).multiply(ops.imag(weight))),
  );
}
const observed = (outs: readonly Tensor[], how: NonNullable<Case["observe"]>): Tensor[] =>
  outs.map((y, i) => (how[i] === "magnitude" ? ops.abs(y) : how[i] === "shape" ? ops.multiply(y, 0) : y));
const leaves = (x: unknown): Stored[] => {
  if (isStored(x)) return [x];
  if (Array.isArray(x)) return x.flatMap(leaves);
  return typeof x === "object" && x !== null ? Object.values(x).flatMap(leaves) : [];
};
function floatInputs(args: readonly unknown[]): Tensor[] {
  const all: Tensor[] = [];
  const visit = (x: unknown): void => {
    if (x instanceof Tensor) void (["float32", "complex64"].includes(x.dtype) && all.push(x));
    else if (Array.isArray(x)) x.forEach(visit);
    else if (typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype) {
      // In the order of the Python call.
      const names = [...Object.keys(x)];
      names.forEach((name) => visit((x as Record<string, unknown>)[name]));
    }
  };
  args.forEach(visit);
  return all;
}
