// The corpus of engines, as far as models need it: finite numbers, arrays with elements.
import {
  checkProgram,
  definitionOf,
  type PrimitiveSample,
  type Program,
  primitiveProgram,
  primitiveSamples,
  type SampleName,
} from "@keras-ts/conformance";
import type { Backend, Limitation } from "@keras-ts/core/backend";
import { beforeAll, describe, expect, test } from "vitest";
import { jaxBackend } from "./backend.ts";
import { type JaxArray, loadJax } from "./library.ts";
import { limitations } from "./limitations.ts";

let backend: Backend<JaxArray>;
beforeAll(async () => {
  backend = jaxBackend(await loadJax());
});

// Where jax-js has another answer, or none, for values that no model should meet.
const edges: Partial<Record<SampleName, readonly string[]>> = {
  asinh: ["special values"],
  sinh: ["special values"],
  cosh: ["special values"],
  pow: ["special values", "special values again"],
  atan2: ["special values"],
  div: ["by zero and out of range"],
  rem: ["by zero and out of range"],
  argMax: ["first nan"],
  argMin: ["first nan"],
  cholesky: ["not positive"],
  svd: ["full"],
};
const SLACK = 200; // jax-js approximates log and exp with polynomials of its own

const isEmpty = ({ graph }: Program): boolean =>
  [...graph.inputs, ...graph.outputs, ...graph.nodes.flatMap((node) => node.outs)].some(({ shape }) =>
    shape.includes(0),
  );
const limitationOf = ({ graph }: Program): Limitation | undefined =>
  limitations.find(
    ({ op, dtype }) =>
      (op === "*" || graph.nodes.some((node) => node.definition.name === op)) &&
      (dtype === undefined || [...graph.inputs, ...graph.outputs].some((x) => x.dtype === dtype)),
  );

describe.each(Object.entries(primitiveSamples) as [SampleName, readonly PrimitiveSample[]][])("%s", (op, samples) => {
  const some = samples.filter((sample) => !isEmpty(primitiveProgram(op, sample)));
  if (some.length === 0) throw new Error(`${definitionOf(op).name} has no samples`);
  test.each(some)("$name", async (sample) => {
    const program = primitiveProgram(op, sample);
    const fails = limitationOf(program) !== undefined || edges[op]?.includes(sample.name) === true;
    const check = checkProgram(backend, program, (sample.slack ?? 1) * SLACK);
    if (fails) await expect(check).rejects.toThrow();
    else await check;
  });
});
