// Functions of probability theory. Logarithms, sines and cosines are written out: the shading language promises few digits of its own.
import { range } from "@keras-ts/core/backend";
import { type Code, LOGARITHMS } from "./elementary.ts";
import { polynomial, SIN_PI } from "./turn.ts";

// zeta(k) - 1: the first terms, then the rest by Euler's and Maclaurin's formula.
function zetaMinusOne(k: number): number {
  const n = 20;
  const first = range(n - 2).reduceRight((sum, i) => sum + (i + 2) ** -k, 0);
  return first + n ** (1 - k) / (k - 1) + n ** -k / 2 + (k * n ** (-k - 1)) / 12;
}
const EULER = 0.5772156649015329;
// log gamma(2 + z) / z, for |z| <= 1/2
const NEAR_TWO = [1 - EULER, ...range(14).map((i) => ((i % 2 === 0 ? 1 : -1) * zetaMinusOne(i + 2)) / (i + 2))];
// B_2k / (2k (2k - 1)), B_2k / 2k and B_2k: series of log gamma and its derivatives in 1/z^2
const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66];
const STIRLING = BERNOULLI.slice(0, 4).map((b, i) => b / ((2 * i + 2) * (2 * i + 1)));
const DIGAMMA = BERNOULLI.map((b, i) => b / (2 * i + 2));
const ELEMENTARY = `${LOGARITHMS} ${SIN_PI}
  fn isPole(x : f32) -> bool { return x <= 0.0 && floor(x) == x; }`;

const LGAMMA = `${ELEMENTARY}
  fn lgammaPositive(x : f32) -> f32 {
    if (x >= 8.0) {
      let t : f32 = 1.0 / x;
      return x * (logOf(x) - 1.0) - 0.5 * logOf(x) + 0.918938533 + t * ${polynomial(STIRLING, "(t * t)")};
    }
    // Moved to [3/2, 5/2] by gamma(x + 1) = x gamma(x).
    var z : f32 = x;
    var product : f32 = 1.0;
    var below : f32 = 0.0;
    if (z < 0.5) { below = -logOf(z); z = z + 1.0; }
    if (z < 1.5) { below = below - log1pNear(z - 1.0); z = z + 1.0; }
    for (; z > 2.5;) { z = z - 1.0; product = product * z; }
    if (product > 1.0) { below = below + logOf(product); }
    let y : f32 = z - 2.0;
    return y * ${polynomial(NEAR_TWO, "y")} + below;
  }
  fn valueOf(x : f32) -> f32 {
    if (isnan(x)) { return x; }
    if (isinf(x) || isPole(x)) { return uniforms.INFINITY; }
    if (x > 0.0) { return lgammaPositive(x); }
    // gamma(x) gamma(1 - x) = pi / sin(pi x)
    return 1.14472989 - logOf(abs(sinPi(x - round(x)))) - lgammaPositive(1.0 - x);
  }`;

const DIGAMMA_CODE = `${ELEMENTARY}
  fn digammaPositive(x : f32) -> f32 {
    var z : f32 = x;
    var below : f32 = 0.0;
    for (; z < 6.0;) { below = below + 1.0 / z; z = z + 1.0; }
    let t : f32 = 1.0 / z;
    let s : f32 = t * t;
    return logOf(z) - (0.5 * t + s * ${polynomial(DIGAMMA, "s")}) - below;
  }
  fn valueOf(x : f32) -> f32 {
    if (isnan(x) || isPole(x) || x == -uniforms.INFINITY) { return uniforms.NAN; }
    if (x > 0.0) { return digammaPositive(x); }
    let r : f32 = x - round(x);
    return digammaPositive(1.0 - x) - 3.14159265 * cosPi(r) / sinPi(r);
  }`;

const TRIGAMMA = `${ELEMENTARY}
  fn trigammaPositive(x : f32) -> f32 {
    var z : f32 = x;
    var below : f32 = 0.0;
    for (; z < 6.0;) { below = below + (1.0 / z) / z; z = z + 1.0; }
    let t : f32 = 1.0 / z;
    let s : f32 = t * t;
    return below + (t + 0.5 * s + t * s * ${polynomial(BERNOULLI, "s")});
  }
  fn valueOf(x : f32) -> f32 {
    if (isnan(x)) { return x; }
    if (x == -uniforms.INFINITY || isPole(x)) { return uniforms.INFINITY; }
    if (x == uniforms.INFINITY) { return 0.0; }
    if (x > 0.0) { return trigammaPositive(x); }
    let ratio : f32 = 3.14159265 / sinPi(x - round(x));
    return ratio * ratio - trigammaPositive(1.0 - x);
  }`;

// erfInv(x) / x by w = -log(1 - x^2): for w < 5 a polynomial in w - 5/2, beyond in sqrt(w) - 3 (interpolated at Chebyshev's points).
const CENTRAL = [
  1.50140936, 0.2466402791, -0.004177392875, -0.001252726392, 0.0002183493862, -0.000004972419698, -0.000003463985264,
  4.681313503e-7, 2.333596691e-8, -8.931926143e-9,
];
const TAIL = [
  2.832976799, 1.001674989, 0.009445450979, -0.007637784905, 0.005685338791, -0.00359454032, 0.001489869873,
  -0.00006305369748, -0.0003137472827, 0.000120449435,
];
const ERF_INV = `${ELEMENTARY}
  fn valueOf(x : f32) -> f32 {
    let size : f32 = abs(x);
    if (size == 1.0) { return x * uniforms.INFINITY; }
    if (!(size < 1.0) || isnan(x)) { return uniforms.NAN; }
    var w : f32 = 0.0;
    if (size < 0.5) { w = -log1pNear(-x * x); } else { w = -logOf((1.0 - size) * (1.0 + size)); }
    if (w < 5.0) { let t : f32 = w - 2.5; return x * ${polynomial(CENTRAL, "t")}; }
    let t : f32 = sqrt(w) - 3.0;
    return x * ${polynomial(TAIL, "t")};
  }`;

/** What `erfInv`, `lgamma` ... do to `x`. */
export const SPECIAL: Readonly<Record<"sign" | "trunc" | "erfInv" | "lgamma" | "digamma" | "trigamma", Code>> = {
  sign: ["select(sign(x), x, isnan(x) || x == 0.0)", ""],
  trunc: ["trunc(x)", ""],
  erfInv: ["valueOf(x)", ERF_INV],
  lgamma: ["valueOf(x)", LGAMMA],
  digamma: ["valueOf(x)", DIGAMMA_CODE],
  trigamma: ["valueOf(x)", TRIGAMMA],
};
