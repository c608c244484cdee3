// Functions of complex numbers in terms of their real and imaginary parts, kept away from overflow and cancellation.
import { range, sizeOf } from "../../aval/index.ts";
import { scalar, type Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";

/** Real and imaginary parts. */
export interface Pair {
  readonly re: Tensor;
  readonly im: Tensor;
}

export const real = (value: number): Pair => ({ re: scalar(value, "float32"), im: scalar(0, "float32") });
export const add = (a: Pair, b: Pair): Pair => ({ re: p.add(a.re, b.re), im: p.add(a.im, b.im) });
export const sub = (a: Pair, b: Pair): Pair => ({ re: p.sub(a.re, b.re), im: p.sub(a.im, b.im) });
export const neg = ({ re, im }: Pair): Pair => ({ re: p.neg(re), im: p.neg(im) });
export const conj = ({ re, im }: Pair): Pair => ({ re, im: p.neg(im) });
/** `i z`. */
export const timesI = ({ re, im }: Pair): Pair => ({ re: p.neg(im), im: re });
/** `-i z`. */
export const overI = ({ re, im }: Pair): Pair => ({ re: im, im: p.neg(re) });
export const mul = (a: Pair, b: Pair): Pair => ({
  re: p.sub(p.mul(a.re, b.re), p.mul(a.im, b.im)),
  im: p.add(p.mul(a.re, b.im), p.mul(a.im, b.re)),
});
export const choose = (condition: Tensor, a: Pair, b: Pair): Pair => ({
  re: p.where(condition, a.re, b.re),
  im: p.where(condition, a.im, b.im),
});
export const isNan = ({ re, im }: Pair): Tensor => p.or(p.isNan(re), p.isNan(im));
/** NumPy's order: by real parts, then by imaginary parts. */
export const ordered =
  (compare: (a: Tensor, b: Tensor) => Tensor) =>
  (a: Pair, b: Pair): Tensor =>
    p.where(p.equal(a.re, b.re), compare(a.im, b.im), compare(a.re, b.re));

/** The first of all in that order, or the last: of the elements whose real part is the outermost, that of the imaginary parts. */
export function extreme(
  z: Pair,
  params: p.AxesParams,
  reduce: (x: Tensor, params: p.AxesParams) => Tensor,
  outside: number,
): Pair {
  const re = reduce(z.re, params);
  const candidates = p.where(p.equal(z.re, p.spread(re, params.axes, z.re.shape)), z.im, outside);
  return { re, im: p.where(p.isNan(re), re, reduce(candidates, params)) };
}
/** Positions that sort by real parts, then by imaginary parts: stable sorts by one key after the other. */
export function order(z: Pair, params: p.AxisParams): Tensor {
  const byImaginary = p.argSort(z.im, params);
  const byReal = p.argSort(p.takeAlong(z.re, byImaginary, params.axis), params);
  return p.takeAlong(byImaginary, byReal, params.axis);
}

const isInfinite = (x: Tensor): Tensor => p.equal(p.abs(x), Number.POSITIVE_INFINITY);
/** The distance from 0, without squares that overflow. */
export function abs({ re, im }: Pair): Tensor {
  const [x, y] = [p.abs(re), p.abs(im)];
  const [large, small] = [p.max(x, y), p.min(x, y)];
  const flat = p.or(p.equal(large, 0), isInfinite(large));
  const ratio = p.div(small, p.where(flat, 1, large));
  const length = p.mul(large, p.sqrt(p.add(p.mul(ratio, ratio), 1)));
  return p.where(flat, large, length);
}

/** With the divisor brought to the size of 1; by 0 as C does, by infinities 0. */
export function div(a: Pair, b: Pair): Pair {
  const size = p.max(p.abs(b.re), p.abs(b.im));
  const zero = p.equal(size, 0);
  const infinite = isInfinite(size);
  const scaled = (x: Tensor): Tensor =>
    p.where(infinite, p.where(isInfinite(x), p.sign(x), p.mul(p.sign(x), 0)), p.div(x, p.where(zero, 1, size)));
  const [c, d] = [scaled(b.re), scaled(b.im)];
  const square = p.where(zero, 1, p.add(p.mul(c, c), p.mul(d, d)));
  const [re, im] = [p.add(p.mul(a.re, c), p.mul(a.im, d)), p.sub(p.mul(a.im, c), p.mul(a.re, d))];
  const divided = (x: Tensor, own: Tensor): Tensor => p.where(zero, p.div(own, size), p.div(p.div(x, square), size));
  return { re: divided(re, a.re), im: divided(im, a.im) };
}

export function sign(z: Pair): Pair {
  const length = abs(z);
  const zero = p.equal(length, 0);
  const safe = p.where(zero, 1, length);
  return { re: p.div(z.re, safe), im: p.div(z.im, safe) };
}

export function exp({ re, im }: Pair): Pair {
  const size = p.exp(re);
  return { re: p.mul(size, p.cos(im)), im: p.where(p.equal(im, 0), im, p.mul(size, p.sin(im))) };
}

// e^x cos y - 1 = (e^x - 1) cos y - 2 sin^2(y / 2)
export function expm1({ re, im }: Pair): Pair {
  const half = p.sin(p.mul(im, 0.5));
  const first = p.sub(p.mul(p.expm1(re), p.cos(im)), p.mul(p.mul(half, half), 2));
  return { re: first, im: p.mul(p.exp(re), p.sin(im)) };
}

const angle = ({ re, im }: Pair): Tensor => p.atan2(im, re);
// log |z|, near |z| = 1 from |z|^2 - 1 = (x - 1)(x + 1) + y^2, in which nothing cancels that matters.
export function log(z: Pair): Pair {
  const length = abs(z);
  const [large, small] = [p.max(p.abs(z.re), p.abs(z.im)), p.min(p.abs(z.re), p.abs(z.im))];
  const near = p.and(p.greater(length, 0.5), p.less(length, 2));
  const excess = p.add(p.mul(p.sub(large, 1), p.add(large, 1)), p.mul(small, small));
  const close = p.mul(p.log1p(p.where(near, excess, 0)), 0.5);
  return { re: p.where(near, close, p.log(length)), im: angle(z) };
}

// |1 + z|^2 - 1 = x (2 + x) + y^2
export function log1p(z: Pair): Pair {
  const shifted = { re: p.add(z.re, 1), im: z.im };
  const small = p.less(abs(z), 0.5);
  const excess = p.add(p.mul(z.re, p.add(z.re, 2)), p.mul(z.im, z.im));
  const close = p.mul(p.log1p(p.where(small, excess, 0)), 0.5);
  return { re: p.where(small, close, log(shifted).re), im: angle(shifted) };
}

// The larger of the two parts is sqrt((|z| + |x|) / 2), the other one y over twice that. The root has a part of 0 or more.
export function sqrt(z: Pair): Pair {
  const length = abs(z);
  const large = p.sqrt(p.add(p.mul(length, 0.5), p.mul(p.abs(z.re), 0.5)));
  const zero = p.equal(large, 0);
  const small = p.where(zero, p.abs(z.im), p.div(p.abs(z.im), p.mul(p.where(zero, 1, large), 2)));
  const right = p.greaterEqual(z.re, 0);
  const [re, im] = [p.where(right, large, small), p.where(right, small, large)];
  return { re, im: p.where(isNegative(z.im), p.neg(im), im) };
}
// -0 too: 1 / -0 is the only way to see its sign.
const isNegative = (x: Tensor): Tensor => p.less(p.where(p.equal(x, 0), p.div(1, x), x), 0);

/** `e^(b log a)`; `0^b` is 0 for powers to the right of 0, 1 for 0, nan for others. */
export function pow(a: Pair, b: Pair): Pair {
  const zero = p.equal(abs(a), 0);
  const safe = choose(zero, real(1), a);
  const none = p.and(p.equal(b.re, 0), p.equal(b.im, 0));
  const positive = p.greater(b.re, 0);
  const nothing = scalar(Number.NaN, "float32");
  const atZero: Pair = {
    re: p.where(none, 1, p.where(positive, scalar(0, "float32"), nothing)),
    im: p.where(p.or(none, positive), scalar(0, "float32"), nothing),
  };
  return choose(zero, atZero, choose(none, real(1), exp(mul(b, log(safe)))));
}

// tanh(x + iy) = (t (1 + u^2) + i u sech^2 x) / (1 + t^2 u^2) with t = tanh x, u = tan y
export function tanh({ re, im }: Pair): Pair {
  const [t, u] = [p.tanh(re), p.tan(im)];
  const sech = p.div(1, p.cosh(re));
  const below = p.add(p.mul(p.mul(t, t), p.mul(u, u)), 1);
  const first = p.div(p.mul(t, p.add(p.mul(u, u), 1)), below);
  return { re: first, im: p.div(p.mul(u, p.mul(sech, sech)), below) };
}

// Source: Kahan 1987, "Branch cuts for complex elementary functions": from the roots of 1 - z and 1 + z.
const oneMinus = (z: Pair): Pair => ({ re: p.sub(1, z.re), im: p.neg(z.im) });
const onePlus = (z: Pair): Pair => ({ re: p.add(z.re, 1), im: z.im });
export function asin(z: Pair): Pair {
  const [minus, plus] = [sqrt(oneMinus(z)), sqrt(onePlus(z))];
  return { re: p.atan2(z.re, mul(minus, plus).re), im: p.asinh(mul(conj(minus), plus).im) };
}
export function acos(z: Pair): Pair {
  const [minus, plus] = [sqrt(oneMinus(z)), sqrt(onePlus(z))];
  return { re: p.mul(p.atan2(minus.re, plus.re), 2), im: p.asinh(mul(conj(plus), minus).im) };
}
export function acosh(z: Pair): Pair {
  const [minus, plus] = [sqrt(sub(z, real(1))), sqrt(onePlus(z))];
  return { re: p.asinh(mul(conj(minus), plus).re), im: p.mul(p.atan2(minus.im, plus.re), 2) };
}
// atanh(x + iy) = log1p(4x / ((1 - x)^2 + y^2)) / 4 + i atan2(2y, (1 - x)(1 + x) - y^2) / 2
export function atanh({ re, im }: Pair): Pair {
  const left = p.sub(1, re);
  const square = p.mul(im, im);
  const first = p.log1p(p.div(p.mul(re, 4), p.add(p.mul(left, left), square)));
  const second = p.atan2(p.mul(im, 2), p.sub(p.mul(left, p.add(re, 1)), square));
  return { re: p.mul(first, 0.25), im: p.mul(second, 0.5) };
}

const both = (z: Pair, change: (x: Tensor) => Tensor): Pair => ({ re: change(z.re), im: change(z.im) });
const sliceOf = (x: Tensor, axis: number, start: number, limit: number): Tensor =>
  p.slice(x, {
    starts: x.shape.map((_, i) => (i === axis ? start : 0)),
    limits: x.shape.map((n, i) => (i === axis ? limit : n)),
    strides: x.shape.map(() => 1),
  });
const ones = (shape: readonly number[]): Pair => ({ re: p.full(shape, 1, "float32"), im: p.full(shape, 0, "float32") });
const joined = (a: Pair, b: Pair, axis: number): Pair => ({
  re: p.concat([a.re, b.re], { axis }),
  im: p.concat([a.im, b.im], { axis }),
});

/** The product over `axes`, pairwise: each round multiplies the halves of what is left. */
export function product(z: Pair, axes: readonly number[]): Pair {
  const { shape } = z.re;
  const kept = range(shape.length).filter((i) => !axes.includes(i));
  const lead = kept.map((i) => shape[i] as number);
  let count = sizeOf(axes.map((i) => shape[i] as number));
  let rest = both(z, (x) =>
    p.reshape(p.transpose(x, { permutation: [...kept, ...axes] }), { shape: [...lead, count] }),
  );
  const axis = lead.length;
  if (count === 0) return ones(lead);
  while (count > 1) {
    const half = Math.ceil(count / 2);
    const first = both(rest, (x) => sliceOf(x, axis, 0, half));
    const second = both(rest, (x) => sliceOf(x, axis, half, count));
    const filled = count % 2 === 0 ? second : joined(second, ones([...lead, 1]), axis);
    rest = mul(first, filled);
    count = half;
  }
  return both(rest, (x) => p.reshape(x, { shape: lead }));
}

/** Running products in doubling steps. */
export function runningProduct(z: Pair, { axis, reverse }: p.CumulativeParams): Pair {
  const { shape } = z.re;
  const count = shape[axis] as number;
  let sofar = z;
  for (let by = 1; by < count; by *= 2) {
    const edge = ones(shape.map((n, i) => (i === axis ? by : n)));
    const moved = both(sofar, (x) => (reverse ? sliceOf(x, axis, by, count) : sliceOf(x, axis, 0, count - by)));
    sofar = mul(sofar, reverse ? joined(moved, edge, axis) : joined(edge, moved, axis));
  }
  return sofar;
}
