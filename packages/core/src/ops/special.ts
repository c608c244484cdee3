// Functions of mathematical physics and probability.
import { bitsOf, isFloat } from "../aval/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo, promoteFloat } from "./arithmetic-core.ts";
import type { BinaryOp } from "./binary.ts";
import { convertToTensor, floatx, type TensorLike, toFloat } from "./convert-core.ts";
import type { UnaryOp } from "./elementwise.ts";
import { op } from "./op.ts";

// Halves are computed in float32 and rounded once.
function inFloat32(f: (...xs: Tensor[]) => Tensor, ...xs: readonly Tensor[]): Tensor {
  const { dtype } = xs[0] as Tensor;
  return bitsOf(dtype) > 16 ? f(...xs) : castTo(f(...xs.map((x) => castTo(x, "float32"))), dtype);
}

/**
 * The complementary error function, `1 - erf(x)`, without loss where it is small. Float dtype of `x`; integers give the default float.
 * Source: Abramowitz and Stegun 7.1.2.
 * @example await erfc([0]).array(); // [1]
 */
export const erfc: UnaryOp = /* @__PURE__ */ op("erfc", (x: TensorLike) => inFloat32(p.erfc, toFloat(x)));

/**
 * The regularized lower incomplete gamma function, `P(x1, x2) = 1/Gamma(x1)` times the integral of `t^(x1-1) e^-t` from 0 to `x2`; shapes
 * broadcast. nan where `x1 < 0` or `x2 < 0`. Gradients flow to both. Source: keras.ops.gammainc, jax.scipy.special.gammainc.
 * @example await gammainc([1], [0]).array(); // [0]
 */
export const gammainc: BinaryOp = /* @__PURE__ */ op("gammainc", (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, x] = promoteFloat(x1, x2) as [Tensor, Tensor];
  return inFloat32(p.gammainc, a, x);
});

// Up to 15 the power series: sum of (x^2/4)^k / k!^2, all terms positive. Beyond, the asymptotic one:
// e^x / sqrt(2 pi x) times the sum of ((2k-1)!!)^2 / (k! (8x)^k).
const NEAR = 15;
const bessel = (x: Tensor): Tensor => {
  const size = p.abs(x);
  const low = p.min(size, NEAR);
  const quarter = p.mul(p.mul(low, low), 0.25);
  const one = p.full(x.shape, 1, x.dtype);
  let near = one;
  for (let k = 24; k > 0; k--) near = p.add(p.mul(p.mul(near, quarter), 1 / (k * k)), 1);
  const high = p.max(size, NEAR);
  const step = p.div(1 / 8, high);
  let far = one;
  for (let k = 8; k > 0; k--) far = p.add(p.mul(p.mul(far, step), (2 * k - 1) ** 2 / k), 1);
  const grown = p.div(p.mul(p.exp(high), far), p.sqrt(p.mul(high, 2 * Math.PI)));
  return p.where(p.isNan(x), x, p.where(p.less(size, NEAR), near, grown));
};
/**
 * The modified Bessel function of the first kind of order 0, the sum of `(x^2/4)^k / k!^2`.
 * Integers give the default float. Source: Abramowitz and Stegun 9.6.12, 9.7.1; keras.ops.i0.
 * @example await i0([0]).array(); // [1]
 */
export const i0: UnaryOp = /* @__PURE__ */ op("i0", (x: TensorLike): Tensor => {
  const t = convertToTensor(x);
  return inFloat32(bessel, isFloat(t.dtype) ? t : castTo(t, floatx()));
});
