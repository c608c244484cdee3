import type { DType } from "../aval/index.ts";
import { KerasError } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { maskOf } from "../layers/masking.ts";
import { convertToTensor, floatx, type TensorLike } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import { autoName } from "../ops/naming.ts";
import {
  type Config,
  checkOptions,
  lossOptions,
  nameOfClass,
  type Serializable,
  withDefaults,
} from "../registry/index.ts";
import { type DTypePolicy, getDtypePolicy, withNameScope } from "../weights/index.ts";
import { type Reduction, reduceWeightedValues, squeezeOrExpandToSameRank, standardizeReduction } from "./reduce.ts";

/** Options that every loss takes. */
export interface LossConfig {
  /** `"sum_over_batch_size"` by default, in either spelling. */
  readonly reduction?: string | null | undefined;
  readonly name?: string | null | undefined;
  /** Dtype name or policy in which the loss is computed; `floatx()` by default. */
  readonly dtype?: string | DTypePolicy | null | undefined;
}

const commonOptions = ["name", "dtype", "reduction"] as const;

/** What applying a loss may be told. */
export interface LossOptions {
  /** A weight for each sample `[B]`, or for each value of `call`. */
  readonly sampleWeight?: TensorLike | null | undefined;
}

/** A loss as a plain function: one value for each sample. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/**
 * The base of all losses. Subclasses declare a static `className` and give one value for each sample in `call`; `apply` weights,
 * masks and reduces them. Source: keras/src/losses/loss.py.
 * @example
 * class Distance extends losses.Loss {
 *   static override readonly className: string = "Distance";
 *   override call(yTrue: Tensor, yPred: Tensor): Tensor {
 *     return ops.mean(ops.abs(yTrue.subtract(yPred)), { axis: -1 });
 *   }
 * }
 * await new Distance().apply([[0, 1]], [[0.5, 0.5]]).item(); // 0.5
 */
export abstract class Loss implements Serializable {
  static readonly className: string = "Loss";
  static readonly module?: string;

  readonly name: string;
  readonly reduction: Reduction;
  readonly dtype: DType;

  constructor(config: LossConfig = {}) {
    checkOptions(new.target, config, commonOptions, lossOptions);
    const { name, reduction = "sum_over_batch_size", dtype } = config;
    this.name = name ?? autoName(nameOfClass(new.target));
    this.reduction = standardizeReduction(reduction);
    this.dtype = getDtypePolicy(dtype ?? floatx()).computeDtype;
  }

  /** One loss value for each sample. */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor;

  /**
   * The loss, reduced as `reduction` says; a mask on `yPred` (or on what `call` returns) leaves samples out.
   * @param yTrue targets `[B, ...]` @param yPred predictions `[B, ...]`
   */
  apply(yTrue: TensorLike, yPred: TensorLike, { sampleWeight }: LossOptions = {}): Tensor {
    const { dtype, reduction } = this;
    const inMask = maskOf(yPred) as Tensor | undefined;
    return withNameScope(this.name.replaceAll("/", ">"), () => {
      const values = this.#values(convertToTensor(yTrue, { dtype }), convertToTensor(yPred, { dtype }));
      const outMask = maskOf(values) as Tensor | undefined;
      const mask =
        inMask !== undefined && outMask !== undefined ? ops.logicalAnd(inMask, outMask) : (inMask ?? outMask);
      return reduceWeightedValues(values, { sampleWeight, mask, reduction, dtype });
    });
  }

  #values(yTrue: Tensor, yPred: Tensor): Tensor {
    try {
      return this.call(yTrue, yPred);
    } catch (error) {
      throw error instanceof KerasError ? error.within(this.name) : error;
    }
  }

  /** Constructor options that make the same loss again. Subclasses add theirs to `super.getConfig()`. */
  getConfig(): Config {
    return { name: this.name, reduction: this.reduction };
  }
}

/** A loss that is a function of targets and predictions brought to one rank. */
export abstract class FunctionLoss extends Loss {
  readonly #compute: LossFunction;

  constructor(compute: LossFunction, config: LossConfig, name?: string) {
    super(withDefaults(config, { name }));
    this.#compute = compute;
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.#compute(...squeezeOrExpandToSameRank(yTrue, yPred));
  }
}
