// Every case of specs.json whose op exists here: what real Keras declares for symbolic tensors with unknown sizes, and what it refuses.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { argumentsOf, camel, isSpec, type PythonCall } from "../../testing/python-call.ts";
import { KerasError } from "../errors/index.ts";
import * as ops from "./catalog.ts";
import { isSymbolic } from "./keras-tensor.ts";

interface Case extends PythonCall {
  readonly output?: unknown;
  /** The class of Keras' exception. */
  readonly error?: string;
}
const path = new URL("../../../conformance/goldens/specs.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(path, "utf8")) as { readonly cases: readonly Case[] };
const functions = ops as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;

// Symbolic tensors as the golden files write them.
function written(x: unknown): unknown {
  if (isSymbolic(x)) return x.dtype === "float32" ? { spec: x.shape } : { dtype: x.dtype, spec: x.shape };
  if (Array.isArray(x)) return x.map(written);
  return x;
}
function declared(x: unknown): unknown {
  if (isSpec(x)) return x;
  return Array.isArray(x) ? x.map(declared) : x;
}

const byOp = new Map<string, Case[]>();
for (const one of cases) byOp.set(one.op, [...(byOp.get(one.op) ?? []), one]);
describe.each([...byOp].filter(([op]) => camel(op) in functions))("ops.%s", (op, group) => {
  test.each(group.map((one) => [JSON.stringify([one.args, one.kwargs ?? {}]).slice(0, 160), one] as const))(
    "%s",
    (_, one) => {
      const call = (): unknown => (functions[camel(op)] as (...args: unknown[]) => unknown)(...argumentsOf(one));
      if (one.error !== undefined) expect(call).toThrow(KerasError);
      else expect(written(call())).toEqual(declared(one.output));
    },
  );
});
