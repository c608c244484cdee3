// Every primitive against the reference engine.
import type { Backend, Graph } from "@keras-ts/core/backend";
import { primitives } from "@keras-ts/core/backend";
import { describe, expect, test } from "vitest";
import { type Limits, limitationOf } from "./limitations.ts";
import { checkProgram } from "./primitives/check.ts";
import { controlSamples } from "./primitives/control.ts";
import { definitionOf, primitiveProgram, programOf } from "./primitives/run.ts";
import { type PrimitiveSample, type Program, type SampleName, scattered } from "./primitives/sample.ts";
import { primitiveSamples } from "./primitives/samples.ts";

/** The derivative program of a sample, with weights for its outputs. */
function derivative({ graph, inputs }: Program): Program {
  const weights = primitives.floatPlaces(graph.outputs).map((at, i) => {
    const { shape, dtype } = graph.outputs[at] as Graph["outputs"][number];
    return scattered(shape, -1, 1, dtype, i + 7);
  });
  return { graph: primitives.vjpGraph(graph), inputs: [...inputs, ...weights] };
}

/** Defines the tests of all primitives, composites and control flow, forwards and through each derivative rule. */
export function describePrimitives<H>(engine: () => Backend<H>, limits: Limits = {}): void {
  const check = async (name: string, program: Program, slack?: number): Promise<void> => {
    const backend = engine();
    const limitation = limitationOf(program.graph, name, limits);
    if (limitation?.sometimes === true) {
      await checkProgram(backend, program, slack).catch(() => {});
      return;
    }
    if (limitation !== undefined) {
      await expect(checkProgram(backend, program, slack)).rejects.toThrow();
      return;
    }
    const before = backend.memory?.().handles ?? 0;
    await checkProgram(backend, program, slack);
    // What tests before this one left may be collected meanwhile.
    expect(backend.memory?.().handles ?? 0, "live handles").toBeLessThanOrEqual(before);
  };
  describe.each(Object.entries(primitiveSamples) as [SampleName, readonly PrimitiveSample[]][])("%s", (op, samples) => {
    test.each(samples)("$name", (sample) => check(sample.name, primitiveProgram(op, sample), sample.slack));
    const smooth = definitionOf(op).vjp === "none" ? [] : samples.filter((s) => s.gradient !== undefined);
    test.each(smooth)("gradient: $name", (sample) =>
      check(sample.name, derivative(primitiveProgram(op, sample)), sample.slack),
    );
  });
  describe("control flow", () => {
    test.each(controlSamples)("$name", (sample) =>
      check(sample.name, programOf(sample.inputs, sample.build), sample.slack),
    );
    const smooth = controlSamples.filter((s) => s.gradient !== undefined);
    test.each(smooth)("gradient: $name", (sample) =>
      check(sample.name, derivative(programOf(sample.inputs, sample.build)), sample.slack),
    );
  });
}
