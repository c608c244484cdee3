// The inverse error function as XLA computes it in float32 on processors, step by step and with its fused multiply-adds, the logarithm
// inside included. Engines' own functions differ by far more. Sources: Giles 2010; Cephes (logf, log1p).
import type { Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";

// Coefficients for w - 2.5 where w < 5, and for sqrt(w) - 3 in the tails, highest power first.
const CENTRE = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
  0.246640727, 1.50140941,
];
const TAIL = [
  -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3, 1.00167406,
  2.83297682,
];

/** `y` with `erf(y) = x`, for float32 `x` inside (-1, 1). */
export function erfInv32(x: Tensor): Tensor {
  const logarithm = log1p32(p.neg(p.mul(x, x)));
  const centre = p.greater(logarithm, -5);
  const t = p.where(centre, p.sub(-2.5, logarithm), p.sub(p.sqrt(p.neg(logarithm)), 3));
  const pick = (i: number): Tensor => p.where(centre, number(CENTRE[i] as number), TAIL[i] as number);
  let sum = pick(0);
  for (let i = 1; i < CENTRE.length; i++) sum = p.multiplyAdd(sum, t, pick(i));
  return p.mul(sum, x);
}

const number = (value: number): Tensor => p.full([], value, "float32");
const horner = (x: Tensor, first: Tensor, rest: readonly number[]): Tensor =>
  rest.reduce<Tensor>((sum, c) => p.multiplyAdd(sum, x, c), first);

// `x - x^2 / 2 + x^3 P(x) / Q(x)` near 0.
const P = [0.49854103, 6.5787326, 29.911919, 60.94967, 57.112964, 20.039553];
const Q = [83.04757, 221.7624, 309.09872, 216.42789, 60.11866];
/** `log(1 + x)` for float32 `x` in (-1, 0]. */
function log1p32(x: Tensor): Tensor {
  const square = p.mul(x, x);
  const above = horner(x, number(4.527e-5), P);
  const below = horner(x, p.add(x, 15.062909), Q);
  const tail = p.mul(p.mul(x, square), p.div(above, below));
  const near = p.add(x, p.sub(tail, p.mul(square, 0.5)));
  // sqrt(2) - 1
  return p.where(p.less(p.neg(x), 0.41421356), near, log32(p.add(x, 1)));
}

/** `log y` for float32 `y` in [2^-31, 1): of the mantissa in [sqrt(1/2), sqrt(2)), plus the exponent times log 2. */
function log32(y: Tensor): Tensor {
  let [mantissa, exponent] = [y, p.mul(y, 0)];
  for (const bits of [16, 8, 4, 2, 1]) {
    const isSmall = p.less(mantissa, 2 ** -bits);
    mantissa = p.where(isSmall, p.mul(mantissa, 2 ** bits), mantissa);
    exponent = p.where(isSmall, p.sub(exponent, bits), exponent);
  }
  const isLow = p.less(mantissa, Math.SQRT1_2);
  const x = p.add(p.sub(mantissa, 1), p.where(isLow, mantissa, 0));
  const power = p.where(isLow, p.sub(exponent, 1), exponent);
  const square = p.mul(x, x);
  const cube = p.mul(square, x);
  // Nine coefficients in three interleaved rows.
  const rows = [
    [7.0376836292e-2, -1.151461031e-1, 1.167699874e-1],
    [-1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1],
    [2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1],
  ].map(([first, ...rest]) => horner(x, number(first as number), rest)) as [Tensor, Tensor, Tensor];
  const inner = p.multiplyAdd(cube, p.multiplyAdd(cube, rows[0], rows[1]), rows[2]);
  // log 2 in two parts, the first of so few bits that its product is exact.
  const small = p.multiplyAdd(cube, inner, p.mul(power, -2.1219444e-4));
  return p.add(p.add(p.sub(x, p.mul(square, 0.5)), small), p.mul(power, 0.693359375));
}
