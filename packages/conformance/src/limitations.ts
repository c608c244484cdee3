// Whether an engine says that it cannot run a program.
import type { DType, Graph, Limitation } from "@keras-ts/core/backend";

/** What is said about the engine under test. */
export interface Limits {
  /** What the engine says it cannot do: each is run and must fail, so that a stale entry breaks the suite. */
  readonly limitations?: readonly Limitation[];
  /** The device under test, for limitations of single devices. */
  readonly device?: string;
}

const usesDtype = (graph: Graph, dtype: DType): boolean =>
  [...graph.inputs, ...graph.outputs, ...graph.nodes.flatMap((node) => node.inputs)].some((x) => x.dtype === dtype);
const usesOp = (graph: Graph, op: string): boolean => graph.nodes.some((node) => node.definition.name === op);

/** The limitation that says that a program cannot run, if there is one. */
export function limitationOf(graph: Graph, name: string, { limitations = [], device }: Limits): Limitation | undefined {
  return limitations.find(
    ({ op, dtype, devices, sample }) =>
      (devices === undefined || (device !== undefined && devices.includes(device))) &&
      (op === "*" || usesOp(graph, op)) &&
      (dtype === undefined || usesDtype(graph, dtype)) &&
      (sample === undefined || sample === name),
  );
}
