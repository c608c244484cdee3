import {
  type Backend,
  BackendError,
  compileGraph,
  Graph,
  type HostArray,
  primitives as p,
  placeholder,
  type Tensor,
} from "@keras-ts/core/backend";
import { afterAll, describe, expect, test } from "vitest";
import { type OrtHandle, onnx } from "./index.ts";
import type { InjectedOrt, OrtTensor } from "./ort.ts";

const floats = (values: readonly number[], shape: readonly number[] = [values.length]): HostArray => ({
  shape,
  dtype: "float32",
  data: Float32Array.from(values),
});
async function run(
  backend: Backend<OrtHandle>,
  inputs: readonly HostArray[],
  build: (xs: readonly Tensor[]) => readonly Tensor[],
): Promise<HostArray[]> {
  const xs = inputs.map((x) => placeholder(x));
  const program = await compileGraph(new Graph(xs, build(xs)), backend);
  const outs = await program.run(inputs.map((x) => backend.upload(x)));
  return Promise.all(outs.map((x) => backend.download(x)));
}

const engines = await Promise.all((["node", "web"] as const).map((engine) => onnx({ engine, threads: 2 })));

describe.each(engines)("$name", (backend) => {
  afterAll(() => backend.dispose?.());

  test("random bits are threefry's", async () => {
    const key = { shape: [2], dtype: "uint32", data: Uint32Array.of(7, 3) } as const;
    const [bits] = await run(backend, [key], ([k]) => [p.randomBits(k as Tensor, { shape: [5], words: 1 })]);
    expect([...(bits as HostArray).data]).toEqual([771269580, 2590461243, 3066716433, 3196467460, 4041614116]);
  });

  test("scatters to equal places add up, and the last one set wins, with several threads", async () => {
    const count = 100_000;
    const indices = {
      shape: [count, 1],
      dtype: "int32",
      data: Int32Array.from({ length: count }, (_, i) => i % 5),
    } as const;
    const updates = floats(
      Array.from({ length: count }, (_, i) => i),
      [count, 1],
    );
    const [added, set] = await run(backend, [floats([0, 0, 0, 0, 0], [5, 1]), indices, updates], (xs) => {
      const [x, i, u] = xs as readonly [Tensor, Tensor, Tensor];
      return [p.scatterNd(x, i, p.add(p.mul(u, 0), 1), { mode: "add" }), p.scatterNd(x, i, u, { mode: "set" })];
    });
    expect([...(added as HostArray).data]).toEqual([20000, 20000, 20000, 20000, 20000]);
    expect([...(set as HostArray).data]).toEqual([99995, 99996, 99997, 99998, 99999]);
  });

  test("integer sums and products wrap", async () => {
    const big = { shape: [3], dtype: "int32", data: Int32Array.of(2 ** 30, 2 ** 30, 2 ** 30 + 5) } as const;
    const [sum, product] = await run(backend, [big], ([x]) => [
      p.reduceSum(x as Tensor, { axes: [0] }),
      p.reduceProd(p.add(x as Tensor, 3), { axes: [0] }),
    ]);
    expect((sum as HostArray).data[0]).toBe(-(2 ** 30) + 5);
    const wanted = BigInt.asIntN(32, (2n ** 30n + 3n) * (2n ** 30n + 3n) * (2n ** 30n + 8n));
    expect((product as HostArray).data[0]).toBe(Number(wanted));
  });

  test("floats become integers as XLA's do, far out of range too", async () => {
    const x = floats([3e9, -3e9, 5e9, -1, 2.9, -2.9, Number.NaN, Number.POSITIVE_INFINITY]);
    const [signed, unsigned] = await run(backend, [x], ([v]) => [
      p.cast(v as Tensor, { dtype: "int32" }),
      p.cast(v as Tensor, { dtype: "uint32" }),
    ]);
    expect([...(signed as HostArray).data]).toEqual([2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 1, -1, 2, -2, 0, 2 ** 31 - 1]);
    expect([...(unsigned as HostArray).data]).toEqual([3e9, 0, 2 ** 32 - 1, 0, 2, 0, 0, 2 ** 32 - 1]);
  });

  test("long transforms keep float32's precision", async () => {
    const n = 509;
    const x = Array.from({ length: n }, (_, i) => Math.cos((2 * Math.PI * 3 * i) / n));
    const [re] = await run(backend, [floats(x), floats(x.map(() => 0))], ([a, b]) => [
      ...p.fft(a as Tensor, b as Tensor, { inverse: false }),
    ]);
    const peaks = [...(re as HostArray).data].map((v) => Math.round(v * 1000) / 1000);
    expect(peaks.findIndex((v) => v !== 0)).toBe(3);
    expect((re as HostArray).data[3]).toBeCloseTo(n / 2, 3);
  });

  test("a state goes round: donated buffers are used again, handles are counted", async () => {
    const x = placeholder({ shape: [4], dtype: "float32" });
    const step = await compileGraph(new Graph([x], [p.add(x, 1), p.reduceSum(x, { axes: [0] })]), backend, {
      donate: [[0, 0]],
    });
    let state = backend.upload(floats([1, 2, 3, 4]));
    const buffers = new Set<unknown>();
    for (let i = 0; i < 6; i++) {
      const [next, sum] = (await step.run([state])) as readonly [OrtHandle, OrtHandle];
      expect((await backend.download(sum)).data[0]).toBe(10 + 4 * i);
      backend.release(sum);
      buffers.add(next.tensor);
      state = next;
    }
    expect([...(await backend.download(state)).data]).toEqual([7, 8, 9, 10]);
    // The native build fills the same two buffers in turn.
    expect(buffers.size).toBe(backend.name === "onnx node" ? 2 : 6);
    backend.release(state);
    step.dispose();
  });

  test("outputs that are inputs, constants or twice the same are copies of their own", async () => {
    const outs = await run(backend, [floats([1, 2])], ([x]) => {
      const y = p.add(x as Tensor, 1);
      return [x as Tensor, y, y];
    });
    expect(outs.map((o) => [...o.data])).toEqual([
      [1, 2],
      [2, 3],
      [2, 3],
    ]);
  });
});

test("failures name the program and the engine", async () => {
  const tensor = class implements OrtTensor {
    readonly type = "float32";
    readonly dims = [];
    readonly data = new Float32Array(1);
  };
  const create = () => Promise.reject(new Error("Load model failed: Node (add/Add_3) Op (Add) nothing works"));
  const broken = { Tensor: tensor, InferenceSession: { create }, env: {} } as unknown as InjectedOrt;
  const backend = await onnx({ ort: broken, engine: "node" });
  const x = placeholder({ shape: [], dtype: "float32" });
  const failing = Promise.resolve(compileGraph(new Graph([x], [p.add(x, 1)]), backend, { label: "train step" }));
  await expect(failing).rejects.toThrow(BackendError);
  await expect(failing).rejects.toThrow(/onnx node backend: train step must run, node add\/Add_3 in it too/);
});
