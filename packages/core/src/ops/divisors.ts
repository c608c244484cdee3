// Whole numbers and their divisors.
import { broadcastShapes, isInteger } from "../aval/index.ts";
import { complain, DtypeError, showAval } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { absCore } from "./arithmetic-core.ts";
import type { BinaryOp } from "./binary.ts";
import { whileLoop } from "./control.ts";
import { convertToTensor, promote, type TensorLike } from "./convert-core.ts";
import { op } from "./op.ts";

// Both as integers of their common dtype; arrays of JS numbers count as int32.
function integers(where: string, ...xs: readonly TensorLike[]): [Tensor, Tensor] {
  const whole = xs.map((x) => {
    if (x instanceof Tensor || typeof x === "number" || !Array.isArray(x)) return x;
    const t = convertToTensor(x);
    const known = t.source.kind === "literal" && t.source.value.data.every((v: number) => Number.isInteger(v));
    return known && t.dtype !== "bool" ? convertToTensor(x, { dtype: "int32" }) : t;
  });
  const pair = promote(...whole) as [Tensor, Tensor];
  if (pair.every((x) => isInteger(x.dtype))) return pair;
  const got = pair.map(showAval).join(" and ");
  throw new DtypeError(complain(where, { must: "inputs must be integers", got, todo: "Cast them to int32" }));
}

// Euclid's algorithm, on all elements at once, until the last is done.
function greatest(a: Tensor, b: Tensor): Tensor {
  const shape = broadcastShapes("gcd", a.shape, b.shape);
  const start = [a, b].map((x) => p.broadcastTo(absCore(x), { shape })) as [Tensor, Tensor];
  const axes = shape.map((_, i) => i);
  const [divisor] = whileLoop(
    (_, rest) => p.reduceOr(p.notEqual(rest as Tensor, 0), { axes }),
    (x, y) => {
      const [n, d] = [x as Tensor, y as Tensor];
      const open = p.notEqual(d, 0);
      return [p.where(open, d, n), p.where(open, p.rem(n, p.where(open, d, 1)), 0)];
    },
    start,
  );
  return divisor;
}

/**
 * The greatest common divisor of integers, 0 for two zeros; shapes broadcast. @throws DtypeError for floats and bool.
 * Source: keras.ops.gcd.
 * @example await gcd(12, 18).array(); // 6
 */
export const gcd: BinaryOp = /* @__PURE__ */ op(
  "gcd",
  (x1: TensorLike, x2: TensorLike): Tensor => greatest(...integers("gcd", x1, x2)),
);
/**
 * The least common multiple of integers, 0 if one is 0; shapes broadcast. @throws DtypeError for floats and bool.
 * Source: keras.ops.lcm.
 * @example await lcm(4, 6).array(); // 12
 */
export const lcm: BinaryOp = /* @__PURE__ */ op("lcm", (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = integers("lcm", x1, x2).map(absCore) as [Tensor, Tensor];
  const divisor = greatest(a, b);
  const zero = p.equal(divisor, 0);
  return p.where(zero, 0, p.mul(a, p.div(b, p.where(zero, 1, divisor))));
});
