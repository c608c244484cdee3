// Numbers as the bits that hold them. A composite: the body finds sign, exponent and fraction by exact arithmetic, engines that can look at
// memory have a kernel.
import { type Aval, bitsOf, type DType, isFloat, isInteger } from "../aval/index.ts";
import { complain, DtypeError, showAval } from "../errors/index.ts";
import { apply1, type Configured, type Definition, literal, marked, type Tensor } from "../graph/index.ts";
import {
  abs,
  add,
  and,
  type CastParams,
  cast,
  div,
  equal,
  floor,
  greaterEqual,
  isNan,
  less,
  log,
  mul,
  neg,
  or,
  shiftLeft,
  shiftRightArithmetic,
  shiftRightLogical,
  sub,
  where,
} from "./elementwise.ts";
import { take } from "./indexing.ts";

const has32Bits = (dtype: DType): boolean => bitsOf(dtype) === 32 && (isFloat(dtype) || isInteger(dtype));

const definition: Definition<CastParams> = {
  name: "bitcast",
  infer: (inputs, { dtype }) => {
    const [x] = inputs as readonly [Aval];
    if (has32Bits(x.dtype) && has32Bits(dtype)) return [{ shape: x.shape, dtype }];
    const must = "both dtypes must be numbers of 32 bits";
    throw new DtypeError(complain("bitcast", { must, got: `${showAval(x)} to ${dtype}`, todo: "Use ops.view" }));
  },
  vjp: "none",
  body: ([x], { dtype }) => [reinterpreted(x as Tensor, dtype)],
};
/** The same 32 bits read as another dtype of 32 bits. Which of the many nans comes out is not said. */
export const bitcast: Configured<CastParams, "composite"> = marked(
  (x: Tensor, params: CastParams) => (x.dtype === params.dtype ? x : apply1(definition, [x], params)),
  "composite",
  definition,
);

function reinterpreted(x: Tensor, dtype: DType): Tensor {
  const bits = isFloat(x.dtype) ? bitsOfFloat(x) : cast(x, { dtype: "int32" });
  return isFloat(dtype) ? floatOfBits(bits) : cast(bits, { dtype });
}

const FRACTION = 2 ** 23;
const SIGN = -(2 ** 31);
const INFINITE = 255 << 23;
const NOT_A_NUMBER = INFINITE | (1 << 22);

// y 2^n for whole n in [-128, 128]: in two steps, each by a power of two that float32 holds as a normal number.
function scaled(y: Tensor, n: Tensor): Tensor {
  const half = shiftRightArithmetic(n, 1);
  const powers = literal({
    shape: [129],
    dtype: "float32",
    data: Float32Array.from({ length: 129 }, (_, i) => 2 ** (i - 64)),
  });
  const power = (k: Tensor): Tensor => take(powers, add(k, 64), { axis: 0 });
  return mul(mul(y, power(half)), power(sub(n, half)));
}

function bitsOfFloat(x: Tensor): Tensor {
  const size = abs(x);
  const finite = less(size, Number.POSITIVE_INFINITY);
  const isNormal = greaterEqual(size, 2 ** -126);
  const normal = where(finite, where(isNormal, size, 1), 1);
  // A guess of the exponent, put right by what it leaves of the number.
  const guess = cast(floor(mul(log(normal), Math.LOG2E)), { dtype: "int32" });
  const left = scaled(normal, neg(guess));
  const [high, low] = [greaterEqual(left, 2), less(left, 1)];
  const significand = where(high, mul(left, 0.5), where(low, mul(left, 2), left));
  const exponent = add(guess, sub(cast(high, { dtype: "int32" }), cast(low, { dtype: "int32" })));
  const fraction = cast(mul(sub(significand, 1), FRACTION), { dtype: "int32" });
  const whole = or(shiftLeft(add(exponent, 127), 23), fraction);
  // Below 2^-126 there is no leading one: the bits count steps of 2^-149.
  const tiny = where(isNormal, 0, size);
  const steps = cast(mul(mul(tiny, 2 ** 126), FRACTION), { dtype: "int32" });
  const magnitude = where(isNormal, where(finite, whole, INFINITE), steps);
  // 1 / -0 is -inf: the only way to see the sign of a zero.
  const negative = less(where(equal(x, 0), div(1, x), x), 0);
  return where(isNan(x), NOT_A_NUMBER, where(negative, or(magnitude, SIGN), magnitude));
}

function floatOfBits(bits: Tensor): Tensor {
  const exponent = and(shiftRightLogical(bits, 23), 255);
  const fraction = and(bits, FRACTION - 1);
  const share = mul(cast(fraction, { dtype: "float32" }), 1 / FRACTION);
  const normal = scaled(add(share, 1), sub(exponent, 127));
  const tiny = mul(share, 2 ** -126);
  const special = where(equal(fraction, 0), Number.POSITIVE_INFINITY, Number.NaN);
  const magnitude = where(equal(exponent, 0), tiny, where(equal(exponent, 255), special, normal));
  return where(less(bits, 0), neg(magnitude), magnitude);
}
