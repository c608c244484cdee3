import { setBackend, setRandomSeed } from "@keras-ts/core";
import { onnx } from "@keras-ts/backend-onnx";
import { tfjs } from "@keras-ts/backend-tfjs";
import { loadDigits, splitDigits } from "./examples/digits/data.ts";
import { digitsModel } from "./examples/digits/model.ts";
const { train } = splitDigits(await loadDigits());
const es = { onnx: await onnx(), wasm: await tfjs({device:"wasm"}) };
for (const lr of [0.001, 0.0003]) for (const batchSize of [32, 64, 128]) for (const seed of [1, 2, 7, 42, 1234]) {
  const r: number[][] = [];
  for (const e of Object.values(es)) {
    setBackend(e as never);
    setRandomSeed(seed);
    const m = digitsModel();
    m.optimizer.learningRate = lr;
    const {history} = await m.fit(train.images, train.labels, { epochs: 3, batchSize, validationSplit: 0.1, verbose: 0 });
    r.push(history.loss!);
  }
  console.log(lr, batchSize, seed, r[0]!.map((v) => v.toFixed(4)).join(" "), r[0]!.map((v, i) => (v - r[1]![i]!).toExponential(1)).join(" "));
}
