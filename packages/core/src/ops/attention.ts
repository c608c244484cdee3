import { broadcastShapes } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo, toBool } from "./arithmetic-core.ts";
import { convertToTensor, promote, type TensorLike } from "./convert-core.ts";
import { type Op, op } from "./op.ts";

export interface AttentionOptions {
  /** Added to the scores; broadcasts to `[B, N, T, S]`. */
  readonly bias?: TensorLike | null;
  /** True where attention is allowed; broadcasts to `[B, N, T, S]`. */
  readonly mask?: TensorLike | null;
  /** Factor of the scores; `1 / sqrt(D)` by default. */
  readonly scale?: number | null;
  /** Each query sees only keys up to its own place. */
  readonly isCausal?: boolean;
  /** A hint about speed; results do not depend on it. */
  readonly flashAttention?: boolean | null;
  /** Only `null`, as in Keras outside of TPUs. */
  readonly attnLogitsSoftCap?: number | null;
}
/**
 * Scaled dot-product attention, `softmax(Q K^T scale + bias) V`.
 * Shapes: B batch, T query steps, S key steps, N query heads, K key heads (N is a multiple), D head size.
 * `query` `[B, T, N, D]`, `key` and `value` `[B, S, K, D]`, result `[B, T, N, D]`.
 * @throws ShapeError if an input has not four dimensions, or sizes differ. Source: Vaswani et al. 2017, eq. 1;
 * keras.ops.dot_product_attention.
 * @example
 * await ops.dotProductAttention([[[[1, 0]], [[0, 1]]]], [[[[1, 0]], [[0, 1]]]], [[[[1, 2]], [[3, 4]]]], { isCausal: true }).array(); // [[[[1, 2]], [[2.3395, 3.3395]]]]
 */
export const dotProductAttention: Op<
  (query: TensorLike, key: TensorLike, value: TensorLike, options?: AttentionOptions) => Tensor
> = /* @__PURE__ */ op(
  "dotProductAttention",
  (query: TensorLike, key: TensorLike, value: TensorLike, options: AttentionOptions = {}): Tensor => {
    const tensors = [query, key, value].map((x) => convertToTensor(x));
    if (tensors.some((x) => x.ndim !== 4)) {
      const got = tensors.map((x) => showShape(x.shape)).join(", ");
      const todo = "Give them the shape [batch, time, heads, depth]";
      throw new ShapeError(
        complain("dotProductAttention", { must: "query, key and value must have 4 dimensions", got, todo }),
      );
    }
    const [q, k, v] = promote(...tensors) as [Tensor, Tensor, Tensor];
    const [n, kv] = [q.shape[2] as number, k.shape[2] as number];
    if (n % kv !== 0 || k.shape[3] !== q.shape[3] || v.shape[2] !== kv || v.shape[1] !== k.shape[1]) {
      const got = [q, k, v].map((x) => showShape(x.shape)).join(", ");
      const must = "heads of the query must be a multiple of those of key and value, and their sizes agree";
      throw new ShapeError(complain("dotProductAttention", { must, got, todo: "Check the projections" }));
    }
    return attend(q, repeatHeads(k, n / kv), repeatHeads(v, n / kv), options);
  },
);

// Grouped-query attention: each key head serves several query heads.
function repeatHeads(x: Tensor, times: number): Tensor {
  if (times === 1) return x;
  const [b, s, k, d] = x.shape as [number, number, number, number];
  const wide = p.broadcastTo(p.reshape(x, { shape: [b, s, k, 1, d] }), { shape: [b, s, k, times, d] });
  return p.reshape(wide, { shape: [b, s, k * times, d] });
}

function attend(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { bias = null, mask = null, scale = null, isCausal = false }: AttentionOptions,
): Tensor {
  const wide = q.dtype === "float64" ? "float64" : "float32";
  const dot = { lhsContract: [3], rhsContract: [3], lhsBatch: [0, 2], rhsBatch: [0, 2] };
  let logits = p.mul(p.dotGeneral(castTo(q, wide), castTo(k, wide), dot), scale ?? 1 / Math.sqrt(q.shape[3] as number));
  if (bias !== null) logits = p.add(logits, convertToTensor(bias, { dtype: wide }));
  const allowed = allowedPlaces(logits, mask, isCausal);
  if (allowed !== null)
    logits = p.where(allowed, logits, -0.7 * (wide === "float64" ? Number.MAX_VALUE : 3.4028234663852886e38));
  const weights = castTo(p.softmax(logits, { axes: [3] }), k.dtype);
  // [B, N, T, S] x [B, S, N, D] -> [B, N, T, D] -> [B, T, N, D]
  const mixed = p.dotGeneral(weights, v, { lhsContract: [3], rhsContract: [1], lhsBatch: [0, 1], rhsBatch: [0, 2] });
  return p.transpose(mixed, { permutation: [0, 2, 1, 3] });
}

function allowedPlaces(logits: Tensor, mask: TensorLike | null, isCausal: boolean): Tensor | null {
  const given = mask === null ? null : toBool(mask);
  if (given !== null) broadcastShapes("dotProductAttention", given.shape, logits.shape);
  if (!isCausal) return given;
  const [t, s] = logits.shape.slice(2) as [number, number];
  const row = p.iota({ shape: [t, s], axis: 0, dtype: "int32" });
  const column = p.iota({ shape: [t, s], axis: 1, dtype: "int32" });
  const causal = p.lessEqual(column, row);
  return given === null ? causal : p.and(given, causal);
}
