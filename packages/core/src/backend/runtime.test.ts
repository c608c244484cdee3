import { afterEach, expect, test } from "vitest";
import { Graph, placeholder, type Tensor } from "../graph/index.ts";
import { full, mul } from "../primitives/index.ts";
import { read } from "../transforms/index.ts";
import { type Backend, getBackend, reference, setBackend, settle } from "./index.ts";
import { liveBytes } from "./pressure.ts";
import { isCompiled, programFor } from "./runtime.ts";

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

test("programs are kept by structure, those used last, and few where they are large", () => {
  const compile: Backend["compile"] = () => ({ run: () => [], dispose: () => {} });
  const backend: Backend = { ...(reference() as Backend), lowers: true, compile };
  const chain = (length: number, factor: number): Graph => {
    const x = placeholder({ shape: [], dtype: "float32" });
    return new Graph([x], [Array.from({ length }).reduce<Tensor>((y) => mul(y, factor), x)]);
  };
  const step = chain(3, 1);
  const first = programFor(backend, step);
  expect(programFor(backend, chain(3, 1))).toBe(first);
  const large = Array.from({ length: 9 }, (_, i) => chain(3500, i));
  for (const graph of large) {
    programFor(backend, graph);
    programFor(backend, step);
  }
  expect(isCompiled(backend, step)).toBe(true);
  expect(large.map((graph) => isCompiled(backend, graph))).toEqual(large.map(() => true));
  programFor(backend, chain(3500, 10));
  expect(large.map((graph) => isCompiled(backend, graph))).toEqual(large.map((_, i) => i > 0));
  // What was asked for last stays, however large it is; whoever has the graph of another still finds its program.
  const huge = chain(35_000, 1);
  programFor(backend, huge);
  expect([isCompiled(backend, huge), isCompiled(backend, step)]).toEqual([true, false]);
  expect(programFor(backend, step)).toBe(first);
});

test("settle waits for what an engine does after its run has answered", async () => {
  const done: string[] = [];
  const late = { ...reference(), settled: () => Promise.resolve().then(() => void done.push("engine")) };
  setBackend(late);
  await settle();
  done.push("settle");
  expect(done).toEqual(["engine", "settle"]);
});
