// Classes as vectors of zeros and ones.
import { isInteger } from "../aval/index.ts";
import { complain, DtypeError } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { type OneHotOptions, oneHotOf } from "./encoding-core.ts";
import { type Op, op } from "./op.ts";

export type { OneHotOptions } from "./encoding-core.ts";

/**
 * Integers as rows with a 1 at their place.
 * Source: keras.ops.one_hot.
 * @example await ops.oneHot([0, 2], 3).array(); // [[1, 0, 0], [0, 0, 1]]
 */
export const oneHot: Op<(x: TensorLike, numClasses: number, options?: OneHotOptions) => Tensor> = /* @__PURE__ */ op(
  "oneHot",
  (x: TensorLike, numClasses: number, options: OneHotOptions = {}): Tensor => oneHotOf(indices(x), numClasses, options),
);
// Arrays of JS numbers are floats by default; here they mean whole numbers.
function indices(x: TensorLike): Tensor {
  const t = convertToTensor(x);
  return isInteger(t.dtype) || t.dtype === "bool" || x instanceof Tensor ? t : castTo(t, "int32");
}

export interface MultiHotOptions extends OneHotOptions {
  /** How many classes there are. */
  readonly numClasses?: number | null;
}
/**
 * The union of the one-hot rows of each sample: `[..., n]` to `[..., numClasses]`.
 * Source: keras.ops.multi_hot.
 * @example await ops.multiHot([[0, 2]], { numClasses: 3 }).array(); // [[1, 0, 1]]
 */
export const multiHot: Op<(inputs: TensorLike, options?: MultiHotOptions) => Tensor> = /* @__PURE__ */ op(
  "multiHot",
  (inputs: TensorLike, { numClasses = null, ...options }: MultiHotOptions = {}): Tensor => {
    if (numClasses === null) {
      const todo = "Pass the option numClasses";
      throw new DtypeError(complain("multiHot", { must: "numClasses must be given", got: "null", todo }));
    }
    const x = castTo(indices(inputs), "int32");
    return p.reduceMax(oneHotOf(x, numClasses, options), { axes: [x.ndim > 1 ? 1 : 0] });
  },
);
