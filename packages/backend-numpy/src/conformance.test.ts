import {
  checkProgram,
  controlSamples,
  type PrimitiveSample,
  primitiveProgram,
  primitiveSamples,
  programOf,
  type SampleName,
  scattered,
} from "@keras-ts/conformance";
import { Graph, primitives } from "@keras-ts/core/backend";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findEngines } from "../test/engines.ts";
import type { NumpyBackend } from "./index.ts";

const rows = Object.entries(primitiveSamples) as [SampleName, readonly PrimitiveSample[]][];
// The gradient of a program is a program too: what training runs.
const gradientOf = ({ graph, inputs }: ReturnType<typeof programOf>): ReturnType<typeof programOf> => {
  const places = primitives.floatPlaces(graph.outputs);
  const gs = places.map((i) => scattered(graph.outputs[i]?.shape ?? [], -1, 1, graph.outputs[i]?.dtype, i + 7));
  const back = primitives.vjpGraph(new Graph(graph.inputs, graph.outputs));
  return { graph: back, inputs: [...inputs, ...gs] };
};

for (const found of await findEngines()) {
  if ("reason" in found) {
    test(`${found.name} not run: ${found.reason}`, ({ skip }) => skip(found.reason));
    continue;
  }
  describe(found.name, () => {
    let engine: NumpyBackend;
    beforeAll(async () => {
      engine = await found.make();
    });
    afterAll(() => engine.dispose());
    describe.each(rows)("%s", (name, samples) => {
      test.each(samples)("$name", async (sample) => {
        await checkProgram(engine, primitiveProgram(name, sample), sample.slack);
      });
      test.each(samples.filter((s) => s.gradient !== undefined))("gradient: $name", async (sample) => {
        await checkProgram(engine, gradientOf(primitiveProgram(name, sample)), (sample.slack ?? 1) * 10);
      });
    });
    describe.each(controlSamples)("control flow: $name", (sample) => {
      test("runs", () => checkProgram(engine, programOf(sample.inputs, sample.build), sample.slack));
    });
    test.each(controlSamples.filter((s) => s.gradient !== undefined))("gradient of $name", async (sample) => {
      await checkProgram(engine, gradientOf(programOf(sample.inputs, sample.build)), (sample.slack ?? 1) * 10);
    });
    test("nothing is left", async () => {
      expect(await engine.inspect()).toEqual({ handles: 0, bytes: 0, programs: 0 });
    });
  });
}
