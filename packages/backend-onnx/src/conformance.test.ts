import {
  checkProgram,
  controlSamples,
  type PrimitiveSample,
  primitiveProgram,
  primitiveSamples,
  programOf,
  type SampleName,
} from "@keras-ts/conformance";
import { afterAll, describe, expect, test } from "vitest";
import { onnx } from "./index.ts";

const rows = Object.entries(primitiveSamples) as [SampleName, readonly PrimitiveSample[]][];
const engines = await Promise.all((["node", "web"] as const).map((engine) => onnx({ engine, threads: 1 })));

// What limitations.ts says: an entry that became stale fails here.
function isLimited(name: SampleName, sample: PrimitiveSample): boolean {
  const { graph } = primitiveProgram(name, sample);
  const double = [...graph.inputs, ...graph.outputs].some((x) => x.dtype === "float64");
  return double || (name === "maxPool" && sample.name === "nan");
}

describe.each(engines)("$name", (backend) => {
  afterAll(() => {
    expect(backend.memory?.()).toEqual({ handles: 0, bytes: 0 });
    return backend.dispose?.();
  });
  describe.each(rows)("%s", (name, samples) => {
    for (const sample of samples) {
      const run = isLimited(name, sample) ? test.fails : test;
      run(sample.name, () => checkProgram(backend, primitiveProgram(name, sample), sample.slack));
    }
  });
  describe("control flow", () => {
    test.each(controlSamples)("$name", (sample) =>
      checkProgram(backend, programOf(sample.inputs, sample.build), sample.slack),
    );
  });
});
