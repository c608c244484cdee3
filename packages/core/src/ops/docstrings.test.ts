// Every public op says what it computes, where that comes from, and shows one call (which runs as a test on every engine).
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as random from "../random/index.ts";
import * as ops from "./catalog.ts";
import { pythonOperationTable } from "./python.ts";

const root = new URL("../", import.meta.url);
const sources = ["ops", "random"].flatMap((room) =>
  readdirSync(new URL(`${room}/`, root), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => readFileSync(new URL(`${room}/${file}`, root), "utf8")),
);
// The docstring of each name, and the names under which files export others.
const docs = new Map<string, string>();
const renamed = new Map<string, string>();
for (const text of sources) {
  const declared = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^(?:export )?(?:const|(?:async )?function) (\w+)/gm;
  for (const [, doc = "", name = ""] of text.matchAll(declared)) {
    if (!docs.has(name) || doc.includes("@example")) docs.set(name, doc);
  }
  for (const [, from = "", to = ""] of text.matchAll(/^export \{ (\w+) as (\w+) \}/gm)) renamed.set(to, from);
}
const { image = {} } = ops as unknown as Readonly<Record<string, object>>;
const known = [...pythonOperationTable().keys()].filter((name) =>
  name.startsWith("random.") ? name.slice(7) in random : name in ops || name in image,
);

test.each(known)("%s", (op) => {
  const name = op.slice(op.lastIndexOf(".") + 1);
  const doc = docs.get(renamed.get(name) ?? name) ?? "";
  expect(doc).toMatch(/\w/);
  expect(doc).toContain("Source:");
  expect(doc).toContain("@example");
});
