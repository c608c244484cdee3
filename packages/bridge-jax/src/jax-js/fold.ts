// What does not depend on the inputs is computed before jax-js sees it: jax-js 0.1.25 pads constants wrongly inside jit (zeros around a
// broadcast scalar take its value), and arrays handed to it as data are safe.
import {
  type Backend,
  compileGraph,
  copyNode,
  Graph,
  type HostArray,
  literal,
  reference,
  type Tensor,
  transform,
} from "@keras-ts/core/backend";

// Larger constants stay programs: they would only fill memory.
const LARGEST = 1 << 20;

/** The graph with constant parts replaced by their values. */
export function foldConstants(graph: Graph): Graph {
  const engine = reference() as Backend;
  return transform(graph, (node, inputs) => {
    const outs = copyNode(node, inputs);
    const constant = inputs.every((x) => x.source.kind === "literal") && outs.every((y) => y.size <= LARGEST);
    return constant ? valuesOf(engine, outs) : outs;
  });
}

function valuesOf(engine: Backend, outs: readonly Tensor[]): readonly Tensor[] {
  const executable = compileGraph(new Graph([], outs), engine);
  if (executable instanceof Promise) return outs;
  const handles = executable.run([]);
  if (handles instanceof Promise) return outs;
  return handles.map((handle, i) => {
    const host = engine.download(handle) as HostArray;
    return literal({ ...host, dtype: (outs[i] as Tensor).dtype });
  });
}
