// Repeating tensors to a larger shape.
import { repeatOver, type Shape, sameShape, sizeOf, type TypedArray } from "@keras-ts/core/backend";
import type { Engine, NativeDType, Tensor } from "../engine.ts";

/**
 * `x` repeated to `shape`, as NumPy broadcasts. The result may be `x` itself.
 * Elsewhere than on the host by multiplying by ones, which keeps nan and the sign of zero.
 */
export function broadcast(e: Engine, x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const dtype = x.dtype as NativeDType;
  if (sizeOf(shape) === x.size) return e.run("Reshape", { x }, { shape: [...shape] });
  if (e.onHost)
    return e.build([x], shape, dtype, (out, [values]) => repeatOver(values as TypedArray, x.shape, out, shape));
  return e.scoped(() => {
    const ones = e.fill(shape, 1, dtype);
    return e.run(dtype === "bool" ? "LogicalAnd" : "Multiply", { a: x, b: ones });
  });
}

/** `t` where the condition holds, else `other`; all of one shape. Flat, because WebGL's kernel takes at most four axes. */
export function select(e: Engine, condition: Tensor, t: Tensor, other: Tensor): Tensor {
  if (t.rank <= 4) return e.run("Select", { condition, t, e: other });
  const flat = (x: Tensor): Tensor => e.run("Reshape", { x }, { shape: [x.size] });
  const chosen = e.run("Select", { condition: flat(condition), t: flat(t), e: flat(other) });
  return e.run("Reshape", { x: chosen }, { shape: [...t.shape] });
}
