import { complain, ShapeError, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";

// Large enough that e^x is 0, small enough for the dtype.
const farBelow = (dtype: string): number => (dtype === "float16" ? -3e4 : -1e9);

/** Softmax over one or several axes with 0 where `mask` is false. @throws ShapeError if the mask does not broadcast to `x`. */
export function maskedSoftmax(x: Tensor, axis: number | readonly number[], mask?: Tensor | null): Tensor {
  if (mask === undefined || mask === null) return plain(x, axis);
  const offset = x.ndim - mask.ndim;
  if (offset < 0 || !mask.shape.every((size, i) => size === 1 || size === x.shape[i + offset])) {
    const got = `mask ${showShape(mask.shape)} for ${showShape(x.shape)}`;
    throw new ShapeError(
      complain("Softmax", { must: "the mask must broadcast to the input", got, todo: "Add axes of size 1" }),
    );
  }
  const allowed = mask.dtype === "bool" ? mask : ops.greater(mask, 0.5);
  return ops.where(allowed, plain(ops.where(allowed, x, farBelow(x.dtype)), axis), 0);
}

function plain(x: Tensor, axis: number | readonly number[]): Tensor {
  if (typeof axis === "number") return ops.softmax(x, { axis });
  if (axis.length === 1) return ops.softmax(x, { axis: axis[0] as number });
  return ops.exp(ops.subtract(x, ops.logsumexp(x, { axis, keepdims: true })));
}
