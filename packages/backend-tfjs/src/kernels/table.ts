// All families in one table, and what holds for every kernel: the right device is active, empty results need no kernel, and
// each result is a tensor of its own.
import { type KernelAvals, type Kernels, sizeOf } from "@keras-ts/core/backend";
import { composites } from "../composites.ts";
import type { Engine, Tensor } from "../engine.ts";
import { contractions } from "./contraction.ts";
import { convolutions } from "./convolution-gradients.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { linalg } from "./linalg.ts";
import { pooling } from "./pooling.ts";
import { reductions } from "./reduction.ts";
import { structural } from "./structural.ts";

type Row = (inputs: readonly Tensor[], params: unknown, avals: KernelAvals) => Tensor | readonly Tensor[];

/** The kernels of TensorFlow.js on one device. */
export function kernelsOn(e: Engine): Kernels<Tensor> {
  const families: Kernels<Tensor> = {
    ...elementwise(e),
    ...structural(e),
    ...reductions(e),
    ...contractions(e),
    ...convolutions(e),
    ...pooling(e),
    ...indexing(e),
    ...linalg(e),
    ...composites(e),
    ...e.composites,
  };
  const rows = Object.entries(families).map(([name, kernel]) => [name, guarded(e, kernel as unknown as Row)]);
  return Object.fromEntries(rows) as unknown as Kernels<Tensor>;
}

function guarded(e: Engine, kernel: Row): Row {
  return (inputs, params, avals) => {
    e.activate();
    const { outs } = avals;
    if (outs.every((aval) => sizeOf(aval.shape) === 0)) {
      const empty = outs.map(({ shape, dtype }) => e.fill(shape, 0, dtype));
      return empty.length === 1 ? (empty[0] as Tensor) : empty;
    }
    const result = kernel(inputs, params, avals);
    // Callers free inputs and results each once, so that a result must not be an input.
    if (Array.isArray(result)) return result as readonly Tensor[];
    const out = result as Tensor;
    return inputs.includes(out) ? e.run("Identity", { x: out }) : out;
  };
}
