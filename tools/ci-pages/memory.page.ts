// Trains a small model for 10,000 steps and measures the memory of the page and its workers on the way.
import { onnx } from "@keras-ts/backend-onnx";
import { input, layers, Sequential, setBackend, setRandomSeed, tensor } from "@keras-ts/core";

/** What the test reads. */
export interface MemoryReport {
  readonly steps: number;
  /** Bytes of the page and its workers after each thousand steps. */
  readonly bytes: readonly number[];
  readonly handles: readonly number[];
}

const measure = async (): Promise<number> => {
  const { measureUserAgentSpecificMemory } = performance as unknown as {
    measureUserAgentSpecificMemory(this: Performance): Promise<{ readonly bytes: number }>;
  };
  return (await measureUserAgentSpecificMemory.call(performance)).bytes;
};

const backend = await onnx({ wasmPaths: "/ort/" });
setBackend(backend);
setRandomSeed(1);
const model = new Sequential([
  input({ shape: [16] }),
  new layers.Dense({ units: 32, activation: "relu" }),
  new layers.Dropout({ rate: 0.2 }),
  new layers.Dense({ units: 4, activation: "softmax" }),
]);
model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
const rows = Array.from({ length: 800 }, (_, i) => Array.from({ length: 16 }, (_, j) => ((i * 7 + j * 13) % 17) / 17));
const x = tensor(rows);
const y = tensor(rows.map((_, i) => i % 4));

const bytes: number[] = [];
const handles: number[] = [];
for (let thousand = 0; thousand < 10; thousand++) {
  await model.fit(x, y, { epochs: 20, batchSize: 16, verbose: 0 });
  bytes.push(await measure());
  handles.push(backend.memory?.().handles ?? Number.NaN);
}
const report: MemoryReport = { steps: Number(await model.optimizer.iterations.item()), bytes, handles };
Object.assign(window, { __result: report });
