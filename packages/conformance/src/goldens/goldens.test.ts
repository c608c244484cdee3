import { publicOp } from "@keras-ts/core/backend";
import { expect, test } from "vitest";
import { goldenGroups, readCases, readGoldens } from "./index.ts";

interface File {
  readonly cases: readonly { readonly op?: string }[];
  readonly [list: string]: readonly unknown[];
}
const read = (family: string): File => readGoldens(family) as File;
const count = (start: string): number =>
  goldenGroups().reduce((n, { name, cases }) => (name.startsWith(start) ? n + cases.length : n), 0);

test("no case of a golden file is left out", () => {
  // What gives no tensor has nothing to compute; goldens may be ahead of the ops.
  const isHere = (op = ""): boolean => publicOp(op) !== undefined && !["shape", "ndim", "size"].includes(op);
  const computed = (readCases("ops-") as File["cases"]).filter(({ op }) => isHere(op));
  const [random, losses] = [read("random"), read("losses")];
  expect(count("ops.")).toBe(computed.length);
  const lists = [random.cases, random["bits"], random["splits"]];
  expect(count("random")).toBe(lists.reduce((n, list) => n + (list?.length ?? 0), 0));
  expect(count("loss")).toBe(losses.cases.length + (losses["functions"]?.length ?? 0));
  expect(count("activations")).toBe(read("activations").cases.length);
  expect(count("layers.")).toBe(read("layers").cases.length);
});

test("each case has a name of its own in its group", () => {
  for (const { name, cases } of goldenGroups()) {
    expect(new Set(cases.map((one) => one.name)).size, name).toBe(cases.length);
  }
});
