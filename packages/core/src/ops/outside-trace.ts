// Ops whose result's shape depends on values read them: that can be done outside of a trace only.
import { complain, StateError } from "../errors/index.ts";
import { isTracing } from "../transforms/index.ts";

/** @throws StateError inside a trace: at once, since a symbolic call cannot wait for a promise. */
export function requireOutsideTrace(where: string, todo: string): void {
  if (!isTracing()) return;
  const must = "the shape of the result depends on values, which are known outside of jit and symbolic calls only";
  throw new StateError(complain(where, { must, got: "a call inside a trace", todo }));
}
