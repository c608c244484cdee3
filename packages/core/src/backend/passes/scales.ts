import { isFloat, range, sameShape } from "../../aval/index.ts";
import { type Graph, type Node, nodeOf, type Tensor, transform } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { flattenNode } from "./rewrite.ts";

type Rule = (inputs: readonly Tensor[], node: Node) => Tensor | undefined;

/**
 * Factors and shifts with few numbers (one for each channel, say) meet before they reach large tensors: `(x a) b` as `x (a b)`,
 * `-(x a)` as `x (-a)`, `x a + x a` as `x (2 a)`, `(x + a) + y` as `(x + y) + a` and `(x + a) + b` as `x + (a + b)`; and a sum takes a
 * factor out that is the same for all it sums. Gradients of normalisations are full of these.
 */
export function joinScales(graph: Graph): Graph {
  const rewrite = (inner: Graph): Graph =>
    transform(inner, (node, inputs) => {
      const better = isFloat(node.outs[0]?.dtype ?? "bool") ? rules[node.definition.name]?.(inputs, node) : undefined;
      return better === undefined ? flattenNode(node, inputs, rewrite) : [better];
    });
  return rewrite(graph);
}

/** So many times smaller must a tensor be to count as few numbers. */
const FEW = 4;

/** The large and the small operand of an operation whose result has the large one's shape. */
function split(x: Tensor, name: "add" | "mul"): { readonly large: Tensor; readonly small: Tensor } | undefined {
  const node = nodeOf(x)?.node;
  if (node?.definition.name !== name) return undefined;
  return sides(node.inputs as readonly [Tensor, Tensor]);
}
function sides([a, b]: readonly [Tensor, Tensor]): { readonly large: Tensor; readonly small: Tensor } | undefined {
  const fits = (large: Tensor, small: Tensor): boolean =>
    small.size * FEW <= large.size && small.ndim <= large.ndim && reaches(small, large);
  if (fits(a, b)) return { large: a, small: b };
  return fits(b, a) ? { large: b, small: a } : undefined;
}
const reaches = (small: Tensor, large: Tensor): boolean =>
  small.shape.every((n, i) => n === 1 || n === large.shape[i + large.ndim - small.ndim]);

/**
 * `f(a, b)` of two small operands, if that is small too. Single numbers stay where they are: the bits of random draws, which are those
 * of other engines, hang on the order in which they are scaled and shifted.
 */
function joined(f: (a: Tensor, b: Tensor) => Tensor, a: Tensor, b: Tensor, large: Tensor): Tensor | undefined {
  if (a.size === 1 || b.size === 1) return undefined;
  const both = f(a, b);
  return both.size * FEW <= large.size ? both : undefined;
}

// A bias right after a product stays there: engines take it into the product.
const isProduct = (x: Tensor): boolean => /^(conv|dotGeneral)/.test(nodeOf(x)?.node.definition.name ?? "");

const rules: Readonly<Record<string, Rule>> = {
  mul: (inputs) => {
    const outer = sides(inputs as readonly [Tensor, Tensor]);
    const inner = outer === undefined ? undefined : split(outer.large, "mul");
    if (outer === undefined || inner === undefined) return undefined;
    const factor = joined(p.mul, inner.small, outer.small, inner.large);
    return factor === undefined ? undefined : p.mul(inner.large, factor);
  },
  neg: ([x]) => {
    const inner = split(x as Tensor, "mul");
    return inner === undefined ? undefined : p.mul(inner.large, p.neg(inner.small));
  },
  add: ([a, b]) => {
    const [x, y] = [a as Tensor, b as Tensor];
    if (x === y) {
      const twice = split(x, "mul");
      return twice === undefined ? undefined : p.mul(twice.large, p.add(twice.small, twice.small));
    }
    const outer = sides([x, y]);
    if (outer !== undefined) {
      const inner = split(outer.large, "add");
      const shift = inner === undefined ? undefined : joined(p.add, inner.small, outer.small, inner.large);
      return inner === undefined || shift === undefined ? undefined : p.add(inner.large, shift);
    }
    if (!sameShape(x.shape, y.shape)) return undefined;
    const [left, right] = [split(x, "add"), split(y, "add")];
    const mine = left !== undefined && left.small.size > 1 && !isProduct(left.large) ? left : undefined;
    const other = right !== undefined && right.small.size > 1 && !isProduct(right.large) ? right : undefined;
    if (mine !== undefined && other !== undefined) {
      const shift = joined(p.add, mine.small, other.small, x);
      if (shift !== undefined) return p.add(p.add(mine.large, other.large), shift);
    }
    if (mine !== undefined) return p.add(p.add(mine.large, y), mine.small);
    return other === undefined ? undefined : p.add(p.add(x, other.large), other.small);
  },
  reduceSum: ([x], { params }) => {
    const { axes } = params as unknown as p.AxesParams;
    const [source] = [x as Tensor];
    const negative = nodeOf(source)?.node;
    if (negative?.definition.name === "neg") return p.neg(p.reduceSum(negative.inputs[0] as Tensor, { axes }));
    const inner = split(source, "mul");
    if (inner === undefined) return undefined;
    const { large, small } = inner;
    const lead = large.ndim - small.ndim;
    if (!axes.every((axis) => axis < lead || small.shape[axis - lead] === 1)) return undefined;
    const stay = range(small.ndim).filter((i) => !axes.includes(i + lead));
    return p.mul(p.reduceSum(large, { axes }), p.reshape(small, { shape: stay.map((i) => small.shape[i] as number) }));
  },
};
