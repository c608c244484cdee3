import { broadcastShapes, range } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, promote, type TensorLike } from "./convert-core.ts";

/** Operands of a product that sums: one dtype; int8 and bool are summed in int32 and come back, but int8 with int8 stays wide if `wide`. */
export function productOperands(
  x1: TensorLike,
  x2: TensorLike,
  wide = false,
): readonly [a: Tensor, b: Tensor, finish: (y: Tensor) => Tensor] {
  const [left, right] = [convertToTensor(x1), convertToTensor(x2)];
  const [a, b] = promote(left, right) as [Tensor, Tensor];
  const stays = wide && left.dtype === "int8" && right.dtype === "int8";
  if (a.dtype !== "bool" && a.dtype !== "int8") return [a, b, (y) => y];
  return [castTo(a, "int32"), castTo(b, "int32"), (y) => (stays ? y : castTo(y, a.dtype))];
}

/** NumPy's `@`: vectors, matrices, and stacks of matrices that broadcast. */
export function matmulCore(x1: TensorLike, x2: TensorLike): Tensor {
  const [a, b, finish] = productOperands(x1, x2, true);
  if (a.ndim === 0 || b.ndim === 0) {
    const got = `${showShape(a.shape)} and ${showShape(b.shape)}`;
    throw new ShapeError(complain("matmul", { must: "inputs must not be scalars", got, todo: "Use ops.multiply" }));
  }
  return finish(matmulTensors(a, b));
}

function matmulTensors(a: Tensor, b: Tensor): Tensor {
  const plain = { lhsBatch: [], rhsBatch: [] };
  const contractB = Math.max(0, b.ndim - 2);
  // No stack on the right: one big product.
  if (b.ndim <= 2) return p.dotGeneral(a, b, { lhsContract: [a.ndim - 1], rhsContract: [contractB], ...plain });
  if (a.ndim === 1) {
    const row = p.reshape(a, { shape: [1, ...a.shape] });
    const y = matmulTensors(row, b);
    return p.reshape(y, { shape: y.shape.filter((_, i) => i !== y.ndim - 2) });
  }
  const batch = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const widen = (x: Tensor): Tensor => p.broadcastTo(x, { shape: [...batch, ...x.shape.slice(-2)] });
  const axes = range(batch.length);
  const n = batch.length;
  return p.dotGeneral(widen(a), widen(b), { lhsContract: [n + 1], rhsContract: [n], lhsBatch: axes, rhsBatch: axes });
}
