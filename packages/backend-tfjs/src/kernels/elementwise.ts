// Elementwise kernels. Which device's own kernels are right was measured over special values; the others go through the host.
import { type Aval, isFloat, type Kernel, type KernelAvals, type KernelTable } from "@keras-ts/core/backend";
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
    e.device === device ? e.host(name) : unary(native);

  const zeroMinus: Simple = ([x]) => e.scoped(() => e.run("Sub", { a: e.fill([], 0, "int32"), b: x as Tensor }));
  // sign and trunc as combinations of kernels that every device has
  const signOnDevice: Simple = ([x]) =>
    e.scoped(() => {
      const t = x as Tensor;
      return select(e, e.run("IsNan", { x: t }), t, e.run("Sign", { x: t }));
    });
  const truncOnDevice: Simple = ([x]) =>
    e.scoped(() => {
      const t = x as Tensor;
      const negative = e.run("Less", { a: t, b: e.fill([], 0, "float32") });
      return select(e, negative, e.run("Ceil", { x: t }), e.run("Floor", { x: t }));
    });
  const onHostOr = (host: () => Simple, device: Simple): Simple => (e.onHost ? host() : device);

  // wasm's kernels return `a` where only `b` is nan.
  const extreme = (native: "Maximum" | "Minimum", name: "max" | "min"): Simple => {
    if (e.device !== "wasm") return binary(native);
    const host = e.host(name);
    return (inputs, params, avals) => {
      const [a, b] = two(inputs);
      if (native === "Maximum" && b.size === 1 && a.rank >= b.rank && e.read(b)[0] === 0)
        return e.run("Relu", { x: a });
      if (b.size === 1) return Number.isNaN(e.read(b)[0]) ? host(inputs, params, avals) : e.run(native, { a, b });
      if (a.size === 1) return Number.isNaN(e.read(a)[0]) ? host(inputs, params, avals) : e.run(native, { a: b, b: a });
      return hasNan(e, b) ? host(inputs, params, avals) : e.run(native, { a, b });
    };
  };
  // a + b - (a & b), and a + b - 2 (a & b): additions wrap, so they are exact
  const union: Simple = (inputs) =>
    e.scoped(() => {
      const [a, b] = two(inputs);
      return e.run("Sub", { a: e.run("Add", { a, b }), b: e.run("BitwiseAnd", broadcastBoth(e, a, b)) });
    });
  const difference: Simple = (inputs) =>
    e.scoped(() => {
      const [a, b] = two(inputs);
      const common = e.run("BitwiseAnd", broadcastBoth(e, a, b));
      return e.run("Sub", { a: e.run("Add", { a, b }), b: e.run("Add", { a: common, b: common }) });
    });
  const complement: Simple = ([x]) => e.scoped(() => e.run("Sub", { a: e.fill([], -1, "int32"), b: x as Tensor }));
  const magnitude: Simple = ([x]) =>
    e.scoped(() => {
      const t = x as Tensor;
      return e.run("Maximum", { a: t, b: e.run("Sub", { a: e.fill([], 0, "int32"), b: t }) });
    });

  return {
    neg: byDtype(unary("Neg"), zeroMinus),
    abs: byDtype(unary("Abs"), magnitude),
    sign: byDtype(
      onHostOr(() => e.host("sign"), signOnDevice),
      unary("Sign"),
    ),
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
    erfInv: e.host("erfInv"),
    lgamma: e.host("lgamma"),
    digamma: e.host("digamma"),
    trigamma: e.host("trigamma"),
    logistic: unary("Sigmoid"),
    floor: unary("Floor"),
    ceil: unary("Ceil"),
    round: unary("Round"),
    trunc: byDtype(
      onHostOr(() => e.host("trunc"), truncOnDevice),
      unary("Identity"),
    ),
    isFinite: unary("IsFinite"),
    isNan: unary("IsNan"),
    stopGradient: unary("Identity"),
    not: byDtype(complement, complement, unary("LogicalNot")),

    add: binary("Add"),
    sub: binary("Sub"),
    mul: byDtype(binary("Multiply"), e.device === "cpu" ? e.host("mul") : binary("Multiply")), // cpu's loses low bits above 2^53
    div: byDtype(binary("RealDiv"), e.host("div")),
    rem: e.host("rem"), // the devices' Mod takes the sign of the divisor
    pow: byDtype(e.device === "cpu" ? e.host("pow") : binary("Pow"), e.host("pow")),
    max: byDtype(extreme("Maximum", "max"), binary("Maximum"), binary("LogicalOr")),
    min: byDtype(extreme("Minimum", "min"), binary("Minimum"), binary("LogicalAnd")),
    atan2: binary("Atan2"),
    and: byDtype(binary("BitwiseAnd"), bitwiseAnd(e), binary("LogicalAnd")),
    or: byDtype(union, e.device === "cpu" ? e.host("or") : union, binary("LogicalOr")),
    xor: byDtype(difference, e.device === "cpu" ? e.host("xor") : difference, binary("NotEqual")),
    shiftLeft: e.host("shiftLeft"),
    shiftRightLogical: e.host("shiftRightLogical"),
    shiftRightArithmetic: e.host("shiftRightArithmetic"),
    equal: binary("Equal"),
    notEqual: binary("NotEqual"),
    less: binary("Less"),
    lessEqual: binary("LessEqual"),
    greater: binary("Greater"),
    greaterEqual: binary("GreaterEqual"),
    where: where(e),
    cast: cast(e),
  };
}

/** Whether any element is nan: the maximum kernels of all devices propagate it. */
export function hasNan(e: Engine, x: Tensor): boolean {
  if (x.size === 0) return false;
  const top = e.scoped(() => {
    const flat = e.run("Reshape", { x }, { shape: [x.size] });
    return e.run("Max", { x: flat }, { reductionIndices: [0], keepDims: false });
  });
  const value = e.read(top)[0] as number;
  top.dispose();
  return Number.isNaN(value);
}

// The bitwise kernel wants equal shapes.
function broadcastBoth(e: Engine, a: Tensor, b: Tensor): { a: Tensor; b: Tensor } {
  const shape = e.tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  return { a: broadcast(e, a, shape), b: broadcast(e, b, shape) };
}
const bitwiseAnd =
  (e: Engine): Simple =>
  (inputs) =>
    e.scoped(() => e.run("BitwiseAnd", broadcastBoth(e, one(inputs), inputs[1] as Tensor)));

function where(e: Engine): Kernel<"where", Tensor> {
  return (inputs, _, { outs }) => {
    const [condition, t, other] = inputs as readonly [Tensor, Tensor, Tensor];
    const { shape, dtype } = outs[0] as Aval;
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
    if (e.onHost && x.dtype !== "bool") return e.host("cast")(inputs, params, avals);
    return e.run("Cast", { x }, { dtype });
  };
}
