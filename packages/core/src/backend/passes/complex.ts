// Complex numbers, once for all engines: a complex64 tensor [...shape] becomes a float32 tensor [...shape, 2] of real and imaginary
// parts, the same bytes. Inside a program the two parts are tensors of their own, joined only where something holds both: inputs,
// outputs, and what control flow carries.
import { type Aval, isComplex, range } from "../../aval/index.ts";
import { BackendError, complain } from "../../errors/index.ts";
import {
  copyNode,
  Graph,
  literal,
  type Node,
  type Params,
  placeholder,
  rebuild,
  scalar,
  type Tensor,
} from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import type { Pair } from "./complex-functions.ts";
import * as f from "./complex-functions.ts";

/** The shape and dtype in which engines hold a value: complex ones have an axis of two more. */
export const carriedAval = ({ shape, dtype }: Aval): Aval =>
  isComplex(dtype) ? { shape: [...shape, 2], dtype: "float32" } : { shape, dtype };

const usesComplex = (graph: Graph): boolean =>
  [...graph.inputs, ...graph.outputs].some((x) => isComplex(x.dtype)) ||
  graph.nodes.some(
    (node) =>
      node.outs.some((x) => isComplex(x.dtype)) ||
      node.inputs.some((x) => isComplex(x.dtype)) ||
      Object.values(node.params).some((value) => value instanceof Graph && usesComplex(value)),
  );

/** The same program over real numbers. Complex inputs and outputs are pairs on a last axis. */
export function lowerComplex(graph: Graph): Graph {
  if (!usesComplex(graph)) return graph;
  const known = new WeakMap<Tensor, Pair>();
  const join = (pair: Pair): Tensor => {
    const column = (x: Tensor): Tensor => p.reshape(x, { shape: [...x.shape, 1] });
    const joined = p.concat([column(pair.re), column(pair.im)], { axis: pair.re.ndim });
    known.set(joined, pair);
    return joined;
  };
  const split = (x: Tensor): Pair => {
    if (isComplex(x.dtype)) return splitLiteral(x);
    const pair = known.get(x) ?? { re: partOf(x, 0), im: partOf(x, 1) };
    known.set(x, pair);
    return pair;
  };
  const whole = (x: Tensor): Tensor => (isComplex(x.dtype) ? join(splitLiteral(x)) : x);
  const visit = (node: Node, inputs: readonly Tensor[]): readonly Tensor[] => {
    const bodies = Object.values(node.params).some((value) => value instanceof Graph);
    if (bodies) return copyNode(withBodies(node), inputs.map(whole));
    if (![...node.inputs, ...node.outs].some((x) => isComplex(x.dtype))) return copyNode(node, inputs);
    const rule = rules[node.definition.name];
    if (rule === undefined) throw unknown(node);
    const out = node.outs[0] as Aval;
    const made = rule(
      inputs.map((x, i) => (isComplex((node.inputs[i] as Tensor).dtype) ? split(x) : x)),
      node.params,
      out,
    );
    if (!("re" in made)) return [made];
    const spread = (x: Tensor): Tensor => p.broadcastTo(x, { shape: out.shape });
    return [join({ re: spread(made.re), im: spread(made.im) })];
  };
  const withBodies = (node: Node): Node => {
    const params: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(node.params))
      params[key] = value instanceof Graph ? rewrite(value) : value;
    return { ...node, inputs: [], params: params as Params, outs: node.outs.map(carriedAval) };
  };
  const rewrite = (g: Graph): Graph => {
    const inputs = g.inputs.map((x) => placeholder(carriedAval(x)));
    return new Graph(inputs, rebuild(g, inputs, visit).map(whole));
  };
  return rewrite(graph);
}

// One of the parts of a tensor that holds both.
function partOf(x: Tensor, place: 0 | 1): Tensor {
  const last = x.ndim - 1;
  const at = (first: number, others: (axis: number) => number): number[] =>
    range(x.ndim).map((axis) => (axis === last ? first : others(axis)));
  const cut = p.slice(x, {
    starts: at(place, () => 0),
    limits: at(place + 1, (axis) => x.shape[axis] as number),
    strides: at(1, () => 1),
  });
  return p.reshape(cut, { shape: x.shape.slice(0, last) });
}

function splitLiteral(x: Tensor): Pair {
  if (x.source.kind !== "literal") throw new Error(`a complex tensor that is neither computed nor given: ${x}`);
  const { shape, data } = x.source.value;
  const every = (first: 0 | 1): Tensor =>
    literal({
      shape,
      dtype: "float32",
      data: new Float32Array(data.length / 2).map((_, i) => data[2 * i + first] as number),
    });
  return { re: every(0), im: every(1) };
}

function unknown({ definition, inputs }: Node): BackendError {
  const got = inputs.map(({ dtype, shape }) => `${dtype} [${shape.join(", ")}]`).join(" and ");
  const must = "the operation must be defined for complex numbers";
  return new BackendError(complain(definition.name, { must, got, todo: "Use ops.real and ops.imag of its input" }));
}

type Rule = (args: readonly (Pair | Tensor)[], params: Params, out: Aval) => Pair | Tensor;
const pair = (x: Pair | Tensor | undefined): Pair => x as Pair;
const one =
  (compute: (z: Pair) => Pair | Tensor): Rule =>
  ([z]) =>
    compute(pair(z));
const two =
  (compute: (a: Pair, b: Pair) => Pair | Tensor): Rule =>
  ([a, b]) =>
    compute(pair(a), pair(b));

type Apply = (inputs: readonly Tensor[], params: never) => Tensor;
// Linear in every complex input: done to both parts alike. Real inputs (indices, conditions) are the same for both.
const alike =
  (apply: Apply): Rule =>
  (args, params) => {
    const half = (part: "re" | "im"): Tensor =>
      apply(
        args.map((x) => ("re" in x ? x[part] : x)),
        params as never,
      );
    return { re: half("re"), im: half("im") };
  };
const alikeUnary = <P>(apply: (x: Tensor, params: P) => Tensor): Rule =>
  alike(([x], params: P) => apply(x as Tensor, params));
// A product of some kind: linear in each of two inputs.
const bilinear =
  <P>(apply: (a: Tensor, b: Tensor, params: P) => Tensor): Rule =>
  (args, params) => {
    const [a, b] = args as readonly [Pair, Pair];
    const product = (x: Tensor, y: Tensor): Tensor => apply(x, y, params as unknown as P);
    return {
      re: p.sub(product(a.re, b.re), product(a.im, b.im)),
      im: p.add(product(a.re, b.im), product(a.im, b.re)),
    };
  };

// To and from complex: real numbers get an imaginary part of 0, and complex ones lose theirs.
const cast: Rule = ([x], params, out) => {
  if (isComplex(out.dtype)) return { re: p.cast(x as Tensor, { dtype: "float32" }), im: scalar(0, "float32") };
  return p.cast(pair(x).re, params as p.CastParams);
};
const iota: Rule = (_, params) => ({
  re: p.iota({ ...(params as p.IotaParams), dtype: "float32" }),
  im: scalar(0, "float32"),
});

const rules: Readonly<Record<string, Rule>> = {
  complex: ([re, im]) => ({ re: re as Tensor, im: im as Tensor }),
  real: one((z) => z.re),
  imag: one((z) => z.im),
  cast,
  iota,
  add: alike(([a, b]) => p.add(a as Tensor, b as Tensor)),
  sub: alike(([a, b]) => p.sub(a as Tensor, b as Tensor)),
  neg: alikeUnary(p.neg),
  round: alikeUnary(p.round),
  stopGradient: alikeUnary(p.stopGradient),
  where: alike(([condition, a, b]) => p.where(condition as Tensor, a as Tensor, b as Tensor)),
  reshape: alikeUnary(p.reshape),
  transpose: alikeUnary(p.transpose),
  broadcastTo: alikeUnary(p.broadcastTo),
  slice: alikeUnary(p.slice),
  pad: alikeUnary(p.pad),
  reverse: alikeUnary(p.reverse),
  concat: alike((xs, params: p.ConcatParams) => p.concat(xs, params)),
  reduceSum: alikeUnary(p.reduceSum),
  cumSum: alikeUnary(p.cumSum),
  sumPool: alikeUnary(p.sumPool),
  sumPoolGrad: alikeUnary(p.sumPoolGrad),
  take: alike(([x, indices], params: p.AxisParams) => p.take(x as Tensor, indices as Tensor, params)),
  gatherNd: alike(([x, indices]) => p.gatherNd(x as Tensor, indices as Tensor)),
  scatterNd: alike(([x, indices, updates], params: p.ScatterParams) =>
    p.scatterNd(x as Tensor, indices as Tensor, updates as Tensor, params),
  ),
  dynamicSlice: alike(([x, starts], params: p.SizesParams) => p.dynamicSlice(x as Tensor, starts as Tensor, params)),
  dynamicUpdateSlice: alike(([x, update, starts]) =>
    p.dynamicUpdateSlice(x as Tensor, update as Tensor, starts as Tensor),
  ),
  mul: two(f.mul),
  dotGeneral: bilinear(p.dotGeneral),
  conv: bilinear(p.conv),
  convInputGrad: bilinear(p.convInputGrad),
  convFilterGrad: bilinear(p.convFilterGrad),
  reduceProd: ([z], params) => f.product(pair(z), (params as p.AxesParams).axes),
  cumProd: ([z], params) => f.runningProduct(pair(z), params as p.CumulativeParams),
  reduceMax: ([z], params) => f.extreme(pair(z), params as p.AxesParams, p.reduceMax, Number.NEGATIVE_INFINITY),
  reduceMin: ([z], params) => f.extreme(pair(z), params as p.AxesParams, p.reduceMin, Number.POSITIVE_INFINITY),
  argSort: ([z], params) => f.order(pair(z), params as p.AxisParams),
  sort: ([z], params) => {
    const { axis } = params as p.AxisParams;
    const places = f.order(pair(z), { axis });
    return { re: p.takeAlong(pair(z).re, places, axis), im: p.takeAlong(pair(z).im, places, axis) };
  },
  equal: two((a, b) => p.and(p.equal(a.re, b.re), p.equal(a.im, b.im))),
  notEqual: two((a, b) => p.or(p.notEqual(a.re, b.re), p.notEqual(a.im, b.im))),
  less: two(f.ordered(p.less)),
  lessEqual: two(f.ordered(p.lessEqual)),
  greater: two(f.ordered(p.greater)),
  greaterEqual: two(f.ordered(p.greaterEqual)),
  max: two((a, b) => f.choose(p.or(f.ordered(p.greaterEqual)(a, b), f.isNan(a)), a, b)),
  min: two((a, b) => f.choose(p.or(f.ordered(p.lessEqual)(a, b), f.isNan(a)), a, b)),
  isNan: one(f.isNan),
  isFinite: one(({ re, im }) => p.and(p.isFinite(re), p.isFinite(im))),
  div: two(f.div),
  pow: two(f.pow),
  abs: one(f.abs),
  sign: one(f.sign),
  exp: one(f.exp),
  expm1: one(f.expm1),
  log: one(f.log),
  log1p: one(f.log1p),
  sqrt: one(f.sqrt),
  rsqrt: one((z) => f.div(f.real(1), f.sqrt(z))),
  sin: one(({ re, im }) => ({ re: p.mul(p.sin(re), p.cosh(im)), im: p.mul(p.cos(re), p.sinh(im)) })),
  cos: one(({ re, im }) => ({ re: p.mul(p.cos(re), p.cosh(im)), im: p.neg(p.mul(p.sin(re), p.sinh(im))) })),
  tan: one((z) => f.overI(f.tanh(f.timesI(z)))),
  asin: one(f.asin),
  acos: one(f.acos),
  atan: one((z) => f.overI(f.atanh(f.timesI(z)))),
  sinh: one(({ re, im }) => ({ re: p.mul(p.sinh(re), p.cos(im)), im: p.mul(p.cosh(re), p.sin(im)) })),
  cosh: one(({ re, im }) => ({ re: p.mul(p.cosh(re), p.cos(im)), im: p.mul(p.sinh(re), p.sin(im)) })),
  tanh: one(f.tanh),
  asinh: one((z) => f.overI(f.asin(f.timesI(z)))),
  acosh: one(f.acosh),
  atanh: one(f.atanh),
  logistic: one((z) => f.div(f.real(1), f.add(f.real(1), f.exp(f.neg(z))))),
};
