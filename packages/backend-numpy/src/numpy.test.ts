import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { evaluate } from "../test/compare.ts";
import { findEngines, findPython, findWheel } from "../test/engines.ts";
import { host } from "../test/sample.ts";
import {
  type Backend,
  BackendError,
  compileGraph,
  fromCarrier,
  Graph,
  primitives as p,
  placeholder,
  StateError,
  toCarrier,
} from "./core.ts";
import { explain, type NumpyBackend, type NumpyHandle, numpy, type PyodideLoader } from "./index.ts";

const vector = placeholder({ shape: [3], dtype: "float32" });
const ones = host([3], [1, 1, 1]);
const doubled = new Graph([vector], [p.add(vector, vector)]);
const program = (engine: NumpyBackend, graph: Graph, donate: readonly (readonly [number, number])[] = []) => {
  const compiled = engine.compile?.(graph, { donate, label: "test" });
  if (compiled === undefined || compiled instanceof Promise) throw new Error("compile answers at once");
  return (...inputs: NumpyHandle[]) => compiled.run(inputs) as readonly NumpyHandle[];
};

test("programs are readable Python", () => {
  const weights = placeholder({ shape: [3, 2], dtype: "float32" });
  const product = p.dotGeneral(p.reshape(vector, { shape: [1, 3] }), weights, {
    lhsContract: [1],
    rhsContract: [0],
    lhsBatch: [],
    rhsBatch: [],
  });
  const [top] = p.topK(p.relu(product), { k: 1 });
  expect(explain(new Graph([vector, weights], [p.mul(top, 0.5), product]))).toBe(`c0 = np.float32(0.5)

def program(inputs):
    x0, x1 = inputs
    inputs.clear()
    v0 = x0.reshape((1, 3))
    del x0
    v1 = v0 @ x1
    del v0, x1
    v2 = np.maximum(v1, 0)
    v3, _ = kt.top_k(v2, 1)
    del v2, _
    v4 = v3 * c0
    del v3
    return (v4, v1)
`);
});

for (const found of await findEngines()) {
  if ("reason" in found) {
    test(`${found.name} not run: ${found.reason}`, ({ skip }) => skip(found.reason));
    continue;
  }
  describe(found.name, () => {
    let engine: NumpyBackend;
    beforeAll(async () => {
      engine = await found.make();
    });
    afterAll(() => engine.dispose());
    const inspect = async () => {
      const { handles, bytes } = await engine.inspect();
      return { handles, bytes };
    };

    test("threefry is JAX' to the bit", async () => {
      const key = placeholder({ shape: [2], dtype: "uint32" });
      const graph = new Graph([key], [p.randomBits(key, { shape: [5], words: 1 })]);
      const [bits] = await evaluate(engine, graph, [host([2], [7, 3], "uint32")]);
      expect([...(bits?.data ?? [])]).toEqual([771269580, 2590461243, 3066716433, 3196467460, 4041614116]);
    });

    test("work is queued in order, and the caller may reuse an uploaded array at once", async () => {
      const run = program(engine, doubled);
      const values = host([3], [1, 2, 3]);
      let x = engine.upload(values);
      values.data.fill(99);
      for (let i = 0; i < 200; i++) {
        const [next] = await run(x);
        engine.release(x);
        x = next as NumpyHandle;
      }
      expect([...(await engine.download(x)).data]).toEqual([1, 2, 3].map((n) => Math.fround(n * 2 ** 200)));
      engine.release(x);
    });

    test("donated inputs are gone after the run; memory is counted alike on both sides", async () => {
      const run = program(engine, doubled, [[0, 0]]);
      const x = engine.upload(ones);
      const [y] = run(x);
      expect(engine.memory?.()).toEqual({ handles: 1, bytes: 12 });
      expect(await inspect()).toEqual({ handles: 1, bytes: 12 });
      await expect(async () => engine.download(x)).rejects.toThrow("no value has this id");
      engine.release(y as NumpyHandle);
      engine.release(y as NumpyHandle);
      expect(await inspect()).toEqual({ handles: 0, bytes: 0 });
    });

    test("results own their memory: neither a view of a large array nor a broadcast is kept", async () => {
      const wide = placeholder({ shape: [1000], dtype: "float32" });
      const parts = [
        p.slice(wide, { starts: [0], limits: [2], strides: [1] }),
        p.broadcastTo(p.slice(wide, { starts: [0], limits: [1], strides: [1] }), { shape: [5] }),
      ];
      const x = engine.upload(host([1000], new Array<number>(1000).fill(1)));
      const outputs = program(engine, new Graph([wide], parts))(x);
      engine.release(x);
      expect(await inspect()).toEqual({ handles: 2, bytes: 28 });
      for (const y of outputs) engine.release(y);
    });

    test("an error in Python names the line, poisons only what depends on it, and the engine lives on", async () => {
      const run = program(engine, doubled);
      const other = placeholder({ shape: [3], dtype: "float32" });
      const sum = program(engine, new Graph([vector, other], [p.add(vector, other)]));
      const [bad] = sum(engine.upload(ones), engine.upload(host([2], [1, 1])));
      const [worse] = run(bad as NumpyHandle);
      const failure = engine.download(worse as NumpyHandle);
      await expect(failure).rejects.toBeInstanceOf(BackendError);
      await expect(failure).rejects.toThrow(/ValueError: operands could not be broadcast.* at line 4: v0 = x0 \+ x1/);
      const [fine] = run(engine.upload(ones));
      expect([...(await engine.download(fine as NumpyHandle)).data]).toEqual([2, 2, 2]);
    });

    test("halves are carried by float32 and rounded by core", async () => {
      const x = placeholder({ shape: [2], dtype: "float16" });
      const executable = await compileGraph(new Graph([x], [p.add(x, 2048)]), engine);
      const input = engine.upload(
        toCarrier({ shape: [2], dtype: "float16", data: new Float32Array([1, 3]) }, engine as Backend),
      );
      const [y] = await executable.run([input]);
      const values = fromCarrier(await engine.download(y as NumpyHandle), "float16");
      expect([...values.data]).toEqual([2048, 2052]);
      expect(() => engine.upload({ shape: [1], dtype: "float16", data: new Float32Array(1) })).toThrow(BackendError);
    });

    test("after dispose every call says so", async () => {
      const own = await found.make();
      const x = own.upload(ones);
      await own.dispose();
      await own.dispose();
      expect(() => own.upload(ones)).toThrow(StateError);
      await expect(own.download(x)).rejects.toBeInstanceOf(StateError);
      expect(() => own.release(x)).not.toThrow();
    });
  });
}

test("threads must be a positive number", async () => {
  await expect(numpy({ threads: 0 })).rejects.toThrow("threads must be 1 or more, got 0");
});

describe("a native worker", () => {
  const folder = mkdtempSync(join(tmpdir(), "keras-ts-numpy-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const script = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, 0o755);
    return path;
  };

  test("that cannot start is told with what it printed", async () => {
    await expect(numpy({ python: join(folder, "no-such-python") })).rejects.toThrow(/ENOENT/);
    if (process.platform === "win32") return;
    const broken = script("broken", "#!/bin/sh\necho 'no numpy here' >&2\nexit 3\n");
    await expect(numpy({ python: broken })).rejects.toThrow(/ended with code 3, its last lines:\nno numpy here/);
  });

  test("is told how many threads to take, and to keep memory", async () => {
    if (process.platform === "win32") return;
    const told = script("told", '#!/bin/sh\necho "$OPENBLAS_NUM_THREADS, $MALLOC_TRIM_THRESHOLD_" >&2\nexit 3\n');
    await expect(numpy({ python: told, threads: 3 })).rejects.toThrow("\n3, 268435456\n");
  });

  test("that dies fails what waits for it and what comes after", async ({ skip }) => {
    const found = await findPython();
    if ("reason" in found || process.platform === "win32") return skip("no python3 with NumPy");
    const { stdout } = await promisify(execFile)("sh", ["-c", 'command -v "$0"', found.python ?? "python3"]);
    const python = found.python ?? (await workingPython(stdout.trim()));
    const dying = script(
      "dying",
      `#!/bin/sh\n( sleep 2; echo 'about to die' >&2; kill -9 $$ ) &\nexec "${python}" "$@"\n`,
    );
    const engine = await numpy({ python: dying });
    const x = engine.upload(ones);
    const loop = async (): Promise<void> => {
      for (;;) await engine.download(x);
    };
    await expect(loop()).rejects.toThrow(/ended with SIGKILL, its last lines:\nabout to die/);
    expect(() => engine.upload(ones)).toThrow(/the Python worker must be alive/);
    await engine.dispose();
  });

  test("keeps the program alive while something is asked of it, and not longer", async ({ skip }) => {
    const found = await findPython();
    if ("reason" in found) return skip(found.reason);
    const url = new URL("./index.ts", import.meta.url).href;
    const text = `
      const { numpy } = await import(${JSON.stringify(url)});
      const engine = await numpy({ runtime: "native", ...${JSON.stringify(found)} });
      const x = engine.upload({ shape: [2], dtype: "int32", data: new Int32Array([4, 2]) });
      console.log((await engine.download(x)).data.join(""));
    `;
    const options = ["--conditions=@keras-ts/source", "--import", "tsx", "--input-type=module", "-e", text];
    const cwd = fileURLToPath(new URL("..", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, options, { timeout: 30_000, cwd });
    expect(stdout).toBe("42\n");
  });
});

// What the engine finds by itself when nothing is named.
async function workingPython(first: string): Promise<string> {
  const engine = await numpy({ runtime: "native" });
  await engine.dispose();
  const name = /\((.*)\)/.exec(engine.name)?.[1] ?? first;
  return name === "python3" ? first : name;
}

describe("Pyodide", () => {
  test("without a wheel says what to do", async () => {
    const missing = numpy({ runtime: "pyodide", numpyWheel: "/no/such/numpy.whl" });
    await expect(missing).rejects.toThrow(/Pyodide must find a NumPy 2 wheel, got no file .*numpyWheel .* packageDir/);
    const empty = mkdtempSync(join(tmpdir(), "keras-ts-numpy-"));
    await expect(numpy({ runtime: "pyodide", packageDir: empty })).rejects.toThrow(/no numpy-\*wasm32\.whl in/);
    rmSync(empty, { recursive: true });
  });

  test("whose servers do not answer says what to do", async () => {
    const silent: PyodideLoader = async () => ({
      runPython: () => false,
      loadPackage: async (_, options) => {
        options?.errorCallback?.("fetch failed");
        return [];
      },
    });
    const missing = numpy({ runtime: "pyodide", pyodide: silent });
    await expect(missing).rejects.toThrow(/Pyodide must find a NumPy 2 wheel, got fetch failed/);
  });

  test("can be injected, and then runs in the calling thread", async ({ skip }) => {
    const wheel = await findWheel();
    if ("reason" in wheel) return skip(wheel.reason);
    const { loadPyodide } = await import("pyodide");
    const engine = await numpy({ runtime: "pyodide", pyodide: loadPyodide as unknown as PyodideLoader, ...wheel });
    const [y] = await evaluate(engine, doubled, [host([3], [1, 2, 3])]);
    expect([...(y?.data ?? [])]).toEqual([2, 4, 6]);
    await engine.dispose();
  });
});
