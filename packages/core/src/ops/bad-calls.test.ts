// Every op, called wrongly in every way that its signature allows: an error of ours in the house form, which begins with the op's name.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { argumentsOf, camel, type PythonCall } from "../../testing/python-call.ts";
import { KerasError } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import * as random from "../random/index.ts";
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

async function complaint(f: () => unknown): Promise<unknown> {
  try {
    const made = await f();
    return made instanceof Tensor ? await made.host() : made;
  } catch (error) {
    return error;
  }
}
async function refuses(op: string, f: () => unknown): Promise<string> {
  const error = await complaint(f);
  expect(error).toBeInstanceOf(KerasError);
  const { message } = error as KerasError;
  expect(message.startsWith(`${op}: `) && /, got [\s\S]+\. [\s\S]+/.test(message) ? op : message).toBe(op);
  return message;
}

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

  if (fixed.length > 0 && op !== "isTensor") {
    test("no arguments", () => refuses(op, () => call()));
    test("a missing argument", async () => {
      for (const at of fixed.keys()) await refuses(op, () => call(...args(at, undefined)));
    });
    test("a wrongly typed argument", async () => {
      for (const at of fixed.keys())
        for (const bad of [Symbol("bad"), { axis: 0 }, new Date(0)])
          if (
            !["xs", "elems", "elements", "init", "initVal", "loopVars", "data"].includes(fixed[at] as string) ||
            typeof bad === "symbol"
          )
            await refuses(op, () => call(...args(at, bad)));
    });
  }
  if (good !== undefined) {
    test("an option that it does not have", () =>
      refuses(op, () => call(...good.filter((x, i) => i < fixed.length || x instanceof Tensor), { noSuchOption: 1 })));
    test("wrongly typed options", async () => {
      for (const name of optional.map(camel))
        for (const bad of [Symbol("bad"), () => 1])
          await refuses(op, () => call(...args(-1, undefined), { [name]: bad }));
    });
  }
});
