import {
  copyNode,
  type Graph,
  isFloat,
  type Node,
  nodeOf,
  type primitives as p,
  sizeOf,
  type Tensor,
  transform,
} from "@keras-ts/core/backend";
import { FEW_TAPS } from "../kernels/innermost.ts";
import { isMirrored } from "../kernels/mirrored.ts";

/** How a convolution or pool is written: `[B, C, ...spatial]` if nothing is said, or `[C, ...spatial, B]`. */
export type Layout = "batchInnermost";
/** The layout that the pass chose for a node. */
export const layoutOf = (params: object): Layout | undefined => (params as { readonly layout?: Layout }).layout;

type Maps = p.ConvParams &
  p.PoolParams & { readonly inputSpatial?: readonly number[]; readonly kernelSpatial?: readonly number[] };
const family: ReadonlySet<string> = new Set([
  "conv",
  "convInputGrad",
  "convFilterGrad",
  "maxPool",
  "maxPoolGrad",
  "maxPoolGather",
  "sumPool",
  "sumPoolGrad",
]);
/** Small batches have short runs; nothing is gained. */
const SMALLEST_BATCH = 16;

/**
 * Regions of convolutions and pools, joined by whatever works element by element between them, are written with the batch innermost
 * where all of them can be, and where that costs less. The operators' transposes are cancelled by `moveTransposes` later.
 */
export function chooseLayouts(graph: Graph): Graph {
  const chosen = new Set(
    regionsOf(graph)
      .filter((region) => region.every(fits) && gain(region) > 0)
      .flat(),
  );
  if (chosen.size === 0) return graph;
  return transform(graph, (node, inputs) => {
    if (!chosen.has(node)) return copyNode(node, inputs);
    return copyNode(
      { ...node, params: { ...node.params, layout: "batchInnermost" satisfies Layout }, inputs: [] },
      inputs,
    );
  });
}

/** Maps that a node reads as such: not kernels. */
const mapsOf = ({ definition: { name }, inputs }: Node): readonly Tensor[] =>
  name === "conv" || name === "convInputGrad" ? inputs.slice(0, 1) : inputs;

function regionsOf(graph: Graph): Node[][] {
  const parent = new Map<Node, Node>();
  const find = (node: Node): Node => {
    let top = node;
    while (parent.get(top) !== top) top = parent.get(top) as Node;
    return top;
  };
  for (const node of graph.nodes) {
    parent.set(node, node);
    for (const x of mapsOf(node)) {
      const source = nodeOf(x)?.node;
      if (source === undefined || x.ndim < 3 || source.definition.name === "convFilterGrad") continue;
      if (carries(node, x) && carries(source, x)) parent.set(find(source), find(node));
    }
  }
  const regions = new Map<Node, Node[]>();
  for (const node of graph.nodes) {
    if (!family.has(node.definition.name)) continue;
    const top = find(node);
    regions.set(top, [...(regions.get(top) ?? []), node]);
  }
  return [...regions.values()];
}

// Nodes through which a layout spreads: the family, and what keeps a map's shape.
const carries = (node: Node, x: Tensor): boolean =>
  family.has(node.definition.name) || (node.outs.length === 1 && String(node.outs[0]?.shape) === String(x.shape));

/** Whether there is a way to write the node with the batch innermost. */
function fits(node: Node): boolean {
  const { name } = node.definition;
  const params = node.params as unknown as Maps;
  const [map] = node.inputs as readonly [Tensor];
  if (!isFloat(map.dtype) || map.ndim > 4 || (map.shape[0] as number) < SMALLEST_BATCH) return false;
  if (name === "conv" || name === "convFilterGrad") return params.groups === 1;
  if (name === "convInputGrad") return params.groups === 1 && params.strides.every((s) => s === 1);
  if (name === "maxPool") return true;
  const besides = params.padding.every(([low, high]) => low === 0 && high === 0);
  return name === "maxPoolGrad" && besides && params.window.every((w, i) => w === params.strides[i]);
}

/**
 * Nanoseconds saved, from times of single operators on one core (docs/onnx-engine.md has the table): for each number that a window sees,
 * and for each element of a pooled map.
 */
const saved = {
  conv: 0.16,
  /** Transposed; with a mirrored kernel it is like any other. */
  convInputGrad: 0.25,
  /** Products of slices take as long as the other layout's convolution with its transposes. */
  convFilterGrad: 0,
  fewTaps: 0.4,
  maxPool: 2,
  maxPoolGrad: 2,
} as const;
/** For each element of a map that comes from outside of the region and is transposed. */
const EDGE = 1.2;

function gain(region: readonly Node[]): number {
  const outside = new Set<Tensor>();
  let total = 0;
  for (const node of region) {
    const { name } = node.definition;
    const params = node.params as unknown as Maps;
    const [map] = node.inputs as readonly [Tensor];
    total += name === "maxPool" || name === "maxPoolGrad" ? saved[name] * map.size : gainOfConvolution(node, params);
    for (const x of mapsOf(node)) {
      const source = nodeOf(x)?.node;
      if (source === undefined || source.definition.name === "reshape") outside.add(x);
    }
  }
  return [...outside].reduce((sum, x) => sum - EDGE * x.size, total);
}

function gainOfConvolution({ definition: { name }, inputs, outs }: Node, params: Maps): number {
  const [first, second] = inputs as readonly [Tensor, Tensor];
  const kernel = name === "convFilterGrad" ? (outs[0]?.shape ?? []) : second.shape;
  const taps = sizeOf(kernel.slice(0, -1));
  const out = name === "conv" ? (outs[0]?.shape ?? []) : name === "convInputGrad" ? first.shape : second.shape;
  const seen = taps * sizeOf(out.slice(0, -1));
  if (taps <= FEW_TAPS && params.groups === 1) return saved.fewTaps * seen;
  const mirrored =
    name === "convInputGrad" && isMirrored(params as unknown as p.ConvInputGradParams, first.shape.slice(1, -1));
  return saved[mirrored ? "conv" : (name as "conv")] * seen;
}
