// Memory with and without rematerialisation, each in a process of its own: tsx bench/remat.ts MODE prints milliseconds a step and megabytes.
import { onnx } from "@keras-ts/backend-onnx";
import { input, layers, type RematMode, RematScope, Sequential, setBackend, setRandomSeed } from "@keras-ts/core";

const mode = (process.argv[2] === "null" ? null : process.argv[2]) as RematMode;
setBackend(await onnx({ engine: "node" }));
setRandomSeed(1);
const [rows, width] = [4096, 512];
const scope = new RematScope({ mode });
const model = new Sequential([input({ shape: [width] })]);
// Blocks of three, each computed again as a whole.
for (let i = 0; i < 8; i++) {
  const block = scope.run(() => new Sequential([], { name: `block_${i}` }));
  for (let j = 0; j < 3; j++) block.add(new layers.Dense({ units: width, activation: "gelu" }));
  model.add(block);
}
model.add(new layers.Dense({ units: 1 }));
model.compile({ optimizer: "sgd", loss: "mse" });
const x = { shape: [rows, width], dtype: "float32", data: new Float32Array(rows * width).fill(0.1) } as const;
const y = { shape: [rows, 1], dtype: "float32", data: new Float32Array(rows) } as const;
const before = process.memoryUsage().rss;
let best = Number.POSITIVE_INFINITY;
for (let step = 0; step < 4; step++) {
  const start = performance.now();
  await model.fit(x, y, { batchSize: rows, epochs: 1, verbose: 0 });
  best = Math.min(best, performance.now() - start);
}
console.log(JSON.stringify({ step: best, peak: (process.resourceUsage().maxRSS * 1000 - before) / 1e6 }));
process.exit(0);
