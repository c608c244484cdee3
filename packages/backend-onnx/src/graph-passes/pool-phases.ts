import {
  copyNode,
  type Graph,
  type Node,
  nodeOf,
  primitives as p,
  paramsKey,
  range,
  sizeOf,
  type Tensor,
  transform,
} from "@keras-ts/core/backend";
import { FEW_TAPS } from "../kernels/innermost.ts";

/** A convolution that only one pool (and its gradient) reads. */
interface Block {
  readonly conv: Node;
  readonly pool: p.PoolParams;
}

/**
 * The maximum over windows side by side of a convolution with few taps: one convolution for each place of the window (a stride over
 * whole windows), and their maximum. Every number of the large map is then computed, compared and thrown away while it is at hand, and
 * the kernel's gradient is a sum over the places. Only without a gradient of the input, which would be as many transposed convolutions.
 */
export function poolPhases(graph: Graph): Graph {
  const blocks = blocksOf(graph);
  if (blocks.size === 0) return graph;
  const written = new Map<Node, readonly Tensor[]>();
  const taken = new Map<Tensor, { readonly parts: readonly Tensor[]; readonly pool: p.PoolParams }>();
  return transform(graph, (node, inputs) => {
    const { name } = node.definition;
    const [first, second] = inputs as readonly [Tensor, Tensor];
    const source = nodeOf(node.inputs[0] as Tensor)?.node as Node;
    const block = blocks.get(source);
    if (name === "conv" && blocks.has(node)) {
      written.set(node, phasesOf(node, first, second, (blocks.get(node) as Block).pool));
      return copyNode(node, inputs);
    }
    if (name === "maxPool" && block !== undefined) return [largest(written.get(source) as readonly Tensor[])];
    if (name === "maxPoolGrad" && block !== undefined) {
      const made = copyNode(node, inputs);
      const parts = share(written.get(source) as readonly Tensor[], second);
      taken.set(made[0] as Tensor, { parts, pool: block.pool });
      return made;
    }
    const shared = name === "convFilterGrad" ? taken.get(second) : undefined;
    if (shared === undefined) return copyNode(node, inputs);
    const { parts, pool } = shared;
    const own = node.params as unknown as p.ConvFilterGradParams;
    const sums = offsets(pool.window).map((offset, k) =>
      p.convFilterGrad(
        first,
        parts[k] as Tensor,
        phase(own, first, own.kernelSpatial, (parts[k] as Tensor).shape, pool, offset),
      ),
    );
    return [sums.reduce((a, b) => p.add(a, b))];
  });
}

const offsets = (window: readonly number[]): number[][] =>
  window.reduce<number[][]>((all, n) => all.flatMap((o) => range(n).map((k) => [...o, k])), [[]]);
const largest = (parts: readonly Tensor[]): Tensor => parts.reduce((a, b) => p.max(a, b));

function blocksOf(graph: Graph): Map<Node, Block> {
  const readers = new Map<Node, Node[]>();
  for (const node of graph.nodes) {
    for (const x of node.inputs) {
      const source = nodeOf(x)?.node;
      if (source !== undefined) readers.set(source, [...(readers.get(source) ?? []), node]);
    }
  }
  const results = new Set(graph.outputs.map((x) => nodeOf(x)?.node));
  const blocks = new Map<Node, Block>();
  for (const node of graph.nodes) {
    const conv = node.definition.name === "maxPool" ? nodeOf(node.inputs[0] as Tensor)?.node : undefined;
    if (conv?.definition.name !== "conv" || results.has(conv)) continue;
    const pool = node.params as unknown as p.PoolParams;
    const own = conv.params as unknown as p.ConvParams;
    const [x, kernel] = conv.inputs as readonly [Tensor, Tensor];
    const few = own.groups === 1 && sizeOf(kernel.shape.slice(0, -1)) <= FEW_TAPS && sizeOf(pool.window) <= 4;
    const besides =
      pool.window.every((w, i) => w === pool.strides[i]) &&
      pool.padding.every(([low, high]) => low === 0 && high === 0);
    const key = paramsKey(node.params);
    const allowed = readers.get(conv)?.every((reader) => {
      const back = reader.definition.name === "maxPoolGrad" && nodeOf(reader.inputs[0] as Tensor)?.node === conv;
      const only = readers
        .get(reader)
        ?.every(
          (user) =>
            user.definition.name === "convFilterGrad" &&
            user.inputs[0] === x &&
            nodeOf(user.inputs[1] as Tensor)?.node === reader,
        );
      return (
        paramsKey(reader.params) === key &&
        (reader.definition.name === "maxPool" || (back && only === true && !results.has(reader)))
      );
    });
    if (few && besides && allowed && x.dtype === "float32" && x.ndim <= 4) blocks.set(conv, { conv, pool });
  }
  return blocks;
}

/** Params of the convolution that gives only the places at `offset` of the pool's windows, `out` of them. */
function phase<P extends p.ConvParams>(
  params: P,
  x: Tensor,
  window: readonly number[],
  out: readonly number[],
  pool: p.PoolParams,
  offset: readonly number[],
): P {
  const strides = params.strides.map((s, i) => s * (pool.window[i] as number));
  const padding = params.padding.map(([low], i) => {
    const before = low - (offset[i] as number) * (params.strides[i] as number);
    const reach =
      ((out[i + 1] as number) - 1) * (strides[i] as number) +
      ((window[i] as number) - 1) * (params.dilation[i] as number) +
      1;
    return [before, reach - (x.shape[i + 1] as number) - before] as const;
  });
  return { ...params, strides, padding };
}

function phasesOf(conv: Node, x: Tensor, kernel: Tensor, pool: p.PoolParams): Tensor[] {
  const own = conv.params as unknown as p.ConvParams;
  const shape = conv.outs[0]?.shape ?? [];
  const out = shape.map((n, i) =>
    i === 0 || i === shape.length - 1 ? n : Math.floor(n / (pool.window[i - 1] as number)),
  );
  const window = kernel.shape.slice(0, pool.window.length);
  return offsets(pool.window).map((offset) => p.conv(x, kernel, phase(own, x, window, out, pool, offset)));
}

/** The gradient of the maximum: the first place that has it takes all. */
function share(parts: readonly Tensor[], g: Tensor): Tensor[] {
  const highest = largest(parts);
  let left = g;
  return parts.map((part, k) => {
    if (k === parts.length - 1) return left;
    const won = p.mul(p.cast(p.equal(part, highest), { dtype: "float32" }), left);
    left = p.sub(left, won);
    return won;
  });
}
