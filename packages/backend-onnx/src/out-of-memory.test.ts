// Memory that is really not there: an error of its own, after which training goes on from the last completed step.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { input, layers, ops, Sequential, setBackend, setRandomSeed, type Tensor, tensor } from "@keras-ts/core";
import { OutOfMemoryError } from "@keras-ts/core/backend";
import { afterEach, describe, expect, test } from "vitest";
import { type OnnxBackend, type OnnxOptions, onnx } from "./index.ts";

/** Two numbers for each pair of samples: memory grows with the square of the batch. */
function pairs(x: Tensor): Tensor {
  const products = ops.matmul(x, ops.transpose(x));
  return ops.add(ops.tanh(products), products);
}
class Pairs extends layers.Layer {
  static override readonly className = "Pairs";
  override call(x: Tensor): Tensor {
    return ops.mean(pairs(x), { axis: 1, keepdims: true });
  }
}
const rows = (count: number): Tensor =>
  tensor(
    Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i)),
    { shape: [count, 2] },
  );
const numbers = async (model: Sequential): Promise<number[]> =>
  (await model.getWeights()).flatMap(({ data }) => Array.from(data, Number));

const open: OnnxBackend[] = [];
async function engineOf(options: OnnxOptions): Promise<OnnxBackend> {
  const engine = await onnx({ threads: 1, ...options });
  open.push(engine);
  setBackend(engine);
  return engine;
}
afterEach(async () => {
  for (const engine of open.splice(0)) await engine.dispose?.();
});

// 2^20 samples are pairs of 4 TB. The wasm build has at most 4 GB: 24,000 samples are 2.3 GB twice, 40,000 more than its numbers for sizes hold.
describe.each([["node", 2 ** 20] as const, ["web", 24_000] as const, ["web", 40_000] as const])(
  "onnx %s, %i samples",
  (engine, count) => {
    test("what does not fit is an error of its own", async () => {
      await engineOf({ engine });
      await expect(ops.sum(pairs(rows(count))).item()).rejects.toThrow(OutOfMemoryError);
      // The engine is there still.
      expect(await ops.sum(ops.matmul(rows(2), rows(2))).item()).toBeTypeOf("number");
    });

    test("training goes on from the last completed step", async () => {
      await engineOf({ engine });
      setRandomSeed(1);
      const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 2 }), new Pairs()]);
      model.compile({ optimizer: "adam", loss: "mse" });
      const learn = (samples: number): Promise<unknown> =>
        model.fit(rows(samples), ops.ones([samples, 1]), { batchSize: samples, verbose: 0 });
      await learn(8);
      await learn(8);
      const before = await numbers(model);
      await expect(learn(count)).rejects.toThrow(
        /^onnx \w+ backend: there must be memory to run .*, got .+\. The state of the last completed step is kept: make a new engine, and go on with smaller batches\./,
      );
      expect(await numbers(model)).toEqual(before);
      expect(await model.optimizer.iterations.item()).toBe(2);
      await engineOf({ engine });
      await learn(8);
      expect(await model.optimizer.iterations.item()).toBe(3);
      expect(await numbers(model)).not.toEqual(before);
      expect((await numbers(model)).every(Number.isFinite)).toBe(true);
    });
  },
);

test("a tensor that JavaScript has no memory for is such an error too", async () => {
  await engineOf({ engine: "node" });
  await expect(ops.zeros([2 ** 40]).data()).rejects.toThrow(OutOfMemoryError);
});

// Where the system gives less, memory runs out in the middle of a step, after part of what it needs.
test("in a process that may have 1.2 GB", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keras-ts-memory-"));
  const script = join(folder, "process.mts");
  const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  writeFileSync(
    script,
    `import { input, layers, ops, Sequential, setBackend, setRandomSeed } from ${JSON.stringify(import.meta.resolve("@keras-ts/core"))};
    import { onnx } from ${url("./index.ts")};
    setBackend(await onnx({ threads: 1 }));
    setRandomSeed(1);
    const wide = () => new layers.Dense({ units: 1024, activation: "tanh" });
    const model = new Sequential([input({ shape: [8] }), wide(), wide(), wide(), wide(), new layers.Dense({ units: 1 })]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const learn = (n) => model.fit(ops.ones([n, 8]), ops.ones([n, 1]), { batchSize: n, epochs: 2, verbose: 0 });
    const numbers = async () => (await model.getWeights()).flatMap(({ data }) => [...data]);
    await learn(4);
    const before = await numbers();
    const error = await learn(64_000).catch((thrown) => thrown);
    const kept = (await numbers()).every((x, i) => x === before[i]);
    setBackend(await onnx({ threads: 1 }));
    const { history } = await learn(4);
    console.log(JSON.stringify({ name: error.name, kept, steps: await model.optimizer.iterations.item(), loss: history.loss }));`,
  );
  try {
    const node = [process.execPath, "--conditions=@keras-ts/source", "--import", import.meta.resolve("tsx"), script];
    const { stdout } = await promisify(execFile)("bash", ["-c", 'ulimit -d 1200000 && exec "$@"', "bash", ...node], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
    });
    const found = JSON.parse(stdout) as { readonly loss: readonly number[] };
    expect(found).toMatchObject({ name: "OutOfMemoryError", kept: true, steps: 4 });
    expect(found.loss[1]).toBeLessThan(found.loss[0] as number);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
