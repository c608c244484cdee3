// Functions that ONNX has no operator for, in other primitives. Those with cancellation compute in float64, which both builds have
// for plain arithmetic, so that results are good to float32's last bits.
import { isFloat, primitives as p, scalar, type Tensor } from "@keras-ts/core/backend";

const one = (inputs: readonly Tensor[]): Tensor => inputs[0] as Tensor;

/** Computes `f` in double precision. */
export function inDouble(f: (...xs: readonly Tensor[]) => readonly Tensor[]): (inputs: readonly Tensor[]) => Tensor[] {
  return (inputs) => {
    const { dtype } = one(inputs);
    const wide = inputs.map((x) => (isFloat(x.dtype) ? p.cast(x, { dtype: "float64" }) : x));
    return f(...wide).map((y) => (y.dtype === "float64" ? p.cast(y, { dtype }) : y));
  };
}
const doubled =
  (f: (x: Tensor) => Tensor) =>
  (inputs: readonly Tensor[]): Tensor =>
    inDouble((x) => [f(x as Tensor)])(inputs)[0] as Tensor;

const polynomial = (x: Tensor, highestFirst: readonly number[]): Tensor =>
  highestFirst
    .slice(1)
    .reduce<Tensor>((sum, c) => p.add(p.mul(sum, x), c), p.add(p.mul(x, 0), highestFirst[0] as number));

/** `e^x - 1 = 2 sinh(x/2) e^(x/2)`: no cancellation near 0. Below -40 it is -1, and the product would be inf 0. */
export function expm1(inputs: readonly Tensor[]): Tensor {
  const x = one(inputs);
  const half = p.mul(p.max(x, -40), 0.5);
  return p.mul(p.mul(p.sinh(half), 2), p.exp(half));
}

/** `log(1 + x)` with the rounding of `1 + x` divided out (Kahan); at infinity the quotient is taken of finite numbers. */
export function log1p(inputs: readonly Tensor[]): Tensor {
  const x = one(inputs);
  const u = p.add(x, 1);
  const d = p.sub(u, 1);
  const ratio = p.div(p.min(x, 3e38), p.min(d, 3e38));
  return p.where(p.equal(d, 0), x, p.mul(p.log(u), ratio));
}

/** From the arctangent of the smaller over the larger magnitude, put into the quadrant by signs, signs of zeros included. */
export function atan2([a, c]: readonly Tensor[]): Tensor {
  const [y, x] = [a as Tensor, c as Tensor];
  const [absY, absX] = [p.abs(y), p.abs(x)];
  const [low, high] = [p.min(absX, absY), p.max(absX, absY)];
  const infinite = p.not(p.isFinite(low));
  const ratio = p.where(infinite, 1, p.div(low, p.where(p.equal(high, 0), 1, high)));
  const base = p.atan(ratio);
  const acute = p.where(p.greater(absY, absX), p.sub(Math.PI / 2, base), base);
  const wide = p.where(negative(x), p.sub(Math.PI, acute), acute);
  const signed = p.where(negative(y), p.neg(wide), wide);
  return p.where(p.or(p.isNan(x), p.isNan(y)), p.add(x, y), signed);
}
// -0 counts: its reciprocal is -inf.
const negative = (x: Tensor): Tensor => p.less(p.where(p.equal(x, 0), p.div(1, x), x), 0);

/**
 * Giles' two polynomials in `w = -log(1 - x^2)`, good to 2e-7 relative.
 * Source: Giles, "Approximating the erfinv function", 2010, table for single precision.
 */
export function erfInv(inputs: readonly Tensor[]): Tensor {
  const x = one(inputs);
  const w = p.neg(p.log(p.mul(p.sub(1, x), p.add(x, 1))));
  const central = polynomial(
    p.sub(w, 2.5),
    [
      2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
      0.246640727, 1.50140941,
    ],
  );
  const tail = polynomial(
    p.sub(p.sqrt(p.max(w, 5)), 3),
    [
      -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
      1.00167406, 2.83297682,
    ],
  );
  const inside = p.mul(p.where(p.less(w, 5), central, tail), x);
  return p.where(p.equal(p.abs(x), 1), p.mul(x, Number.POSITIVE_INFINITY), inside);
}

// sin(pi x) and cos(pi x) by the distance to the nearest integer: exact zeros at integers.
function piAngle(x: Tensor): { readonly sin: Tensor; readonly cos: Tensor } {
  const near = p.round(x);
  const angle = p.mul(p.sub(x, near), Math.PI);
  const odd = p.notEqual(p.mul(near, 0.5), p.round(p.mul(near, 0.5)));
  const flip = p.where(odd, scalar(-1, x.dtype), 1);
  return { sin: p.mul(p.sin(angle), flip), cos: p.mul(p.cos(angle), flip) };
}

const lanczos = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];
/** Lanczos' series (g = 7) in double precision; reflected below 1/2: `log(pi / |sin pi x|) - lgamma(1 - x)`. */
export const lgamma: (inputs: readonly Tensor[]) => Tensor = doubled((x) => {
  const reflect = p.less(x, 0.5);
  const z = p.sub(p.where(reflect, p.sub(1, x), x), 1);
  const series = lanczos.reduce<Tensor>(
    (sum, c, i) => p.add(sum, p.div(c, p.add(z, i + 1))),
    scalar(0.9999999999998099, x.dtype),
  );
  const t = p.add(z, 7.5);
  const direct = p.add(p.sub(p.mul(p.add(z, 0.5), p.log(t)), t), p.add(p.log(series), 0.5 * Math.log(2 * Math.PI)));
  const reflected = p.sub(p.log(p.div(Math.PI, p.abs(piAngle(x).sin))), direct);
  const finite = p.where(reflect, reflected, direct);
  return p.where(p.equal(p.abs(x), Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY, finite);
});

const STEPS = 8;
// Sum of 1/(x+k)^power for k below STEPS: what separates polygamma(x) from polygamma(x + STEPS), where the asymptotic series is good.
const recurrence = (x: Tensor, power: 1 | 2): Tensor => {
  let sum: Tensor | undefined;
  for (let k = 0; k < STEPS; k++) {
    const r = p.div(1, p.add(x, k));
    const term = power === 1 ? r : p.mul(r, r);
    sum = sum === undefined ? term : p.add(sum, term);
  }
  return sum as Tensor;
};

/** Asymptotic series after eight steps of the recurrence, in double precision; reflected below 1/2. nan at poles. */
export const digamma: (inputs: readonly Tensor[]) => Tensor = doubled((x) => {
  const reflect = p.less(x, 0.5);
  const z = p.where(reflect, p.sub(1, x), x);
  const y = p.add(z, STEPS);
  const r = p.div(1, y);
  const r2 = p.mul(r, r);
  const tail = p.mul(r2, polynomial(r2, [1 / 240, -1 / 252, 1 / 120, -1 / 12]));
  const direct = p.sub(p.add(p.sub(p.log(y), p.mul(r, 0.5)), tail), recurrence(z, 1));
  const { sin, cos } = piAngle(x);
  const reflected = p.sub(direct, p.div(p.mul(cos, Math.PI), sin));
  const pole = p.and(p.lessEqual(x, 0), p.equal(x, p.floor(x)));
  return p.where(pole, Number.NaN, p.where(reflect, reflected, direct));
});

/** As `digamma`, one derivative on. */
export const trigamma: (inputs: readonly Tensor[]) => Tensor = doubled((x) => {
  const reflect = p.less(x, 0.5);
  const z = p.where(reflect, p.sub(1, x), x);
  const r = p.div(1, p.add(z, STEPS));
  const r2 = p.mul(r, r);
  const odd = p.mul(p.mul(r2, r), polynomial(r2, [-1 / 30, 1 / 42, -1 / 30, 1 / 6]));
  const direct = p.add(p.add(p.add(r, p.mul(r2, 0.5)), odd), recurrence(z, 2));
  const { sin } = piAngle(x);
  const reflected = p.sub(p.div(Math.PI * Math.PI, p.mul(sin, sin)), direct);
  return p.where(p.equal(x, Number.NEGATIVE_INFINITY), Number.POSITIVE_INFINITY, p.where(reflect, reflected, direct));
});
