import { execFile } from "node:child_process";
import { expect, test } from "vitest";
import { isBusyBeside, type Usage, usageNow } from "./other-load.ts";

const usage = (at: number, all: number, own: number): Usage => ({ at, all, own });

test("what this process used itself is no load of others", () => {
  const start = usage(1000, 50_000, 2000);
  expect(isBusyBeside(start, usage(1200, 50_380, 2380))).toBe(false);
  expect(isBusyBeside(start, usage(1200, 50_240, 2200))).toBe(false);
  expect(isBusyBeside(start, usage(1200, 50_380, 2200))).toBe(true);
  expect(isBusyBeside(start, usage(1040, 50_080, 2000))).toBeUndefined();
});

test("a busy process beside this one is seen", async () => {
  const before = usageNow() as Usage;
  const spin = "const end = performance.now() + 400; while (performance.now() < end);";
  const children = [1, 2, 3, 4].map(
    () => new Promise<void>((resolve) => execFile(process.execPath, ["-e", spin], () => resolve())),
  );
  await Promise.all(children);
  expect(isBusyBeside(before, usageNow() as Usage)).toBe(true);
});
