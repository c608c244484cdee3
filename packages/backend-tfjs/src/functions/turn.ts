// Points of the unit circle, and how transforms are taken apart.
import { range } from "@keras-ts/core/backend";

/** A number as the shading language writes it. */
export const f32 = (x: number): string => `f32(${Math.fround(x).toExponential(9)})`;
/** `c[0] + c[1] x + c[2] x^2 ...` by Horner's rule. */
export const polynomial = (c: readonly number[], x: string): string =>
  c.reduceRight((inner, one) => (inner === "" ? f32(one) : `(${f32(one)} + ${x} * ${inner})`), "");

// Terms of sin(pi r) and cos(pi r) in powers of r^2, which give all digits for |r| <= 1/2.
const taylor = (start: 0 | 1): number[] =>
  range(8).map((i) => {
    const n = 2 * i + start;
    return (-1) ** i * range(n).reduce((term, k) => (term * Math.PI) / (k + 1), 1);
  });

/** `sinPi(r)` and `cosPi(r)` for |r| <= 1/2: the language promises few digits of its own sine. */
export const SIN_PI: string = `
  fn sinPi(r : f32) -> f32 { let t : f32 = r * r; return r * ${polynomial(taylor(1), "t")}; }
  fn cosPi(r : f32) -> f32 { let t : f32 = r * r; return ${polynomial(taylor(0), "t")}; }`;

/** `turn(p, n)`: cosine and sine of 2 pi p / n, for 0 <= p < n. The quarter is found in whole numbers, so that no digits are lost. */
export const TURN: string = `${SIN_PI}
  fn turn(p : i32, n : i32) -> vec2<f32> {
    // The angle is quarter pi / 2 + rest pi / (2 n), with |rest| <= n / 2.
    let quarter : i32 = (8 * p / n + 1) / 2;
    let rest : i32 = 4 * p - quarter * n;
    let r : f32 = f32(rest) / f32(2 * n);
    let c : f32 = cosPi(r);
    let s : f32 = sinPi(r);
    if ((quarter & 3) == 0) { return vec2<f32>(c, s); }
    if ((quarter & 3) == 1) { return vec2<f32>(-s, c); }
    if ((quarter & 3) == 2) { return vec2<f32>(-c, -s); }
    return vec2<f32>(s, -c);
  }`;

/** Factors of a length: 4 as often as it goes, then primes. */
export function factorsOf(n: number): number[] {
  const factors: number[] = [];
  let rest = n;
  const take = (factor: number): void => {
    for (; rest % factor === 0; rest /= factor) factors.push(factor);
  };
  take(4);
  for (let factor = 2; factor * factor <= rest; factor++) take(factor);
  return rest > 1 ? [...factors, rest] : factors;
}
