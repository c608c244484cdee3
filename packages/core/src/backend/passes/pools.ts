import { isFloat, range } from "../../aval/index.ts";
import { type Graph, type Node, nodeOf, type Tensor, transform } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { repeated } from "./algebra.ts";
import { cropUnseen } from "./crop.ts";
import { flattenNode } from "./rewrite.ts";

/**
 * What is done to a pooled map is done after the pool, on fewer elements:
 * `maxPool(relu(x + bias))` as `relu(maxPool(x) + bias)`, and in its gradient the mask before the gradient is put back; a sum over a
 * pool's gradient as the sum of what was put back; and convolutions do not compute a border that no window of the pool reaches.
 */
export function poolFirst(graph: Graph): Graph {
  const rewrite = (inner: Graph): Graph => {
    const moved = transform(inner, (node, inputs) => {
      const better = rules[node.definition.name]?.(inputs, node);
      return better === undefined ? flattenNode(node, inputs, rewrite) : [better];
    });
    return cropUnseen(moved);
  };
  return rewrite(graph);
}

const made = (x: Tensor | undefined, name: string): Node | undefined => {
  const node = x === undefined ? undefined : nodeOf(x)?.node;
  return node?.definition.name === name ? node : undefined;
};

/** `x` of `relu(x)`, whether it is whole or written out as a maximum. */
function underRelu(y: Tensor | undefined): Tensor | undefined {
  const whole = made(y, "relu");
  if (whole !== undefined) return whole.inputs[0];
  const [a, b] = made(y, "max")?.inputs ?? [];
  return a !== undefined && b?.size === 1 && repeated(b) === 0 ? a : undefined;
}

const reluLike = (y: Tensor, x: Tensor): Tensor => (made(y, "relu") === undefined ? p.max(x, 0) : p.relu(x));

/** `x` and `by` of `x + by`, where `by` is one number for each channel: it moves every window's maximum alike. */
function shiftedByChannel(y: Tensor): { readonly x: Tensor; readonly by: Tensor } | undefined {
  const [a, b] = made(y, "add")?.inputs ?? [];
  if (a === undefined || b === undefined || !isFloat(y.dtype)) return undefined;
  const isByChannel = (t: Tensor): boolean => t.ndim <= y.ndim && t.shape.slice(0, -1).every((n) => n === 1);
  if (isByChannel(b) && a.ndim === y.ndim && a.size === y.size) return { x: a, by: b };
  return isByChannel(a) && b.ndim === y.ndim && b.size === y.size ? { x: b, by: a } : undefined;
}

/** The maximum pool, before what moves all its windows alike. */
function highest(y: Tensor, params: p.PoolParams): Tensor {
  const shifted = shiftedByChannel(y);
  return shifted === undefined ? p.maxPool(y, params) : p.add(p.maxPool(shifted.x, params), shifted.by);
}

type Rule = (inputs: readonly Tensor[], node: Node) => Tensor | undefined;
const rules: Readonly<Record<string, Rule>> = {
  maxPool: ([y], { params }) => {
    const own = params as unknown as p.PoolParams;
    const x = underRelu(y);
    if (x !== undefined) return reluLike(y as Tensor, highest(x, own));
    return shiftedByChannel(y as Tensor) === undefined ? undefined : highest(y as Tensor, own);
  },
  maxPoolGrad: ([y, g], { params }) => {
    const shifted = shiftedByChannel(y as Tensor);
    return shifted === undefined ? undefined : p.maxPoolGrad(shifted.x, g as Tensor, params as unknown as p.PoolParams);
  },
  // The same places win with and without relu, except in windows where all is 0 and masked.
  where: ([condition, back, zero]) => {
    const [y, bound] = made(condition, "greater")?.inputs ?? [];
    const x = underRelu(y);
    const pool = made(back, "maxPoolGrad");
    const isMask = bound !== undefined && repeated(bound) === 0 && repeated(zero as Tensor) === 0;
    if (x === undefined || pool === undefined || !isMask || pool.inputs[0] !== y) return undefined;
    const params = pool.params as unknown as p.PoolParams;
    const pooled = reluLike(y as Tensor, highest(x, params));
    const masked = p.where(p.greater(pooled, 0), pool.inputs[1] as Tensor, 0);
    return p.maxPoolGrad(shiftedByChannel(x)?.x ?? x, masked, params);
  },
  reduceSum: ([back], { params }) => {
    const pool = made(back, "maxPoolGrad");
    const { axes } = params as unknown as p.AxesParams;
    if (pool === undefined || !range((back as Tensor).ndim - 1).every((axis) => axes.includes(axis))) return undefined;
    const { window, padding } = pool.params as unknown as p.PoolParams;
    const sees = window.every((w, i) => (padding[i] as readonly number[]).every((n) => n < w));
    return sees ? p.reduceSum(pool.inputs[1] as Tensor, { axes }) : undefined;
  },
};
