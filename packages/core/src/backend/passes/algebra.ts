import { type DType, isFloat, isInteger, range, sameShape } from "../../aval/index.ts";
import { type Graph, type Node, nodeOf, type Params, type Tensor, transform } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { flattenNode } from "./rewrite.ts";

/** A simpler tensor for a node of one result, or undefined. It has the shape and dtype of the node's result. */
type Rule = (inputs: readonly Tensor[], node: Node) => Tensor | undefined;

/** Algebra: operations that change nothing vanish (`x 1`, `x + 0`), pairs that undo or repeat each other become one (transposes, reshapes, casts, sums). */
export function simplify(graph: Graph): Graph {
  const rewrite = (inner: Graph): Graph =>
    transform(inner, (node, inputs) => {
      const simpler = rules[node.definition.name]?.(inputs, node);
      return simpler === undefined ? flattenNode(node, inputs, rewrite) : [simpler];
    });
  return rewrite(graph);
}

/** The number that a literal, or a broadcast of one, repeats. */
export function repeated(x: Tensor): number | undefined {
  const made = nodeOf(x)?.node;
  if (made?.definition.name === "broadcastTo") return repeated(made.inputs[0] as Tensor);
  if (x.source.kind !== "literal" || x.size === 0 || x.size > 64) return undefined;
  const { data } = x.source.value;
  return data.every((value) => value === data[0]) ? Number(data[0]) : undefined;
}

const below = (x: Tensor, name: string): Node | undefined => {
  const made = nodeOf(x)?.node;
  return made?.definition.name === name ? made : undefined;
};
/** It can stand for the result of `node`. */
const same = (x: Tensor | undefined, node: Node): boolean =>
  x !== undefined && sameShape(x.shape, node.outs[0]?.shape ?? []) && x.dtype === node.outs[0]?.dtype;

/** `x` where the other operand is `neutral`; on the right only, or on both sides. */
const neutral =
  (number: number, side: "right" | "both" = "both"): Rule =>
  ([a, b], node) => {
    if (same(a, node) && repeated(b as Tensor) === number) return a;
    return side === "both" && same(b, node) && repeated(a as Tensor) === number ? b : undefined;
  };

const first = (...tries: readonly Rule[]): Rule => {
  return (inputs, node) => {
    for (const rule of tries) {
      const found = rule(inputs, node);
      if (found !== undefined) return found;
    }
    return undefined;
  };
};

/** `f(f(x, inner), outer)` as one application. */
const chained =
  <P extends Params>(name: string, join: (x: Tensor, inner: P, outer: P) => Tensor): Rule =>
  ([x], node) => {
    const inner = below(x as Tensor, name);
    if (inner === undefined) return undefined;
    return join(inner.inputs[0] as Tensor, inner.params as unknown as P, node.params as unknown as P);
  };

const negated = (x: Tensor | undefined): Tensor | undefined =>
  x === undefined ? undefined : (below(x, "neg")?.inputs[0] as Tensor | undefined);

// Axes of a reduction of a reduction, counted in what the first one read.
const joinReductions = (
  reduce: (x: Tensor, params: p.AxesParams) => Tensor,
): ((x: Tensor, inner: p.AxesParams, outer: p.AxesParams) => Tensor) => {
  return (x, inner, outer) => {
    const stay = range(x.ndim).filter((axis) => !inner.axes.includes(axis));
    const axes = [...inner.axes, ...outer.axes.map((i) => stay[i] as number)].sort((a, b) => a - b);
    return reduce(x, { axes });
  };
};

const bits: Readonly<Partial<Record<DType, number>>> = {
  int8: 8,
  uint8: 8,
  int16: 16,
  uint16: 16,
  int32: 32,
  uint32: 32,
};
/** Every value of `from` exists in `to`. */
function widens(from: DType, to: DType): boolean {
  if (from === to || from === "bool") return true;
  const [a, b] = [bits[from] ?? 64, bits[to] ?? 64];
  if (isInteger(from) && isInteger(to))
    return from.startsWith("u") === to.startsWith("u") ? a <= b : to[0] === "i" && a < b;
  if (isInteger(from)) return a <= 16 && (to === "float32" || to === "float64");
  return (from === "float16" || from === "bfloat16") && (to === "float32" || to === "float64");
}

/**
 * `(bits >> s) 2^-k < c` compares whole numbers: a dropout's mask, without the uniform numbers that it is made of. Exact, since what is
 * left after a shift by 8 or more is a number of float32; of int32 it is too, which engines without uint32 compare as it is.
 */
const compareBits: Rule = ([u, limit], node) => {
  const scaled = below(u as Tensor, "mul")?.inputs ?? [];
  const shifted = scaled[0] && below(scaled[0], "cast")?.inputs[0];
  const [word, amount] = (shifted && below(shifted, "shiftRightLogical")?.inputs) ?? [];
  const fits =
    scaled[0]?.dtype === "float32" && word?.dtype === "uint32" && sameShape(word.shape, node.outs[0]?.shape ?? []);
  if (!fits || amount === undefined) return undefined;
  const shift = repeated(amount) ?? 0;
  const unit = Math.log2(repeated(scaled[1] as Tensor) ?? 0);
  const top = Math.ceil((repeated(limit as Tensor) ?? Number.NaN) * 2 ** -unit);
  const isExact = shift >= 8 && shift < 32 && Number.isInteger(unit) && unit > -100;
  const number = p.cast(shifted as Tensor, { dtype: "int32" });
  return isExact && top > 0 && top < 2 ** (32 - shift) ? p.less(number, top) : undefined;
};

const rules: Readonly<Record<string, Rule>> = {
  add: first(neutral(0), ([a, b]) => {
    const [left, right] = [negated(a), negated(b)];
    if (right !== undefined) return p.sub(a as Tensor, right);
    return left === undefined ? undefined : p.sub(b as Tensor, left);
  }),
  sub: first(neutral(0, "right"), ([a, b]) => {
    const right = negated(b);
    return right === undefined ? undefined : p.add(a as Tensor, right);
  }),
  mul: first(neutral(1), ([a, b]) => {
    const [left, right] = [negated(a), negated(b)];
    return left !== undefined && right !== undefined ? p.mul(left, right) : undefined;
  }),
  div: neutral(1, "right"),
  pow: first(neutral(1, "right"), ([base, n], node) => {
    const x = base as Tensor;
    return same(x, node) && isFloat(x.dtype) && repeated(n as Tensor) === 2 ? p.mul(x, x) : undefined;
  }),
  and: ([a, b], node) => (node.outs[0]?.dtype === "bool" ? neutral(1)([a, b] as Tensor[], node) : undefined),
  or: neutral(0),
  less: compareBits,
  neg: ([x]) => negated(x),
  where: ([condition, a, b], node) => {
    if (a === b && same(a, node)) return a;
    const known = repeated(condition as Tensor);
    const chosen = known === undefined ? undefined : known === 0 ? b : a;
    return same(chosen, node) ? chosen : undefined;
  },
  cast: ([x], node) => {
    if (same(x, node)) return x;
    const inner = below(x as Tensor, "cast");
    const source = inner?.inputs[0];
    if (source === undefined || !widens(source.dtype, (x as Tensor).dtype)) return undefined;
    return source.dtype === node.outs[0]?.dtype ? source : p.cast(source, node.params as unknown as p.CastParams);
  },
  reshape: chained<p.ShapeParams>("reshape", (x, _, { shape }) => p.reshape(x, { shape })),
  broadcastTo: chained<p.ShapeParams>("broadcastTo", (x, _, { shape }) => p.broadcastTo(x, { shape })),
  transpose: chained<p.PermutationParams>("transpose", (x, inner, outer) =>
    p.transpose(x, { permutation: outer.permutation.map((i) => inner.permutation[i] as number) }),
  ),
  reduceSum: chained<p.AxesParams>("reduceSum", joinReductions(p.reduceSum)),
  reduceMax: chained<p.AxesParams>("reduceMax", joinReductions(p.reduceMax)),
  reduceMin: chained<p.AxesParams>("reduceMin", joinReductions(p.reduceMin)),
};
