// Values that the backward pass needs are computed once more in it, and not kept from the forward pass until then.
import { isDifferentiable } from "../aval/index.ts";
import { Graph, placeholder, rebuild, Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import * as tree from "../tree/index.ts";
import { readCell, writeCell } from "./state.ts";
import { type Traced, trace } from "./trace.ts";

const isTensor = (leaf: unknown): leaf is Tensor => leaf instanceof Tensor;

/**
 * The traced function as one node, whose derivative runs it again, on the same inputs but after the cotangents are there. Variables
 * that it assigned are assigned. @returns its results
 */
export function rematerialised(
  { graph, reads, writes, captures, numResults }: Traced,
  args: readonly Tensor[],
): Tensor[] {
  const values = [...args, ...reads.map((cell) => readCell(cell).tensor), ...captures];
  const outs = p.customGradient(values, {
    body: graph,
    pullback: (gs, inputs) => pullback(graph, gs, inputs),
  });
  writes.forEach((cell, i) => {
    const value = outs[numResults + i] as Tensor;
    if (!writeCell(cell, value)) cell.tensor = value;
  });
  return outs.slice(0, numResults);
}

function pullback(graph: Graph, gs: readonly Tensor[], inputs: readonly Tensor[]): (Tensor | null)[] {
  const [after] = gs;
  const again = after === undefined ? inputs : inputs.map((x) => p.barrier(x, after));
  const flows = graph.outputs.map(({ dtype }) => isDifferentiable(dtype));
  const seeds = gs.map((g) => placeholder(g));
  const back = p.vjpWalk(
    graph.outputs,
    seeds.map((seed, i) => (flows[i] === true ? seed : null)),
    graph.inputs,
  );
  const made = rebuild(
    new Graph(
      [...graph.inputs, ...seeds],
      back.filter((g) => g !== null),
    ),
    [...again, ...gs],
  );
  let next = 0;
  return back.map((g) => (g === null ? null : (made[next++] as Tensor)));
}

/**
 * The same function, of which only the inputs are kept for the backward pass: everything in between is computed again there. Less
 * memory for up to one more forward pass. Tensors among the arguments, also nested, may be differentiated; the function may read and
 * assign variables. Source: keras.remat, jax.checkpoint; Chen et al., "Training deep nets with sublinear memory cost", 2016.
 * @example
 * const block = remat((x: Tensor) => ops.tanh(ops.exp(ops.sin(x))));
 * await grad((x: Tensor) => ops.sum(block(x)))(tensor([0])).array(); // [0.419974327]
 */
export function remat<A extends readonly unknown[], R>(f: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    const leaves = tree.flatten(args as unknown as tree.Tree<unknown>);
    const tensors = leaves.filter(isTensor);
    let result: unknown;
    const traced = trace((...inner) => {
      let next = 0;
      const filled = leaves.map((leaf) => (isTensor(leaf) ? inner[next++] : leaf));
      result = f(...(tree.packAs(args as unknown as tree.Tree<unknown>, filled) as unknown as A));
      return tree.flatten(result as tree.Tree<unknown>).filter(isTensor);
    }, tensors);
    const outs = rematerialised(traced, tensors);
    let next = 0;
    return tree.map(result as tree.Tree<unknown>, (leaf) => (isTensor(leaf) ? outs[next++] : leaf)) as R;
  };
}
