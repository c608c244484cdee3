// How static arguments are written in Python. A kernel's inputs are variable names, its result is an expression.
import type { DType } from "@keras-ts/core/backend";

/** A tuple of integers or expressions: `(1, 2)`, `(1,)`, `()`. */
export const tuple = (items: readonly (number | string)[]): string =>
  items.length === 1 ? `(${items[0]},)` : `(${items.join(", ")})`;
/** `((0, 1), (2, 3))`. */
export const pairs = (items: readonly (readonly [number, number])[]): string => tuple(items.map(tuple));
export const bool = (value: boolean): string => (value ? "True" : "False");
/** `np.float32`; the dtypes of the engine have NumPy's names, but for bool. */
export const dtypeName = (dtype: DType): string => (dtype === "bool" ? "np.bool_" : `np.${dtype}`);

/** A number as Python writes it, for the given dtype. */
export function constant(value: number, dtype: DType): string {
  if (dtype === "bool") return `np.bool_(${bool(value !== 0)})`;
  const text = Number.isNaN(value)
    ? "np.nan"
    : value === Number.POSITIVE_INFINITY
      ? "np.inf"
      : value === Number.NEGATIVE_INFINITY
        ? "-np.inf"
        : Object.is(value, -0)
          ? "-0.0"
          : String(value);
  return `${dtypeName(dtype)}(${text})`;
}
