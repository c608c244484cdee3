import { type Aval, type DType, isFloat, isInteger, type KernelAvals, type KernelTable } from "../core.ts";
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
  rsqrt: ([x]) => `np.reciprocal(np.sqrt(${x}))`,
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
  where: call("np.where"),
  cast: ([x], { dtype }, avals) => {
    if (dtype === "bool") return `${x} != 0`;
    return isFloat(dtypeOf(avals)) && isInteger(dtype)
      ? `kt.to_int(${x}, ${dtypeName(dtype)})`
      : `${x}.astype(${dtypeName(dtype)})`;
  },
};
