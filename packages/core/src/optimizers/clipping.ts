// Bounds on gradients. Source: keras/src/optimizers/base_optimizer.py.
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";

/** `g * limit / max(|g|, limit)`: a gradient no longer than `limit`. */
export function clipByNorm(gradient: Tensor, limit: number): Tensor {
  const square = ops.reshape(
    ops.sum(ops.square(gradient)),
    gradient.shape.map(() => 1),
  );
  const positive = square.greater(0);
  const norm = ops.where(positive, ops.sqrt(ops.where(positive, square, 1)), square);
  return gradient.multiply(limit).divide(ops.maximum(norm, limit));
}

/** All gradients scaled alike, so that together they are no longer than `limit`; nan if their norm is not finite. */
export function clipByGlobalNorm(gradients: readonly Tensor[], limit: number): Tensor[] {
  const squares = gradients.map((g) => ops.sum(ops.square(g)));
  const norm = ops.sqrt(ops.sum(ops.stack(squares)));
  const finite = ops.minimum(ops.divide(1, norm), 1 / limit).multiply(limit);
  const scale = finite.add(norm.subtract(norm));
  return gradients.map((g) => g.multiply(scale));
}
