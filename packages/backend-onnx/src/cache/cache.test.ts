// Programs kept in a folder: a later engine compiles nothing and computes the same bits; nothing that is wrong there does harm.
import { execFile } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  input,
  layers,
  ops,
  RematScope,
  random,
  remat,
  Sequential,
  setBackend,
  setRandomSeed,
  type Tensor,
  tensor,
} from "@keras-ts/core";
import { Graph, type HostArray, literal, primitives as p, placeholder } from "@keras-ts/core/backend";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { type OnnxBackend, OnnxLayer, type OnnxOptions, onnx, onnxBytes } from "../index.ts";
import type { InjectedOrt } from "../ort.ts";
import { folderStore } from "./folder.ts";
import { encodeEntry } from "./kept.ts";
import { keyOf } from "./key.ts";
import { type Compiler, ProgramCache } from "./program-cache.ts";

const root = mkdtempSync(join(tmpdir(), "keras-ts-cache-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = (): string => join(root, `cache${folders++}`);
const entries = (folder: string): string[] => readdirSync(folder).map((name) => join(folder, name));

const waves = (shape: readonly number[]): HostArray => ({
  shape,
  dtype: "float32",
  data: Float32Array.from({ length: shape.reduce((n, size) => n * size, 1) }, (_, i) => Math.sin(i)),
});
const bits = async (...tensors: readonly (Tensor | Promise<Tensor>)[]): Promise<unknown[]> =>
  Promise.all(tensors.map(async (x) => (await x).data()));

/** A little of everything: training, predicting, loops, branches, random numbers, shapes that hang on values, dtypes carried by others. */
async function convnet(): Promise<unknown[]> {
  const model = new Sequential([
    input({ shape: [8, 8, 2] }),
    new layers.Conv2D({ filters: 16, kernelSize: 3, activation: "relu" }),
    new layers.BatchNormalization(),
    new layers.MaxPooling2D({ poolSize: 2 }),
    new layers.Flatten(),
    new layers.Dropout({ rate: 0.3 }),
    new layers.Dense({ units: 3, activation: "softmax" }),
  ]);
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  const x = waves([40, 8, 8, 2]);
  const y: HostArray = { shape: [40], dtype: "int32", data: Int32Array.from({ length: 40 }, (_, i) => i % 3) };
  const { history } = await model.fit(x, y, { batchSize: 16, epochs: 2, verbose: 0 });
  const predict = await model.predictor();
  return [
    history,
    ...(await bits(model.predict(x, { verbose: 0 }), predict(x))),
    await model.evaluate(x, y, { verbose: 0 }),
  ];
}
async function recurrent(): Promise<unknown[]> {
  const model = new Sequential([
    input({ shape: [30, 3] }),
    new layers.LSTM({ units: 5 }),
    new layers.Dense({ units: 1 }),
  ]);
  model.compile({ optimizer: "sgd", loss: "mse" });
  const { history } = await model.fit(waves([8, 30, 3]), waves([8, 1]), { epochs: 1, verbose: 0 });
  return [history];
}
async function small(): Promise<unknown[]> {
  const x = tensor([3, 0, 1, 0, 2]);
  const [last] = ops.whileLoop(
    (i) => ops.less(i as Tensor, 100),
    (i) => [ops.multiply(i as Tensor, 3)],
    [tensor(2)],
  );
  const branch = ops.cond(
    ops.greater(ops.sum(x), 5),
    () => ops.exp(x),
    () => ops.negative(x),
  );
  const [, sums] = ops.scan((carry, y) => [ops.add(carry as Tensor, y as Tensor), carry as Tensor], tensor(0), {
    xs: x,
  });
  const block = remat((z: Tensor) => ops.tanh(ops.exp(ops.sin(z))));
  return bits(
    last as Tensor,
    branch as Tensor,
    sums as Tensor,
    ...(await ops.nonzero(x)),
    random.normal([7], { seed: 3 }),
    random.shuffle(x, { seed: 4 }),
    ops.cast(ops.multiply(ops.cast(x, "float16"), 3), "float32"),
    ops.cast(ops.add(ops.cast(x, "uint8"), 254), "int32"),
    ops.multiply(
      x,
      Array.from({ length: 5 }, (_, i) => i * 1e-3),
    ),
    block(x),
  );
}
async function everything(): Promise<unknown[]> {
  return [...(await convnet()), ...(await recurrent()), ...(await small())];
}

interface Outcome {
  readonly results: unknown;
  readonly compiled: number;
  readonly fromCache: number;
}
/** Runs `job` on an engine of its own. */
async function on(options: OnnxOptions, job: () => Promise<unknown>): Promise<Outcome> {
  const engine: OnnxBackend = await onnx({ threads: 1, ...options });
  setBackend(engine);
  setRandomSeed(5);
  try {
    const results = await job();
    const { compiled, fromCache } = engine.memory();
    return { results, compiled, fromCache };
  } finally {
    await engine.dispose?.();
  }
}
async function warningsOf<T>(action: () => Promise<T>): Promise<{ readonly value: T; readonly warnings: string[] }> {
  const spy = vi.spyOn(console, "warn").mockImplementation(() => {});
  try {
    const value = await action();
    return { value, warnings: spy.mock.calls.map(String) };
  } finally {
    spy.mockRestore();
  }
}
afterEach(() => vi.unstubAllEnvs());

describe.each(["node", "web"] as const)("onnx %s", (engine) => {
  test("a second engine compiles nothing, and gives the same bits as one without a cache", async () => {
    const cache = newFolder();
    const plain = await on({ engine }, everything);
    const cold = await on({ engine, cache }, everything);
    const warm = await on({ engine, cache }, everything);
    expect(plain.fromCache).toBe(0);
    expect(cold.compiled).toBeGreaterThan(15);
    expect(warm.compiled).toBe(0);
    expect(warm.fromCache).toBe(plain.compiled);
    expect(cold.results).toEqual(plain.results);
    expect(warm.results).toEqual(plain.results);
  }, 120_000);
});

test("programs around an existing model are kept too, also where it is computed again for gradients", async () => {
  const file = await onnxBytes(new Sequential([input({ shape: [3] }), new layers.Dense({ units: 4 })]));
  const around = async (): Promise<unknown[]> => {
    const frozen = new RematScope({ mode: "full" }).run(() => new OnnxLayer({ model: file }));
    const model = new Sequential([input({ shape: [3] }), frozen, new layers.Dense({ units: 1 })]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const { history } = await model.fit(waves([8, 3]), waves([8, 1]), { epochs: 2, verbose: 0 });
    return [history, ...(await bits(model.predict(waves([8, 3]), { verbose: 0 })))];
  };
  const cache = newFolder();
  const plain = await on({}, around);
  expect((await on({ cache }, around)).results).toEqual(plain.results);
  const warm = await on({ cache }, around);
  expect(warm).toEqual({ results: plain.results, compiled: 0, fromCache: plain.compiled });
});

describe("what decides about a program is in its name", () => {
  const job = (): Promise<unknown> => bits(ops.matmul(tensor([[1, 2]]), tensor([[3], [4]])));

  test("passes, random bits and session options are, threads are not", async () => {
    const cache = newFolder();
    await on({ cache }, job);
    const sources = async (options: OnnxOptions): Promise<number> => (await on({ cache, ...options }, job)).compiled;
    expect(await sources({})).toBe(0);
    expect(await sources({ threads: 2 })).toBe(0);
    expect(await sources({ passes: { fold: true } })).toBe(0);
    expect(await sources({ passes: { fold: false } })).toBe(1);
    expect(await sources({ random: "fast" })).toBe(1);
    expect(await sources({ session: { graphOptimizationLevel: "basic" } })).toBe(1);
    expect(await sources({ engine: "web" })).toBe(1);
  });

  test("another version of ONNX Runtime compiles anew; one that tells none keeps nothing", async () => {
    const ort = (await import("onnxruntime-node")) as unknown as InjectedOrt;
    const build = (versions: Record<string, string> | undefined): InjectedOrt => ({
      Tensor: ort.Tensor,
      InferenceSession: ort.InferenceSession,
      env: { versions } as InjectedOrt["env"],
    });
    const cache = newFolder();
    const compiled = async (versions?: Record<string, string>): Promise<number> =>
      (await on({ cache, engine: "node", ort: build(versions) }, job)).compiled;
    expect(await compiled({ common: "1.30.0", node: "1.30.0" })).toBe(1);
    expect(await compiled({ common: "1.30.0", node: "1.30.0" })).toBe(0);
    expect(await compiled({ common: "1.30.0", node: "1.31.0" })).toBe(1);
    const { value, warnings } = await warningsOf(() => compiled());
    expect(value).toBe(1);
    expect(warnings).toEqual([expect.stringContaining("a copy of ONNX Runtime that does not tell its version")]);
  });

  test("on the graphics card what is kept of state is, and where values of variables come out", async () => {
    const v = placeholder({ shape: [2], dtype: "float32" });
    const graph = new Graph([v], [p.neg(v)]);
    const compiler: Compiler = {
      ort: { env: { versions: { web: "1" } } } as unknown as InjectedOrt,
      ...{ engine: "web", device: "webgpu", session: {}, settings: { random: "threefry" }, keepState: "step" },
    };
    const key = (change: Partial<Compiler>, stage = "whole []"): Promise<string | undefined> =>
      new ProgramCache(folderStore(newFolder(), 1e6), { ...compiler, ...change }).key(graph, stage);
    const plain = await key({});
    expect(plain).toMatch(/^[0-9a-f]{64}$/);
    expect(await key({ session: { logSeverityLevel: 2 } })).toBe(plain);
    const others = [key({ keepState: "none" }), key({ device: "cpu" }), key({}, "whole [[0,0]]")];
    expect(new Set([plain, ...(await Promise.all(others))]).size).toBe(4);
  });

  test("structure and constants are, to the last bit", async () => {
    const key = (change: (data: Float32Array) => void, stamp = "here"): Promise<string | undefined> => {
      const x = placeholder({ shape: [100], dtype: "float32" });
      const data = Float32Array.from({ length: 100 }, (_, i) => i);
      change(data);
      return keyOf(new Graph([x], [p.mul(x, literal({ shape: [100], dtype: "float32", data }))]), stamp, 1e6);
    };
    const plain = await key(() => {});
    expect(plain).toMatch(/^[0-9a-f]{64}$/);
    expect(await key(() => {})).toBe(plain);
    const others = await Promise.all([
      key((data) => data.set([-0])),
      key((data) => data.set([100 + 2 ** -17], 99)),
      key(() => {}, "there"),
      keyOf(new Graph([], [literal(waves([100]))]), "here", 1e6),
    ]);
    expect(new Set([plain, ...others]).size).toBe(5);
    // Too many constants to be kept.
    expect(await keyOf(new Graph([], [literal(waves([100]))]), "here", 399)).toBeUndefined();
    // A graph over a value from outside of it.
    const outside = placeholder({ shape: [2], dtype: "float32" });
    expect(await keyOf(new Graph([], [p.neg(outside)]), "here", 1e6)).toBeUndefined();
  });
});

describe("an entry that is not what was written", () => {
  const spoil: Readonly<Record<string, (path: string, other: string) => void>> = {
    "with a flipped byte in the model": (path) => flip(path, 0.7),
    "with a flipped byte in the header": (path) => flip(path, 0.02),
    "with a flipped byte in the checksum": (path) => flip(path, 0.9999),
    "of an older format": (path) => {
      const bytes = readFileSync(path);
      bytes.write("keras-ts program 0\n");
      writeFileSync(path, bytes);
    },
    "cut short": (path) => truncateSync(path, Math.floor(statSync(path).size / 2)),
    "cut to a few bytes": (path) => truncateSync(path, 7),
    empty: (path) => truncateSync(path, 0),
    "grown longer": (path) => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.of(0)])),
    "that is a folder": (path) => {
      rmSync(path);
      mkdirSync(join(path, "inside"), { recursive: true });
    },
    "of another program": (path, other) => copyFileSync(other, path),
  };
  function flip(path: string, where: number): void {
    const bytes = readFileSync(path);
    const at = Math.floor(bytes.length * where);
    bytes[at] = (bytes[at] as number) ^ 4;
    writeFileSync(path, bytes);
  }

  test.each(Object.keys(spoil))("%s is compiled again", async (name) => {
    const cache = newFolder();
    const cold = await on({ cache }, small);
    const all = entries(cache);
    all.forEach((path, i) => {
      // The first stays whole.
      if (i > 0) spoil[name]?.(path, all[0] as string);
    });
    const { value: again, warnings } = await warningsOf(() => on({ cache }, small));
    expect(again.results).toEqual(cold.results);
    expect(again.compiled).toBe(all.length - 1);
    expect(warnings).toEqual([]);
    expect((await on({ cache }, small)).compiled).toBe(0);
    expect(entries(cache).sort()).toEqual(all.sort());
  });

  test("that ONNX Runtime cannot open is compiled again, whole as it may be", async () => {
    const cache = newFolder();
    const cold = await on({ cache }, small);
    for (const path of entries(cache)) {
      const key = /([0-9a-f]{64})\.program$/.exec(path)?.[1] as string;
      writeFileSync(
        path,
        await encodeEntry(key, { model: Uint8Array.of(1, 2, 3), inputs: [], outputs: [], session: {} }),
      );
    }
    const again = await on({ cache }, small);
    expect(again).toEqual({ ...cold, compiled: cold.compiled + cold.fromCache, fromCache: 0 });
    expect((await on({ cache }, small)).compiled).toBe(0);
  });
});

describe("a place that is of no use is one warning", () => {
  test.each(["node", "web"] as const)("a folder that is a file (onnx %s)", async (engine) => {
    const file = join(root, `file-${engine}`);
    writeFileSync(file, "");
    const { value, warnings } = await warningsOf(() => on({ engine, cache: join(file, "inside") }, small));
    expect(value.results).toEqual((await on({ engine }, small)).results);
    expect(warnings.length).toBe(1);
    expect(warnings[0]).toMatch(
      /^keras-ts: onnx: the cache of programs, the folder ".*", must be readable and writable, got /,
    );
    expect(warnings[0]).toMatch(/Training goes on without it: name another place, or leave out the option cache\.$/);
  });

  test("a folder where nothing can be made", async () => {
    const link = join(root, "link");
    symlinkSync(join(root, "nowhere", "inside"), link);
    const { value, warnings } = await warningsOf(() => on({ cache: link }, small));
    expect(value.fromCache).toBe(0);
    expect(warnings.length).toBe(1);
  });

  test("a folder where only ONNX Runtime cannot write", async () => {
    const ort = (await import("onnxruntime-node")) as unknown as InjectedOrt;
    const { create } = ort.InferenceSession;
    const full: InjectedOrt = {
      Tensor: ort.Tensor,
      InferenceSession: {
        create: (model, options) =>
          options?.optimizedModelFilePath === undefined
            ? create.call(ort.InferenceSession, model, options)
            : Promise.reject(new Error("No space left on device")),
      },
      env: { versions: { node: "1" } } as unknown as InjectedOrt["env"],
    };
    const { value, warnings } = await warningsOf(() => on({ cache: newFolder(), engine: "node", ort: full }, small));
    expect(value.results).toEqual((await on({}, small)).results);
    expect(warnings).toEqual([expect.stringContaining("No space left on device")]);
  });

  test("an option that names no place is refused", async () => {
    for (const cache of ["", { limit: 0 }, { name: "x", limit: Number.NaN }, 5 as never])
      await expect(onnx({ cache })).rejects.toThrow(/cache must be true, a folder .* Correct it, or leave it out/);
    expect((await onnx({ cache: false })).name).toBe("onnx node");
  });
});

test("true is a folder of the user", async () => {
  vi.stubEnv("XDG_CACHE_HOME", join(root, "home"));
  vi.stubEnv("LOCALAPPDATA", join(root, "home"));
  if (process.platform === "darwin") vi.stubEnv("HOME", join(root, "home"));
  const job = (): Promise<unknown> => bits(ops.add(tensor([1]), 2));
  expect((await on({ cache: true }, job)).compiled).toBe(1);
  expect((await on({ cache: true }, job)).compiled).toBe(0);
  expect(readdirSync(join(root, "home"), { recursive: true }).some((name) => String(name).endsWith(".program"))).toBe(
    true,
  );
});

describe("all entries together stay below the limit", () => {
  test("the ones used longest ago go, and what other processes left behind", async () => {
    const folder = newFolder();
    const program = (length: number) => (): Promise<unknown> => bits(ops.exp(ops.ones([length])));
    await on({ cache: folder }, program(11));
    const [size] = entries(folder).map((path) => statSync(path).size);
    const cache = { name: folder, limit: 3.5 * (size as number) };
    const day = 86_400;
    const age =
      (days: number) =>
      (path: string): void =>
        utimesSync(path, Date.now() / 1000 - days * day, Date.now() / 1000 - days * day);
    const [first] = entries(folder) as [string];
    await on({ cache }, program(12));
    const second = entries(folder).find((path) => path !== first) as string;
    await on({ cache }, program(13));
    entries(folder).forEach(age(1));
    age(3)(first);
    age(2)(second);
    const left = join(folder, `${"0".repeat(64)}.program.99-0.tmp`);
    writeFileSync(left, "half");
    age(1)(left);
    writeFileSync(join(folder, "notes.txt"), "not ours");
    // Used now: the second is the oldest.
    expect((await on({ cache }, program(11))).fromCache).toBe(1);
    await on({ cache }, program(14));
    const now = entries(folder);
    expect(now).toContain(first);
    expect(now).not.toContain(second);
    expect(now).not.toContain(left);
    expect(now).toContain(join(folder, "notes.txt"));
    expect(now.filter((path) => path.endsWith(".program")).length).toBe(3);
  });

  test("with a limit too small for anything, nothing is kept and all runs", async () => {
    const folder = newFolder();
    const { results } = await on({ cache: { name: folder, limit: 1 } }, small);
    expect(results).toEqual((await on({}, small)).results);
  });
});

test("processes that start at the same time share a folder", async () => {
  const cache = newFolder();
  const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const script = join(root, "process.mts");
  writeFileSync(
    script,
    `import { ops, setBackend, tensor, random, setRandomSeed } from ${JSON.stringify(import.meta.resolve("@keras-ts/core"))};
    import { onnx } from ${url("../index.ts")};
    const engine = await onnx({ threads: 1, cache: ${JSON.stringify(cache)} });
    setBackend(engine);
    const results = [];
    for (let i = 1; i <= 12; i++) results.push(await ops.sum(ops.multiply(ops.exp(random.normal([20, i], { seed: i })), i)).item());
    const { compiled, fromCache } = engine.memory();
    await engine.dispose();
    console.log(JSON.stringify({ results, compiled, fromCache }));`,
  );
  const tsx = import.meta.resolve("tsx");
  const start = async (): Promise<Outcome> => {
    const args = ["--conditions=@keras-ts/source", "--import", tsx, script];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
    });
    return JSON.parse(stdout) as Outcome;
  };
  const [one, two] = await Promise.all([start(), start()]);
  const three = await start();
  expect(two.results).toEqual(one.results);
  expect(three.results).toEqual(one.results);
  expect(three.compiled).toBe(0);
  expect(three.fromCache).toBe(one.compiled + one.fromCache);
  expect(entries(cache).every((path) => path.endsWith(".program"))).toBe(true);
}, 120_000);
