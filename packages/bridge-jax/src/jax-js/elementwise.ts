import { type HostArray, isFloat } from "@keras-ts/core/backend";
import type { JaxArray, JaxModule } from "./library.ts";
import { binary, dtypeOf, type Kernel, lacking, type Rows, take, unary, upload } from "./rows.ts";

type Names =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "rem"
  | "pow"
  | "max"
  | "min"
  | "atan2"
  | "and"
  | "or"
  | "xor"
  | "not"
  | "shiftLeft"
  | "shiftRightLogical"
  | "shiftRightArithmetic"
  | "equal"
  | "notEqual"
  | "less"
  | "lessEqual"
  | "greater"
  | "greaterEqual"
  | "neg"
  | "abs"
  | "sign"
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "sqrt"
  | "rsqrt"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "sinh"
  | "cosh"
  | "tanh"
  | "asinh"
  | "acosh"
  | "atanh"
  | "erf"
  | "erfInv"
  | "lgamma"
  | "digamma"
  | "trigamma"
  | "logistic"
  | "floor"
  | "ceil"
  | "round"
  | "trunc"
  | "isFinite"
  | "isNan"
  | "stopGradient"
  | "where"
  | "cast";

const word = (value: number): HostArray => ({ shape: [], dtype: "uint32", data: Uint32Array.of(value) });
const [ZERO, THIRTY_ONE, THIRTY_TWO] = [word(0), word(31), word(32)];

export function elementwise(jax: JaxModule): Rows<Names> {
  const { numpy: np, lax, nn } = jax;
  const uint = jax.DType.Uint32;
  const int = jax.DType.Int32;
  // Whole numbers have bitwise versions, bool has logical ones.
  const logic =
    (bits: (a: JaxArray, b: JaxArray) => JaxArray, truth: (a: JaxArray, b: JaxArray) => JaxArray): Kernel<unknown> =>
    (inputs, _, { outs: [out] }) =>
      (out?.dtype === "bool" ? truth : bits)(take(inputs), take(inputs, 1));
  // On unsigned words, so that no sign bit comes in; shifts by 32 or more leave nothing.
  const shift =
    (f: (a: JaxArray, b: JaxArray) => JaxArray): Kernel<unknown> =>
    (inputs, _, { outs: [out] }) => {
      const words = (x: JaxArray): JaxArray => (out?.dtype === "int32" ? lax.bitcastConvertType(x, uint) : x);
      const by = words(take(inputs, 1));
      const moved = f(words(take(inputs)), np.minimum(by.ref, upload(jax, THIRTY_ONE)));
      const result = np.where(np.less(by, upload(jax, THIRTY_TWO)), moved, upload(jax, ZERO));
      return out?.dtype === "int32" ? lax.bitcastConvertType(result, int) : result;
    };
  // jax-js orders numbers only.
  const ordered =
    (f: (a: JaxArray, b: JaxArray) => JaxArray): Kernel<unknown> =>
    (inputs, _, { ins: [x] }) => {
      const ready = (y: JaxArray): JaxArray => (x?.dtype === "bool" ? y.astype(int) : y);
      return f(ready(take(inputs)), ready(take(inputs, 1)));
    };
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
    // x^0 is 1 and 1^y is 1 for every other operand.
    pow: (inputs) => {
      const [a, b] = [take(inputs), take(inputs, 1)];
      const one = np.logicalOr(np.equal(a.ref, 1), np.equal(b.ref, 0));
      return np.where(one, 1, np.power(a, b));
    },
    max: binary(np.maximum),
    min: binary(np.minimum),
    atan2: binary(np.atan2),
    and: logic(np.bitwiseAnd, np.logicalAnd),
    or: logic(np.bitwiseOr, np.logicalOr),
    xor: logic(np.bitwiseXor, np.logicalXor),
    not: (inputs, _, { outs: [out] }) => (out?.dtype === "bool" ? np.logicalNot : np.invert)(take(inputs)),
    shiftLeft: shift((a, b) => np.leftShift(a, b)),
    shiftRightLogical: shift((a, b) => np.rightShift(a, b)),
    // Of a negative number: shift its complement, whose sign bit is 0.
    shiftRightArithmetic: (inputs, _, { outs: [out] }) => {
      const unsigned = out?.dtype === "uint32";
      const a = unsigned ? lax.bitcastConvertType(take(inputs), int) : take(inputs);
      const by = np.minimum(unsigned ? lax.bitcastConvertType(take(inputs, 1), int) : take(inputs, 1), 31);
      const negative = np.less(a.ref, 0);
      const moved = np.rightShift(np.where(negative.ref, np.invert(a.ref), a), by);
      const result = np.where(negative, np.invert(moved.ref), moved);
      return unsigned ? lax.bitcastConvertType(result, uint) : result;
    },
    equal: binary(np.equal),
    notEqual: binary(np.notEqual),
    less: ordered(np.less),
    lessEqual: ordered(np.lessEqual),
    greater: ordered(np.greater),
    greaterEqual: ordered(np.greaterEqual),
    neg: unary(np.negative),
    abs: unary(np.abs),
    sign: (inputs, _, { outs: [out] }) => {
      if (isFloat(out?.dtype ?? "float32")) return np.sign(take(inputs));
      const dtype = dtypeOf(jax, out?.dtype ?? "int32");
      return np.subtract(np.greater(take(inputs), 0).astype(dtype), np.less(take(inputs), 0).astype(dtype));
    },
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
