// Connectionist temporal classification: labels without a place in time. Source: Graves et al. 2006; optax.ctc_loss, as Keras uses it.
import { isFloat, resultType } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { customGradient, scan } from "./control.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { oneHotOf } from "./encoding-core.ts";
import { sliceAxis } from "./get-item.ts";
import { type Op, op } from "./op.ts";

export interface CtcLossOptions {
  /** The class that stands for "no label". */
  readonly maskIndex?: number;
}

// Impossible, but finite: so are the gradients.
const never = -1e5;

/** `log(e^a + e^b)` of finite numbers. Its derivatives `e^(a - out)` and `e^(b - out)` are JAX', which matters where numbers are near `never`. */
const logSum = customGradient((...pair) => {
  const [a, b] = pair as [Tensor, Tensor];
  const out = p.add(p.max(a, b), p.log1p(p.exp(p.neg(p.abs(p.sub(a, b))))));
  return [out, (g) => pair.map((x) => p.mul(g, p.exp(p.sub(x, out))))];
}) as (a: Tensor, b: Tensor) => Tensor;

/** `[B, 1, ...]` lengths against places: true where a sequence has ended. */
const ended = (lengths: Tensor, size: number): Tensor =>
  p.lessEqual(p.reshape(lengths, { shape: [lengths.size, 1] }), p.iota({ shape: [1, size], axis: 1, dtype: "int32" }));

/**
 * `-log P(target | output)` of each sequence, over all ways to stretch the labels in time, with blanks (`maskIndex`) between them.
 * Shapes: B batch, T steps, K classes, L labels. `target` integers `[B, L]`, `output` scores `[B, T, K]` before the softmax, lengths `[B]`: `[B]`.
 * Labels that do not fit into the steps cost about 1e5, with finite gradients.
 * @throws ShapeError if ranks or batch sizes do not fit. Source: keras.ops.ctc_loss.
 * @example ops.ctcLoss([[1, 2]], ops.zeros([1, 4, 3]), [2], [4]).shape; // [1]
 */
export const ctcLoss: Op<
  (
    target: TensorLike,
    output: TensorLike,
    targetLength: TensorLike,
    outputLength: TensorLike,
    options?: CtcLossOptions,
  ) => Tensor
> = /* @__PURE__ */ op(
  "ctcLoss",
  (
    target: TensorLike,
    output: TensorLike,
    targetLength: TensorLike,
    outputLength: TensorLike,
    { maskIndex = 0 }: CtcLossOptions = {},
  ): Tensor => {
    const scores = convertToTensor(output);
    const [labels, labelLengths, lengths] = [target, targetLength, outputLength].map((x) =>
      convertToTensor(x, { dtype: "int32" }),
    ) as [Tensor, Tensor, Tensor];
    requireFit(labels, scores, labelLengths, lengths);
    const [batch, steps, classes] = scores.shape as readonly [number, number, number];
    const count = labels.shape[1] as number;
    const dtype = resultType(scores.dtype, "float32");
    const logs = p.logSoftmax(isFloat(scores.dtype) && scores.dtype === dtype ? scores : castTo(scores, dtype), {
      axes: [2],
    });
    const hot = oneHotOf(labels, classes, { dtype });
    // [B, T, K] x [B, L, K] -> [B, T, L], and [B, T, 1] of the blank; both walked along T.
    const dot = { lhsContract: [2], rhsContract: [2], lhsBatch: [0], rhsBatch: [0] };
    const timeFirst = { permutation: [1, 0, 2] };
    const emits = p.transpose(p.dotGeneral(logs, hot, dot), timeFirst);
    const blanks = p.transpose(sliceAxis(logs, 2, maskIndex < 0 ? maskIndex + classes : maskIndex, 1, 1), timeFirst);
    const over = p.reshape(p.transpose(ended(lengths, steps), { permutation: [1, 0] }), { shape: [steps, batch, 1] });

    // Equal neighbours need a blank between them: 0 where a step is free, `never` where it is not.
    const pairs = Math.max(0, count - 1);
    const equal = p.equal(sliceAxis(labels, 1, 0, pairs, 1), sliceAxis(labels, 1, Math.min(1, count), pairs, 1));
    const repeats = p.pad(castTo(equal, dtype), { low: [0, 0], high: [0, count - pairs], interior: [0, 0] });
    const withoutBlank = p.mul(repeats, never);
    const withBlank = p.mul(p.sub(1, repeats), never);
    const shifted = (phi: Tensor, added: Tensor): Tensor =>
      p.concat([sliceAxis(phi, 1, 0, 1, 1), logSum(sliceAxis(phi, 1, 1, count, 1), added)], { axis: 1 });

    // phi: all labels before are done, a blank or nothing was last; emit: the label itself was last.
    const start = p.concat([p.full([batch, 1], 0, dtype), p.full([batch, count], never, dtype)], { axis: 1 });
    const [phi, emit] = scan(
      ([before, emitted]: readonly [Tensor, Tensor], x) => {
        const [logEmit, logBlank, done] = x as readonly [Tensor, Tensor, Tensor];
        const free = shifted(before, p.add(emitted, withoutBlank));
        const nextEmit = logSum(p.add(sliceAxis(free, 1, 0, count, 1), logEmit), p.add(emitted, logEmit));
        const nextPhi = shifted(p.add(free, logBlank), p.add(p.add(emitted, logBlank), withBlank));
        return [[p.where(done, before, nextPhi), p.where(done, emitted, nextEmit)], null];
      },
      [start, p.full([batch, count], never, dtype)] as readonly [Tensor, Tensor],
      { xs: [emits, blanks, over] },
    )[0];
    const ends = p.min(p.max(labelLengths, 0), count);
    const last = oneHotOf(ends, count + 1, { dtype });
    return p.neg(p.reduceSum(p.mul(shifted(phi, emit), last), { axes: [1] }));
  },
);

function requireFit(labels: Tensor, scores: Tensor, labelLengths: Tensor, lengths: Tensor): void {
  const tensors = [labels, scores, labelLengths, lengths];
  const batch = labels.shape[0];
  const fit = [2, 3, 1, 1].every((rank, i) => tensors[i]?.ndim === rank && tensors[i]?.shape[0] === batch);
  if (fit) return;
  const must = "target [B, L], output [B, T, K], targetLength [B] and outputLength [B] must have one batch size";
  const got = tensors.map((x) => showShape(x.shape)).join(", ");
  throw new ShapeError(complain("ctcLoss", { must, got, todo: "Check the axes" }));
}
