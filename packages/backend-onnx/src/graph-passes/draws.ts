import {
  apply,
  copyNode,
  Graph,
  type Node,
  nodeOf,
  type primitives as p,
  placeholder,
  rebuild,
  type Tensor,
  transform,
} from "@keras-ts/core/backend";
import { countersOf, type RandomBits, randomStreams, rowLayout, type StreamsParams } from "../kernels/random.ts";

/** Draws of random bits whose numbers come from a hash. */
export const hashDraws = (graph: Graph): Graph =>
  transform(graph, (node, inputs) => {
    if (node.definition.name !== "randomBits") return copyNode(node, inputs);
    return apply(randomStreams, inputs, { random: "fast", streams: [node.params as unknown as p.BitsParams] });
  });

/**
 * Draws of random bits that do not depend on each other are one computation over the counters of all, where that costs less: what is
 * small is joined, what is large stays alone, and what is larger than the cache is computed in parts. The bits are the same.
 */
export const joinDraws = (graph: Graph): Graph => inParts(joined(graph));

function inParts(graph: Graph): Graph {
  const isLarge = (node: Node): boolean => isDraw(node) && sizesOf(node).every((size) => size > LARGE);
  if (!graph.nodes.some(isLarge)) return graph;
  return transform(graph, (node, inputs) =>
    isLarge(node) ? apply(randomStreams, inputs, { ...paramsOf(node), part: PART }) : copyNode(node, inputs),
  );
}

function joined(graph: Graph): Graph {
  const groups = groupsOf(graph);
  const groupOf = new Map(groups.flatMap((group) => group.map((node) => [node, group] as const)));
  if (groups.length === 0) return graph;
  // Keys first, from the draws that depend on none to those that do: so they are all there when the first draw of a group is.
  const keys = groups.flatMap((group) => group.flatMap(({ inputs }) => inputs));
  const ordered = new Graph(graph.inputs, [...keys, ...graph.outputs]);
  const inputs = graph.inputs.map((x) => placeholder(x));
  const given = new Map<Tensor, Tensor>(graph.inputs.map((x, i) => [x, inputs[i] as Tensor]));
  const made = new Map<Node, readonly Tensor[]>();
  const renewed = (x: Tensor): Tensor => {
    const source = nodeOf(x);
    return given.get(x) ?? (source === undefined ? undefined : made.get(source.node)?.[source.index]) ?? x;
  };
  const outputs = rebuild(ordered, inputs, (node, own) => {
    const group = groupOf.get(node);
    if (group === undefined) made.set(node, copyNode(node, own));
    else if (!made.has(node)) {
      const results = [...together(group, renewed)];
      for (const member of group) made.set(member, results.splice(0, member.outs.length));
    }
    return made.get(node) as readonly Tensor[];
  });
  return new Graph(inputs, outputs.slice(keys.length));
}

function together(group: readonly Node[], renewed: (x: Tensor) => Tensor): readonly Tensor[] {
  const { random } = paramsOf(group[0] as Node);
  const keys = group.flatMap(({ inputs }) => inputs.map(renewed));
  return apply(randomStreams, keys, { random, streams: group.flatMap((node) => paramsOf(node).streams) });
}

const isJoint = (node: Node): boolean => node.definition.name === randomStreams.name;
const isDraw = (node: Node): boolean => node.definition.name === "randomBits" || isJoint(node);
/** A draw as the engine's own node has it. */
const paramsOf = ({ definition, params }: Node): StreamsParams =>
  definition.name === "randomBits"
    ? { random: "threefry", streams: [params as unknown as p.BitsParams] }
    : (params as unknown as StreamsParams);
const sizesOf = (node: Node): number[] => {
  const { random, streams } = paramsOf(node);
  return streams.map((stream) => countersOf(stream, random));
};

/** Draws that are worth joining, those first that depend on fewest others, one after the other. */
function groupsOf(graph: Graph): Node[][] {
  const depths = new Map<Node, number>();
  const alike = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    const before = Math.max(0, ...node.inputs.map((x) => depths.get(nodeOf(x)?.node as Node) ?? 0));
    const depth = isDraw(node) ? before + 1 : before;
    depths.set(node, depth);
    if (!isDraw(node) || sizesOf(node).includes(0)) continue;
    // Draws of the same depth cannot depend on each other.
    const row = `${depth} ${paramsOf(node).random}`;
    alike.set(row, [...(alike.get(row) ?? []), node]);
  }
  const depthOf = (group: readonly Node[]): number => depths.get(group[0] as Node) as number;
  return [...alike.values()].flatMap(worthJoining).sort((a, b) => depthOf(a) - depthOf(b));
}

/** From the smallest on, as long as the next one costs less with those before it than alone. */
function worthJoining(draws: readonly Node[]): Node[][] {
  const size = (node: Node): number => sizesOf(node).reduce((a, b) => a + b, 0);
  const groups: Node[][] = [];
  for (const node of draws.toSorted((a, b) => size(a) - size(b))) {
    const last = groups.at(-1);
    const cost = (nodes: readonly Node[]): number => drawCost(nodes.flatMap(sizesOf), paramsOf(node).random);
    if (last !== undefined && cost([...last, node]) < cost(last) + cost([node])) last.push(node);
    else groups.push([node]);
  }
  return groups.filter((group) => group.length > 1);
}

/** A joint computation has no more counters than this, and a large draw is computed in parts of this size: they stay in the cache. */
const PART = 2 ** 17;
/**
 * Larger draws leave the cache behind with each operator: in parts, half a million counters take 16 ms instead of 17, a million 32
 * instead of 47, and more is won on a machine whose last cache others use too.
 */
const LARGE = 2 ** 18;

/**
 * Microseconds of one core, by ONNX Runtime 1.30: what a computation costs beside its counters (some hundred operators, or a dozen),
 * what a counter costs in it, and how much more if streams share it (keys are added by rows, and each stream is copied out).
 */
const COSTS: Readonly<
  Record<RandomBits, { readonly call: number; readonly counter: number; readonly shared: number }>
> = {
  threefry: { call: 40, counter: 0.029, shared: 0.0007 },
  fast: { call: 8, counter: 0.0047, shared: 0.0002 },
};
function drawCost(sizes: readonly number[], random: RandomBits): number {
  const { call, counter, shared } = COSTS[random];
  const { cost: counters } = rowLayout(sizes);
  if (sizes.length === 1) return call + counters * counter;
  return counters > PART ? Number.POSITIVE_INFINITY : call + counters * (counter + shared);
}
