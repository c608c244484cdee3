// Elementwise arithmetic. Where an operator lacks an element type: bool goes through logic, uint32 through int32 (same bits) or int64.
import type { Kernel, KernelAvals } from "@keras-ts/core/backend";
import type { Builder } from "../builder.ts";
import { isFloatType, typeOf } from "../builder.ts";
import type { OnnxType } from "../proto.ts";
import { integerPower } from "./integers.ts";
import { atan2, digamma, erfInv, expm1, lgamma, log1p, trigamma } from "./special.ts";
import { composed1, type Rows } from "./table.ts";

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

type Simple = (inputs: readonly string[], params: unknown, avals: KernelAvals) => string;

const two = (inputs: readonly string[]): readonly [string, string] => inputs as readonly [string, string];
const one = (inputs: readonly string[]): string => inputs[0] as string;

export function elementwise(b: Builder): Rows<Names> {
  const direct =
    (op: string): Simple =>
    (inputs) =>
      b.map(op, inputs);
  const isBool = (x: string): boolean => b.info(x).type === "bool";
  const logical =
    (op: string, forBool: string): Simple =>
    (inputs) =>
      b.map(isBool(one(inputs)) ? forBool : op, inputs);
  const not = (x: string): string => b.map("Not", [x]);
  // a < b for bool is !a && b.
  const compare =
    (op: string, forBool: (a: string, c: string) => string): Simple =>
    (inputs) => {
      const [x, y] = two(inputs);
      return isBool(x) ? forBool(x, y) : b.map(op, inputs, "bool");
    };

  return {
    add: direct("Add"),
    sub: direct("Sub"),
    mul: direct("Mul"),
    div: (inputs) =>
      isFloatType(b.info(one(inputs)).type) ? b.map("Div", inputs) : integerDivide(b, ...two(inputs)).quotient,
    rem: (inputs) =>
      isFloatType(b.info(one(inputs)).type)
        ? b.map("Mod", inputs, undefined, { fmod: 1 })
        : integerDivide(b, ...two(inputs)).remainder,
    pow: (inputs, params, avals) => {
      const [x, y] = two(inputs);
      if (!isFloatType(b.info(x).type)) return composed1(b, integerPower)(inputs, params, avals);
      const exponent = scalarOf(b, y);
      if (exponent === 2) return b.map("Mul", [x, x]);
      return b.map("Pow", inputs);
    },
    max: logical("Max", "Or"),
    min: logical("Min", "And"),
    atan2: composed1(b, atan2),
    and: logical("BitwiseAnd", "And"),
    or: logical("BitwiseOr", "Or"),
    xor: logical("BitwiseXor", "Xor"),
    not: logical("BitwiseNot", "Not"),
    shiftLeft: (inputs) => shift(b, ...two(inputs), "LEFT"),
    shiftRightLogical: (inputs) => shift(b, ...two(inputs), "RIGHT"),
    shiftRightArithmetic: (inputs) => shiftArithmetic(b, ...two(inputs)),
    equal: (inputs) => b.map("Equal", inputs, "bool"),
    notEqual: (inputs) => not(b.map("Equal", inputs, "bool")),
    less: compare("Less", (x, y) => b.map("And", [not(x), y])),
    lessEqual: compare("LessOrEqual", (x, y) => b.map("Or", [not(x), y])),
    greater: compare("Greater", (x, y) => b.map("And", [x, not(y)])),
    greaterEqual: compare("GreaterOrEqual", (x, y) => b.map("Or", [x, not(y)])),
    neg: (inputs) => {
      const [x] = inputs as readonly [string];
      return b.info(x).type === "uint32" ? b.map("Sub", [b.scalar(0, "uint32"), x]) : b.map("Neg", inputs);
    },
    abs: direct("Abs"),
    sign: (inputs) => sign(b, one(inputs)),
    exp: direct("Exp"),
    expm1: composed1(b, expm1),
    log: direct("Log"),
    log1p: composed1(b, log1p),
    sqrt: direct("Sqrt"),
    rsqrt: (inputs) => b.map("Reciprocal", [b.map("Sqrt", inputs)]),
    sin: direct("Sin"),
    cos: direct("Cos"),
    tan: direct("Tan"),
    asin: direct("Asin"),
    acos: direct("Acos"),
    atan: direct("Atan"),
    sinh: direct("Sinh"),
    cosh: direct("Cosh"),
    tanh: direct("Tanh"),
    asinh: direct("Asinh"),
    acosh: direct("Acosh"),
    atanh: direct("Atanh"),
    erf: direct("Erf"),
    erfInv: composed1(b, erfInv),
    lgamma: composed1(b, lgamma),
    digamma: composed1(b, digamma),
    trigamma: composed1(b, trigamma),
    logistic: direct("Sigmoid"),
    floor: direct("Floor"),
    ceil: direct("Ceil"),
    round: direct("Round"),
    trunc: (inputs) => {
      const x = one(inputs);
      if (!isFloatType(b.info(x).type)) return x;
      const negative = b.map("Less", [x, b.scalar(0, b.info(x).type)], "bool");
      return select(b, negative, b.map("Ceil", [x]), b.map("Floor", [x]));
    },
    isFinite: (inputs) => not(b.map("Or", [b.map("IsNaN", inputs, "bool"), b.map("IsInf", inputs, "bool")])),
    isNan: (inputs) => b.map("IsNaN", inputs, "bool"),
    stopGradient: one,
    where: (inputs) => select(b, ...(inputs as readonly [string, string, string])),
    cast: ((inputs, { dtype }) => castTo(b, one(inputs), typeOf(dtype))) satisfies Kernel<"cast", string>,
  };
}

/** The number in a constant that holds one number. */
export function scalarOf(b: Builder, name: string): number | undefined {
  const constant = b.constantOf(name);
  if (constant?.data.byteLength !== 4) return undefined;
  const view = new DataView(constant.data.buffer, constant.data.byteOffset);
  if (constant.type === "float32") return view.getFloat32(0, true);
  if (constant.type === "int32") return view.getInt32(0, true);
  return constant.type === "uint32" ? view.getUint32(0, true) : undefined;
}

/** `condition ? x : y`. The operator has no kernel for bool and uint32. */
export function select(b: Builder, condition: string, x: string, y: string): string {
  const { type } = b.info(x);
  if (type === "bool") {
    return b.map("Or", [b.map("And", [condition, x]), b.map("And", [b.map("Not", [condition]), y])]);
  }
  if (type === "uint32") {
    return b.cast(b.map("Where", [condition, b.cast(x, "int32"), b.cast(y, "int32")], "int32"), "uint32");
  }
  return b.map("Where", [condition, x, y], type);
}

// The sign operator gives no nan for nan.
function sign(b: Builder, x: string): string {
  const plain = b.map("Sign", [x]);
  if (!isFloatType(b.info(x).type)) return plain;
  return select(b, b.map("IsNaN", [x], "bool"), x, plain);
}

// In int64, where neither the lowest int32 over -1 nor any uint32 overflows. Division by zero (which would end the process) gives
// -1 (all ones) and the dividend as remainder.
function integerDivide(b: Builder, x: string, y: string): { readonly quotient: string; readonly remainder: string } {
  const { type } = b.info(x);
  const [wideX, wideY] = [b.cast(x, "int64"), b.cast(y, "int64")];
  const isZero = b.map("Equal", [wideY, b.scalar(0, "int64")], "bool");
  const divisor = select(b, isZero, b.scalar(1, "int64"), wideY);
  const plain = b.map("Div", [wideX, divisor]);
  return {
    get quotient() {
      return b.cast(select(b, isZero, b.scalar(-1, "int64"), plain), type);
    },
    get remainder() {
      return b.cast(b.map("Sub", [wideX, b.map("Mul", [plain, wideY])]), type);
    },
  };
}

// Amounts of 32 and more give 0; the operator itself would take them modulo 32.
function shift(b: Builder, x: string, by: string, direction: "LEFT" | "RIGHT"): string {
  const { type } = b.info(x);
  const amount = b.cast(by, "uint32");
  const known = scalarOf(b, by);
  if (known !== undefined && (known < 0 || known > 31)) return b.map("Mul", [x, b.scalar(0, type)]);
  const safe = known === undefined ? b.map("Min", [amount, b.scalar(31, "uint32")]) : constantAmount(b, by, known);
  const shifted = b.map("BitShift", [b.cast(x, "uint32"), safe], "uint32", { direction });
  if (known !== undefined) return b.cast(shifted, type);
  const inRange = b.cast(b.map("Less", [amount, b.scalar(32, "uint32")], "bool"), "uint32");
  return b.cast(b.map("Mul", [shifted, inRange]), type);
}
const constantAmount = (b: Builder, by: string, value: number): string => b.constant("uint32", b.shape(by), [value]);

// Flipping all bits of negative numbers before and after a logical shift fills with ones. The top bit of uint32 counts as a sign.
function shiftArithmetic(b: Builder, x: string, by: string): string {
  const { type } = b.info(x);
  if (type === "uint32") return b.cast(shiftArithmetic(b, b.cast(x, "int32"), b.cast(by, "int32")), "uint32");
  const flip = b.map("Neg", [b.cast(b.map("Less", [x, b.scalar(0, "int32")], "bool"), "int32")]);
  return b.map("BitwiseXor", [shift(b, b.map("BitwiseXor", [x, flip]), by, "RIGHT"), flip]);
}

// Float to integer truncates, saturates, and gives 0 for nan, as XLA; the operator alone leaves all but truncation undefined.
function castTo(b: Builder, x: string, type: OnnxType): string {
  const from = b.info(x).type;
  if (!isFloatType(from) || (type !== "int32" && type !== "uint32")) {
    if (type === "bool" && from !== "bool") return b.map("Not", [b.map("Equal", [x, b.scalar(0, from)], "bool")]);
    return b.cast(x, type);
  }
  // Clamped as floats: Min, Max and Clip of the native build compare int64 by its low half. `top` is the first value too large.
  const [low, last, top, largest] =
    type === "int32" ? [-(2 ** 31), 2 ** 31 - 128, 2 ** 31, 2 ** 31 - 1] : [0, 2 ** 32 - 256, 2 ** 32, 2 ** 32 - 1];
  const known = select(b, b.map("IsNaN", [x], "bool"), b.scalar(0, from), x);
  const inside = b.cast(b.map("Clip", [known, b.scalar(low, from), b.scalar(last, from)]), type);
  return select(b, b.map("GreaterOrEqual", [x, b.scalar(top, from)], "bool"), b.scalar(largest, type), inside);
}
