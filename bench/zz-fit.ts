import { onnx } from "@keras-ts/backend-onnx";
import { setBackend, setRandomSeed } from "@keras-ts/core";
import { data, models } from "/work/wt/onnx-speed/bench/models.ts";

const [name, steps = "30", epochs = "4", threads = "1", trick = "0"] = process.argv.slice(2);
if (trick === "1") {
  const port = new MessageChannel().port1;
  port.close();
  const b = new ArrayBuffer(31 * 2 ** 20);
  port.postMessage(null, [b]);
}
const model = models.find((m) => m.name === name)!;
const engine = await onnx({ engine: "node", threads: Number(threads) });
setBackend(engine);
setRandomSeed(1);
const t0 = performance.now();
const net = model.build();
const { x, y } = data(model, Number(steps));
for (let e = 0; e <= Number(epochs); e++) {
  const c = process.cpuUsage(),
    t = performance.now();
  const h = await net.fit(x, y, { batchSize: model.batch, epochs: 1, verbose: 0 });
  const d = process.cpuUsage(c);
  console.log(
    name,
    "trick",
    trick,
    "epoch",
    e,
    "wall/step",
    ((performance.now() - t) / Number(steps)).toFixed(2),
    "user",
    (d.user / 1e3 / Number(steps)).toFixed(2),
    "sys",
    (d.system / 1e3 / Number(steps)).toFixed(2),
    "loss",
    h.history.loss?.[0],
  );
}
process.exit(0);
