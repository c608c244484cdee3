// Nothing of `keras.ops` and `keras.random` is absent, no option of Keras is refused, no default differs.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { argumentsOf, camel, opNamed, type PythonCall } from "../../testing/python-call.ts";
import { Tensor } from "../graph/index.ts";
import * as random from "../random/index.ts";
import * as tree from "../tree/index.ts";
import * as ops from "./catalog.ts";
import { pythonOperationTable } from "./python.ts";

type Function = (...args: unknown[]) => unknown;
const find = (name: string): unknown =>
  name.startsWith("random.") ? (random as Readonly<Record<string, unknown>>)[name.slice(7)] : opNamed(name);
const table = pythonOperationTable();

test("the table has all of Keras 3.15.1, and what 3.16 adds", () => {
  expect([...table.keys()].filter((name) => name.startsWith("random.")).length).toBe(10);
  expect(table.size).toBe(367);
});
test.each([...table.keys()])("%s exists", (name) => {
  expect(typeof find(name)).toBe("function");
});
test("ops has what Keras has, and nothing else", () => {
  expect(Object.keys(ops).filter((name) => !table.has(name))).toEqual(["image"]);
  expect(Object.keys(ops.image).filter((name) => !table.has(name))).toEqual([]);
});
// One right call of each op, from its golden file.
const folder = new URL("../../../conformance/goldens/", import.meta.url);
const right = new Map<string, PythonCall>();
for (const file of readdirSync(folder).filter((name) => name.startsWith("ops-")))
  for (const one of (JSON.parse(readFileSync(new URL(file, folder), "utf8")) as { cases: PythonCall[] }).cases)
    if (!right.has(camel(one.op)) && Object.keys(one.kwargs ?? {}).length === 0) right.set(camel(one.op), one);

async function hosts(made: unknown): Promise<unknown> {
  const leaves = tree.flatten((await made) as tree.Tree<unknown>);
  return Promise.all(leaves.map((leaf) => (leaf instanceof Tensor ? leaf.host() : leaf)));
}
const callable = [...table.values()].filter(({ op, optional }) => optional.length > 0 && right.has(op) && find(op));
describe.each(callable.map((entry) => [entry.op, entry] as const))("%s", (op, { optional, defaults }) => {
  test("takes Keras' options, and leaves them at Keras' defaults", async () => {
    const args = argumentsOf(right.get(op) as PythonCall);
    const last = args.at(-1);
    const isOptions = typeof last === "object" && last !== null && Object.getPrototypeOf(last) === Object.prototype;
    const [positional, given] = isOptions ? [args.slice(0, -1), last as object] : [args, {}];
    const call = find(op) as Function;
    const usual = await hosts(call(...args));
    for (const name of optional) {
      const named = { [camel(name)]: defaults[name], ...given };
      expect(await hosts(call(...positional, named))).toEqual(usual);
    }
  });
});
