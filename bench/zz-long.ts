import { onnx } from "@keras-ts/backend-onnx";
import { input, layers, Sequential, setBackend } from "@keras-ts/core";
setBackend(await onnx());
const net = new Sequential([input({ shape: [500, 32] }), new layers.LSTM({ units: 64 }), new layers.Dense({ units: 10 })].slice(0, 3) as never);
net.compile({ optimizer: "adam", loss: "mse" });
const t = performance.now();
const x = { shape: [64, 500, 32], dtype: "float32", data: new Float32Array(64 * 500 * 32).fill(0.1) }, y = { shape: [64, 10], dtype: "float32", data: new Float32Array(640) };
await net.fit(x as never, y as never, { batchSize: 64, verbose: 0 }); console.log("first", performance.now() - t);
const u = performance.now(); await net.fit(x as never, y as never, { batchSize: 64, verbose: 0 }); console.log("second", performance.now() - u); process.exit(0);
