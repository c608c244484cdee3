// Every op, called wrongly in every way that its signature allows: an error of ours in the house form, which begins with the op's name.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { argumentsOf, camel, type PythonCall } from "../../testing/python-call.ts";
import { KerasError } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import * as random from "../random/index.ts";
import * as tree from "../tree/index.ts";
import * as ops from "./catalog.ts";
import { tensor } from "./convert.ts";
import { pythonOperationTable } from "./python.ts";

type Function = (...args: unknown[]) => unknown;
const spaces: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { ops, random };
const folder = new URL("../../../conformance/goldens/", import.meta.url);
// One right call of each op, from its golden file; or by hand where there is none.
const right = new Map<string, PythonCall>();
for (const file of readdirSync(folder).filter((name) => name.startsWith("ops-")))
  for (const one of (JSON.parse(readFileSync(new URL(file, folder), "utf8")) as { cases: PythonCall[] }).cases)
    if (!right.has(camel(one.op))) right.set(camel(one.op), one);

const found = [...pythonOperationTable().values()].flatMap((entry) => {
  const [space, name] = entry.op.includes(".") ? (entry.op.split(".") as [string, string]) : ["ops", entry.op];
  const f = spaces[space]?.[name];
  return typeof f === "function" ? [{ ...entry, call: f as Function }] : [];
});

async function outcome(f: () => unknown): Promise<unknown> {
  try {
    const made = await f();
    for (const leaf of tree.flatten(made as tree.Tree<unknown>)) if (leaf instanceof Tensor) await leaf.host();
    return made;
  } catch (error) {
    return error;
  }
}
function expectHouseForm(op: string, error: unknown): void {
  expect(error).toBeInstanceOf(KerasError);
  const { message } = error as KerasError;
  expect(message.startsWith(`${op}: `) && /, got [\s\S]+\. [\s\S]+/.test(message) ? op : message).toBe(op);
}
const refuses = async (op: string, f: () => unknown): Promise<void> => expectHouseForm(op, await outcome(f));
/** A result, or a refusal: never an error that is not ours. */
async function computesOrRefuses(op: string, f: () => unknown): Promise<void> {
  const made = await outcome(f);
  if (made instanceof Error) expectHouseForm(op, made);
}

const isOptions = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype;
// Loops may start from anything, and walk over anything.
const nested: ReadonlySet<string> = new Set("xs elems elements init initVal loopVars".split(" "));
// Values that no rank, size or choice can be.
const wrongTensors = (x: unknown): unknown[] => {
  if (!(x instanceof Tensor)) return [];
  const { dtype } = x;
  return [
    tensor(1, { dtype }),
    tensor([[[[[[[1]]]]]]], { dtype }),
    tensor([], { dtype }),
    tensor([[1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0]], { dtype }),
    tensor([[true, false]]),
    ["a", "b"],
    [[1], [2, 3]],
  ];
};
const wrongCounts = (x: unknown): unknown[] => (typeof x === "number" ? [-7, 99, 0, 1.5, Number.NaN] : []);

describe.each(found.map((entry) => [entry.op, entry] as const))("%s", (op, { call, required, optional }) => {
  const fixed = required.filter((name) => !name.startsWith("*")).map(camel);
  const example = right.get(op);
  const good = example === undefined ? undefined : argumentsOf(example);
  const args = (at: number, bad: unknown): unknown[] =>
    fixed.map((_, i) =>
      i === at
        ? bad
        : good !== undefined && i < good.length
          ? good[i]
          : tensor([
              [1, 2],
              [3, 4],
            ]),
    );

  test("no arguments", async () => {
    if (fixed.length > 0 && op !== "isTensor") await refuses(op, () => call());
  });
  test("a missing argument, and one of a wrong type", async () => {
    for (const [at, name] of op === "isTensor" ? [] : fixed.entries())
      for (const bad of nested.has(name) ? [undefined] : [undefined, Symbol("bad"), new Date(0)])
        await refuses(op, () => call(...args(at, bad)));
  });
  if (good === undefined) return;
  const options = isOptions(good.at(-1)) ? (good.at(-1) as Readonly<Record<string, unknown>>) : {};
  const positional = isOptions(good.at(-1)) ? good.slice(0, -1) : good;
  test("options that it does not have, and of wrong types", async () => {
    await refuses(op, () => call(...positional, { noSuchOption: 1 }));
    for (const name of optional.map(camel))
      for (const bad of [Symbol("bad"), () => 1])
        await refuses(op, () => call(...positional, { ...options, [name]: bad }));
  });
  test("positional options", () => {
    if (!required.some((name) => name.startsWith("*"))) return refuses(op, () => call(...positional, 1, 2));
    return undefined;
  });
  test("an axis out of range, and a choice that there is not", async () => {
    for (const [name, usual] of Object.entries(pythonOperationTable().get(op)?.defaults ?? {})) {
      const key = camel(name);
      if (key === "axis")
        for (const axis of [19, -19, 0.5, "0"]) await refuses(op, () => call(...positional, { ...options, axis }));
      else if (typeof usual === "string")
        await refuses(op, () => call(...positional, { ...options, [key]: "no such" }));
      else if (key === "dtype") await refuses(op, () => call(...positional, { ...options, dtype: "no such" }));
    }
  });
  test("wrong ranks, sizes, dtypes and counts", async () => {
    for (const [at, x] of positional.entries())
      for (const bad of [...wrongTensors(x), ...wrongCounts(x)])
        await computesOrRefuses(op, () => call(...positional.map((y, i) => (i === at ? bad : y)), options));
    for (const name of optional.map(camel))
      for (const bad of [
        ...wrongTensors(options[name]),
        ...wrongCounts(options[name] ?? pythonOperationTable().get(op)?.defaults[name]),
      ])
        await computesOrRefuses(op, () => call(...positional, { ...options, [name]: bad }));
  });
});
