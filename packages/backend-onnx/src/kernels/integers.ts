// Integer arithmetic in other primitives.
import { primitives as p, type Tensor } from "@keras-ts/core/backend";

/**
 * `x^y` by squaring, wrapping as the dtype does. A negative exponent gives the truncated reciprocal: 0, except for bases 1 and -1.
 */
export function integerPower([x, y]: readonly Tensor[]): Tensor {
  const [base, exponent] = [x as Tensor, y as Tensor];
  let square = base;
  let rest = exponent;
  let result: Tensor | undefined;
  for (let bit = 0; bit < 31; bit++) {
    const factor = p.where(p.equal(p.and(rest, 1), 1), square, 1);
    result = result === undefined ? factor : p.mul(result, factor);
    if (bit < 30) {
      square = p.mul(square, square);
      rest = p.shiftRightLogical(rest, 1);
    }
  }
  const power = result as Tensor;
  if (exponent.dtype === "uint32") return power;
  const odd = p.equal(p.and(exponent, 1), 1);
  const unit = p.where(
    p.equal(base, 1),
    1,
    p.where(p.equal(base, -1), p.where(odd, base, p.neg(base)), p.mul(base, 0)),
  );
  return p.where(p.less(exponent, 0), unit, power);
}
