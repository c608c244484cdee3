// Float functions that TensorFlow.js' kernels on graphics cards have wrong in nan, infinities, signs of zero or last digits.
import { ANGLES, ARCS, type Code, EXPONENTIALS, LOGARITHMS } from "./elementary.ts";

/** TensorFlow.js' kernels for one float, by what they do to `x`: nan stays nan, zeros keep their sign. */
export const UNARY: Readonly<Record<string, Code>> = {
  Sin: ["circleOf(x).y", ANGLES],
  Cos: ["circleOf(x).x", ANGLES],
  Tan: ["tanOf(x)", `${ANGLES} fn tanOf(x : f32) -> f32 { let p : vec2<f32> = circleOf(x); return p.y / p.x; }`],
  Log: ["logOf(x)", LOGARITHMS],
  Log1p: ["log1pOf(x)", LOGARITHMS],
  Expm1: ["expm1Of(x)", EXPONENTIALS],
  Asin: ["select(asinOf(x), x, x == 0.0)", ARCS],
  Acos: ["acosOf(x)", ARCS],
  Atan: ["select(atan2Of(x, 1.0), x, x == 0.0)", ARCS],
  Sinh: [
    "sinhOf(x)",
    `${EXPONENTIALS} fn sinhOf(x : f32) -> f32 {
      if (isnan(x) || x == 0.0) { return x; }
      if (abs(x) > 1.0) { return expScaled(x, -1) - expScaled(-x, -1); }
      let e : f32 = expm1Of(abs(x));
      return sign(x) * 0.5 * (e + e / (e + 1.0));
    }`,
  ],
  Cosh: ["select(expScaled(x, -1) + expScaled(-x, -1), x, isnan(x))", EXPONENTIALS],
  Tanh: [
    "tanhOf(x)",
    `${EXPONENTIALS} fn tanhOf(x : f32) -> f32 {
      if (isnan(x) || x == 0.0) { return x; }
      if (abs(x) > 10.0) { return sign(x); }
      let e : f32 = expm1Of(2.0 * abs(x));
      return sign(x) * e / (e + 2.0);
    }`,
  ],
  Exp: ["select(expScaled(x, 0), x, isnan(x))", EXPONENTIALS],
  Sigmoid: ["select(1.0 / (1.0 + expScaled(-x, 0)), x, isnan(x))", EXPONENTIALS],
  Asinh: [
    "asinhOf(x)",
    `${LOGARITHMS} fn asinhOf(x : f32) -> f32 {
      let a : f32 = abs(x);
      if (isnan(x) || x == 0.0 || isinf(x)) { return x; }
      if (a > 1.0e9) { return sign(x) * (logOf(a) + 0.693147181); }
      return sign(x) * log1pOf(a + a * a / (1.0 + sqrt(1.0 + a * a)));
    }`,
  ],
  Acosh: [
    "acoshOf(x)",
    `${LOGARITHMS} fn acoshOf(x : f32) -> f32 {
      if (isnan(x) || x < 1.0) { return uniforms.NAN; }
      if (x > 1.0e9) { return logOf(x) + 0.693147181; }
      let t : f32 = x - 1.0;
      return log1pOf(t + sqrt(2.0 * t + t * t));
    }`,
  ],
  Atanh: [
    "atanhOf(x)",
    `${LOGARITHMS} fn atanhOf(x : f32) -> f32 {
      let a : f32 = abs(x);
      if (isnan(x) || x == 0.0) { return x; }
      if (a > 1.0) { return uniforms.NAN; }
      if (a == 1.0) { return x * uniforms.INFINITY; }
      return sign(x) * 0.5 * log1pOf(2.0 * a / (1.0 - a));
    }`,
  ],
};

// As C's: 1 to any power is 1, and anything to the power of 0.
const POW = `
  fn isOdd(y : f32) -> bool { return abs(y) < 16777216.0 && floor(y) == y && (i32(y) & 1) != 0; }
  fn powOf(x : f32, y : f32) -> f32 {
    let a : f32 = abs(x);
    if (y == 0.0 || x == 1.0 || (x == -1.0 && isinf(y))) { return 1.0; }
    if (isnan(x) || isnan(y) || (x < 0.0 && !isinf(x) && !isinf(y) && floor(y) != y)) { return uniforms.NAN; }
    let isNegative : bool = (bitcast<u32>(x) >> 31u) == 1u && isOdd(y);
    var size : f32 = 1.0;
    if (a == 0.0 || isinf(a) || isinf(y)) { size = select(0.0, uniforms.INFINITY, (a > 1.0) == (y > 0.0)); }
    else if (floor(y) == y && abs(y) <= 32.0) {
      // By squaring, so that powers of whole numbers are whole.
      var base : f32 = a;
      for (var rest : i32 = i32(abs(y)); rest > 0; rest = rest >> 1u) {
        if ((rest & 1) == 1) { size = size * base; }
        base = base * base;
      }
      if (y < 0.0) { size = 1.0 / size; }
    }
    else { size = pow(a, y); }
    return select(size, -size, isNegative);
  }`;

/** The same for two, `x` and `y`. */
export const BINARY: Readonly<Record<"Pow" | "Atan2", Code>> = {
  Pow: ["powOf(x, y)", POW],
  Atan2: ["atan2Of(x, y)", ARCS],
};

/** `remainder(x, y)`, with the sign of `x`: long division of the significands, bit by bit, exact for any quotient. */
export const REMAINDER: string = `
  fn remainder(x : f32, y : f32) -> f32 {
    let signOf : u32 = bitcast<u32>(x) & 0x80000000u;
    let a : u32 = bitcast<u32>(x) & 0x7fffffffu;
    let b : u32 = bitcast<u32>(y) & 0x7fffffffu;
    if (a >= 0x7f800000u || b > 0x7f800000u || b == 0u) { return uniforms.NAN; }
    if (a < b) { return x; }
    var exponent : i32 = i32(a >> 23u);
    let least : i32 = i32(b >> 23u);
    // Below 2^-126 there is no leading one, and the exponent counts as 1.
    var rest : u32 = select(a & 0x7fffffu, (a & 0x7fffffu) | 0x800000u, exponent > 0);
    let divisor : u32 = select(b & 0x7fffffu, (b & 0x7fffffu) | 0x800000u, least > 0);
    exponent = max(exponent, 1);
    let lowest : i32 = max(least, 1);
    for (; exponent > lowest; exponent--) {
      if (rest >= divisor) { rest = rest - divisor; }
      rest = rest << 1u;
    }
    if (rest >= divisor) { rest = rest - divisor; }
    for (; rest != 0u && rest < 0x800000u && exponent > 1; exponent--) { rest = rest << 1u; }
    let normal : u32 = (rest & 0x7fffffu) | (u32(exponent) << 23u);
    return bitcast<f32>(signOf | select(rest, normal, rest >= 0x800000u));
  }`;
