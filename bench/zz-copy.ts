import * as lib from "onnxruntime-node";
import { Builder } from "/work/wt/onnx-speed/packages/backend-onnx/src/builder.ts";
import { serialize } from "/work/wt/onnx-speed/packages/backend-onnx/src/program.ts";

const b = new Builder(() => []);
const x = b.name({ type: "float32", shape: [4096, 1024] }, "in");
const y = b.map("Mul", [x, b.scalar(2)]);
const s: any = await lib.InferenceSession.create(
  serialize({
    nodes: b.nodes,
    initializers: b.shared.initializers,
    infos: b.shared.infos,
    inputs: [x],
    outputs: [y],
  } as never),
  { intraOpNumThreads: 1 },
);
const t = new lib.Tensor("float32", new Float32Array(4096 * 1024).fill(1), [4096, 1024]);
const pre = new lib.Tensor("float32", new Float32Array(4096 * 1024).fill(1), [4096, 1024]);
const cpu = async (label: string, f: () => Promise<any>) => {
  let best = 1e9,
    tot = 0,
    sys = 0;
  for (let i = 0; i < 30; i++) {
    const c = process.cpuUsage();
    await f();
    const d = process.cpuUsage(c);
    best = Math.min(best, d.user + d.system);
    tot += d.user;
    sys += d.system;
  }
  console.log(label, "min", best / 1000, "user", tot / 3e4, "sys", sys / 3e4, (process.memoryUsage().rss / 1e6) | 0);
};
const r0 = (await s.run({ [x]: t }, { [y]: null }))[y];
console.log("null buffer is", r0.data.buffer.constructor.name, r0.data.buffer.byteLength, r0.data[5]);
const r1 = (await s.run({ [x]: t }, { [y]: pre }))[y];
console.log("pre: same data?", r1.data.buffer === pre.data.buffer, pre.data[3]);
(r1.data as any)[3] = 77;
console.log("aliases memory:", pre.data[3] === 77);
const port = new MessageChannel().port1;
port.close();
await cpu("null, gc", async () => {
  await s.run({ [x]: t }, { [y]: null });
});
await cpu("null, dropped", async () => {
  const r = (await s.run({ [x]: t }, { [y]: null }))[y];
  port.postMessage(null, [r.data.buffer]);
});
await cpu("pre, gc", async () => {
  await s.run({ [x]: t }, { [y]: pre });
});
await cpu("pre, dropped", async () => {
  const r = (await s.run({ [x]: t }, { [y]: pre }))[y];
  port.postMessage(null, [r.data.buffer]);
});
let held: any;
let prev: any = t;
await cpu("null, chained, dropped", async () => {
  const r = (await s.run({ [x]: prev }, { [y]: null }))[y];
  if (prev !== t) port.postMessage(null, [prev.data.buffer]);
  prev = r;
});
