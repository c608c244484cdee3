// Trains on the graphics card and counts what goes up and down with each step, and what stays.
import { onnx } from "@keras-ts/backend-onnx";
import { input, layers, Sequential, setBackend, setRandomSeed, tensor } from "@keras-ts/core";

/** What the test reads. Counts are of each hundred steps. */
export interface ResidentReport {
  /** Bytes of one batch, of what variables hold, and of weights that do not change. */
  readonly batchBytes: number;
  readonly stateBytes: number;
  readonly frozenBytes: number;
  readonly up: readonly number[];
  readonly down: readonly number[];
  /** Buffers of the card that were made and not destroyed. */
  readonly made: readonly number[];
  readonly handles: readonly number[];
  readonly msPerStep: readonly number[];
  readonly losses: readonly number[];
}

interface Buffer {
  readonly size: number;
}
interface Gpu {
  readonly GPUDevice: { prototype: { createBuffer(options: { size: number; mappedAtCreation?: boolean }): Buffer } };
  readonly GPUQueue: { prototype: { writeBuffer(buffer: Buffer, offset: number, data: ArrayBufferView): void } };
  readonly GPUBuffer: { prototype: { mapAsync(mode: number): Promise<void>; destroy(): void; readonly size: number } };
}
const { GPUDevice, GPUQueue, GPUBuffer } = globalThis as unknown as Gpu;
const counts = { up: 0, down: 0, made: 0 };
const { createBuffer } = GPUDevice.prototype;
GPUDevice.prototype.createBuffer = function (options) {
  counts.made++;
  if (options.mappedAtCreation) counts.up += options.size;
  return createBuffer.call(this, options);
};
const { writeBuffer } = GPUQueue.prototype;
GPUQueue.prototype.writeBuffer = function (buffer, offset, data, ...rest: unknown[]) {
  counts.up += data.byteLength;
  return writeBuffer.call(this, buffer, offset, data, ...(rest as []));
};
const { mapAsync, destroy } = GPUBuffer.prototype;
GPUBuffer.prototype.mapAsync = function (...mode) {
  counts.down += this.size;
  return mapAsync.apply(this, mode);
};
GPUBuffer.prototype.destroy = function () {
  counts.made--;
  return destroy.call(this);
};

const query = new URLSearchParams(location.search);
const keepState = query.get("keep") as "step" | "none";
const units = Number(query.get("units") ?? "128");
const width = Number(query.get("width") ?? "32");
const backend = await onnx({ device: "webgpu", wasmPaths: "/ort/", worker: false, keepState });
setBackend(backend);
setRandomSeed(1);
const model = new Sequential([
  input({ shape: [width] }),
  new layers.Dense({ units, activation: "relu" }),
  new layers.Dense({ units, activation: "relu", name: "frozen" }),
  new layers.Dense({ units: 1 }),
]);
const frozen = model.getLayer("frozen");
frozen.trainable = false;
model.compile({ optimizer: "adam", loss: "mse" });
const rows = Array.from({ length: 800 }, (_, i) =>
  Array.from({ length: width }, (_, j) => ((i * 7 + j * 13) % 17) / 17),
);
const x = tensor(rows);
const y = tensor(rows.map((row) => [(row[0] ?? 0) - (row[1] ?? 0)]));

const bytesOf = (list: readonly { readonly shape: readonly number[] }[]): number =>
  list.reduce((sum, { shape }) => sum + 4 * shape.reduce((n, size) => n * size, 1), 0);
const report: {
  -readonly [K in keyof ResidentReport]: ResidentReport[K] extends readonly number[] ? number[] : number;
} = {
  batchBytes: 4 * 8 * (width + 1),
  stateBytes: 0,
  frozenBytes: bytesOf(frozen.weights),
  ...{ up: [], down: [], made: [], handles: [], msPerStep: [], losses: [] },
};
for (let hundred = 0; hundred < 5; hundred++) {
  const before = { ...counts };
  const started = performance.now();
  // 100 steps of 8 rows.
  const { history } = await model.fit(x, y, { epochs: 1, batchSize: 8, verbose: 0 });
  report.msPerStep.push((performance.now() - started) / 100);
  report.losses.push(...(history["loss"] ?? []));
  report.up.push(counts.up - before.up);
  report.down.push(counts.down - before.down);
  report.made.push(counts.made);
  report.handles.push(backend.memory().handles);
}
report.stateBytes = bytesOf([...model.trainableVariables, ...model.optimizer.variables]);
const done: ResidentReport = report;
Object.assign(window, { __result: done });
