// Operations that NumPy can write over one of their operands, by `out=`.
import { type DType, isFloat } from "../core.ts";

const ofAll: Readonly<Record<string, string>> = {
  add: "np.add",
  sub: "np.subtract",
  mul: "np.multiply",
  max: "np.maximum",
  min: "np.minimum",
  neg: "np.negative",
  abs: "np.abs",
  and: "np.bitwise_and",
  or: "np.bitwise_or",
  xor: "np.bitwise_xor",
  not: "np.invert",
};
const ofFloats: Readonly<Record<string, string>> = {
  div: "np.divide",
  rem: "np.fmod",
  pow: "np.power",
  atan2: "np.arctan2",
  exp: "np.exp",
  expm1: "np.expm1",
  log: "np.log",
  log1p: "np.log1p",
  sqrt: "np.sqrt",
  rsqrt: "kt.rsqrt",
  sin: "np.sin",
  cos: "np.cos",
  tan: "np.tan",
  asin: "np.arcsin",
  acos: "np.arccos",
  atan: "np.arctan",
  sinh: "np.sinh",
  cosh: "np.cosh",
  tanh: "np.tanh",
  asinh: "np.arcsinh",
  acosh: "np.arccosh",
  atanh: "np.arctanh",
  logistic: "kt.logistic",
  floor: "np.floor",
  ceil: "np.ceil",
  round: "np.rint",
  trunc: "np.trunc",
};

/** The call that writes the result of an operation over `out`; undefined if there is none for this dtype. */
export const callInto = (
  operation: string,
  dtype: DType,
  inputs: readonly string[],
  out: string,
): string | undefined => {
  if (operation === "relu") return `np.maximum(${inputs[0]}, 0, out=${out})`;
  const name = ofAll[operation] ?? (isFloat(dtype) ? ofFloats[operation] : undefined);
  return name && `${name}(${inputs.join(", ")}, out=${out})`;
};
