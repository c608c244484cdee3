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
import { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike } from "./convert.ts";
import { isSymbolic, KerasTensor } from "./keras-tensor.ts";
import { type Op, op } from "./op.ts";

export { convertToTensor } from "./convert.ts";

/** `x` in another dtype. @example cast([1.7, -1.7], "int32") // [1, -1] */
export const cast: Op<(x: TensorLike, dtype: string) => Tensor> = /* @__PURE__ */ op(
  "cast",
  (x: TensorLike, dtype: string): Tensor => castTo(convertToTensor(x), standardizeDtype(dtype)),
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
/** `x` in another dtype, limited to what that can hold. */
export const saturateCast: Op<(x: TensorLike, dtype: string) => Tensor> = /* @__PURE__ */ op(
  "saturateCast",
  (x: TensorLike, dtype: string): Tensor => {
    const t = convertToTensor(x);
    const target = standardizeDtype(dtype);
    if (t.dtype === "bool") return castTo(t, target);
    const [low, high] = limitsOf(target);
    const [least, most] = limitsOf(t.dtype);
    const limited = p.min(p.max(t, Math.max(low, least)), Math.min(high, most));
    return castTo(isFloat(t.dtype) ? p.where(p.isNan(t), t, limited) : limited, target);
  },
);

/** The values; nothing flows back to what they were computed from. */
export const stopGradient: Op<(variable: TensorLike) => Tensor> = /* @__PURE__ */ op(
  "stopGradient",
  (variable: TensorLike) => p.stopGradient(convertToTensor(variable)),
);

/** The sizes; `null` where a symbolic tensor does not know its own. */
export function shape(x: KerasTensor): SymbolicShape;
export function shape(x: TensorLike): readonly number[];
export function shape(x: TensorLike | KerasTensor): SymbolicShape {
  return isSymbolic(x) ? x.shape : convertToTensor(x).shape;
}
/** The dtype's name. */
export const dtype = (x: TensorLike | KerasTensor): DType => (isSymbolic(x) ? x.dtype : convertToTensor(x).dtype);
/** The number of dimensions. */
export const ndim = (x: TensorLike | KerasTensor): number => (isSymbolic(x) ? x.ndim : convertToTensor(x).ndim);
/** The number of elements; `null` if a symbolic tensor does not know it. */
export function size(x: TensorLike | KerasTensor): number | null {
  if (!isSymbolic(x)) return convertToTensor(x).size;
  return x.shape.reduce<number | null>((n, s) => (n === null || s === null ? null : n * s), 1);
}
/** True for tensors, symbolic ones too. */
export const isTensor = (x: unknown): x is Tensor | KerasTensor => x instanceof Tensor || x instanceof KerasTensor;
/** The values on the host: shape, dtype and a typed array. Reading is async; this is what NumPy arrays are in Keras. */
export const convertToNumpy = (x: TensorLike): Promise<HostArray> => convertToTensor(x).host();
/** A new tensor of the values. */
export const array: Op<(x: TensorLike, options?: { readonly dtype?: string | null }) => Tensor> = /* @__PURE__ */ op(
  "array",
  (x: TensorLike, { dtype: target = null }: { readonly dtype?: string | null } = {}): Tensor =>
    convertToTensor(x, target === null ? {} : { dtype: target }),
);
