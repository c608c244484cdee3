// Writes a graph of core as a program of ONNX operators.
import {
  BackendError,
  complain,
  Graph,
  type KernelAvals,
  type KernelTable,
  type Node,
  type Tensor,
} from "@keras-ts/core/backend";
import { Builder, everything, infoOf, type Operators, typeOf } from "./builder.ts";
import { composites } from "./composites.ts";
import { control } from "./control.ts";
import { foreignRow } from "./foreign/in-programs.ts";
import { contraction } from "./kernels/contraction.ts";
import { elementwise } from "./kernels/elementwise.ts";
import { indexing } from "./kernels/indexing.ts";
import { linalg } from "./kernels/linalg.ts";
import { pooling } from "./kernels/pooling.ts";
import { structural } from "./kernels/structural.ts";
import type { Program } from "./program.ts";

/** The kernel of each primitive: it appends operators to `b` and answers with names of values. */
export function kernels(b: Builder): KernelTable<string> {
  return {
    ...elementwise(b),
    ...structural(b),
    ...contraction(b),
    ...pooling(b),
    ...indexing(b),
    ...linalg(b),
  };
}

type Row = (inputs: readonly string[], params: unknown, avals: KernelAvals) => string | readonly string[] | undefined;

const tables = new WeakMap<Builder, Readonly<Record<string, Row>>>();
function rowsOf(b: Builder): Readonly<Record<string, Row>> {
  let rows = tables.get(b);
  if (rows === undefined) {
    rows = { ...kernels(b), ...composites(b), ...foreignRow(b) } as unknown as Readonly<Record<string, Row>>;
    tables.set(b, rows);
  }
  return rows;
}

// Bodies written inside of a kernel are cheap and many; their operators keep the name of the primitive that asked for them.
function writeNode(b: Builder, node: Node, inputs: readonly string[]): readonly string[] {
  const row = rowsOf(b)[node.definition.name];
  const written = row?.(inputs, node.params, { ins: node.inputs, outs: node.outs }) ?? control(b, node, inputs);
  if (written !== undefined) return typeof written === "string" ? [written] : written;
  if (node.definition.body !== undefined) return inlineBody(b, node, inputs);
  const must = `there must be a kernel for "${node.definition.name}"`;
  throw new BackendError(complain("onnx backend", { must, got: "none", todo: "Report this" }));
}

function inlineBody(b: Builder, node: Node, inputs: readonly string[]): string[] {
  const outputs = (node.definition.body as NonNullable<Node["definition"]["body"]>)(node.inputs, node.params);
  const known = new Map<Tensor, string>(node.inputs.map((x, i) => [x, inputs[i] as string]));
  return write(b, outputs, known, [...node.inputs]);
}

function inline(b: Builder, graph: Graph, inputs: readonly string[]): string[] {
  return write(b, graph.outputs, new Map(graph.inputs.map((x, i) => [x, inputs[i] as string])), graph.inputs);
}

function write(
  b: Builder,
  outputs: readonly Tensor[],
  names: Map<Tensor, string>,
  inputs: readonly Tensor[],
): string[] {
  const graph = new Graph(inputs, outputs);
  const nameOf = (tensor: Tensor): string => {
    let name = names.get(tensor);
    if (name === undefined && tensor.source.kind === "literal") {
      const { shape, dtype, data } = tensor.source.value;
      name = b.constant(typeOf(dtype), shape, data);
      names.set(tensor, name);
    }
    if (name !== undefined) return name;
    const must = "a graph must be closed";
    throw new BackendError(
      complain("onnx backend", { must, got: `${tensor} from outside`, todo: "Pass it as an input" }),
    );
  };
  const place = b.place;
  const made = graph.outputsOf();
  for (const node of graph.nodes) {
    if (place === "node") b.place = node.definition.name;
    const results = writeNode(b, node, node.inputs.map(nameOf));
    made.get(node)?.forEach((tensor, i) => {
      if (tensor !== undefined) names.set(tensor, results[i] as string);
    });
  }
  b.place = place;
  return outputs.map(nameOf);
}

/** The whole of `graph`: inputs are named `in0 ...`, outputs are copies where an output is an input, a constant, or there twice. */
export function emit(graph: Graph, operators: Operators = everything): Program {
  const b = new Builder(inline, undefined, operators);
  const inputs = graph.inputs.map((x) => b.name(infoOf(x), "in"));
  const taken = new Set<string>(inputs);
  const outputs = inline(b, graph, inputs).map((name) => {
    if (!taken.has(name) && b.constantOf(name) === undefined) {
      taken.add(name);
      return name;
    }
    b.place = "output";
    return b.op("Identity", [name], b.info(name));
  });
  return { nodes: b.nodes, initializers: b.shared.initializers, infos: b.shared.infos, inputs, outputs };
}
