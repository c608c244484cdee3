// Elementwise kernels. Which device's own kernels are right was measured over special values; the others go through the host.
import {
  type Aval,
  chooseOver,
  isFloat,
  type Kernel,
  type KernelAvals,
  type KernelTable,
  type Loop,
  loopOver,
  loops,
  sizeOf,
  type TypedArray,
} from "@keras-ts/core/backend";
import { type Engine, nativeDtype, type Tensor } from "../engine.ts";
import { broadcast, select } from "./broadcast.ts";

type UnaryName =
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
  | "not"
  | "stopGradient";
type BinaryName =
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
  | "shiftLeft"
  | "shiftRightLogical"
  | "shiftRightArithmetic"
  | "equal"
  | "notEqual"
  | "less"
  | "lessEqual"
  | "greater"
  | "greaterEqual";
export type ElementwiseTable = Pick<KernelTable<Tensor>, UnaryName | BinaryName | "where" | "cast">;

type Simple = (inputs: readonly Tensor[], params: Readonly<Record<never, never>>, avals: KernelAvals) => Tensor;
const one = (inputs: readonly Tensor[]): Tensor => inputs[0] as Tensor;
const two = (inputs: readonly Tensor[]): readonly [Tensor, Tensor] => inputs as readonly [Tensor, Tensor];
const dtypeOf = (avals: KernelAvals): Aval["dtype"] => (avals.ins[0] as Aval).dtype;

export function elementwise(e: Engine): ElementwiseTable {
  const unary =
    (name: string): Simple =>
    (inputs) =>
      e.run(name, { x: one(inputs) });
  const binary =
    (name: string): Simple =>
    (inputs) =>
      e.run(name, { a: one(inputs), b: inputs[1] as Tensor });
  const byDtype =
    (float: Simple, integer: Simple, bool: Simple = integer): Simple =>
    (inputs, params, avals) => {
      const dtype = dtypeOf(avals);
      return (isFloat(dtype) ? float : dtype === "bool" ? bool : integer)(inputs, params, avals);
    };
  /** The device's kernel unless it is known to be wrong there. */
  const unlessOn = (device: Engine["device"], name: UnaryName, native: string): Simple =>
    e.device === device ? e.own(name) : unary(native);

  const minus =
    (value: number): Simple =>
    ([x]) =>
      e.scoped(() => e.run("Sub", { a: e.fill([], value, "int32"), b: x as Tensor }));
  const [negative, complement] = [minus(0), minus(-1)];
  // TensorFlow.js' own binary kernels on wasm, but for float arithmetic, take 5 ns for each element, and 100 ns where they broadcast.
  const looped = (loop: Loop, native: Simple): Simple =>
    e.onHost
      ? ([a, b], _, { outs }) => {
          const [x, y] = [a as Tensor, b as Tensor];
          const { shape, dtype } = outs[0] as Aval;
          return e.build([x, y], shape, nativeDtype(dtype), (out, [p, q]) =>
            loopOver(loop, p as TypedArray, x.shape, q as TypedArray, y.shape, out, shape),
          );
        }
      : native;
  const spread = (name: string): Simple =>
    e.device === "wasm"
      ? (inputs) => e.scoped(() => e.run(name, broadcastBoth(e, one(inputs), inputs[1] as Tensor)))
      : binary(name);

  const atLeast = looped(loops.max, binary("Maximum"));
  const orZero: Simple = (inputs, params, avals) => {
    const [a, b] = two(inputs);
    const isRelu = e.onHost && b.size === 1 && a.rank >= b.rank && e.view(b)[0] === 0;
    return isRelu ? e.run("Relu", { x: a }) : atLeast(inputs, params, avals);
  };
  const magnitude: Simple = (inputs, params, avals) =>
    e.scoped(() => e.run("Maximum", { a: one(inputs), b: negative(inputs, params, avals) }));

  return {
    neg: byDtype(unary("Neg"), negative),
    abs: byDtype(unary("Abs"), magnitude),
    sign: byDtype(e.own("sign"), unary("Sign")),
    exp: unary("Exp"),
    expm1: unary("Expm1"),
    log: unary("Log"),
    log1p: unlessOn("wasm", "log1p", "Log1p"), // wasm's is log(1 + x): no digits left below 1e-7
    sqrt: unary("Sqrt"),
    rsqrt: unary("Rsqrt"),
    sin: unlessOn("wasm", "sin", "Sin"), // wasm's is off by up to 2e-7 even near 0
    cos: unlessOn("wasm", "cos", "Cos"),
    tan: unary("Tan"),
    asin: unary("Asin"),
    acos: unary("Acos"),
    atan: unary("Atan"),
    sinh: unary("Sinh"),
    cosh: unary("Cosh"),
    tanh: unary("Tanh"),
    asinh: unary("Asinh"),
    acosh: unary("Acosh"),
    atanh: unary("Atanh"),
    erf: unlessOn("cpu", "erf", "Erf"), // cpu's polynomial is off by 1e-7 near 0
    erfInv: e.own("erfInv"),
    lgamma: e.own("lgamma"),
    digamma: e.own("digamma"),
    trigamma: e.own("trigamma"),
    logistic: unary("Sigmoid"),
    floor: unary("Floor"),
    ceil: unary("Ceil"),
    round: unary("Round"),
    trunc: byDtype(e.own("trunc"), unary("Identity")),
    isFinite: unary("IsFinite"),
    isNan: unary("IsNan"),
    stopGradient: unary("Identity"),
    not: byDtype(complement, complement, unary("LogicalNot")),

    add: byDtype(binary("Add"), looped(loops.add, binary("Add"))),
    sub: byDtype(binary("Sub"), looped(loops.sub, binary("Sub"))),
    mul: byDtype(binary("Multiply"), looped(loops.imul, binary("Multiply"))),
    div: byDtype(binary("RealDiv"), e.own("div")),
    rem: e.own("rem"), // the devices' Mod takes the sign of the divisor
    pow: byDtype(e.device === "cpu" ? e.own("pow") : spread("Pow"), e.own("pow")),
    max: byDtype(orZero, atLeast, looped(loops.or, binary("LogicalOr"))),
    min: byDtype(
      looped(loops.min, binary("Minimum")),
      looped(loops.min, binary("Minimum")),
      looped(loops.and, binary("LogicalAnd")),
    ),
    atan2: spread("Atan2"),
    and: looped(loops.and, byDtype(e.own("and"), e.own("and"), binary("LogicalAnd"))),
    or: looped(loops.or, byDtype(e.own("or"), e.own("or"), binary("LogicalOr"))),
    xor: looped(loops.xor, byDtype(e.own("xor"), e.own("xor"), binary("NotEqual"))),
    shiftLeft: e.own("shiftLeft"),
    shiftRightLogical: e.own("shiftRightLogical"),
    shiftRightArithmetic: e.own("shiftRightArithmetic"),
    equal: looped(loops.equal, binary("Equal")),
    notEqual: looped(loops.notEqual, binary("NotEqual")),
    less: looped(loops.less, binary("Less")),
    lessEqual: looped(loops.lessEqual, binary("LessEqual")),
    greater: looped(loops.greater, binary("Greater")),
    greaterEqual: looped(loops.greaterEqual, binary("GreaterEqual")),
    where: where(e),
    cast: cast(e),
  };
}

// wasm's float kernels are slow where they broadcast.
function broadcastBoth(e: Engine, a: Tensor, b: Tensor): { a: Tensor; b: Tensor } {
  const shape = e.tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  return { a: broadcast(e, a, shape), b: broadcast(e, b, shape) };
}
function where(e: Engine): Kernel<"where", Tensor> {
  return (inputs, _, { outs }) => {
    const [condition, t, other] = inputs as readonly [Tensor, Tensor, Tensor];
    const { shape, dtype } = outs[0] as Aval;
    if (e.onHost && (dtype === "bool" || condition.size < sizeOf(shape))) {
      return e.build(inputs, shape, nativeDtype(dtype), (out, views) =>
        chooseOver(
          inputs.map((x, i) => ({ data: views[i] as TypedArray, shape: x.shape })),
          out,
          shape,
        ),
      );
    }
    return e.scoped(() => {
      if (dtype === "bool") {
        const left = e.run("LogicalAnd", { a: condition, b: t });
        const right = e.run("LogicalAnd", { a: e.run("LogicalNot", { x: condition }), b: other });
        return broadcast(e, e.run("LogicalOr", { a: left, b: right }), shape);
      }
      return select(e, broadcast(e, condition, shape), broadcast(e, t, shape), broadcast(e, other, shape));
    });
  };
}

function cast(e: Engine): Kernel<"cast", Tensor> {
  return (inputs, params, avals) => {
    const x = one(inputs);
    const dtype = nativeDtype(params.dtype);
    if (x.dtype === dtype) return e.run("Identity", { x });
    if (dtype === "bool") {
      return e.scoped(() => e.run("NotEqual", { a: x, b: e.fill([], 0, x.dtype as "int32" | "float32") }));
    }
    // Only the host's cast saturates floats, and rounds integers beyond 2^24; the others are exact.
    if (e.onHost && x.dtype !== "bool") return e.own("cast")(inputs, params, avals);
    return e.run("Cast", { x }, { dtype });
  };
}
