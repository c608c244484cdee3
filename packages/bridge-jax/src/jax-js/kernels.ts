// The kernel table over jax-js. Its functions consume their arguments, ours must not: so every use takes a reference.
import type { Kernels, KernelTable } from "@keras-ts/core/backend";
import { contraction } from "./contraction.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import type { JaxArray, JaxModule } from "./library.ts";
import { structural } from "./structural.ts";

/** Every kernel for one copy of jax-js. */
export function kernelsFor(jax: JaxModule): Kernels<JaxArray> {
  const table: KernelTable<JaxArray> = {
    ...elementwise(jax),
    ...structural(jax),
    ...contraction(jax),
    ...indexing(jax),
  };
  return { ...table, relu: ([x]) => jax.nn.relu((x as JaxArray).ref) };
}
