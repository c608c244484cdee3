// Products that sum.
import { isComplex, isFloat, normalizeAxis, range } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { multiplyCore } from "./arithmetic-core.ts";
import type { BinaryOp } from "./binary.ts";
import { matmulCore, productOperands } from "./contraction-core.ts";
import { convertToTensor, promote, type TensorLike } from "./convert-core.ts";
import { einsumOf } from "./einsum.ts";
import { sliceAxis } from "./get-item.ts";
import { type Op, op } from "./op.ts";
import { moveAxes } from "./shape-core.ts";

/**
 * NumPy's `@`. Shapes: `[..., m, k]` and `[..., k, n]` give `[..., m, n]`.
 * Source: keras.ops.matmul.
 * @throws ShapeError if inner sizes differ.
 * @example await ops.matmul([[1, 2], [3, 4]], [[1], [10]]).array(); // [[21], [43]]
 */
export const matmul: BinaryOp = /* @__PURE__ */ op("matmul", matmulCore);

const plain = { lhsBatch: [], rhsBatch: [] };
/**
 * Sums over the last axis of `x1` and the last but one of `x2`; products, for scalars.
 * Source: keras.ops.dot.
 * @example await ops.dot([1, 2, 3], [4, 5, 6]).item(); // 32
 */
export const dot: BinaryOp = /* @__PURE__ */ op("dot", (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b, finish] = productOperands(x1, x2);
  if (a.ndim === 0 || b.ndim === 0) return multiplyCore(x1, x2);
  return finish(p.dotGeneral(a, b, { lhsContract: [a.ndim - 1], rhsContract: [Math.max(0, b.ndim - 2)], ...plain }));
});
/**
 * Sums over the last axes of both.
 * Source: keras.ops.inner.
 * @example await ops.inner([[1, 2], [3, 4]], [1, 10]).array(); // [21, 43]
 */
export const inner: BinaryOp = /* @__PURE__ */ op("inner", (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b, finish] = productOperands(x1, x2);
  if (a.ndim === 0 || b.ndim === 0) return multiplyCore(x1, x2);
  return finish(p.dotGeneral(a, b, { lhsContract: [a.ndim - 1], rhsContract: [b.ndim - 1], ...plain }));
});
/**
 * Sum of products of all elements; of complex ones, `x1` is conjugated.
 * Source: keras.ops.vdot.
 * @example await ops.vdot([[1, 2], [3, 4]], [[1, 1], [1, 1]]).item(); // 10
 */
export const vdot: BinaryOp = /* @__PURE__ */ op("vdot", (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b, finish] = productOperands(x1, x2);
  const flat = (x: Tensor): Tensor => p.reshape(x, { shape: [x.size] });
  const left = isComplex(a.dtype) ? p.conjugate(a) : a;
  return finish(p.dotGeneral(flat(left), flat(b), { lhsContract: [0], rhsContract: [0], ...plain }));
});
/**
 * Every element of `x1` times every element of `x2`: `[m, n]`.
 * Source: keras.ops.outer.
 * @example await ops.outer([1, 2], [10, 20]).array(); // [[10, 20], [20, 40]]
 */
export const outer: BinaryOp = /* @__PURE__ */ op("outer", (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = promote(x1, x2) as [Tensor, Tensor];
  return multiplyCore(p.reshape(a, { shape: [a.size, 1] }), p.reshape(b, { shape: [1, b.size] }));
});
/**
 * Kronecker's product: blocks of `x2`, one for each element of `x1`.
 * Source: keras.ops.kron.
 * @example await ops.kron([1, 10], [1, 2]).array(); // [1, 2, 10, 20]
 */
export const kron: BinaryOp = /* @__PURE__ */ op("kron", (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = promote(x1, x2) as [Tensor, Tensor];
  const ndim = Math.max(a.ndim, b.ndim);
  const full = (x: Tensor): number[] => [...range(ndim - x.ndim).map(() => 1), ...x.shape];
  const [s, t] = [full(a), full(b)];
  const y = multiplyCore(
    p.reshape(a, { shape: s.flatMap((n) => [n, 1]) }),
    p.reshape(b, { shape: t.flatMap((n) => [1, n]) }),
  );
  return p.reshape(y, { shape: s.map((n, i) => n * (t[i] as number)) });
});

export interface TensordotOptions {
  /** How many axes (last of `x1`, first of `x2`), or which of each. */
  readonly axes?: number | readonly [number | readonly number[], number | readonly number[]];
}
/**
 * Sums products over named axes; the result has the other axes of `x1`, then those of `x2`.
 * Source: keras.ops.tensordot.
 * @example await ops.tensordot([[1, 2], [3, 4]], [[1, 0], [0, 1]], { axes: 2 }).item(); // 5
 */
export const tensordot: Op<(x1: TensorLike, x2: TensorLike, options?: TensordotOptions) => Tensor> = /* @__PURE__ */ op(
  "tensordot",
  (x1: TensorLike, x2: TensorLike, { axes = 2 }: TensordotOptions = {}): Tensor => {
    const [a, b, finish] = productOperands(x1, x2);
    const listed = (axis: number | readonly number[]): readonly number[] => (typeof axis === "number" ? [axis] : axis);
    const [left, right] =
      typeof axes === "number"
        ? [range(axes).map((i) => a.ndim - axes + i), range(axes)]
        : [listed(axes[0]), listed(axes[1])];
    if (left.length !== right.length) {
      const got = `${showShape(left)} and ${showShape(right)}`;
      throw new ShapeError(
        complain("tensordot", { must: "axes must name as many axes of each tensor", got, todo: "Check axes" }),
      );
    }
    const lhsContract = left.map((i) => normalizeAxis(i, a.ndim, "tensordot"));
    const rhsContract = right.map((i) => normalizeAxis(i, b.ndim, "tensordot"));
    return finish(p.dotGeneral(a, b, { lhsContract, rhsContract, ...plain }));
  },
);

/**
 * Sums of products written with letters: each operand's axes are named, letters that the result does not name are summed.
 * Operands are contracted two at a time, the cheapest pair first.
 * Source: keras.ops.einsum.
 * @throws ShapeError if letters and shapes do not fit.
 * @example await ops.einsum("ij,j->i", [[1, 2], [3, 4]], [1, 10]).array(); // [21, 43]
 */
export const einsum: Op<(subscripts: string, ...operands: readonly TensorLike[]) => Tensor> = /* @__PURE__ */ op(
  "einsum",
  (subscripts: string, ...operands: readonly TensorLike[]): Tensor => einsumOf(subscripts, operands),
);

export interface CrossOptions {
  readonly axisa?: number;
  readonly axisb?: number;
  readonly axisc?: number;
  /** All three at once. */
  readonly axis?: number | null;
}
/**
 * The vector product of vectors of 2 or 3 components.
 * Source: keras.ops.cross.
 * @throws ShapeError for other sizes.
 * @example await ops.cross([1, 0, 0], [0, 1, 0]).array(); // [0, 0, 1]
 */
export const cross: Op<(x1: TensorLike, x2: TensorLike, options?: CrossOptions) => Tensor> = /* @__PURE__ */ op(
  "cross",
  (x1: TensorLike, x2: TensorLike, { axisa = -1, axisb = -1, axisc = -1, axis = null }: CrossOptions = {}): Tensor => {
    const [given, other] = promote(convertToTensor(x1), convertToTensor(x2)) as [Tensor, Tensor];
    const a = moveAxes(given, [axis ?? axisa], [-1], "cross");
    const b = moveAxes(other, [axis ?? axisb], [-1], "cross");
    const [m, n] = [a.shape[a.ndim - 1] as number, b.shape[b.ndim - 1] as number];
    if (![2, 3].includes(m) || ![2, 3].includes(n)) {
      const got = `${showShape(given.shape)} and ${showShape(other.shape)}`;
      throw new ShapeError(
        complain("cross", { must: "vectors must have 2 or 3 components", got, todo: "Check the axes" }),
      );
    }
    const part = (x: Tensor, i: number): Tensor =>
      p.reshape(sliceAxis(x, x.ndim - 1, i, 1, 1), { shape: x.shape.slice(0, -1) });
    const at = (x: Tensor, i: number): Tensor | null => (i < (x.shape[x.ndim - 1] as number) ? part(x, i) : null);
    const product = (x: Tensor | null, y: Tensor | null): Tensor | null =>
      x === null || y === null ? null : p.mul(x, y);
    const minus = (i: number, j: number): Tensor => {
      const [l, r] = [product(at(a, i), at(b, j)), product(at(a, j), at(b, i))];
      if (l === null && r === null) return p.mul(p.add(part(a, 0), part(b, 0)), 0);
      return l === null ? p.neg(r as Tensor) : r === null ? l : p.sub(l, r);
    };
    const z = minus(0, 1);
    if (m === 2 && n === 2) return z;
    const columns = [minus(1, 2), minus(2, 0), z].map((y) => p.reshape(y, { shape: [...y.shape, 1] }));
    return moveAxes(p.concat(columns, { axis: z.ndim }), [-1], [axis ?? axisc], "cross");
  },
);

export interface TrapezoidOptions {
  /** Where `y` was sampled; evenly by default. */
  readonly x?: TensorLike | null;
  readonly dx?: number;
  readonly axis?: number;
}
/**
 * The integral of samples by trapezoids.
 * Source: keras.ops.trapezoid.
 * @example await ops.trapezoid([1, 2, 3]).item(); // 4
 */
export const trapezoid: Op<(y: TensorLike, options?: TrapezoidOptions) => Tensor> = /* @__PURE__ */ op(
  "trapezoid",
  (y: TensorLike, { x = null, dx = 1, axis = -1 }: TrapezoidOptions = {}): Tensor => {
    const given = convertToTensor(y);
    const t = moveAxes(isFloat(given.dtype) ? given : (promote(given, 0.5)[0] as Tensor), [axis], [-1], "trapezoid");
    const last = t.ndim - 1;
    const n = t.shape[last] as number;
    const ends = (v: Tensor, at: number): [Tensor, Tensor] => [
      sliceAxis(v, at, 1, n - 1, 1),
      sliceAxis(v, at, 0, n - 1, 1),
    ];
    const [high, low] = ends(t, last);
    const heights = p.add(high, low);
    if (x === null) return p.mul(p.mul(p.reduceSum(heights, { axes: [last] }), dx), 0.5);
    const places = convertToTensor(x, { dtype: t.dtype });
    const own = places.ndim === 1 ? places : moveAxes(places, [axis], [-1], "trapezoid");
    const [to, from] = ends(own, own.ndim - 1);
    return p.mul(p.reduceSum(p.mul(heights, p.sub(to, from)), { axes: [last] }), 0.5);
  },
);
