// The corpus as a test suite: ten lines in an engine's package run all of it.
import type { Backend, DType, Graph, Limitation } from "@keras-ts/core/backend";
import { primitives } from "@keras-ts/core/backend";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkProgram } from "./primitives/check.ts";
import { controlSamples } from "./primitives/control.ts";
import { definitionOf, primitiveProgram, programOf } from "./primitives/run.ts";
import { type PrimitiveSample, type Program, type SampleName, scattered } from "./primitives/sample.ts";
import { primitiveSamples } from "./primitives/samples.ts";

export interface DescribeOptions {
  /** What the engine says it cannot do: each is run and must fail, so that a stale entry breaks the suite. */
  readonly limitations?: readonly Limitation[];
  /** The device under test, for limitations of single devices. */
  readonly device?: string;
}

/** The derivative program of a sample, with weights for its outputs. */
function derivative({ graph, inputs }: Program): Program {
  const weights = primitives.floatPlaces(graph.outputs).map((at, i) => {
    const { shape, dtype } = graph.outputs[at] as Graph["outputs"][number];
    return scattered(shape, -1, 1, dtype, i + 7);
  });
  return { graph: primitives.vjpGraph(graph), inputs: [...inputs, ...weights] };
}

const usesDtype = (graph: Graph, dtype: DType): boolean =>
  [...graph.inputs, ...graph.outputs, ...graph.nodes.flatMap((node) => node.inputs)].some((x) => x.dtype === dtype);
const usesOp = (graph: Graph, op: string): boolean => graph.nodes.some((node) => node.definition.name === op);

/** The limitation that says that a program cannot run, if there is one. */
export function limitationOf(
  { graph }: Program,
  { limitations = [], device }: DescribeOptions,
): Limitation | undefined {
  return limitations.find(
    ({ op, dtype, devices }) =>
      (devices === undefined || (device !== undefined && devices.includes(device))) &&
      (op === "*" || usesOp(graph, op)) &&
      (dtype === undefined || usesDtype(graph, dtype)),
  );
}

/**
 * Defines the tests that every engine must pass: each primitive and composite with all its samples, each derivative rule, and control
 * flow, against the reference engine; and that nothing leaks.
 * @example
 * ```ts no-run
 * import { reference } from "@keras-ts/core/backend";
 * describeBackend("my engine", () => reference(), { limitations: [] });
 * ```
 */
export function describeBackend<H>(
  name: string,
  make: () => Backend<H> | Promise<Backend<H>>,
  options: DescribeOptions = {},
): void {
  describe(name, () => {
    let backend: Backend<H>;
    beforeAll(async () => {
      backend = await make();
    });
    afterAll(async () => {
      await backend?.dispose?.();
    });
    const check = async (program: Program, slack?: number): Promise<void> => {
      if (limitationOf(program, options) !== undefined) {
        await expect(checkProgram(backend, program, slack)).rejects.toThrow();
        return;
      }
      const before = backend.memory?.().handles;
      await checkProgram(backend, program, slack);
      expect(backend.memory?.().handles, "live handles").toBe(before);
    };
    describe.each(Object.entries(primitiveSamples) as [SampleName, readonly PrimitiveSample[]][])(
      "%s",
      (op, samples) => {
        test.each(samples)("$name", (sample) => check(primitiveProgram(op, sample), sample.slack));
        const smooth = definitionOf(op).vjp === "none" ? [] : samples.filter((s) => s.gradient !== undefined);
        test.each(smooth)("gradient: $name", (sample) => check(derivative(primitiveProgram(op, sample)), sample.slack));
      },
    );
    describe("control flow", () => {
      test.each(controlSamples)("$name", (sample) => check(programOf(sample.inputs, sample.build), sample.slack));
      const smooth = controlSamples.filter((s) => s.gradient !== undefined);
      test.each(smooth)("gradient: $name", (sample) =>
        check(derivative(programOf(sample.inputs, sample.build)), sample.slack),
      );
    });
  });
}
