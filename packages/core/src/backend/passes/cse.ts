import { type Graph, literalKey, type Node, paramsKey, type Tensor, transform } from "../../graph/index.ts";

import { flattenNode } from "./rewrite.ts";

/** Common-subexpression elimination: nodes that compute the same thing from the same inputs become one. Unused nodes vanish too. */
export function shareCommon(graph: Graph): Graph {
  const names = new Map<Tensor, string>();
  const literals = new Map<string, Tensor>();
  const known = new Map<string, readonly Tensor[]>();
  let count = 0;
  const nameOf = (tensor: Tensor): string => {
    let name = names.get(tensor);
    if (name === undefined) {
      name = tensor.source.kind === "literal" ? literalKey(tensor.source.value) : String(count++);
      names.set(tensor, name);
      if (tensor.source.kind === "literal" && !literals.has(name)) literals.set(name, tensor);
    }
    return name;
  };
  return transform(graph, (node: Node, inputs) => {
    const same = inputs.map((x) => (x.source.kind === "literal" ? (literals.get(nameOf(x)) as Tensor) : x));
    const key = `${node.definition.name}|${paramsKey(node.params)}|${same.map(nameOf).join(" ")}`;
    const earlier = known.get(key);
    if (earlier !== undefined) return earlier;
    const made = flattenNode(node, same, shareCommon);
    known.set(key, made);
    return made;
  });
}
