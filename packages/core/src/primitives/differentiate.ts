// Reverse-mode differentiation, graph to graph: no backend ever differentiates.
import { isDifferentiable } from "../aval/index.ts";
import { Graph, type Node, nodeOf, placeholder, Tensor } from "../graph/index.ts";
import { add } from "./elementwise.ts";
import { full, unbroadcast } from "./structural.ts";

/**
 * Cotangents of `xs` for cotangents `gs` of `ys`: the transposed Jacobian applied to `gs`. `null` where `ys` do not depend on it.
 * Rules are written in primitives, so the result can be differentiated again.
 */
export function vjpWalk(
  ys: readonly Tensor[],
  gs: readonly (Tensor | null)[],
  xs: readonly Tensor[],
): readonly (Tensor | null)[] {
  const targets = new Set(xs);
  const order = dependentNodes(ys, targets);
  const cotangents = new Map<Tensor, Tensor>();
  const outputs = new Map<Node, (Tensor | undefined)[]>();
  const note = (tensor: Tensor): void => {
    const step = nodeOf(tensor);
    if (step === undefined) return;
    const row = outputs.get(step.node) ?? new Array<Tensor | undefined>(step.node.outs.length).fill(undefined);
    row[step.index] ??= tensor;
    outputs.set(step.node, row);
  };
  ys.forEach(note);
  for (const node of order) node.inputs.forEach(note);
  // Several tensors may name the same output of a node; the first one met collects the cotangents for all.
  const collector = (tensor: Tensor): Tensor => {
    if (targets.has(tensor)) return tensor;
    const step = nodeOf(tensor);
    return step === undefined ? tensor : (outputs.get(step.node)?.[step.index] ?? tensor);
  };
  const accumulate = (tensor: Tensor, g: Tensor): void => {
    const at = collector(tensor);
    const known = cotangents.get(at);
    cotangents.set(at, known === undefined ? g : add(known, g));
  };
  ys.forEach((y, i) => {
    const g = gs[i];
    if (g !== null && g !== undefined) accumulate(y, g);
  });
  for (const node of order.reverse()) {
    const { vjp } = node.definition;
    if (vjp === "none") continue;
    const outs = node.outs.map((_, i) => outputs.get(node)?.[i]);
    // A target keeps its cotangent; what flows on is the same, so it is read, not taken.
    const own = outs.map((out) => (out === undefined ? undefined : cotangents.get(out)));
    if (own.every((g) => g === undefined)) continue;
    const made = node.outs.map((aval, i) => outs[i] ?? new Tensor(aval, { kind: "op", node, index: i }));
    const filled = node.outs.map(
      (aval, i) => own[i] ?? full(aval.shape, 0, isDifferentiable(aval.dtype) ? aval.dtype : "float32"),
    );
    const back = vjp({
      g: filled[0] as Tensor,
      gs: filled,
      inputs: node.inputs,
      out: made[0] as Tensor,
      outs: made,
      params: node.params,
    });
    node.inputs.forEach((input, i) => {
      const g = back[i];
      if (g === null || g === undefined || !isDifferentiable(input.dtype)) return;
      accumulate(input, unbroadcast(g, input.shape));
    });
  }
  return xs.map((x) => cotangents.get(x) ?? null);
}

// Nodes between `targets` and `ys`, each after what it needs; what does not depend on a target is left out.
function dependentNodes(ys: readonly Tensor[], targets: ReadonlySet<Tensor>): Node[] {
  const order: Node[] = [];
  const depends = new Map<Node, boolean>();
  const stack: Node[] = [];
  const nodeBelow = (tensor: Tensor): Node | undefined => nodeOf(tensor)?.node;
  const reaches = (tensor: Tensor): boolean => {
    if (targets.has(tensor)) return true;
    const node = nodeBelow(tensor);
    return node !== undefined && depends.get(node) === true;
  };
  const opened = new Set<Node>();
  for (const y of ys) {
    const root = nodeBelow(y);
    if (root !== undefined) stack.push(root);
    while (stack.length > 0) {
      const node = stack[stack.length - 1] as Node;
      if (depends.has(node)) {
        stack.pop();
      } else if (opened.has(node)) {
        stack.pop();
        const does = node.inputs.some(reaches);
        depends.set(node, does);
        if (does) order.push(node);
      } else {
        opened.add(node);
        for (const input of node.inputs) {
          const below = nodeBelow(input);
          if (below !== undefined && !depends.has(below) && !opened.has(below)) stack.push(below);
        }
      }
    }
  }
  return order;
}

/** Which inputs and outputs of a graph carry gradients. */
export const floatPlaces = (avals: readonly { readonly dtype: Tensor["dtype"] }[]): number[] =>
  avals.flatMap((aval, i) => (isDifferentiable(aval.dtype) ? [i] : []));

/** The program that maps inputs and cotangents of the float outputs to cotangents of the float inputs. */
export function vjpGraph(graph: Graph): Graph {
  const gs = floatPlaces(graph.outputs).map((i) => placeholder(graph.outputs[i] as Tensor));
  const xs = floatPlaces(graph.inputs).map((i) => graph.inputs[i] as Tensor);
  const ys = floatPlaces(graph.outputs).map((i) => graph.outputs[i] as Tensor);
  const back = vjpWalk(ys, gs, xs);
  return new Graph(
    [...graph.inputs, ...gs],
    back.map((g, i) => g ?? full((xs[i] as Tensor).shape, 0, (xs[i] as Tensor).dtype)),
  );
}
