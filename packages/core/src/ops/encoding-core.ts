// Classes as vectors of zeros and ones, of tensors that are checked.
import { isInteger, normalizeAxis, standardizeDtype } from "../aval/index.ts";
import { complain, DtypeError } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { floatx } from "./convert-core.ts";

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
  const wanted = dtype === null ? floatx() : standardizeDtype(dtype);
  if (isInteger(x.dtype) || x.dtype === "bool") {
    return p.oneHot(x.dtype === "bool" ? castTo(x, "int32") : x, { axis: at, size: numClasses, dtype: wanted });
  }
  const wide = p.reshape(x, { shape: [...x.shape.slice(0, at), 1, ...x.shape.slice(at)] });
  const shape = wide.shape.map((_, i) => (i === at ? numClasses : 1));
  return castTo(p.equal(wide, p.iota({ shape, axis: at, dtype: x.dtype })), wanted);
}
