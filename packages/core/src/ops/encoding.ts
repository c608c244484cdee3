// Classes as vectors of zeros and ones.
import { isInteger, normalizeAxis, standardizeDtype } from "../aval/index.ts";
import { complain, DtypeError } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, floatx, type TensorLike } from "./convert-core.ts";
import { type Op, op } from "./op.ts";

export interface OneHotOptions {
  /** Where the new axis stands. */
  readonly axis?: number;
  readonly dtype?: string | null;
  /** Only `false`: sparse tensors do not exist here. */
  readonly sparse?: boolean;
}
/** Ones where the class is; rows of zeros for classes outside `[0, numClasses)`. */
export function oneHotOf(
  x: Tensor,
  numClasses: number,
  { axis = -1, dtype = null, sparse = false }: OneHotOptions = {},
): Tensor {
  if (sparse) {
    throw new DtypeError(complain("oneHot", { must: "sparse must be false", got: "true", todo: "Leave it out" }));
  }
  const at = normalizeAxis(axis, x.ndim + 1, "oneHot");
  const index = isInteger(x.dtype) ? x : x.dtype === "bool" ? castTo(x, "int32") : x;
  const wide = p.reshape(index, { shape: [...x.shape.slice(0, at), 1, ...x.shape.slice(at)] });
  const classes = p.iota({
    shape: wide.shape.map((_, i) => (i === at ? numClasses : 1)),
    axis: at,
    dtype: index.dtype,
  });
  return castTo(p.equal(wide, classes), dtype === null ? floatx() : standardizeDtype(dtype));
}
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
