// The inverse error function as XLA computes it in float32, step by step and with its fused multiply-adds. Engines' own functions
// differ by far more. Source: Giles 2010.
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
  const w = p.neg(p.log1p(p.neg(p.mul(x, x))));
  const centre = p.less(w, 5);
  const t = p.where(centre, p.sub(w, 2.5), p.sub(p.sqrt(w), 3));
  const pick = (i: number): Tensor => p.where(centre, p.full([], CENTRE[i] as number, "float32"), TAIL[i] as number);
  let sum = pick(0);
  const factor = halves(t);
  for (let i = 1; i < CENTRE.length; i++) sum = fusedMultiplyAdd(sum, t, factor, pick(i));
  return p.mul(sum, x);
}

type Halves = readonly [high: Tensor, low: Tensor];
/** A float32 as two numbers of 12 bits, whose products are exact (Veltkamp). */
function halves(x: Tensor): Halves {
  const c = p.mul(x, 4097);
  const high = p.sub(c, p.sub(c, x));
  return [high, p.sub(x, high)];
}

/** `a b + c` rounded once: the error of the product by halves (Dekker 1971), that of the sum from the sum (Knuth). */
function fusedMultiplyAdd(a: Tensor, b: Tensor, [bHigh, bLow]: Halves, c: Tensor): Tensor {
  const [aHigh, aLow] = halves(a);
  const product = p.mul(a, b);
  const lost = p.add(
    p.add(p.add(p.sub(p.mul(aHigh, bHigh), product), p.mul(aHigh, bLow)), p.mul(aLow, bHigh)),
    p.mul(aLow, bLow),
  );
  const sum = p.add(product, c);
  const moved = p.sub(sum, product);
  const rest = p.add(p.sub(product, p.sub(sum, moved)), p.sub(c, moved));
  return p.add(sum, p.add(rest, lost));
}
