import { onnx } from "@keras-ts/backend-onnx";
import { setBackend, setRandomSeed, tensor } from "@keras-ts/core";
import { data, models } from "/work/wt/onnx-speed/bench/models.ts";
import { runTraced, trace, whenReady } from "/work/wt/onnx-speed/packages/core/src/transforms/index.ts";
import { repeated } from "/work/wt/onnx-speed/packages/core/src/transforms/repeat.ts";

const [name, threads = "1", ...ks] = process.argv.slice(2);
const model = models.find((m) => m.name === name)!;
const engine = await onnx({ engine: "node", threads: Number(threads) });
setBackend(engine);
setRandomSeed(1);
const net: any = model.build();
const { x, y } = data(model, 1);
await net.fit(x, y, { batchSize: model.batch, epochs: 1, verbose: 0 });
const t = trace((a, b) => Object.values(net.trainStep({ x: a, y: b, sampleWeight: undefined })) as any, [
  { shape: x.shape, dtype: "float32" },
  { shape: y.shape, dtype: "int32" },
] as any);
for (const K of ks.map(Number)) {
  const r = K === 1 ? t : repeated(t, K);
  const rep = (a: any) => ({
    shape: K === 1 ? a.shape : [K, ...a.shape],
    dtype: a.dtype,
    data: (() => {
      const o = new a.data.constructor(a.data.length * K);
      for (let i = 0; i < K; i++) o.set(a.data, i * a.data.length);
      return o;
    })(),
  });
  const X = rep(x),
    Y = rep(y);
  const N = Math.max(3, Math.ceil(60 / K));
  for (let round = 0; round < 4; round++) {
    const c = process.cpuUsage(),
      w = performance.now();
    let loss: any;
    for (let i = 0; i < N; i++) {
      loss = runTraced(r, [tensor(X as any), tensor(Y as any)]);
      await whenReady(loss);
    }
    const d = process.cpuUsage(c);
    if (round > 0)
      console.log(
        "K",
        K,
        "user/step",
        (d.user / 1e3 / N / K).toFixed(2),
        "sys",
        (d.system / 1e3 / N / K).toFixed(2),
        "wall",
        ((performance.now() - w) / N / K).toFixed(2),
        [...(await loss[0].data())].slice(-1),
      );
  }
}
process.exit(0);
