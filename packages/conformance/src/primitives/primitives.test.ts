import { reference } from "@keras-ts/core/backend";
import { describe, expect, test } from "vitest";
import {
  checkGradient,
  checkProgram,
  controlSamples,
  definitionOf,
  inDouble,
  type PrimitiveSample,
  primitiveProgram,
  primitiveSamples,
  programOf,
  runProgram,
  type SampleName,
} from "./index.ts";

const rows = Object.entries(primitiveSamples) as [SampleName, readonly PrimitiveSample[]][];

describe.each(rows)("%s", (name, samples) => {
  test.each(samples)("$name", async (sample) => {
    const backend = reference();
    await checkProgram(backend, primitiveProgram(name, sample), sample.slack);
    expect(backend.memory?.().handles).toBe(0);
  });
  const smooth = samples.filter((s) => s.gradient !== undefined);
  test.each(smooth)("gradient: $name", async (sample) => {
    await checkGradient(primitiveProgram(name, inDouble(sample)), sample.gradient === "smooth" ? 2 : 1);
  });
});

test("every derivative rule is checked", () => {
  const unchecked = rows.filter(
    ([name, samples]) => definitionOf(name).vjp !== "none" && samples.every((s) => s.gradient === undefined),
  );
  // The third derivative of log gamma, that of eigenvalues of general matrices, and the next one of gammainc in a are errors.
  expect(unchecked.map(([name]) => name).sort()).toEqual(["eig", "gammaincGradA", "trigamma"]);
});

describe.each(controlSamples)("control flow: $name", (sample) => {
  test("runs", async () => {
    const backend = reference();
    const outs = await runProgram(backend, programOf(sample.inputs, sample.build));
    expect(outs.map(({ data }) => [...data].map((x) => Number(x.toPrecision(5))))).toMatchSnapshot();
    expect(backend.memory?.().handles).toBe(0);
  });
});

const differentiable = controlSamples.filter((s) => s.gradient !== undefined);
test.each(differentiable)("gradient of control flow: $name", async (sample) => {
  const double = inDouble(sample);
  await checkGradient(programOf(double.inputs, double.build), sample.gradient === "smooth" ? 2 : 1);
});
