// Dtypes, shapes, and what does not belong to one family.
import {
  bitsOf,
  type DType,
  type HostArray,
  isFloat,
  isInteger,
  isUnsigned,
  type SymbolicShape,
  standardizeDtype,
} from "../aval/index.ts";
import { ConfigError, complain } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { withChecks } from "./arguments.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor as convert, type TensorLike } from "./convert.ts";

import { isSymbolic, KerasTensor } from "./keras-tensor.ts";
import { type Op, op } from "./op.ts";

export interface ConvertOptions {
  readonly dtype?: string | null;
  /** Accepted for compatibility: tensors are dense. */
  readonly sparse?: boolean | null;
  readonly ragged?: boolean | null;
}
const dense = (where: string, { sparse = null, ragged = null }: ConvertOptions): void => {
  if (sparse !== true && ragged !== true) return;
  const must = "tensors are dense";
  const got = `sparse ${String(sparse)}, ragged ${String(ragged)}`;
  throw new ConfigError(complain(where, { must, got, todo: "Leave both options out" }));
};
/**
 * `x` as a tensor, of `dtype` if given.
 * Source: keras.ops.convert_to_tensor.
 * @example await ops.convertToTensor([1, 2], { dtype: "int32" }).array(); // [1, 2]
 */
export const convertToTensor: Op<(x: TensorLike, options?: ConvertOptions) => Tensor> = /* @__PURE__ */ op(
  "convertToTensor",
  (x: TensorLike, { dtype: target = null, ...form }: ConvertOptions = {}): Tensor => {
    dense("convertToTensor", form);
    return convert(x, target === null ? {} : { dtype: target });
  },
);

/**
 * `x` in another dtype.
 * Source: keras.ops.cast.
 * @example await ops.cast([1.7, -1.7], "int32").array(); // [1, -1]
 */
export const cast: Op<(x: TensorLike, dtype: string) => Tensor> = /* @__PURE__ */ op(
  "cast",
  (x: TensorLike, dtype: string): Tensor => castTo(convert(x), standardizeDtype(dtype)),
);
const limits: Readonly<Record<string, number>> = {
  float16: 65504,
  bfloat16: 3.3895313892515355e38,
  float32: 3.4028234663852886e38,
};
const limitsOf = (dtype: DType): readonly [number, number] => {
  if (dtype === "bool") return [0, 1];
  if (isUnsigned(dtype)) return [0, 2 ** bitsOf(dtype) - 1];
  if (isInteger(dtype)) return [-(2 ** (bitsOf(dtype) - 1)), 2 ** (bitsOf(dtype) - 1) - 1];
  return [-(limits[dtype] ?? Number.MAX_VALUE), limits[dtype] ?? Number.MAX_VALUE];
};
/**
 * `x` in another dtype, limited to what that can hold.
 * Source: keras.ops.saturate_cast.
 * @example await ops.saturateCast([300, -5], "uint8").array(); // [255, 0]
 */
export const saturateCast: Op<(x: TensorLike, dtype: string) => Tensor> = /* @__PURE__ */ op(
  "saturateCast",
  (x: TensorLike, dtype: string): Tensor => {
    const t = convert(x);
    const target = standardizeDtype(dtype);
    if (t.dtype === "bool") return castTo(t, target);
    const [low, high] = limitsOf(target);
    const [least, most] = limitsOf(t.dtype);
    const limited = p.min(p.max(t, Math.max(low, least)), Math.min(high, most));
    return castTo(isFloat(t.dtype) ? p.where(p.isNan(t), t, limited) : limited, target);
  },
);

/**
 * The values; nothing flows back to what they were computed from.
 * Source: keras.ops.stop_gradient.
 * @example await ops.stopGradient([1, 2]).array(); // [1, 2]
 */
export const stopGradient: Op<(variable: TensorLike) => Tensor> = /* @__PURE__ */ op(
  "stopGradient",
  (variable: TensorLike) => p.stopGradient(convert(variable)),
);

/**
 * The sizes; `null` where a symbolic tensor does not know its own.
 * Source: keras.ops.shape.
 * @example ops.shape([[1, 2, 3]]); // [1, 3]
 */
export const shape: { (x: KerasTensor): SymbolicShape; (x: TensorLike): readonly number[] } =
  /* @__PURE__ */ withChecks("shape", shapeOf);
function shapeOf(x: KerasTensor): SymbolicShape;
function shapeOf(x: TensorLike): readonly number[];
function shapeOf(x: TensorLike | KerasTensor): SymbolicShape {
  return isSymbolic(x) ? x.shape : convert(x).shape;
}
/**
 * The dtype's name.
 * Source: keras.ops.dtype.
 * @example ops.dtype([true]); // "bool"
 */
export const dtype: (x: TensorLike | KerasTensor) => DType = /* @__PURE__ */ withChecks(
  "dtype",
  (x: TensorLike | KerasTensor) => (isSymbolic(x) ? x.dtype : convert(x).dtype),
);
/**
 * The number of dimensions.
 * Source: keras.ops.ndim.
 * @example ops.ndim([[1, 2]]); // 2
 */
export const ndim: (x: TensorLike | KerasTensor) => number = /* @__PURE__ */ withChecks(
  "ndim",
  (x: TensorLike | KerasTensor) => (isSymbolic(x) ? x.ndim : convert(x).ndim),
);
/**
 * The number of elements; `null` if a symbolic tensor does not know it.
 * Source: keras.ops.size.
 * @example ops.size([[1, 2]]); // 2
 */
export const size: typeof sizeOf = /* @__PURE__ */ withChecks("size", sizeOf);
function sizeOf(x: TensorLike | KerasTensor): number | null {
  if (!isSymbolic(x)) return convert(x).size;
  return x.shape.reduce<number | null>((n, s) => (n === null || s === null ? null : n * s), 1);
}
/**
 * True for tensors, symbolic ones too.
 * Source: keras.ops.is_tensor.
 * @example ops.isTensor(tensor(1)); // true
 */
export const isTensor = (x: unknown): x is Tensor | KerasTensor => x instanceof Tensor || x instanceof KerasTensor;
/**
 * The values on the host: shape, dtype and a typed array. Reading is async; this is what NumPy arrays are in Keras.
 * Source: keras.ops.convert_to_numpy.
 * @example (await ops.convertToNumpy([1, 2])).shape; // [2]
 */
export const convertToNumpy: (x: TensorLike) => Promise<HostArray> = /* @__PURE__ */ withChecks(
  "convertToNumpy",
  (x: TensorLike) => convert(x).host(),
);
/**
 * A new tensor of the values.
 * Source: keras.ops.array.
 * @example await ops.array([1, 2]).array(); // [1, 2]
 */
export const array: Op<(x: TensorLike, options?: { readonly dtype?: string | null }) => Tensor> = /* @__PURE__ */ op(
  "array",
  (x: TensorLike, { dtype: target = null }: { readonly dtype?: string | null } = {}): Tensor =>
    convert(x, target === null ? {} : { dtype: target }),
);
