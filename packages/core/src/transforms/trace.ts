import type { Aval, HostArray } from "../aval/index.ts";
import { complain, StateError } from "../errors/index.ts";
import { Graph, leavesOf, literal, nextTensorId, placeholder, rebuild, type Tensor } from "../graph/index.ts";
import { readCell, type StateCell, type StateScope, withScope } from "./state.ts";

/** A function seen once: its program, and what it uses and changes beside its arguments. */
export interface Traced {
  /** Inputs: the arguments, then `reads`, then `captures`. Outputs: the results, then the values of `writes`. */
  readonly graph: Graph;
  readonly numArguments: number;
  readonly numResults: number;
  readonly reads: readonly StateCell[];
  readonly writes: readonly StateCell[];
  readonly captures: readonly Tensor[];
}

let depth = 0;
/** True while a function is being traced: values cannot be read then. */
export const isTracing = (): boolean => depth > 0;

/**
 * Runs `f` once on placeholders and keeps the graph. Cells that it reads become inputs, cells that it assigns become outputs, and
 * tensors made before become captured inputs.
 */
export function trace(f: (...args: Tensor[]) => readonly Tensor[], avals: readonly Aval[]): Traced {
  const start = nextTensorId();
  const args = avals.map((aval) => placeholder(aval));
  const reads = new Map<StateCell, Tensor>();
  const writes = new Map<StateCell, Tensor>();
  const scope: StateScope = {
    read(cell) {
      let value = writes.get(cell) ?? reads.get(cell);
      if (value === undefined) {
        value = placeholder(cell);
        reads.set(cell, value);
      }
      return value;
    },
    write(cell, value) {
      writes.set(cell, value);
      return true;
    },
  };
  depth++;
  let results: readonly Tensor[];
  try {
    results = withScope(scope, () => f(...args));
  } finally {
    depth--;
  }
  const own = new Set<Tensor>([...args, ...reads.values()]);
  const outputs = [...results, ...writes.values()];
  // Tensors older than the trace come from outside; small literals are written into the program, all else is handed in.
  const isCapture = (x: Tensor): boolean => !own.has(x) && x.source.kind !== "literal" && x.id < start;
  const leaves = leavesOf(
    outputs,
    (x) => own.has(x) || isCapture(x) || x.source.kind === "input" || x.source.kind === "value",
  );
  const foreign = leaves.filter((x) => !own.has(x));
  for (const x of foreign) {
    if (x.source.kind === "input" && x.id >= start) {
      const must = "a tensor of an inner function must not leave it";
      throw new StateError(complain("trace", { must, got: String(x), todo: "Return it from the inner function" }));
    }
  }
  const handed = foreign.map((x) => placeholder(x));
  const inputs = [...args, ...reads.values(), ...handed];
  const before = [...args, ...reads.values(), ...foreign];
  // Literals from outside become copies: the engine may replace theirs by uploaded values.
  const shared = leavesOf(outputs, (x) => own.has(x) || isCapture(x) || x.source.kind !== "op").filter(
    (x) => x.source.kind === "literal" && x.id < start && !own.has(x),
  );
  const copies = shared.map((x) => literal((x.source as { readonly value: HostArray }).value));
  const rebuilt = rebuild(new Graph([...before, ...shared], outputs), [...inputs, ...copies]);
  const graph = new Graph(inputs, rebuilt);
  return {
    graph,
    numArguments: args.length,
    numResults: results.length,
    reads: [...reads.keys()],
    writes: [...writes.keys()],
    captures: foreign,
  };
}

/**
 * A function without side effects as a closed program with its captured tensors first among the inputs: the body of a loop or branch.
 * @throws StateError if it assigns a variable.
 */
export function closure(
  where: string,
  f: (...args: Tensor[]) => readonly Tensor[],
  avals: readonly Aval[],
): { readonly captures: readonly Tensor[]; readonly body: Graph } {
  const { graph, reads, writes, captures, numArguments } = trace(f, avals);
  if (writes.length > 0) {
    const must = "the body of a loop or branch must not assign variables";
    throw new StateError(
      complain(where, { must, got: `${writes.length} assignments`, todo: "Carry the value and assign it afterwards" }),
    );
  }
  const args = graph.inputs.slice(0, numArguments);
  const rest = graph.inputs.slice(numArguments);
  const values = [...reads.map((cell) => readCell(cell).tensor), ...captures];
  return { captures: values, body: new Graph([...rest, ...args], graph.outputs) };
}
