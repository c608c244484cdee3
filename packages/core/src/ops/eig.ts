import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { realOperand } from "./arithmetic-core.ts";
import type { TensorLike } from "./convert-core.ts";
import { type Op, op } from "./op.ts";

/**
 * Eigenvalues and eigenvectors of general real square matrices: `x v = w v`.
 * @param x real `[..., M, M]`
 * @returns complex64 values `[..., M]`, in an order that differs between engines, and vectors `[..., M, M]` in columns of length 1
 * @throws ShapeError if the matrices are not square, or a gradient is asked for (Keras on JAX has none either).
 * Source: keras.ops.eig.
 * @example await ops.eig([[2, 0], [0, 2]])[0].array(); // [{"re": 2, "im": 0}, {"re": 2, "im": 0}]
 */
export const eig: Op<(x: TensorLike) => readonly [values: Tensor, vectors: Tensor]> = /* @__PURE__ */ op(
  "eig",
  (x: TensorLike): readonly [Tensor, Tensor] => {
    const [re, im, vectorsRe, vectorsIm] = p.eig(realOperand("eig", x));
    return [p.complex(re, im), p.complex(vectorsRe, vectorsIm)];
  },
);
