import { isHalf } from "../../aval/index.ts";
import { type Graph, type Node, transform } from "../../graph/index.ts";
import { flattenNode, inlineGraph } from "./rewrite.ts";

/** Replaces composites without a native kernel, custom gradients and stop-gradients by what they compute. */
export function inlineComposites(graph: Graph, isNative: (name: string) => boolean): Graph {
  const visit = (node: Node, inputs: readonly Graph["inputs"][number][]): readonly Graph["inputs"][number][] => {
    const { definition, params } = node;
    if (definition.name === "stopGradient") return inputs;
    const stepwise = definition.stepwiseHalves === true && node.inputs.some(({ dtype }) => isHalf(dtype));
    if (definition.body === undefined || (isNative(definition.name) && !stepwise))
      return flattenNode(node, inputs, rewrite);
    const own = inputs.map((x) => x);
    const body = definition.body(own, params);
    // The body may itself hold composites.
    return inlineGraph(body, inputs, rewrite);
  };
  const rewrite = (inner: Graph): Graph => transform(inner, visit);
  return rewrite(graph);
}
