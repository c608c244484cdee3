// Elementwise arithmetic. Closed under differentiation: no rule here needs an op from another file. Inputs broadcast as NumPy's;
// the gradient walk undoes that, so rules never mention it.
import {
  type Aval,
  broadcastShapes,
  type DType,
  isComplex,
  isDifferentiable,
  isFloat,
  isInteger,
} from "../aval/index.ts";
import { BackendError, complain, DtypeError, showAval } from "../errors/index.ts";
import {
  type Arg,
  apply1,
  type Binary,
  type Configured,
  type Definition,
  type Marked,
  marked,
  type None,
  operands,
  type Tensor,
  type Unary,
  type VjpRule,
} from "../graph/index.ts";

type Accepts = "float" | "inexact" | "real" | "number" | "any" | "integral";
const accepted: Readonly<Record<Accepts, { readonly test: (d: DType) => boolean; readonly words: string }>> = {
  float: { test: isFloat, words: "a float dtype" },
  inexact: { test: isDifferentiable, words: "a float or complex dtype" },
  real: { test: (d) => d !== "bool" && !isComplex(d), words: "a real number dtype, not bool or complex" },
  number: { test: (d) => d !== "bool", words: "a number dtype, not bool" },
  integral: { test: (d) => isInteger(d) || d === "bool", words: "an integer or bool dtype" },
  any: { test: () => true, words: "any dtype" },
};

function requireDtype(name: string, inputs: readonly Aval[], accepts: Accepts): void {
  if (inputs.every((x) => accepted[accepts].test(x.dtype))) return;
  const got = inputs.map(showAval).join(" and ");
  throw new DtypeError(
    complain(name, { must: `inputs must have ${accepted[accepts].words}`, got, todo: "Cast the input first" }),
  );
}

function requireSameDtype(name: string, inputs: readonly Aval[]): DType {
  const dtype = (inputs[0] as Aval).dtype;
  if (inputs.every((x) => x.dtype === dtype)) return dtype;
  const got = inputs.map(showAval).join(" and ");
  throw new DtypeError(complain(name, { must: "inputs must have one dtype", got, todo: "Cast one of them" }));
}

/** @throws DtypeError for complex values, which have no order. */
export function requireOrdered(name: string, x: Aval): void {
  if (!isComplex(x.dtype)) return;
  const todo = "Use ops.real, ops.imag or ops.abs of it";
  throw new DtypeError(
    complain(name, { must: "inputs must be real, complex numbers have no order", got: showAval(x), todo }),
  );
}

// The result's dtype is the input's, unless one is named.
const realOf = (dtype: DType): DType => (isComplex(dtype) ? "float32" : dtype);
type ResultOf = DType | ((dtype: DType) => DType);
function unary(
  name: string,
  vjp: VjpRule<None> | "none",
  accepts: Accepts = "inexact",
  result: ResultOf = (dtype) => dtype,
): Unary {
  const definition: Definition<None> = {
    name,
    infer: (inputs) => {
      requireDtype(name, inputs, accepts);
      const [x] = inputs as readonly [Aval];
      return [{ shape: x.shape, dtype: typeof result === "string" ? result : result(x.dtype) }];
    },
    vjp,
  };
  return marked((x: Tensor) => apply1(definition, [x], {}), "primitive", definition);
}

function binary(name: string, vjp: VjpRule<None> | "none", accepts: Accepts = "number", dtype?: DType): Binary {
  const definition: Definition<None> = {
    name,
    infer: (inputs) => {
      const common = requireSameDtype(name, inputs);
      requireDtype(name, inputs, accepts);
      return [{ shape: broadcastShapes(name, ...inputs.map((x) => x.shape)), dtype: dtype ?? common }];
    },
    vjp,
  };
  return marked((a: Arg, b: Arg) => apply1(definition, operands(a, b), {}), "primitive", definition);
}

// Shorthands for two inputs of a rule.
const two = (inputs: readonly Tensor[]): readonly [Tensor, Tensor] => inputs as readonly [Tensor, Tensor];
const one = (inputs: readonly Tensor[]): Tensor => inputs[0] as Tensor;

export const add: Binary = binary("add", ({ g }) => [g, g]);
export const sub: Binary = binary("sub", ({ g }) => [g, neg(g)]);
export const mul: Binary = binary("mul", ({ g, inputs }) => {
  const [a, b] = two(inputs);
  return [mul(g, b), mul(g, a)];
});
/** True division for floats; for integers the quotient truncated toward zero (division by zero gives -1, as XLA). */
export const div: Binary = binary("div", ({ g, inputs, out }) => {
  const b = inputs[1] as Tensor;
  return [div(g, b), neg(div(mul(g, out), b))];
});
/** Remainder with the sign of the dividend. */
export const rem: Binary = binary(
  "rem",
  ({ g, inputs }) => {
    const [a, b] = two(inputs);
    return [g, neg(mul(g, trunc(div(a, b))))];
  },
  "real",
);
export const pow: Binary = binary("pow", ({ g, inputs, out }) => {
  const [a, b] = two(inputs);
  // d a^b / da = b a^(b-1), 0 where b = 0;  d a^b / db = a^b log a, 0 where a = 0 (as JAX)
  const exponent = where(equal(b, 0), 1, sub(b, 1));
  const da = where(equal(b, 0), 0, mul(b, pow(a, exponent)));
  const db = mul(log(where(equal(a, 0), 1, a)), out);
  return [mul(g, da), mul(g, db)];
});
export const max: Binary = binary("max", ({ g, inputs, out }) => shareTies(g, inputs, out), "any");
export const min: Binary = binary("min", ({ g, inputs, out }) => shareTies(g, inputs, out), "any");
export const atan2: Binary = binary(
  "atan2",
  ({ g, inputs }) => {
    const [y, x] = two(inputs);
    const square = add(mul(x, x), mul(y, y));
    return [mul(g, div(x, square)), neg(mul(g, div(y, square)))];
  },
  "float",
);

// Each of two equal inputs takes half of the gradient.
function shareTies(g: Tensor, inputs: readonly Tensor[], out: Tensor): readonly Tensor[] {
  const [a, b] = two(inputs);
  const share = where(equal(a, b), mul(g, 0.5), g);
  return [where(equal(a, out), share, 0), where(equal(b, out), share, 0)];
}

/** Bitwise and; logical for bool. */
export const and: Binary = binary("and", "none", "integral");
/** Bitwise or; logical for bool. */
export const or: Binary = binary("or", "none", "integral");
/** Bitwise exclusive or; logical for bool. */
export const xor: Binary = binary("xor", "none", "integral");
/** Bitwise not; logical for bool. */
export const not: Unary = unary("not", "none", "integral");
export const shiftLeft: Binary = binary("shiftLeft", "none", "integral");
/** Fills with zeros. */
export const shiftRightLogical: Binary = binary("shiftRightLogical", "none", "integral");
/** Fills with the sign. */
export const shiftRightArithmetic: Binary = binary("shiftRightArithmetic", "none", "integral");

export const equal: Binary = binary("equal", "none", "any", "bool");
export const notEqual: Binary = binary("notEqual", "none", "any", "bool");
export const less: Binary = binary("less", "none", "any", "bool");
export const lessEqual: Binary = binary("lessEqual", "none", "any", "bool");
export const greater: Binary = binary("greater", "none", "any", "bool");
export const greaterEqual: Binary = binary("greaterEqual", "none", "any", "bool");

export const neg: Unary = unary("neg", ({ g }) => [neg(g)], "number");
/** For complex inputs the real distance from 0. */
export const abs: Unary = unary(
  "abs",
  ({ g, inputs, out }) => {
    const x = one(inputs);
    // d |x| / dx is 1 at 0, as in JAX: a bias of zeros with an L1 penalty moves.
    if (!isComplex(x.dtype)) return [where(greaterEqual(x, 0), g, neg(g))];
    // d |z| = Re(conj(z) dz) / |z|, 0 at 0
    const share = div(g, where(equal(out, 0), 1, out));
    return [complex(mul(share, real(x)), neg(mul(share, imag(x))))];
  },
  "number",
  realOf,
);
/** -1, 0 or 1; nan for nan; `z / |z|` for complex inputs, 0 at 0. */
export const sign: Unary = unary("sign", "none", "number");
export const exp: Unary = unary("exp", ({ g, out }) => [mul(g, out)]);
export const expm1: Unary = unary("expm1", ({ g, out }) => [mul(g, add(out, 1))]);
export const log: Unary = unary("log", ({ g, inputs }) => [div(g, one(inputs))]);
export const log1p: Unary = unary("log1p", ({ g, inputs }) => [div(g, add(one(inputs), 1))]);
export const sqrt: Unary = unary("sqrt", ({ g, out }) => [div(mul(g, 0.5), out)]);
export const rsqrt: Unary = unary("rsqrt", ({ g, inputs, out }) => [mul(mul(g, -0.5), div(out, one(inputs)))]);
export const sin: Unary = unary("sin", ({ g, inputs }) => [mul(g, cos(one(inputs)))]);
export const cos: Unary = unary("cos", ({ g, inputs }) => [neg(mul(g, sin(one(inputs))))]);
// d tan = 1 + tan^2
export const tan: Unary = unary("tan", ({ g, out }) => [mul(g, add(mul(out, out), 1))]);
export const asin: Unary = unary("asin", ({ g, inputs }) => [mul(g, rsqrt(oneMinusSquare(one(inputs))))]);
export const acos: Unary = unary("acos", ({ g, inputs }) => [neg(mul(g, rsqrt(oneMinusSquare(one(inputs)))))]);
export const atan: Unary = unary("atan", ({ g, inputs }) => [div(g, add(square(one(inputs)), 1))]);
export const sinh: Unary = unary("sinh", ({ g, inputs }) => [mul(g, cosh(one(inputs)))]);
export const cosh: Unary = unary("cosh", ({ g, inputs }) => [mul(g, sinh(one(inputs)))]);
export const tanh: Unary = unary("tanh", ({ g, out }) => [mul(g, oneMinusSquare(out))]);
export const asinh: Unary = unary("asinh", ({ g, inputs }) => [mul(g, rsqrt(add(square(one(inputs)), 1)))]);
export const acosh: Unary = unary("acosh", ({ g, inputs }) => {
  const x = one(inputs);
  return [mul(g, mul(rsqrt(sub(x, 1)), rsqrt(add(x, 1))))];
});
export const atanh: Unary = unary("atanh", ({ g, inputs }) => [div(g, oneMinusSquare(one(inputs)))]);
// d erf(x) = 2/sqrt(pi) e^(-x^2) dx
export const erf: Unary = unary(
  "erf",
  ({ g, inputs }) => [mul(g, mul(exp(neg(square(one(inputs)))), 2 / Math.sqrt(Math.PI)))],
  "float",
);
// The inverse function's derivative: 1 / erf'(erfInv(x)) = sqrt(pi)/2 e^(erfInv(x)^2)
export const erfInv: Unary = unary(
  "erfInv",
  ({ g, out }) => [mul(g, mul(exp(square(out)), Math.sqrt(Math.PI) / 2))],
  "float",
);
export const lgamma: Unary = unary("lgamma", ({ g, inputs }) => [mul(g, digamma(one(inputs)))], "float");
export const digamma: Unary = unary("digamma", ({ g, inputs }) => [mul(g, trigamma(one(inputs)))], "float");
/** The second derivative of log gamma. @throws BackendError when differentiated: the next polygamma is not a primitive. */
export const trigamma: Unary = unary(
  "trigamma",
  () => {
    const must = "lgamma can be differentiated at most twice";
    throw new BackendError(
      complain("trigamma", { must, got: "a third derivative", todo: "Use fewer derivatives of lgamma" }),
    );
  },
  "float",
);
/** `1 / (1 + e^-x)`, without overflow. */
export const logistic: Unary = unary("logistic", ({ g, out }) => [mul(g, mul(out, sub(1, out)))]);
export const floor: Unary = unary("floor", "none", "float");
export const ceil: Unary = unary("ceil", "none", "float");
/** Nearest integer, ties to even; of both parts of complex inputs. */
export const round: Unary = unary("round", "none");
/** Toward zero. */
export const trunc: Unary = unary("trunc", "none", "real");
export const isFinite: Unary = unary("isFinite", "none", "inexact", "bool");
export const isNan: Unary = unary("isNan", "none", "inexact", "bool");
/** The value; nothing flows back. */
export const stopGradient: Unary = unary("stopGradient", "none", "any");

const square = (x: Tensor): Tensor => mul(x, x);
const oneMinusSquare = (x: Tensor): Tensor => sub(1, square(x));

export type WhereFn = ((condition: Tensor, a: Arg, b: Arg) => Tensor) & Marked<None, "primitive">;
const whereDefinition: Definition<None> = {
  name: "where",
  infer: (inputs) => {
    const [condition, a, b] = inputs as readonly [Aval, Aval, Aval];
    if (condition.dtype !== "bool") {
      const todo = "Compare with 0, or cast to bool";
      throw new DtypeError(complain("where", { must: "the condition must be bool", got: showAval(condition), todo }));
    }
    const dtype = requireSameDtype("where", [a, b]);
    return [{ shape: broadcastShapes("where", condition.shape, a.shape, b.shape), dtype }];
  },
  vjp: ({ g, inputs }) => [null, where(one(inputs), g, 0), where(one(inputs), 0, g)],
};
/** `a` where the condition holds, else `b`; nothing of the other side flows back, nan included. */
export const where: WhereFn = marked(
  (condition: Tensor, a: Arg, b: Arg) => apply1(whereDefinition, [condition, ...operands(a, b)], {}),
  "primitive",
  whereDefinition,
);

export interface CastParams {
  readonly dtype: DType;
  readonly [key: string]: unknown;
}
const castDefinition: Definition<CastParams> = {
  name: "cast",
  infer: ([x], { dtype }) => [{ shape: (x as Aval).shape, dtype }],
  vjp: ({ g, inputs }) => {
    const from = one(inputs).dtype;
    return [isDifferentiable(from) && isDifferentiable(g.dtype) ? cast(g, { dtype: from }) : null];
  },
};
/** To another dtype. Float to integer truncates and saturates, integers wrap, bool is `!= 0`, complex to real drops the imaginary part. */
export const cast: Configured<CastParams> = marked(
  (x: Tensor, params: CastParams) => (x.dtype === params.dtype ? x : apply1(castDefinition, [x], params)),
  "primitive",
  castDefinition,
);

// Complex numbers: `backend/passes/complex.ts` writes them as pairs of float32. Rules follow JAX: the cotangent of z = x + i y is
// dL/dx - i dL/dy, so that rules of holomorphic functions are those of real ones.
const complexDefinition: Definition<None> = {
  name: "complex",
  infer: (inputs) => {
    if (inputs.some((x) => x.dtype !== "float32")) {
      const got = inputs.map(showAval).join(" and ");
      throw new DtypeError(complain("complex", { must: "both parts must be float32", got, todo: "Cast them first" }));
    }
    return [{ shape: broadcastShapes("complex", ...inputs.map((x) => x.shape)), dtype: "complex64" }];
  },
  vjp: ({ g }) => [real(g), neg(imag(g))],
};
/** `re + i im`, complex64, of float32 parts that broadcast. */
export const complex: Binary<"lowered"> = marked(
  (re: Arg, im: Arg) => apply1(complexDefinition, operands(re, im), {}),
  "lowered",
  complexDefinition,
);
function part(name: string, vjp: VjpRule<None>): Unary<"lowered"> {
  const definition: Definition<None> = {
    name,
    infer: (inputs) => {
      const x = inputs[0] as Aval;
      if (isComplex(x.dtype)) return [{ shape: x.shape, dtype: "float32" }];
      throw new DtypeError(complain(name, { must: "the input must be complex64", got: showAval(x), todo: "Cast it" }));
    },
    vjp,
  };
  return marked((x: Tensor) => apply1(definition, [x], {}), "lowered", definition);
}
/** The real part of a complex64, float32. */
export const real: Unary<"lowered"> = part("real", ({ g }) => [complex(g, 0)]);
/** The imaginary part of a complex64, float32. */
export const imag: Unary<"lowered"> = part("imag", ({ g }) => [complex(0, neg(g))]);
/** `re - i im` of a complex64. */
export const conjugate = (x: Tensor): Tensor => complex(real(x), neg(imag(x)));
