// Every example of the READMEs, docs/ and docstrings is a test: it must run without throwing. Those of ops run in engines.doctest.ts.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isOfOps, writeExamples } from "./write.ts";

const { written } = writeExamples("run");

beforeEach(() => {
  vi.resetModules(); // each example starts with a fresh core, on the reference backend
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

test("the documentation was searched for examples", () => {
  expect(Array.isArray(written)).toBe(true);
});

for (const example of written.filter((one) => !isOfOps(one))) {
  const { where, path, mode } = example;
  if (mode === "run") test(where, async () => void (await import(/* @vite-ignore */ path)));
}
