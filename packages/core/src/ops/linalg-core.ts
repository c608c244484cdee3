// What the families of linear algebra share.
import { isFloat } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import { Graph, placeholder, type Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { promoteFloat } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike, toFloat } from "./convert-core.ts";

/** `[..., M, N]` as float. @throws ShapeError below rank 2. */
export function matrixOf(where: string, x: TensorLike): Tensor {
  const t = toFloat(x);
  if (t.ndim >= 2) return t;
  const must = "the input must be matrices [..., M, N]";
  throw new ShapeError(complain(where, { must, got: showShape(t.shape), todo: "Reshape the input" }));
}
/** `[..., M, M]` as float. @throws ShapeError unless the last two sizes are equal. */
export function squareOf(where: string, x: TensorLike): Tensor {
  const t = matrixOf(where, x);
  if (t.shape[t.ndim - 1] === t.shape[t.ndim - 2]) return t;
  const must = "the input must be square matrices [..., M, M]";
  throw new ShapeError(complain(where, { must, got: showShape(t.shape), todo: "Use ops.pinv or ops.svd" }));
}
/** `(x + x^T) / 2`. */
export const symmetric = (x: Tensor): Tensor => p.mul(p.add(x, p.matrixTranspose(x)), 0.5);

/** Identity matrices of the batch, size and dtype of square `x`. */
export function identityLike(x: Tensor): Tensor {
  const at = (axis: number): Tensor => p.iota({ shape: x.shape, axis, dtype: "int32" });
  return p.cast(p.equal(at(x.ndim - 2), at(x.ndim - 1)), { dtype: x.dtype });
}

/** A function with a differentiation rule of its own, in which the result may stand. */
export function withRule(
  xs: readonly Tensor[],
  f: (...xs: Tensor[]) => Tensor,
  pullback: (g: Tensor, xs: readonly Tensor[], out: Tensor) => readonly Tensor[],
): Tensor {
  const inputs = xs.map((x) => placeholder(x));
  const [out] = p.customGradient(xs, {
    body: new Graph(inputs, [f(...inputs)]),
    pullback: ([g], given, [y]) => pullback(g as Tensor, given, y as Tensor),
  });
  return out as Tensor;
}

/** Both of one float dtype; as they are if they have one. */
export function floats(x1: TensorLike, x2: TensorLike): readonly [Tensor, Tensor] {
  const [a, b] = [convertToTensor(x1), convertToTensor(x2)];
  return a.dtype === b.dtype && isFloat(a.dtype) ? [a, b] : (promoteFloat(a, b) as [Tensor, Tensor]);
}

/** A vector as a matrix of one column, row by row of a batch. */
export const asColumn = (x: Tensor): Tensor => p.reshape(x, { shape: [...x.shape, 1] });
