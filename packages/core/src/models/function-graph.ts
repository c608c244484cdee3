// The graph of symbolic calls between inputs and outputs: cut out, ordered as Keras orders it, and run on tensors.
import { ConfigError, complain } from "../errors/index.ts";
import { type CallNode, isSymbolic, type KerasTensor, type Operation } from "../ops/index.ts";
import * as tree from "../tree/index.ts";

/** Source: keras/src/ops/function.py, `map_graph`. */
export class FunctionGraph {
  readonly inputs: readonly KerasTensor[];
  readonly outputs: readonly KerasTensor[];
  /** Calls, each after those that it needs. */
  readonly nodes: readonly CallNode[];
  /** Operations in Keras' order: by depth, then by first visit. */
  readonly operations: readonly Operation[];
  /** How far each call is from the outputs. */
  readonly depths: ReadonlyMap<CallNode, number>;

  constructor(inputs: readonly KerasTensor[], outputs: readonly KerasTensor[]) {
    this.inputs = inputs;
    this.outputs = outputs;
    const { nodes, operations, depths } = order(inputs, outputs);
    this.nodes = nodes;
    this.depths = depths;
    this.operations = operations;
  }

  /** The outputs for values of the inputs; `call` runs one operation on its arguments. */
  run(values: readonly unknown[], call: (node: CallNode, args: readonly unknown[]) => unknown): unknown[] {
    const known = new Map<KerasTensor, unknown>(this.inputs.map((x, i) => [x, values[i]]));
    const fill = (leaf: unknown): unknown => (isSymbolic(leaf) ? known.get(leaf) : leaf);
    for (const node of this.nodes) {
      if (node.outputs.every((y) => known.has(y)) || node.inputs.length === 0) continue;
      const args = node.args.map((arg) => tree.map(arg as tree.Tree<unknown>, fill));
      const results = tree.flatten(call(node, args) as tree.Tree<unknown>);
      node.outputs.forEach((y, i) => known.set(y, results[i]));
    }
    return this.outputs.map((y) => known.get(y));
  }
}

function order(
  inputs: readonly KerasTensor[],
  outputs: readonly KerasTensor[],
): { nodes: CallNode[]; operations: Operation[]; depths: Map<CallNode, number> } {
  const indices = new Map<Operation, number>();
  const finished: CallNode[] = [];
  const state = new Map<CallNode, "open" | "done">();
  const given = new Set(inputs);
  const nodeOf = (x: KerasTensor): CallNode | undefined =>
    x.history === undefined ? undefined : x.history.operation.inboundNodes[x.history.nodeIndex];

  const visit = (x: KerasTensor): void => {
    const node = nodeOf(x);
    if (node === undefined) {
      if (given.has(x)) return;
      const must = "every output must be computed from the model's inputs";
      const todo = "Start from input({ shape }), and pass all inputs to the Model";
      throw new ConfigError(complain("Model", { must, got: `${x}, which nothing made`, todo }));
    }
    if (state.get(node) === "done") return;
    if (!indices.has(node.operation)) indices.set(node.operation, indices.size);
    state.set(node, "open");
    if (!given.has(x)) {
      if (node.inputs.length === 0) {
        const must = "every output must be computed from the model's inputs";
        throw new ConfigError(
          complain("Model", {
            must,
            got: `an output that also needs the input "${node.operation.name}"`,
            todo: "Add it to inputs",
          }),
        );
      }
      for (const input of node.inputs) visit(input);
    }
    state.set(node, "done");
    finished.push(node);
  };
  for (const y of outputs) visit(y);

  // Depth is the longest way to an output; an operation called twice has the larger one.
  const depths = new Map<CallNode, number>();
  const operationDepths = new Map<Operation, number>();
  for (const node of [...finished].reverse()) {
    const depth = Math.max(depths.get(node) ?? 0, operationDepths.get(node.operation) ?? 0);
    depths.set(node, depth);
    operationDepths.set(node.operation, depth);
    for (const input of node.inputs) {
      const parent = nodeOf(input);
      if (parent !== undefined) depths.set(parent, Math.max(depth + 1, depths.get(parent) ?? 0));
    }
  }
  for (const x of inputs) {
    const node = nodeOf(x);
    if (node === undefined || operationDepths.has(node.operation)) continue;
    operationDepths.set(node.operation, 0);
    depths.set(node, 0);
    indices.set(node.operation, -1);
    finished.push(node);
  }
  const operations = [...operationDepths]
    .sort(([a, da], [b, db]) => db - da || (indices.get(a) as number) - (indices.get(b) as number))
    .map(([operation]) => operation);
  requireUniqueNames(operations);
  return { nodes: finished, operations, depths };
}

function requireUniqueNames(operations: readonly Operation[]): void {
  const seen = new Set<string>();
  for (const { name } of operations) {
    if (seen.has(name)) {
      const must = "all operations of a model must have different names";
      throw new ConfigError(complain("Model", { must, got: `"${name}" twice`, todo: "Rename one of them" }));
    }
    seen.add(name);
  }
}
