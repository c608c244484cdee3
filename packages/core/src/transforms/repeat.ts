// One program for several steps: state goes from step to step inside of the engine.
import { Graph, placeholder, rebuild, type Tensor } from "../graph/index.ts";
import { scan } from "../primitives/index.ts";
import type { StateCell } from "./state.ts";
import type { Traced } from "./trace.ts";

/**
 * A traced step run `count` times in one program. Arguments and results get a leading axis of steps; variables that a step assigns are
 * handed to the next one.
 */
export function repeated(traced: Traced, count: number): Traced {
  const { graph, numArguments, numResults, reads, writes, captures } = traced;
  // What is assigned without being read goes in too: a loop carries as much as it gives.
  const cells: StateCell[] = [...reads, ...writes.filter((cell) => !reads.includes(cell))];
  const outer = (x: Tensor): Tensor => placeholder({ shape: [count, ...x.shape], dtype: x.dtype });
  const args = graph.inputs.slice(0, numArguments);
  const inner = new Map(cells.map((cell) => [cell, placeholder(cell)]));
  const before = new Map(cells.map((cell) => [cell, placeholder(cell)]));
  const [innerArgs, outerArgs] = [args.map((x) => placeholder(x)), args.map(outer)];
  const foreign = graph.inputs.slice(numArguments + reads.length);
  const [innerForeign, outerForeign] = [foreign.map((x) => placeholder(x)), foreign.map((x) => placeholder(x))];
  const of = (map: ReadonlyMap<StateCell, Tensor>) => (cell: StateCell) => map.get(cell) as Tensor;
  const fixed = cells.filter((cell) => !writes.includes(cell));
  const outputs = rebuild(graph, [...innerArgs, ...reads.map(of(inner)), ...innerForeign]);
  const [results, after] = [outputs.slice(0, numResults), outputs.slice(numResults)];
  const body = new Graph(
    [...fixed.map(of(inner)), ...innerForeign, ...writes.map(of(inner)), ...innerArgs],
    [...after, ...results],
  );
  const looped = scan([...fixed.map(of(before)), ...outerForeign, ...writes.map(of(before)), ...outerArgs], {
    body,
    numConsts: fixed.length + foreign.length,
    numCarry: writes.length,
    length: count,
    reverse: false,
  });
  return {
    graph: new Graph(
      [...outerArgs, ...cells.map(of(before)), ...outerForeign],
      [...looped.slice(writes.length), ...looped.slice(0, writes.length)],
    ),
    numArguments,
    numResults,
    reads: cells,
    writes,
    captures,
  };
}
