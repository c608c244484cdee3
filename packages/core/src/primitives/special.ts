// Functions of probability theory that engines may have, and their bodies in primitives.
import { type Aval, broadcastShapes, type DType, isFloat } from "../aval/index.ts";
import { BackendError, complain, DtypeError, showAval } from "../errors/index.ts";
import {
  type Arg,
  apply1,
  type Binary,
  type Definition,
  Graph,
  marked,
  type None,
  operands,
  placeholder,
  type Tensor,
  type Unary,
  type VjpRule,
} from "../graph/index.ts";
import { whileLoop } from "./control.ts";
import {
  abs,
  add,
  and,
  digamma,
  div,
  equal,
  erf,
  exp,
  greater,
  greaterEqual,
  isNan,
  less,
  lessEqual,
  lgamma,
  log,
  max,
  min,
  mul,
  neg,
  not,
  or,
  round,
  sub,
  where,
} from "./elementwise.ts";
import { broadcastTo, full, reduceAnd } from "./structural.ts";

function requireFloats(name: string, inputs: readonly Aval[]): DType {
  const dtype = (inputs[0] as Aval).dtype;
  if (inputs.every((x) => isFloat(x.dtype) && x.dtype === dtype)) return dtype;
  const got = inputs.map(showAval).join(" and ");
  throw new DtypeError(complain(name, { must: "inputs must have one float dtype", got, todo: "Cast the input first" }));
}

// erfc(x) = e^(-x^2) q(u) / (x + 2) with u = (x - 2) / (x + 2): q is a polynomial for x in [0.5, 12], where erfc ends (interpolated at
// Chebyshev's points, relative error below 1e-11).
const TAIL: readonly number[] = [
  1.0215827052, -0.68716068439, 0.27947209247, -0.036442233669, -0.021510659546, 0.0064792331937, 0.0030905865172,
  -0.00083776307898, -0.00066293929129, 3.666341306e-5, 0.00014413362101, 2.8253957944e-5, -2.154614504e-5,
  -8.6424624077e-6,
];
const erfcDefinition: Definition<None> = {
  name: "erfc",
  infer: (inputs) => [{ shape: (inputs[0] as Aval).shape, dtype: requireFloats("erfc", inputs) }],
  // d erfc(x) = -2/sqrt(pi) e^(-x^2) dx
  vjp: ({ g, inputs: [x] }) => [mul(g, mul(gaussian(x as Tensor), -2 / Math.sqrt(Math.PI)))],
  body: ([x]) => {
    const given = x as Tensor;
    const size = min(abs(given), 12);
    const u = div(sub(size, 2), add(size, 2));
    const q = TAIL.reduceRight<Tensor>((sum, c) => add(mul(sum, u), c), full(given.shape, 0, given.dtype));
    const tail = mul(gaussian(size), div(q, add(size, 2)));
    const far = where(less(given, 0), sub(2, tail), tail);
    return [where(less(abs(given), 0.5), sub(1, erf(given)), where(isNan(given), given, far))];
  },
};
/** `1 - erf(x)`, exact where that is small. */
export const erfc: Unary<"composite"> = marked(
  (x: Tensor) => apply1(erfcDefinition, [x], {}),
  "composite",
  erfcDefinition,
);
// e^(-x^2) to full precision: the square of x rounded to 16ths has no rounding error, the rest is small.
function gaussian(x: Tensor): Tensor {
  const near = max(min(x, 16), -16);
  const coarse = div(round(mul(near, 16)), 16);
  return mul(exp(neg(mul(coarse, coarse))), exp(neg(mul(sub(near, coarse), add(near, coarse)))));
}

type GammaBody = (a: Tensor, x: Tensor) => Tensor;
function ofGamma(name: string, body: GammaBody, vjp: VjpRule<None>): Binary<"composite"> {
  const definition: Definition<None> = {
    name,
    infer: (inputs) => {
      const dtype = requireFloats(name, inputs);
      return [{ shape: broadcastShapes(name, ...inputs.map((x) => x.shape)), dtype }];
    },
    vjp,
    body: (inputs) => {
      const shape = broadcastShapes(name, ...inputs.map((x) => x.shape));
      const [a, x] = inputs.map((t) => broadcastTo(t, { shape })) as [Tensor, Tensor];
      return [body(a, x)];
    },
  };
  return marked((a: Arg, x: Arg) => apply1(definition, operands(a, x), {}), "composite", definition);
}

/**
 * The regularized lower incomplete gamma function, `1/Gamma(a)` times the integral of `t^(a-1) e^-t` from 0 to x.
 * Source: Abramowitz and Stegun 6.5.29 (series, for small x) and 6.5.31 (continued fraction).
 */
export const gammainc: Binary<"composite"> = ofGamma(
  "gammainc",
  (a, x) => {
    const { beyond, series, fraction } = regions(a, x);
    const lower = div(mul(scale(series.a, series.x), seriesSum(series.a, series.x).value), series.a);
    const upper = mul(scale(fraction.a, fraction.x), continuedFraction(fraction.a, fraction.x).value);
    return where(
      equal(a, 0),
      where(greater(x, 0), full([], 1, a.dtype), Number.NaN),
      atEdges(a, x, where(beyond, sub(1, upper), lower), 1),
    );
  },
  ({ g, inputs }) => {
    const [a, x] = inputs as readonly [Tensor, Tensor];
    // dP/dx = x^(a-1) e^-x / Gamma(a)
    const density = exp(sub(mul(sub(a, 1), log(x)), add(x, lgamma(a))));
    return [mul(g, gammaincGradA(a, x)), mul(g, density)];
  },
);
/** The derivative of `gammainc` in its first argument. @throws BackendError when differentiated. */
export const gammaincGradA: Binary<"composite"> = ofGamma(
  "gammaincGradA",
  (a, x) => {
    const { beyond, series, fraction } = regions(a, x);
    const lower = seriesSum(series.a, series.x);
    const upper = continuedFraction(fraction.a, fraction.x);
    // d log(x^a e^-x / Gamma(a)) / da = log x - digamma(a); the series is also divided by a: digamma(a) + 1/a = digamma(a + 1)
    const lowerSlope = sub(log(series.x), digamma(add(series.a, 1)));
    const upperSlope = sub(log(fraction.x), digamma(fraction.a));
    const low = div(mul(scale(series.a, series.x), add(mul(lower.value, lowerSlope), lower.slope)), series.a);
    const high = mul(scale(fraction.a, fraction.x), add(mul(upper.value, upperSlope), upper.slope));
    return atEdges(a, x, where(beyond, neg(high), low), 0);
  },
  () => {
    const must = "gammainc can be differentiated once in its first argument";
    throw new BackendError(
      complain("gammainc", {
        must,
        got: "a second derivative",
        todo: "Differentiate in x, or use numerical differences",
      }),
    );
  },
);

interface Point {
  readonly a: Tensor;
  readonly x: Tensor;
}
// Where each expansion converges fast. Points of the other region, and outside of the domain, are replaced by harmless ones.
function regions(a: Tensor, x: Tensor): { readonly beyond: Tensor; readonly series: Point; readonly fraction: Point } {
  const finite = less(x, Number.POSITIVE_INFINITY);
  const inside = and(and(greater(a, 0), greater(x, 0)), finite);
  const beyond = and(greaterEqual(x, 1), greater(x, a));
  const [low, high] = [and(inside, not(beyond)), and(inside, beyond)];
  return {
    beyond,
    series: { a: where(low, a, 1), x: where(low, x, 0.5) },
    fraction: { a: where(high, a, 1), x: where(high, x, 2) },
  };
}
function atEdges(a: Tensor, x: Tensor, inside: Tensor, atInfinity: number): Tensor {
  const known = where(equal(x, 0), 0, where(equal(x, Number.POSITIVE_INFINITY), atInfinity, inside));
  const outside = or(or(less(x, 0), lessEqual(a, 0)), or(isNan(a), isNan(x)));
  return where(outside, Number.NaN, known);
}
// x^a e^-x / Gamma(a)
const scale = (a: Tensor, x: Tensor): Tensor => exp(sub(mul(a, log(x)), add(x, lgamma(a))));

interface Expansion {
  readonly value: Tensor;
  /** Its derivative in a. */
  readonly slope: Tensor;
}
const epsilonOf = (dtype: DType): number => (dtype === "float64" ? 2 ** -52 : 2 ** -23);
const STEPS = 2000;

// Repeats `step` until it says that every place is settled.
function iterate(
  start: readonly Tensor[],
  step: (carry: readonly Tensor[]) => readonly [Tensor, ...Tensor[]],
): readonly Tensor[] {
  const { shape } = start[0] as Tensor;
  const initial = [full([], 0, "float32"), full(shape, 0, "bool"), ...start];
  const own = initial.map((x) => placeholder(x));
  const [count, settled, ...carry] = own as [Tensor, Tensor, ...Tensor[]];
  const [now, ...next] = step(carry);
  const body = new Graph(own, [add(count, 1), or(settled, now), ...next]);
  const seen = initial.map((x) => placeholder(x));
  const axes = shape.map((_, i) => i);
  const open = not(reduceAnd(seen[1] as Tensor, { axes }));
  const condition = new Graph(seen, [and(open, less(seen[0] as Tensor, STEPS))]);
  return whileLoop(initial, { condition, body, numConsts: 0 }).slice(2);
}

// 1 + x/(a+1) + x^2/((a+1)(a+2)) + ...
function seriesSum(a: Tensor, x: Tensor): Expansion {
  const { shape, dtype } = a;
  const [one, zero] = [full(shape, 1, dtype), full(shape, 0, dtype)];
  const epsilon = epsilonOf(dtype);
  const [, , , value, , slope] = iterate([a, x, one, one, zero, zero], (carry) => {
    const [r0, y, term, sum, dTerm, dSum] = carry as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    const r = add(r0, 1);
    const ratio = div(y, r);
    const dNext = sub(mul(dTerm, ratio), div(mul(term, ratio), r));
    const next = mul(term, ratio);
    const [total, dTotal] = [add(sum, next), add(dSum, dNext)];
    const settled = and(lessEqual(next, mul(total, epsilon)), lessEqual(abs(dNext), mul(abs(dTotal), epsilon)));
    return [settled, r, y, next, total, dNext, dTotal];
  });
  return { value: value as Tensor, slope: slope as Tensor };
}

// 1/(x+1-a- 1(1-a)/(x+3-a- 2(2-a)/(x+5-a- ...))), evaluated forwards as Lentz does, with derivatives in a beside.
function continuedFraction(a: Tensor, x: Tensor): Expansion {
  const { shape, dtype } = a;
  const epsilon = epsilonOf(dtype);
  const b0 = sub(add(x, 1), a);
  const h0 = div(1, b0);
  const dh0 = mul(h0, h0);
  const [zero, huge] = [full(shape, 0, dtype), full(shape, 2 ** 100, dtype)];
  const start = [a, zero, b0, huge, zero, h0, dh0, h0, dh0];
  const made = iterate(start, (carry) => {
    const [s, i0, b1, c0, dc0] = carry as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [d0, dd0, h, dh] = carry.slice(5) as [Tensor, Tensor, Tensor, Tensor];
    const i = add(i0, 1);
    const numerator = mul(i, sub(s, i));
    const b = add(b1, 2);
    // The numerator grows by i with a, the denominator falls by 1.
    const d = div(1, add(mul(numerator, d0), b));
    const dd = neg(mul(mul(d, d), sub(add(mul(i, d0), mul(numerator, dd0)), 1)));
    const c = add(b, div(numerator, c0));
    const dc = sub(div(sub(i, div(mul(numerator, dc0), c0)), c0), 1);
    const factor = mul(c, d);
    const next = mul(h, factor);
    const dNext = add(mul(dh, factor), mul(h, add(mul(dc, d), mul(c, dd))));
    const settled = and(
      lessEqual(abs(sub(factor, 1)), epsilon),
      lessEqual(abs(sub(dNext, dh)), mul(add(abs(dNext), abs(next)), epsilon)),
    );
    return [settled, s, i, b, c, dc, d, dd, next, dNext];
  });
  return { value: made[7] as Tensor, slope: made[8] as Tensor };
}
