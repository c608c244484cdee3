import { copyNode, type Graph, type Node, nodeOf, paramsKey, type Tensor, transform } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";

/**
 * A convolution does not compute the rows and columns at its end that no window of the pool after it reaches. The gradient is 0 there:
 * the gradients of the convolution are taken without them.
 */
export function cropUnseen(graph: Graph): Graph {
  const crops = cropsOf(graph);
  if (crops.size === 0) return graph;
  const cropped = (node: Node, inputs: readonly Tensor[]): Tensor | undefined => {
    const sizes = crops.get(node);
    const [x, y] = inputs as readonly [Tensor, Tensor];
    if (sizes !== undefined) {
      const params = node.params as unknown as p.ConvParams;
      return p.conv(x, y, narrowed(params, x.shape.slice(1, -1), y.shape.slice(0, sizes.length), sizes));
    }
    const { name } = node.definition;
    const pooled =
      name === "maxPool" || name === "maxPoolGrad"
        ? crops.get(nodeOf(node.inputs[0] as Tensor)?.node as Node)
        : undefined;
    if (pooled !== undefined) return pooledAgain(node, inputs);
    return withoutPadding(node, inputs);
  };
  return transform(graph, (node, inputs) => {
    const made = cropped(node, inputs);
    return made === undefined ? copyNode(node, inputs) : [made];
  });
}

/** Convolutions that only a pool (and its gradient) reads, with the spatial sizes that its windows reach. */
function cropsOf(graph: Graph): Map<Node, readonly number[]> {
  const readers = new Map<Node, Node[]>();
  for (const node of graph.nodes) {
    for (const x of node.inputs) {
      const source = nodeOf(x)?.node;
      if (source !== undefined) readers.set(source, [...(readers.get(source) ?? []), node]);
    }
  }
  const results = new Set(graph.outputs.map((x) => nodeOf(x)?.node));
  const crops = new Map<Node, readonly number[]>();
  for (const node of graph.nodes) {
    const conv = node.definition.name === "maxPool" ? nodeOf(node.inputs[0] as Tensor)?.node : undefined;
    const sizes = conv?.definition.name === "conv" && !results.has(conv) ? reached(node) : undefined;
    if (conv === undefined || sizes === undefined) continue;
    const key = paramsKey(node.params);
    const isPool = ({ definition, params, inputs }: Node): boolean =>
      /^maxPool(Grad)?$/.test(definition.name) &&
      paramsKey(params) === key &&
      inputs.filter((x) => nodeOf(x)?.node === conv).length === 1 &&
      nodeOf(inputs[0] as Tensor)?.node === conv;
    if (readers.get(conv)?.every(isPool)) crops.set(conv, sizes);
  }
  return crops;
}

/** Sizes that the windows of a pool reach, if they leave something out. */
function reached({ inputs, params, outs }: Node): number[] | undefined {
  const { window, strides, padding } = params as unknown as p.PoolParams;
  const have = (inputs[0] as Tensor).shape.slice(1, -1);
  const sizes = window.map((w, i) => {
    const out = outs[0]?.shape[i + 1] as number;
    const end = (out - 1) * (strides[i] as number) + w - (padding[i] as readonly [number, number])[0];
    return Math.min(end, have[i] as number);
  });
  return sizes.some((size, i) => size < (have[i] as number)) && sizes.every((size) => size > 0) ? sizes : undefined;
}

/** A convolution's params with the padding after that gives `out`; it may be negative. */
function narrowed<P extends p.ConvParams>(
  params: P,
  size: readonly number[],
  window: readonly number[],
  out: readonly number[],
): P {
  const padding = params.padding.map(([low], i) => {
    const [steps, taps] = [(out[i] as number) - 1, (window[i] as number) - 1];
    const reach = steps * (params.strides[i] as number) + taps * (params.dilation[i] as number) + 1;
    return [low, reach - (size[i] as number) - low] as const;
  });
  return { ...params, padding };
}

// The same windows over the smaller map; a gradient is brought back to the size of the larger one.
function pooledAgain(node: Node, inputs: readonly Tensor[]): Tensor {
  const [x, g] = inputs as readonly [Tensor, Tensor | undefined];
  const params = node.params as unknown as p.PoolParams;
  const before = (node.inputs[0] as Tensor).shape;
  const padding = params.padding.map(([low, high], i) => {
    return [low, x.shape[i + 1] === before[i + 1] ? high : 0] as const;
  });
  const own = { ...params, padding };
  if (g === undefined) return p.maxPool(x, own);
  const none = before.map(() => 0);
  return p.pad(p.maxPoolGrad(x, g, own), {
    low: none,
    high: before.map((n, i) => n - (x.shape[i] as number)),
    interior: none,
  });
}

/** The gradients of a convolution from a `g` with zeros at its end: from `g` without them. */
function withoutPadding(node: Node, inputs: readonly Tensor[]): Tensor | undefined {
  const { name } = node.definition;
  if (name === "convFilterGrad") {
    const [x, g] = [inputs[0] as Tensor, beforePadding(inputs[1])];
    if (g === undefined) return undefined;
    const params = node.params as unknown as p.ConvFilterGradParams;
    return p.convFilterGrad(x, g, narrowed(params, x.shape.slice(1, -1), params.kernelSpatial, g.shape.slice(1, -1)));
  }
  if (name !== "convInputGrad") return undefined;
  const [g, kernel] = [beforePadding(inputs[0]), inputs[1] as Tensor];
  if (g === undefined) return undefined;
  const params = node.params as unknown as p.ConvInputGradParams;
  const window = kernel.shape.slice(0, params.strides.length);
  return p.convInputGrad(g, kernel, narrowed(params, params.inputSpatial, window, g.shape.slice(1, -1)));
}

/** What was padded with zeros after its spatial axes, and nowhere else. */
function beforePadding(x: Tensor | undefined): Tensor | undefined {
  const node = x === undefined ? undefined : nodeOf(x)?.node;
  if (node?.definition.name !== "pad") return undefined;
  const { low, high, interior } = node.params as unknown as p.PadParams;
  const inside = high.every((n, i) => n === 0 || (n > 0 && i > 0 && i < high.length - 1));
  return inside && [...low, ...interior].every((n) => n === 0) ? (node.inputs[0] as Tensor) : undefined;
}
