import {
  type Aval,
  bitsOf,
  type DType,
  isFloat,
  isInteger,
  type KernelAvals,
  type KernelTable,
  sameShape,
  sizeOf,
} from "../core.ts";
import type { ContractionName } from "./contraction.ts";
import type { IndexingName } from "./indexing.ts";
import type { LinalgName } from "./linalg.ts";
import type { StructuralName } from "./structural.ts";
import { dtypeName } from "./text.ts";

export type ElementwiseName = Exclude<
  keyof KernelTable<string>,
  StructuralName | ContractionName | IndexingName | LinalgName
>;

type Row = (inputs: readonly string[], params: unknown, avals: KernelAvals) => string;

const dtypeOf = ({ ins }: KernelAvals): DType => (ins[0] as Aval).dtype;
const infix =
  (operator: string): Row =>
  ([a, b]) =>
    `${a} ${operator} ${b}`;
const call =
  (name: string): Row =>
  (inputs) =>
    `${name}(${inputs.join(", ")})`;
// NumPy's own operation on floats, ours on integers.
const byKind =
  (forFloat: Row, forInteger: Row): Row =>
  (inputs, params, avals) =>
    (isFloat(dtypeOf(avals)) ? forFloat : forInteger)(inputs, params, avals);
// NumPy shifts bool to int8.
const shift =
  (name: string): Row =>
  (inputs, params, avals) =>
    dtypeOf(avals) === "bool"
      ? `${call(name)(inputs, params, avals)}.astype(np.bool_)`
      : call(name)(inputs, params, avals);
const same: Row = ([x]) => x as string;

/** From so many elements on memory sets the time, not the call. */
export const isLarge = (shape: readonly number[]): boolean => sizeOf(shape) >= 16384;
/** Whether a choice is made for whole rows of the second operand, whose array may then be the result. */
export function takesRowsWhole({ ins, outs }: Pick<KernelAvals, "ins" | "outs">): boolean {
  const [condition, a, out] = [ins[0] as Aval, ins[1] as Aval, outs[0] as Aval];
  const isSmall = sizeOf(condition.shape) * 16 <= sizeOf(out.shape);
  return isSmall && isLarge(out.shape) && hasWords(out.dtype) && sameShape(a.shape, out.shape);
}
const hasWords = (dtype: DType): boolean => bitsOf(dtype) >= 32;
const choice: Row = (inputs, params, avals) => {
  const [out] = avals.outs as readonly [Aval];
  if (!isLarge(out.shape) || !hasWords(out.dtype)) return call("np.where")(inputs, params, avals);
  return call(takesRowsWhole(avals) ? "kt.where_nearly_all" : "kt.where")(inputs, params, avals);
};

export const elementwise: { readonly [N in ElementwiseName]: KernelTable<string>[N] } = {
  add: infix("+"),
  sub: infix("-"),
  mul: infix("*"),
  div: byKind(infix("/"), call("kt.int_div")),
  rem: byKind(call("np.fmod"), call("kt.int_rem")),
  pow: byKind(call("np.power"), call("kt.int_pow")),
  max: call("np.maximum"),
  min: call("np.minimum"),
  atan2: call("np.arctan2"),
  and: infix("&"),
  or: infix("|"),
  xor: infix("^"),
  not: ([x]) => `~${x}`,
  shiftLeft: shift("np.left_shift"),
  shiftRightLogical: shift("kt.shift_right_logical"),
  shiftRightArithmetic: shift("kt.shift_right_arithmetic"),
  equal: infix("=="),
  notEqual: infix("!="),
  less: infix("<"),
  lessEqual: infix("<="),
  greater: infix(">"),
  greaterEqual: infix(">="),
  neg: ([x]) => `-${x}`,
  abs: call("np.abs"),
  sign: byKind(call("kt.sign"), call("np.sign")),
  exp: call("np.exp"),
  expm1: call("np.expm1"),
  log: call("np.log"),
  log1p: call("np.log1p"),
  sqrt: call("np.sqrt"),
  rsqrt: call("kt.rsqrt"),
  sin: call("np.sin"),
  cos: call("np.cos"),
  tan: call("np.tan"),
  asin: call("np.arcsin"),
  acos: call("np.arccos"),
  atan: call("np.arctan"),
  sinh: call("np.sinh"),
  cosh: call("np.cosh"),
  tanh: call("np.tanh"),
  asinh: call("np.arcsinh"),
  acosh: call("np.arccosh"),
  atanh: call("np.arctanh"),
  erf: call("kt.erf"),
  erfInv: call("kt.erf_inv"),
  lgamma: call("kt.lgamma"),
  digamma: call("kt.digamma"),
  trigamma: call("kt.trigamma"),
  logistic: call("kt.logistic"),
  floor: call("np.floor"),
  ceil: call("np.ceil"),
  round: call("np.rint"),
  trunc: byKind(call("np.trunc"), same),
  isFinite: call("np.isfinite"),
  isNan: call("np.isnan"),
  stopGradient: same,
  where: choice,
  cast: ([x], { dtype }, avals) => {
    if (dtype === "bool") return `${x} != 0`;
    return isFloat(dtypeOf(avals)) && isInteger(dtype)
      ? `kt.to_int(${x}, ${dtypeName(dtype)})`
      : `${x}.astype(${dtypeName(dtype)})`;
  },
};
