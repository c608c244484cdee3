// Losses of class probabilities, as functions. Shapes: B batch, C classes.
import { normalizeAxis } from "../aval/index.ts";
import { showShape, warnOnce } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { setMask } from "../layers/masking.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import { operandsOf } from "./operands.ts";

/** Options of the crossentropies. */
export interface CrossentropyOptions {
  /** True if predictions are raw scores rather than probabilities. */
  readonly fromLogits?: boolean | undefined;
  /** In [0, 1]: how much of each target is spread evenly over the classes. */
  readonly labelSmoothing?: number | undefined;
  /** The axis of the classes (for binary ones: the axis of the mean). */
  readonly axis?: number | undefined;
}
export interface SparseCrossentropyOptions {
  readonly fromLogits?: boolean | undefined;
  /** Targets of this class do not count. */
  readonly ignoreClass?: number | null | undefined;
  readonly axis?: number | undefined;
}
export interface FocalOptions extends CrossentropyOptions {
  /** Weight of the (positive) class. */
  readonly alpha?: number | undefined;
  /** At least 0; 0 is plain crossentropy, more cares less for easy samples. */
  readonly gamma?: number | undefined;
}
export interface BinaryFocalOptions extends FocalOptions {
  /** True to weight positives with `alpha` and negatives with `1 - alpha`. */
  readonly applyClassBalancing?: boolean | undefined;
}

function smoothed(t: Tensor, amount: number, classes: number): Tensor {
  return amount === 0 ? t : t.multiply(1 - amount).add(convertToTensor(amount, { dtype: t.dtype }).divide(classes));
}

function warnOfOneClass(where: string, p: Tensor): void {
  if (p.shape.at(-1) !== 1) return;
  warnOnce(
    `${where}: predictions of shape ${showShape(p.shape)} have one class only. Use binaryCrossentropy for two classes.`,
  );
}

/**
 * `-sum(yTrue log yPred)` over `axis`, for one-hot or soft targets: `[..., C]`, `[..., C]` -> `[...]`.
 * @throws ShapeError if the shapes differ.
 * @example await losses.categoricalCrossentropy([[0, 1]], [[0.5, 0.5]]).array(); // [0.6931...]
 */
export function categoricalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false, labelSmoothing = 0, axis = -1 }: CrossentropyOptions = {},
): Tensor {
  const [t, p] = operandsOf(yTrue, yPred);
  warnOfOneClass("categoricalCrossentropy", p);
  const targets = smoothed(t, labelSmoothing, t.shape.at(-1) ?? 1);
  return ops.categoricalCrossentropy(targets, p, { fromLogits, axis });
}

/**
 * `-log yPred[yTrue]`, for class numbers as targets: `[...]` or `[..., 1]`, `[..., C]` -> `[...]`. With `ignoreClass` the result has a mask.
 * @throws ShapeError if the shapes do not fit.
 */
export function sparseCategoricalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false, ignoreClass = null, axis = -1 }: SparseCrossentropyOptions = {},
): Tensor {
  let p = convertToTensor(yPred);
  const place = normalizeAxis(axis, p.ndim, "sparseCategoricalCrossentropy");
  let t = convertToTensor(yTrue);
  if (t.ndim === p.ndim && t.shape[place] === 1) t = ops.squeeze(t, { axis: place });
  let valid: Tensor | undefined;
  if (ignoreClass !== null) {
    valid = t.notEqual(convertToTensor(ignoreClass, { dtype: p.dtype }));
    t = ops.where(valid, t, 0);
    p = ops.where(ops.expandDims(valid, place), p, 0);
  }
  const loss = ops.sparseCategoricalCrossentropy(t, p, { fromLogits, axis: place });
  if (valid === undefined) return loss;
  const masked = ops.where(valid, loss, 0);
  setMask(masked, valid);
  return masked;
}

/**
 * `mean(-(yTrue log yPred + (1 - yTrue) log(1 - yPred)))` over `axis`, for labels 0 and 1.
 * @example await losses.binaryCrossentropy([[0, 1]], [[0.5, 0.5]]).array(); // [0.6931...]
 */
export function binaryCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false, labelSmoothing = 0, axis = -1 }: CrossentropyOptions = {},
): Tensor {
  const [t, p] = operandsOf(yTrue, yPred);
  return ops.mean(ops.binaryCrossentropy(smoothed(t, labelSmoothing, 2), p, { fromLogits }), { axis });
}

/** Crossentropy times `alpha (1 - p)^gamma`, summed over `axis`. Source: Lin et al. 2017, eq. 5. */
export function categoricalFocalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { alpha = 0.25, gamma = 2, fromLogits = false, labelSmoothing = 0, axis = -1 }: FocalOptions = {},
): Tensor {
  const [t, p] = operandsOf(yTrue, yPred);
  warnOfOneClass("categoricalFocalCrossentropy", p);
  const targets = smoothed(t, labelSmoothing, t.shape.at(-1) ?? 1);
  const place = normalizeAxis(axis, p.ndim, "categoricalFocalCrossentropy");
  const probabilities = fromLogits ? ops.softmax(p, { axis: place }) : p;
  const share = probabilities.divide(ops.sum(probabilities, { axis: place, keepdims: true }));
  const inside = ops.clip(share, ops.epsilon(), 1 - ops.epsilon());
  const plain = targets.negative().multiply(ops.log(inside));
  return ops.sum(ops.subtract(1, inside).power(gamma).multiply(alpha).multiply(plain), { axis: place });
}

/** Binary crossentropy times `(1 - p)^gamma`, `p` the probability of the right label; mean over `axis`. Source: Lin et al. 2017. */
export function binaryFocalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  options: BinaryFocalOptions = {},
): Tensor {
  const {
    applyClassBalancing = false,
    alpha = 0.25,
    gamma = 2,
    fromLogits = false,
    labelSmoothing = 0,
    axis = -1,
  } = options;
  const [raw, scores] = operandsOf(yTrue, yPred);
  const t = smoothed(raw, labelSmoothing, 2);
  const p = fromLogits ? ops.sigmoid(scores) : scores;
  const others = ops.subtract(1, t);
  const right = t.multiply(p).add(others.multiply(ops.subtract(1, p)));
  const focal = ops.subtract(1, right).power(gamma).multiply(ops.binaryCrossentropy(t, p));
  const weighted = applyClassBalancing
    ? t
        .multiply(alpha)
        .add(others.multiply(1 - alpha))
        .multiply(focal)
    : focal;
  return ops.mean(weighted, { axis });
}

/** `sum(yTrue log(yTrue / yPred))` over the last axis; both kept in [1e-7, 1]. Source: Kullback and Leibler 1951. */
export function klDivergence(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = operandsOf(yTrue, yPred).map((x) => ops.clip(x, ops.epsilon(), 1)) as [Tensor, Tensor];
  return ops.sum(t.multiply(ops.log(t.divide(p))), { axis: -1 });
}
/** `mean(yPred - yTrue log(yPred + 1e-7))` over the last axis. */
export function poisson(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = operandsOf(yTrue, yPred);
  return ops.mean(p.subtract(t.multiply(ops.log(p.add(ops.epsilon())))), { axis: -1 });
}
