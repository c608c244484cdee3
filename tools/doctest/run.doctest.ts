// Every example of the READMEs, docs/ and docstrings is a test: it must run without throwing.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { writeExamples } from "./write.ts";

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

for (const { where, path, mode } of written) {
  if (mode === "run") test(where, async () => void (await import(/* @vite-ignore */ path)));
}
