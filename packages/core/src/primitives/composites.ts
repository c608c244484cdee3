// What engines often have as one fused kernel. The body is the meaning; a backend may override it, core differentiates it.
import { type Aval, broadcastShapes, type DType, isFloat, isHalf, isInteger } from "../aval/index.ts";
import { complain, DtypeError, showAval } from "../errors/index.ts";
import {
  type Arg,
  apply1,
  type Configured,
  type Definition,
  Graph,
  type Marked,
  marked,
  type None,
  operands,
  type Params,
  placeholder,
  rebuild,
  type Tensor,
  type Unary,
  type VjpRule,
} from "../graph/index.ts";
import { vjpWalk } from "./differentiate.ts";
import {
  abs,
  add,
  and,
  cast,
  div,
  equal,
  erf,
  exp,
  greater,
  less,
  log,
  log1p,
  logistic,
  max,
  mul,
  neg,
  rsqrt,
  stopGradient,
  sub,
  tanh,
  where,
} from "./elementwise.ts";
import { type AxesParams, iota, reduceMax, reduceSum, reshape, spread } from "./structural.ts";

type Body<P extends Params> = (inputs: readonly Tensor[], params: P) => Tensor;

function composite<P extends Params>(name: string, body: Body<P>, vjp?: VjpRule<P>): Definition<P> {
  return {
    name,
    infer: (inputs) => {
      const x = inputs[0] as Aval;
      if (inputs.some((a) => !isFloat(a.dtype) || a.dtype !== x.dtype)) {
        const got = inputs.map(showAval).join(" and ");
        throw new DtypeError(
          complain(name, { must: "inputs must have one float dtype", got, todo: "Cast the input first" }),
        );
      }
      return [{ shape: broadcastShapes(name, ...inputs.map((a) => a.shape)), dtype: x.dtype }];
    },
    vjp: vjp ?? (({ g, inputs, params }) => bodyVjp(body, g, inputs, params)),
    body: (inputs, params) => [body(inputs, params)],
  };
}

/** Differentiates the body on its own, over placeholders, so that the walk never leaves it. */
export function bodyVjp<P extends Params>(
  body: Body<P>,
  g: Tensor,
  inputs: readonly Tensor[],
  params: P,
): readonly (Tensor | null)[] {
  const own = inputs.map((x) => placeholder(x));
  const seed = placeholder(g);
  const back = vjpWalk([body(own, params)], [seed], own);
  const flowing = back.filter((b) => b !== null);
  const results = rebuild(new Graph([...own, seed], flowing), [...inputs, g]);
  return back.map((b) => (b === null ? null : (results[flowing.indexOf(b)] as Tensor)));
}

function unary(
  name: string,
  body: (x: Tensor) => Tensor,
  vjp?: VjpRule<None>,
  more: Pick<Definition, "stepwiseHalves"> = {},
): Unary<"composite"> {
  const definition = { ...composite<None>(name, ([x]) => body(x as Tensor), vjp), ...more };
  return marked((x: Tensor) => apply1(definition, [x], {}), "composite", definition);
}
function configured<P extends Params>(
  name: string,
  body: (x: Tensor, params: P) => Tensor,
  vjp?: VjpRule<P>,
): Configured<P, "composite"> {
  const definition = composite<P>(name, ([x], params) => body(x as Tensor, params), vjp);
  return marked((x: Tensor, params: P) => apply1(definition, [x], params), "composite", definition);
}

const one = (inputs: readonly Tensor[]): Tensor => inputs[0] as Tensor;

/** `max(x, 0)`; the gradient at 0 is 0. */
export const relu: Unary<"composite"> = unary(
  "relu",
  (x) => max(x, 0),
  ({ g, out }) => [where(greater(out, 0), g, 0)],
);
/** `log(1 + e^x)`, without overflow. */
export const softplus: Unary<"composite"> = unary(
  "softplus",
  (x) => add(max(x, 0), log1p(exp(neg(abs(x))))),
  ({ g, inputs }) => [mul(g, logistic(one(inputs)))],
);
/** `x sigmoid(x)`. */
export const silu: Unary<"composite"> = unary("silu", (x) => mul(x, logistic(x)));
/** `x Phi(x)` with the normal distribution function. */
export const gelu: Unary<"composite"> = unary(
  "gelu",
  (x) => {
    // 1 + erf cancels for negative x: halves take it in float32.
    const scaled = mul(x, Math.SQRT1_2);
    const twice = add(erf(isHalf(x.dtype) ? cast(scaled, { dtype: "float32" }) : scaled), 1);
    return mul(mul(x, 0.5), isHalf(x.dtype) ? cast(twice, { dtype: x.dtype }) : twice);
  },
  // Phi(x) + x phi(x); with t = x / sqrt(2) the second term is t e^(-t^2) / sqrt(pi)
  ({ g, inputs }) => {
    const t = mul(one(inputs), Math.SQRT1_2);
    const density = exp(sub(-Math.log(Math.PI) / 2, mul(t, t)));
    return [mul(g, add(mul(add(erf(t), 1), 0.5), mul(t, density)))];
  },
  { stepwiseHalves: true },
);
/** The tanh approximation of gelu. */
export const geluTanh: Unary<"composite"> = unary(
  "geluTanh",
  (x) => {
    const inner = mul(add(x, mul(mul(x, mul(x, x)), 0.044715)), Math.sqrt(2 / Math.PI));
    return mul(mul(x, 0.5), add(tanh(inner), 1));
  },
  undefined,
  { stepwiseHalves: true },
);

/** `e^x / sum e^x` over `axes`. */
export const softmax: Configured<AxesParams, "composite"> = configured<AxesParams>(
  "softmax",
  (x, { axes }) => {
    const powers = exp(sub(x, spread(stopGradient(reduceMax(x, { axes })), axes, x.shape)));
    return div(powers, spread(reduceSum(powers, { axes }), axes, x.shape));
  },
  ({ g, out, params: { axes } }) => {
    const weighted = mul(g, out);
    return [sub(weighted, mul(out, spread(reduceSum(weighted, { axes }), axes, out.shape)))];
  },
);
/** `x - log sum e^x` over `axes`. */
export const logSoftmax: Configured<AxesParams, "composite"> = configured<AxesParams>(
  "logSoftmax",
  (x, { axes }) => {
    const shifted = sub(x, spread(stopGradient(reduceMax(x, { axes })), axes, x.shape));
    return sub(shifted, spread(log(reduceSum(exp(shifted), { axes })), axes, x.shape));
  },
  ({ g, out, params: { axes } }) => [sub(g, mul(exp(out), spread(reduceSum(g, { axes }), axes, out.shape)))],
);

export type LayerNormParams = { readonly axes: readonly number[]; readonly epsilon: number };
/** `(x - mean) / sqrt(variance + epsilon)` over `axes`; scale and shift are left to the caller. */
export const normalize: Configured<LayerNormParams, "composite"> = configured<LayerNormParams>(
  "normalize",
  (x, { axes, epsilon }) => {
    const count = axes.reduce((n, axis) => n * (x.shape[axis] as number), 1);
    const mean = (t: Tensor): Tensor => spread(mul(reduceSum(t, { axes }), 1 / count), axes, x.shape);
    const centered = sub(x, mean(x));
    return mul(centered, rsqrt(add(mean(mul(centered, centered)), epsilon)));
  },
  // (g - mean(g) - out mean(g out)) / deviation
  ({ g, inputs, out, params: { axes, epsilon } }) => {
    const x = one(inputs);
    const count = axes.reduce((n, axis) => n * (x.shape[axis] as number), 1);
    const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const mean = (t: Tensor): Tensor => reshape(mul(reduceSum(t, { axes }), 1 / count), { shape: kept });
    const centered = sub(x, mean(x));
    const scale = rsqrt(add(mean(mul(centered, centered)), epsilon));
    return [mul(sub(sub(g, mean(g)), mul(out, mean(mul(g, out)))), scale)];
  },
);

/** What stands for -0 in `separateZeros`: the number next to 0 that no engine flushes to it. */
export const NEGATIVE_ZERO: number = -1.1754943508222875e-38;
/** The values with `NEGATIVE_ZERO` in place of -0: most kernels that compare hold -0 and 0 for equal. */
export const separateZeros: Unary<"composite"> = unary("separateZeros", (x) =>
  where(and(equal(x, 0), less(div(1, x), 0)), NEGATIVE_ZERO, x),
);

/** A new axis of `size` at `axis`, of `dtype`. */
export interface OneHotParams extends Params {
  readonly axis: number;
  readonly size: number;
  readonly dtype: DType;
}
const oneHotDefinition: Definition<OneHotParams> = {
  name: "oneHot",
  infer: ([x], { axis, size, dtype }) => {
    const aval = x as Aval;
    if (!isInteger(aval.dtype)) {
      const must = "classes must be integers";
      throw new DtypeError(complain("oneHot", { must, got: showAval(aval), todo: "Cast them to int32" }));
    }
    return [{ shape: [...aval.shape.slice(0, axis), size, ...aval.shape.slice(axis)], dtype }];
  },
  vjp: "none",
  body: ([x], { axis, size, dtype }) => {
    const classes = x as Tensor;
    const wide = reshape(classes, { shape: [...classes.shape.slice(0, axis), 1, ...classes.shape.slice(axis)] });
    const counted = wide.shape.map((_, i) => (i === axis ? size : 1));
    return [cast(equal(wide, iota({ shape: counted, axis, dtype: classes.dtype })), { dtype })];
  },
};
/** 1 where the new axis counts to the class, else 0: rows of zeros for classes outside `[0, size)`. */
export const oneHot: Configured<OneHotParams, "composite"> = marked(
  (x: Tensor, params: OneHotParams) => apply1(oneHotDefinition, [x], params),
  "composite",
  oneHotDefinition,
);

type Halves = readonly [high: Tensor, low: Tensor];
// A float32 as two numbers of 12 bits, whose products are exact (Veltkamp).
function halves(x: Tensor): Halves {
  const c = mul(x, 4097);
  const high = sub(c, sub(c, x));
  return [high, sub(x, high)];
}
// The rounding error of the product by halves (Dekker 1971), that of the sum from the sum (Knuth): both are exact, and added last.
function multiplyAdd32(a: Tensor, b: Tensor, c: Tensor): Tensor {
  const [[aHigh, aLow], [bHigh, bLow]] = [halves(a), halves(b)];
  const product = mul(a, b);
  const lost = add(add(add(sub(mul(aHigh, bHigh), product), mul(aHigh, bLow)), mul(aLow, bHigh)), mul(aLow, bLow));
  const sum = add(product, c);
  const moved = sub(sum, product);
  const rest = add(sub(product, sub(sum, moved)), sub(c, moved));
  return add(sum, add(rest, lost));
}
const multiplyAddDefinition: Definition<None> = composite<None>(
  "multiplyAdd",
  (inputs) => {
    const [a, b, c] = inputs as readonly [Tensor, Tensor, Tensor];
    if (a.dtype === "float64") return add(mul(a, b), c);
    const [x, y, z] = [a, b, c].map((t) => cast(t, { dtype: "float32" })) as [Tensor, Tensor, Tensor];
    return cast(multiplyAdd32(x, y, z), { dtype: a.dtype });
  },
  ({ g, inputs }) => [mul(g, inputs[1] as Tensor), mul(g, inputs[0] as Tensor), g],
);
/**
 * `a b + c` of finite numbers as processors' fused multiply-adds give it: in float32 rounded once. Products of float32 are exact in
 * float64, so engines that have it compute there (one result in 2^29 is then rounded twice); elsewhere rounding errors are added.
 */
export const multiplyAdd: ((a: Tensor, b: Arg, c: Arg) => Tensor) & Marked<None, "composite"> = marked(
  (a: Tensor, b: Arg, c: Arg) => {
    const [[left, right], [, added]] = [operands(a, b), operands(a, c)];
    return apply1(multiplyAddDefinition, [left as Tensor, right as Tensor, added as Tensor], {});
  },
  "composite",
  multiplyAddDefinition,
);

const barrierDefinition: Definition<None> = {
  name: "barrier",
  infer: ([x]) => [x as Aval],
  vjp: ({ g }) => [g, null],
  body: ([x]) => [x as Tensor],
};
/**
 * `x`, but not before `after` is there, and never taken for the same as `x` itself: what is computed from it is computed then, even if it
 * was computed from `x` before. Engines without it know no such order and may share results.
 */
export const barrier: ((x: Tensor, after: Tensor) => Tensor) & Marked<None, "composite"> = marked(
  (x: Tensor, after: Tensor) => apply1(barrierDefinition, [x, after], {}),
  "composite",
  barrierDefinition,
);
