// Criteria with the names, defaults and formulas of torch.nn.
import { ConfigError, convertToTensor, ops, ShapeError, type Tensor, type TensorLike } from "@keras-ts/core";
import { complain, isFloat, showShape } from "@keras-ts/core/backend";
import { Loss } from "./autograd.ts";

export type Reduction = "mean" | "sum" | "none";
/** A loss function; `criterion(output, target)` or `criterion.forward(output, target)`. */
export interface Criterion {
  (output: TensorLike, target: TensorLike): Loss;
  forward(output: TensorLike, target: TensorLike): Loss;
}
/** Makes a criterion, with or without `new`. */
export interface CriterionFactory<O> {
  new (options?: O): Criterion;
  (options?: O): Criterion;
}

type Formula = (output: Tensor, target: Tensor) => Tensor;

function factory<O>(make: (options: O) => Formula): CriterionFactory<O> {
  // A plain function, so that `new` works and what it returns can be called.
  const build = function build(options?: O): Criterion {
    const formula = make(options ?? ({} as O));
    const forward = (output: TensorLike, target: TensorLike): Loss => {
      const x = convertToTensor(output);
      return new Loss(formula(x, convertToTensor(target)));
    };
    return Object.assign(forward.bind(undefined), { forward });
  };
  return build as unknown as CriterionFactory<O>;
}

function checkedReduction(where: string, reduction: string): void {
  if (["mean", "sum", "none"].includes(reduction)) return;
  const must = 'reduction must be "mean", "sum" or "none"';
  throw new ConfigError(complain(where, { must, got: `"${reduction}"`, todo: 'Use "mean"' }));
}
function reduced(x: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return x;
  return (reduction === "mean" ? ops.mean(x) : ops.sum(x)) as Tensor;
}
function sameShapes(where: string, output: Tensor, target: Tensor): void {
  if (String(output.shape) === String(target.shape)) return;
  const got = `${showShape(output.shape)} and ${showShape(target.shape)}`;
  throw new ShapeError(
    complain(where, { must: "output and target must have the same shape", got, todo: "Reshape the target" }),
  );
}

export interface MSELossOptions {
  readonly reduction?: Reduction;
}
/**
 * `(output - target)^2`, any equal shapes. Source: torch.nn.MSELoss.
 * @throws ShapeError if the shapes differ.
 * @example
 * const criterion = new nn.MSELoss();
 * await criterion([1, 2], [1, 4]).item(); // 2
 */
export const MSELoss: CriterionFactory<MSELossOptions> = factory(({ reduction = "mean" }) => {
  checkedReduction("MSELoss", reduction);
  return (output, target) => {
    sameShapes("MSELoss", output, target);
    return reduced(ops.square(output.subtract(target)) as Tensor, reduction);
  };
});

export interface BCEWithLogitsLossOptions {
  /** Factors of single elements; broadcast. */
  readonly weight?: TensorLike;
  /** Factor of the positive term, for each class; broadcast. */
  readonly posWeight?: TensorLike;
  readonly reduction?: Reduction;
}
/**
 * Binary crossentropy of logits `x`: `w ((1 - t) x + (1 + (p - 1) t) log(1 + e^-x))`, any equal shapes. Source: torch.nn.BCEWithLogitsLoss.
 * @throws ShapeError if the shapes differ.
 * @example await new nn.BCEWithLogitsLoss()([0], [1]).item(); // 0.6931471824645996
 */
export const BCEWithLogitsLoss: CriterionFactory<BCEWithLogitsLossOptions> = factory(
  ({ weight, posWeight, reduction = "mean" }) => {
    checkedReduction("BCEWithLogitsLoss", reduction);
    return (output, given) => {
      sameShapes("BCEWithLogitsLoss", output, given);
      const target = convertToTensor(given, { dtype: output.dtype });
      const softplus = ops.softplus(output.negative()) as Tensor; // log(1 + e^-x)
      const positive =
        posWeight === undefined
          ? softplus
          : softplus.multiply(target.multiply(convertToTensor(posWeight).subtract(1)).add(1));
      const loss = target.negative().add(1).multiply(output).add(positive);
      return reduced(weight === undefined ? loss : loss.multiply(convertToTensor(weight)), reduction);
    };
  },
);

export interface CrossEntropyLossOptions {
  /** A factor for each class `[C]`. */
  readonly weight?: TensorLike;
  /** Targets of this class do not count. */
  readonly ignoreIndex?: number;
  readonly reduction?: Reduction;
  /** In [0, 1]: how much of the target goes to all classes alike. */
  readonly labelSmoothing?: number;
}
/**
 * Crossentropy of logits. Shapes: N samples, C classes, D any further axes. Output `[C]`, `[N, C]` or `[N, C, ...D]`; target: class numbers
 * `[]`, `[N]` or `[N, ...D]`, or probabilities in the shape of the output. The mean over class numbers is weighted. Source:
 * torch.nn.CrossEntropyLoss.
 * @throws ShapeError if the shapes do not fit.
 * @example await new nn.CrossEntropyLoss()([[0, 0]], tensor([1], { dtype: "int32" })).item(); // 0.6931471824645996
 */
export const CrossEntropyLoss: CriterionFactory<CrossEntropyLossOptions> = factory(
  ({ weight, ignoreIndex = -100, reduction = "mean", labelSmoothing = 0 }) => {
    checkedReduction("CrossEntropyLoss", reduction);
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      const must = "labelSmoothing must be in [0, 1]";
      throw new ConfigError(
        complain("CrossEntropyLoss", { must, got: String(labelSmoothing), todo: "Use for example 0.1" }),
      );
    }
    return (output, target) => {
      const axis = output.ndim === 1 ? 0 : 1;
      const classes = output.shape[axis] ?? 0;
      const logp = ops.logSoftmax(output, { axis }) as Tensor;
      const aligned = [classes, ...output.shape.slice(axis + 1).map(() => 1)];
      const factors = weight === undefined ? undefined : (ops.reshape(convertToTensor(weight), aligned) as Tensor);
      const weighted = factors === undefined ? logp : logp.multiply(factors);
      if (isFloat(target.dtype) && String(target.shape) === String(output.shape)) {
        const smooth = target.multiply(1 - labelSmoothing).add(labelSmoothing / classes);
        const loss = (ops.sum(weighted.multiply(smooth), { axis }) as Tensor).negative();
        return reduced(loss, reduction);
      }
      const expected = output.shape.filter((_, i) => i !== axis);
      if (String(target.shape) !== String(expected)) {
        const must = `class numbers must have shape ${showShape(expected)} for output ${showShape(output.shape)}`;
        const todo = "Squeeze the target; classes are on axis 1";
        throw new ShapeError(complain("CrossEntropyLoss", { must, got: showShape(target.shape), todo }));
      }
      const index = convertToTensor(target, { dtype: "int32" });
      const counted = ops.cast(index.notEqual(ignoreIndex), output.dtype) as Tensor;
      const oneHot = ops.oneHot(index, classes, { axis, dtype: output.dtype }) as Tensor;
      const own = (ops.sum(weighted.multiply(oneHot), { axis }) as Tensor).negative();
      const spread = (ops.sum(weighted, { axis }) as Tensor).negative().multiply(labelSmoothing / classes);
      const each = labelSmoothing === 0 ? own : own.multiply(1 - labelSmoothing).add(spread);
      const loss = each.multiply(counted);
      if (reduction !== "mean") return reduced(loss, reduction);
      const shares =
        factors === undefined ? counted : (ops.sum(oneHot.multiply(factors), { axis }) as Tensor).multiply(counted);
      return (ops.sum(loss) as Tensor).divide(ops.sum(shares) as Tensor);
    };
  },
);
