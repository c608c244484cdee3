import { ops, setBackend, tensor } from "@keras-ts/core";
import { BackendError, primitives } from "@keras-ts/core/backend";
import * as tf from "@tensorflow/tfjs";
import { expect, test, vi } from "vitest";
import { type Engine, engineOn } from "./engine.ts";
import { limitations, tfjs } from "./index.ts";
import { pooling } from "./kernels/pooling.ts";

test("cpu starts without an advertisement on the console", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const backend = await tfjs({ device: "cpu" });
  backend.release(backend.upload({ shape: [1], dtype: "float32", data: new Float32Array(1) }));
  expect(warn).not.toHaveBeenCalled();
  expect(backend.name).toBe("tfjs (cpu)");
  warn.mockRestore();
});

test("Node computes on wasm unless told otherwise, and finds its binary by itself", async () => {
  expect((await tfjs()).name).toBe("tfjs (wasm)");
});

test("the program's own TensorFlow.js is used", async () => {
  const backend = await tfjs({ tf, device: "cpu" });
  const x = tf.tensor1d([1, 2, 3]);
  expect([...(await backend.download(x)).data]).toEqual([1, 2, 3]);
  x.dispose();
});

test("a package that is not installed is named with the command to install it", async () => {
  vi.doMock("@tensorflow/tfjs-backend-webgpu", () => {
    throw new Error("Cannot find package");
  });
  const missing = tfjs({ device: "webgpu" });
  await expect(missing).rejects.toThrow(BackendError);
  await expect(missing).rejects.toThrow("npm install @tensorflow/tfjs-backend-webgpu");
  vi.doUnmock("@tensorflow/tfjs-backend-webgpu");
});

test("a device shows its own limitations only", async () => {
  const { limitations: shown } = await tfjs({ device: "cpu" });
  expect(shown?.map(({ op, dtype }) => dtype ?? op)).toEqual(["float64", "round"]);
  expect(limitations.length).toBeGreaterThan(1);
});

test("uploads are copies, and so are downloads", async () => {
  for (const device of ["cpu", "wasm"] as const) {
    const backend = await tfjs({ device });
    const data = new Float32Array([1, 2]);
    const x = backend.upload({ shape: [2], dtype: "float32", data });
    data[0] = 7;
    const first = await backend.download(x);
    first.data[1] = 9;
    expect([...(await backend.download(x)).data]).toEqual([1, 2]);
    backend.release(x);
  }
});

test("pools on devices whose memory is elsewhere equal those of the host", async () => {
  await tfjs({ device: "cpu" });
  const host = engineOn(tf, "cpu");
  const away: Engine = { ...host, device: "webgl", onHost: false };
  const x = tf.tensor4d([3, 1, 3, 2, 2, 5, 5, 1, 0, 5, 4, 4, 1, 1, 1, 1], [1, 4, 4, 1]);
  const params = {
    window: [2, 2],
    strides: [1, 2],
    padding: [
      [1, 0],
      [0, 1],
    ] as const,
  };
  const aval = { shape: x.shape, dtype: "float32" as const };
  const pooled = { shape: [1, 4, 2, 1], dtype: "float32" as const };
  const g = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 4, 2, 1]);
  const values = (t: unknown): number[] => [...(t as tf.Tensor).dataSync()];
  const [far, near] = [pooling(away), pooling(host)];
  const forward = { ins: [aval], outs: [pooled] };
  expect(values(far.maxPool([x], params, forward))).toEqual(values(near.maxPool([x], params, forward)));
  const back = { ins: [aval, pooled], outs: [aval] };
  expect(values(far.maxPoolGrad([x, g], params, back))).toEqual(values(near.maxPoolGrad([x, g], params, back)));
  const along = { ins: [aval, aval], outs: [pooled] };
  expect(values(far.maxPoolGather([x, x], params, along))).toEqual(values(near.maxPoolGather([x, x], params, along)));
});

test("nearest places are those of float32 quotients, whatever the sizes", async () => {
  for (const device of ["cpu", "wasm"] as const) {
    setBackend(await tfjs({ device }));
    const wrong: string[] = [];
    for (const n of [1, 3, 7, 10, 25, 49]) {
      const image = tensor(
        Float32Array.from({ length: n }, (_, i) => i),
        { shape: [1, n, 1, 1] },
      );
      for (let m = 1; m <= 60; m++) {
        const y = ops.image.resize(image, [m, 1], { interpolation: "nearest" });
        const places = primitives.nearestPlaces(n, m);
        if (String([...(await y.data())]) !== String([...places])) wrong.push(`${n} to ${m}`);
      }
    }
    expect(wrong).toEqual([]);
  }
});
