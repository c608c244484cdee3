import { afterEach, expect, test } from "vitest";
import { full, mul } from "../primitives/index.ts";
import { read } from "../transforms/index.ts";
import { getBackend, reference, setBackend, settle } from "./index.ts";
import { liveBytes } from "./pressure.ts";

afterEach(() => setBackend(reference()));

test("what is no backend is refused, with the usual mistake named", () => {
  expect(() => setBackend(Promise.resolve(reference()) as never)).toThrow(/got a promise. Await the factory/);
  expect(() => setBackend({} as never)).toThrow(/must be a backend/);
  expect(getBackend().name).toBe("reference");
});

test("memory of dead values is released while a loop goes on", async () => {
  const backend = reference();
  setBackend(backend);
  const megabyte = 2 ** 18;
  let most = 0;
  for (let i = 0; i < 150; i++) {
    await read(mul(full([megabyte * 8], i, "float32"), 2)); // 8 MB each, 1.2 GB in all
    most = Math.max(most, liveBytes());
  }
  expect(most / 2 ** 20).toBeLessThan(800);
}, 60_000);

test("settle waits for what an engine does after its run has answered", async () => {
  const done: string[] = [];
  const late = { ...reference(), settled: () => Promise.resolve().then(() => void done.push("engine")) };
  setBackend(late);
  await settle();
  done.push("settle");
  expect(done).toEqual(["engine", "settle"]);
});
