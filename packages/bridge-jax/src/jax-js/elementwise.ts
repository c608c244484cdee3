import { isFloat } from "@keras-ts/core/backend";
import type { JaxArray, JaxModule } from "./library.ts";
import { binary, dtypeOf, type Kernel, lacking, type Rows, take, unary } from "./rows.ts";

type Names =
  | "add" | "sub" | "mul" | "div" | "rem" | "pow" | "max" | "min" | "atan2" | "and" | "or" | "xor" | "not"
  | "shiftLeft" | "shiftRightLogical" | "shiftRightArithmetic" | "equal" | "notEqual" | "less" | "lessEqual" | "greater" | "greaterEqual"
  | "neg" | "abs" | "sign" | "exp" | "expm1" | "log" | "log1p" | "sqrt" | "rsqrt" | "sin" | "cos" | "tan" | "asin" | "acos" | "atan"
  | "sinh" | "cosh" | "tanh" | "asinh" | "acosh" | "atanh" | "erf" | "erfInv" | "lgamma" | "digamma" | "trigamma" | "logistic"
  | "floor" | "ceil" | "round" | "trunc" | "isFinite" | "isNan" | "stopGradient" | "where" | "cast";

export function elementwise(jax: JaxModule): Rows<Names> {
  const { numpy: np, lax, nn } = jax;
  const uint = jax.DType.Uint32;
  const int = jax.DType.Int32;
  // Whole numbers have bitwise versions, bool has logical ones.
  const logic =
    (bits: (a: JaxArray, b: JaxArray) => JaxArray, truth: (a: JaxArray, b: JaxArray) => JaxArray): Kernel<unknown> =>
    (inputs, _, { outs: [out] }) =>
      (out?.dtype === "bool" ? truth : bits)(take(inputs), take(inputs, 1));
  return {
    add: binary(np.add),
    sub: binary(np.subtract),
    mul: binary(np.multiply),
    div: (inputs, _, { outs: [out] }) => {
      const [a, b] = [take(inputs), take(inputs, 1)];
      if (isFloat(out?.dtype ?? "float32")) return np.trueDivide(a, b);
      // Towards zero: what is left after the remainder divides exactly.
      const rest = np.fmod(a.ref, b.ref);
      return np.floorDivide(np.subtract(a, rest), b);
    },
    rem: binary(np.fmod),
    pow: binary(np.power),
    max: binary(np.maximum),
    min: binary(np.minimum),
    atan2: binary(np.atan2),
    and: logic(np.bitwiseAnd, np.logicalAnd),
    or: logic(np.bitwiseOr, np.logicalOr),
    xor: logic(np.bitwiseXor, np.logicalXor),
    not: (inputs, _, { outs: [out] }) => (out?.dtype === "bool" ? np.logicalNot : np.invert)(take(inputs)),
    shiftLeft: binary(np.leftShift),
    shiftRightLogical: (inputs, _, { outs: [out] }) => {
      const [a, b] = [take(inputs), take(inputs, 1)];
      if (out?.dtype !== "int32") return np.rightShift(a, b);
      return lax.bitcastConvertType(np.rightShift(lax.bitcastConvertType(a, uint), lax.bitcastConvertType(b, uint)), int);
    },
    shiftRightArithmetic: binary(np.rightShift),
    equal: binary(np.equal),
    notEqual: binary(np.notEqual),
    less: binary(np.less),
    lessEqual: binary(np.lessEqual),
    greater: binary(np.greater),
    greaterEqual: binary(np.greaterEqual),
    neg: unary(np.negative),
    abs: unary(np.abs),
    sign: unary(np.sign),
    exp: unary(np.exp),
    expm1: unary(np.expm1),
    log: unary(np.log),
    log1p: unary(np.log1p),
    sqrt: unary(np.sqrt),
    rsqrt: unary((x) => np.reciprocal(np.sqrt(x))),
    sin: unary(np.sin),
    cos: unary(np.cos),
    tan: unary(np.tan),
    asin: unary(np.asin),
    acos: unary(np.acos),
    atan: unary(np.atan),
    sinh: unary(np.sinh),
    cosh: unary(np.cosh),
    tanh: unary(np.tanh),
    asinh: unary(np.arcsinh),
    acosh: unary(np.arccosh),
    atanh: unary(np.arctanh),
    erf: unary(lax.erf),
    erfInv: lacking("erfInv"),
    lgamma: lacking("lgamma"),
    digamma: lacking("digamma"),
    trigamma: lacking("trigamma"),
    logistic: unary(nn.sigmoid),
    floor: unary(np.floor),
    ceil: unary(np.ceil),
    round: unary(np.rint),
    trunc: unary(np.trunc),
    isFinite: unary(np.isfinite),
    isNan: unary(np.isnan),
    stopGradient: unary(lax.stopGradient),
    where: (inputs) => np.where(take(inputs), take(inputs, 1), take(inputs, 2)),
    cast: (inputs, { dtype }, { ins: [x] }) => {
      const a = take(inputs);
      if (dtype === "bool") return np.notEqual(a, 0);
      // Floats become whole numbers towards zero.
      if (isFloat(x?.dtype ?? "float32") && !isFloat(dtype)) return np.trunc(a).astype(dtypeOf(jax, dtype));
      return a.astype(dtypeOf(jax, dtype));
    },
  };
}
