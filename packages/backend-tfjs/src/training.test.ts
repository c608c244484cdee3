// A whole training step through core's compiler: the devices and the reference engine see the same losses, and nothing leaks.
import {
  type Backend,
  compileGraph,
  Graph,
  type HostArray,
  primitives as p,
  placeholder,
  reference,
  type Shape,
  sizeOf,
  type Tensor,
} from "@keras-ts/core/backend";
import { expect, test } from "vitest";
import { tfjs } from "./tfjs.ts";

function wave(shape: Shape, scale: number): HostArray {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 12.9898 + sizeOf(shape)) * scale);
  return { shape, dtype: "float32", data };
}

// conv 3x3 - relu - max pool - conv 3x3 with stride 2 - layer norm - dense - cross entropy, and one step of gradient descent
function step(shapes: readonly Shape[]): Graph {
  const inputs = shapes.map((shape) => placeholder({ shape, dtype: "float32" }));
  const [k1, b1, k2, w, x, y] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const same = {
    strides: [1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ] as const,
    dilation: [1, 1],
    groups: 1,
  };
  const hidden = p.relu(p.add(p.conv(x, k1, same), b1));
  const pooled = p.maxPool(hidden, {
    window: [2, 2],
    strides: [2, 2],
    padding: [
      [0, 0],
      [0, 0],
    ],
  });
  const second = p.conv(pooled, k2, { ...same, strides: [2, 2] });
  const flat = p.reshape(second, { shape: [x.shape[0] as number, second.size / (x.shape[0] as number)] });
  const normal = p.normalize(flat, { axes: [1], epsilon: 1e-3 });
  const logits = p.dotGeneral(normal, w, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
  const logs = p.logSoftmax(logits, { axes: [1] });
  const loss = p.neg(p.div(p.reduceSum(p.mul(logs, y), { axes: [0, 1] }), x.shape[0] as number));
  const weights = [k1, b1, k2, w];
  const slopes = p.vjpWalk([loss], [p.full([], 1, "float32")], weights);
  const stepped = weights.map((weight, i) => p.sub(weight, p.mul(slopes[i] as Tensor, 0.2)));
  return new Graph(inputs, [loss, ...stepped]);
}

async function losses<H>(backend: Backend<H>, steps: number): Promise<number[]> {
  const shapes: Shape[] = [[3, 3, 2, 6], [6], [3, 3, 6, 8], [32, 3], [8, 8, 8, 2], [8, 3]];
  const program = await compileGraph(step(shapes), backend);
  const y: HostArray = {
    shape: [8, 3],
    dtype: "float32",
    data: Float32Array.from({ length: 24 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0)),
  };
  const [xs, ys] = [backend.upload(wave([8, 8, 8, 2], 1)), backend.upload(y)];
  let weights = shapes.slice(0, 4).map((shape) => backend.upload(wave(shape, 0.3)));
  const seen: number[] = [];
  for (let i = 0; i < steps; i++) {
    const [loss, ...next] = (await program.run([...weights, xs, ys])) as H[];
    seen.push((await backend.download(loss as H)).data[0] as number);
    for (const handle of [loss as H, ...weights]) backend.release(handle);
    weights = next;
  }
  for (const handle of [...weights, xs, ys]) backend.release(handle);
  program.dispose();
  return seen;
}

test("a convnet trains alike on every device, and frees what it made", async () => {
  const expected = await losses(reference(), 5);
  expect(expected[4]).toBeLessThan((expected[0] as number) * 0.8);
  for (const device of ["cpu", "wasm"] as const) {
    const backend = await tfjs({ device });
    const before = backend.memory?.().handles;
    const seen = await losses(backend, 5);
    seen.forEach((loss, i) => expect(loss).toBeCloseTo(expected[i] as number, 4));
    expect(backend.memory?.().handles).toBe(before);
  }
});
