// Elementary functions, in the part of WebGPU's shading language that `webgl/translate.ts` knows: variables say their types. The
// languages promise few digits of their own, and nothing about nan and infinities.
import { range } from "@keras-ts/core/backend";
import { polynomial, SIN_PI } from "./turn.ts";

/** An expression of `x`, and the functions that it needs. */
export type Code = readonly [code: string, functions: string];

const odd = (count: number): number[] => range(count).map((i) => 2 / (2 * i + 1));
const factorial = (n: number): number => range(n).reduce((product, i) => product * (i + 1), 1);

/**
 * `logOf(x)`, and `log1pNear(z)` for z in [-1/2, 1/2]: with s = z / (2 + z) it is 2 (s + s^3/3 + s^5/5 + ...).
 */
export const LOGARITHMS: string = `
  fn log1pNear(z : f32) -> f32 {
    let s : f32 = z / (2.0 + z);
    let t : f32 = s * s;
    return s * ${polynomial(odd(9), "t")};
  }
  fn logOf(x : f32) -> f32 {
    if (isnan(x) || x < 0.0) { return uniforms.NAN; }
    if (x == 0.0) { return -uniforms.INFINITY; }
    if (isinf(x)) { return x; }
    // The fraction is between the root of 1/2 and that of 2.
    let isSmall : bool = x < 1.2e-38;
    let shifted : i32 = bitcast<i32>(select(x, x * 8388608.0, isSmall)) - 0x3f3504f3;
    let fraction : f32 = bitcast<f32>((shifted & 0x7fffff) + 0x3f3504f3);
    let whole : f32 = f32((shifted >> 23u) - select(0, 23, isSmall));
    // log 2 in two parts: the product with the first has no rounding error.
    return whole * 0.693145752 + (log1pNear(fraction - 1.0) + whole * 1.42860677e-6);
  }
  fn log1pOf(x : f32) -> f32 {
    if (abs(x) < 0.4) { return select(log1pNear(x), x, x == 0.0); }
    return logOf(1.0 + x);
  }`;

/** `expScaled(x, shift)` is e^x 2^shift, `expm1Of(x)` e^x - 1: with e^x = 2^k e^r, |r| <= log(2) / 2. */
export const EXPONENTIALS: string = `
  fn power2(y : f32, k : i32) -> f32 {
    // In two steps: the result may be below or above what one power of two reaches.
    let first : i32 = k / 2;
    return y * bitcast<f32>((first + 127) << 23u) * bitcast<f32>((k - first + 127) << 23u);
  }
  fn expm1Near(r : f32) -> f32 { return r * ${polynomial(
    range(8).map((n) => 1 / factorial(n + 1)),
    "r",
  )}; }
  // e^x 2^shift
  fn expScaled(x : f32, shift : i32) -> f32 {
    let near : f32 = clamp(x, -150.0, 150.0);
    let k : f32 = round(near * 1.44269504);
    let r : f32 = (near - k * 0.693145752) - k * 1.42860677e-6;
    return power2(1.0 + expm1Near(r), i32(k) + shift);
  }
  fn expm1Of(x : f32) -> f32 {
    if (isnan(x) || x == 0.0) { return x; }
    if (x < -20.0) { return -1.0; }
    let near : f32 = min(x, 150.0);
    let k : f32 = round(near * 1.44269504);
    let r : f32 = (near - k * 0.693145752) - k * 1.42860677e-6;
    if (k > 20.0) { return power2(1.0 + expm1Near(r), i32(k)); }
    return power2(expm1Near(r), i32(k)) + (power2(1.0, i32(k)) - 1.0);
  }`;

/**
 * `angleOf(size)`: the angle in quarters of a turn, as the number of the nearest quarter (0 to 3) and the rest over pi, at most 1/4.
 * pi/2 is taken off in three parts of which the first two have few digits, so that products with them have no rounding error. For
 * large numbers the bits of 2/pi are written out, and multiplied from where they make less than four quarters: 64 bits of them by
 * the 24 of the number, byte by byte.
 */
export const ANGLES: string = `${SIN_PI}
  fn angleOf(size : f32) -> vec2<f32> {
    if (size < 5.0e4) {
      let n : f32 = round(size * 0.636619772);
      let r : f32 = ((size - n * 1.5703125) - n * 4.83751297e-4) - n * 7.54978995e-8;
      return vec2<f32>(f32(i32(n) & 3), r * 0.318309886);
    }
    var digits : array<u32, 9> = array<u32, 9>(0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu, 0u);
    let bits : u32 = bitcast<u32>(size);
    let skipped : i32 = i32(bits >> 23u) - 152 + 32;
    let by : u32 = u32(skipped % 32);
    var point : vec2<u32> = vec2<u32>(0u, 0u);
    var carry : u32 = 0u;
    for (var i : i32 = 7; i >= 0; i--) {
      let word : i32 = skipped / 32 + i / 4;
      let taken : u32 = (digits[word] << by) | select(0u, digits[word + 1] >> ((32u - by) & 31u), by > 0u);
      let place : u32 = u32(24 - 8 * (i % 4));
      let product : u32 = ((bits & 0x7fffffu) | 0x800000u) * ((taken >> place) & 255u) + carry;
      point[i / 4] = point[i / 4] | ((product & 255u) << place);
      carry = product >> 8u;
    }
    let rest : i32 = bitcast<i32>((point.x << 2u) | (point.y >> 30u));
    let quarters : u32 = (point.x >> 30u) + select(0u, 1u, rest < 0);
    return vec2<f32>(f32(quarters & 3u), f32(rest) * 1.16415322e-10);
  }
  // Cosine and sine.
  fn circleOf(x : f32) -> vec2<f32> {
    if (isnan(x) || isinf(x)) { return vec2<f32>(uniforms.NAN, uniforms.NAN); }
    let angle : vec2<f32> = angleOf(abs(x));
    let c : f32 = cosPi(angle.y);
    let s : f32 = sinPi(angle.y);
    var point : vec2<f32> = vec2<f32>(c, s);
    if (angle.x == 1.0) { point = vec2<f32>(-s, c); }
    if (angle.x == 2.0) { point = vec2<f32>(-c, -s); }
    if (angle.x == 3.0) { point = vec2<f32>(s, -c); }
    if (x < 0.0) { point.y = -point.y; }
    // The sign of zero is the number's.
    if (x == 0.0) { point.y = x; }
    return point;
  }`;

// Coefficients of the series of asin in powers of x^2, and of atan.
const asinTerms = range(13).map((k) => factorial(2 * k) / (4 ** k * factorial(k) ** 2 * (2 * k + 1)));
const atanTerms = range(12).map((k) => (-1) ** k / (2 * k + 1));
/** `asinOf(x)`, `acosOf(x)` and `atan2Of(y, x)`, by their series where those are short, and by what turns the rest into that. */
export const ARCS: string = `
  fn asinNear(x : f32) -> f32 { let t : f32 = x * x; return x * ${polynomial(asinTerms, "t")}; }
  // For a in [1/2, 1]: pi/2 - 2 asin(root((1 - a) / 2)) is asin, the rest acos.
  fn acosFar(a : f32) -> f32 { return 2.0 * asinNear(sqrt(0.5 * (1.0 - a))); }
  fn asinOf(x : f32) -> f32 {
    let a : f32 = abs(x);
    if (isnan(x) || a > 1.0) { return uniforms.NAN; }
    if (a < 0.5) { return asinNear(x); }
    return sign(x) * (1.57079633 - acosFar(a));
  }
  fn acosOf(x : f32) -> f32 {
    let a : f32 = abs(x);
    if (isnan(x) || a > 1.0) { return uniforms.NAN; }
    if (a < 0.5) { return 1.57079633 - asinNear(x); }
    return select(acosFar(a), 3.14159265 - acosFar(a), x < 0.0);
  }
  fn atanNear(x : f32) -> f32 { let t : f32 = x * x; return x * ${polynomial(atanTerms, "t")}; }
  fn atan2Of(y : f32, x : f32) -> f32 {
    if (isnan(x) || isnan(y)) { return uniforms.NAN; }
    let a : f32 = abs(x);
    let b : f32 = abs(y);
    let least : f32 = min(a, b);
    let most : f32 = max(a, b);
    // Both infinite: half a right angle.
    var ratio : f32 = select(least / most, select(0.0, 1.0, isinf(least)), isinf(most));
    if (most == 0.0) { ratio = 0.0; }
    var angle : f32 = atanNear(ratio);
    if (ratio > 0.414213562) { angle = 0.785398163 + atanNear((ratio - 1.0) / (ratio + 1.0)); }
    if (b > a) { angle = 1.57079633 - angle; }
    if ((bitcast<u32>(x) >> 31u) == 1u) { angle = 3.14159265 - angle; }
    return select(angle, -angle, (bitcast<u32>(y) >> 31u) == 1u);
  }`;
