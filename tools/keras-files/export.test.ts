// Every layer and whole models as ONNX files: ONNX Runtime gives what predict gives, for several numbers of samples.
import { onnx, onnxBytes } from "@keras-ts/backend-onnx";
import { setBackend, type Tensor, tensor } from "@keras-ts/core";
import type { HostArray } from "@keras-ts/core/backend";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { difference, valuesOf } from "./data.ts";
import { exportedModels, firstSamples } from "./export-data.ts";

const TOLERANCE = 1e-5;

let dispose: (() => unknown) | undefined;
beforeAll(async () => {
  const engine = await onnx({ engine: "node" });
  setBackend(engine);
  dispose = () => engine.dispose?.();
});
afterAll(() => dispose?.());

async function runFile(file: Uint8Array, inputs: readonly HostArray[]): Promise<number[][]> {
  const session = await InferenceSession.create(file, { logSeverityLevel: 3 });
  try {
    const feeds = session.inputNames.map((name, i): [string, OrtTensor] => {
      const { shape, data } = inputs[i] as HostArray;
      const wanted = session.inputMetadata[i];
      const type = wanted?.isTensor === true ? wanted.type : "none";
      const values =
        type === "float32"
          ? Float32Array.from(data as Float32Array)
          : type === "int32"
            ? Int32Array.from(data as Int32Array)
            : Uint8Array.from(data as Uint8Array);
      return [name, new OrtTensor(type as "float32", values as Float32Array, [...shape])];
    });
    const results = await session.run(Object.fromEntries(feeds));
    return session.outputNames.map((name) => Array.from(results[name]?.data as Float32Array, Number));
  } finally {
    await session.release();
  }
}

describe.each(exportedModels().map((one) => [one.name, one] as const))("%s", (_, { make }) => {
  test("runs elsewhere as here", async () => {
    const { model, inputs } = await make();
    const file = await onnxBytes(model);
    const fixed = model.inputs.every(({ shape }) => shape[0] !== null);
    for (const samples of fixed ? [Number.POSITIVE_INFINITY] : [Number.POSITIVE_INFINITY, 1]) {
      const some = inputs.map((x) => firstSamples(x, samples));
      const given: Tensor[] = some.map(({ data, shape, dtype }) => tensor(data, { shape, dtype }));
      const wanted = await valuesOf(await model.predictOnBatch(given as never));
      expect(difference(await runFile(file, some), wanted)).toBeLessThanOrEqual(TOLERANCE);
    }
  });
});
