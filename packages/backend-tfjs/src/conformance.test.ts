// The corpus that every engine must pass, forwards and through every derivative rule, on each device that Node has.

import {
  checkProgram,
  controlSamples,
  definitionOf,
  type PrimitiveSample,
  type Program,
  primitiveProgram,
  primitiveSamples,
  programOf,
  type SampleName,
  scattered,
} from "@keras-ts/conformance";
import type { Backend, DType, Graph } from "@keras-ts/core/backend";
import { primitives } from "@keras-ts/core/backend";
import { beforeAll, describe, expect, test } from "vitest";
import type { TfjsTensor } from "./index.ts";
import { limitations, tfjs } from "./index.ts";

const rows = Object.entries(primitiveSamples) as [SampleName, readonly PrimitiveSample[]][];

/** The derivative program of a sample, with weights for its outputs. */
function derivative({ graph, inputs }: Program): Program {
  const places = primitives.floatPlaces(graph.outputs);
  const weights = places.map((at, i) => {
    const { shape, dtype } = graph.outputs[at] as (typeof graph.outputs)[number];
    return scattered(shape, -1, 1, dtype, i + 7);
  });
  return { graph: primitives.vjpGraph(graph), inputs: [...inputs, ...weights] };
}

const uses = (graph: Graph, dtype: DType | undefined): boolean =>
  [...graph.inputs, ...graph.outputs].some((x) => x.dtype === dtype);

describe.each(["cpu", "wasm"] as const)("%s", (device) => {
  let backend: Backend<TfjsTensor>;
  beforeAll(async () => {
    backend = await tfjs({ device });
  });
  // Expected to fail where a limitation says so: a stale one breaks the test.
  const isLimited = ({ graph }: Program): boolean =>
    limitations.some(({ dtype, devices = [device] }) => devices.includes(device) && uses(graph, dtype));
  const check = async (program: Program, slack?: number): Promise<void> => {
    if (isLimited(program)) return expect(checkProgram(backend, program, slack)).rejects.toThrow(/float64/);
    const before = backend.memory?.().handles;
    await checkProgram(backend, program, slack);
    expect(backend.memory?.().handles, "live tensors").toBe(before);
  };
  describe.each(rows)("%s", (name, samples) => {
    test.each(samples)("$name", (sample) => check(primitiveProgram(name, sample), sample.slack));
    const smooth = definitionOf(name).vjp === "none" ? [] : samples.filter((s) => s.gradient !== undefined);
    test.each(smooth)("gradient: $name", (sample) => check(derivative(primitiveProgram(name, sample)), sample.slack));
  });
  describe("control flow", () => {
    test.each(controlSamples)("$name", (sample) => check(programOf(sample.inputs, sample.build), sample.slack));
    const smooth = controlSamples.filter((s) => s.gradient !== undefined);
    test.each(smooth)("gradient: $name", (sample) =>
      check(derivative(programOf(sample.inputs, sample.build)), sample.slack),
    );
  });
});
