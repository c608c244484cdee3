// Elementwise kernels: numbers are computed in doubles and rounded once, to the output's dtype; integers wrap.
import {
  type Aval,
  bitsOf,
  castData,
  type HostArray,
  isFloat,
  roundHalfEven,
  type Shape,
  sameShape,
  sizeOf,
  type TypedArray,
} from "../../aval/index.ts";
import type * as elementwise from "../../primitives/elementwise.ts";
import type { Kernel, KernelAvals, KernelTable, PrimitiveName } from "../contract.ts";
import { broadcastLayout, finish, first, outOf, readStrided, scratch } from "./arrays.ts";
import { digamma, erf, erfInv, lgamma, trigamma } from "./special.ts";

type ElementwiseKernel = (inputs: readonly HostArray[], params: unknown, avals: KernelAvals) => HostArray;
type OneToOne = (x: number) => number;
type TwoToOne = (a: number, b: number) => number;

function unary(float: OneToOne, integer: OneToOne = float): ElementwiseKernel {
  return (inputs, _, avals) => {
    const { data, dtype } = first(inputs);
    const f = isFloat(dtype) ? float : integer;
    const out = scratch(outOf(avals), data.length);
    for (let i = 0; i < data.length; i++) out[i] = f(data[i] as number);
    return finish(outOf(avals), out);
  };
}

/** An operand ready for one loop over the output: it steps by 1, or by 0 if it is a single number. */
interface Stepped {
  readonly data: TypedArray;
  readonly step: 0 | 1;
}
function stepped(x: HostArray, shape: Shape): Stepped {
  if (sameShape(x.shape, shape)) return { data: x.data, step: 1 };
  if (x.data.length === 1) return { data: x.data, step: 0 };
  return { data: readStrided(x.data, broadcastLayout(x.shape, shape), sizeOf(shape)), step: 1 };
}

type Loop = (a: TypedArray, sa: number, b: TypedArray, sb: number, out: TypedArray) => void;
// The function is chosen by dtype once, before the loop.
function binaryLoop(choose: (input: Aval) => Loop): ElementwiseKernel {
  return (inputs, _, avals) => {
    const aval = outOf(avals);
    const a = stepped(inputs[0] as HostArray, aval.shape);
    const b = stepped(inputs[1] as HostArray, aval.shape);
    const out = scratch(aval, sizeOf(aval.shape));
    choose(first(inputs))(a.data, a.step, b.data, b.step, out);
    return finish(aval, out);
  };
}
const loopOf =
  (f: TwoToOne): Loop =>
  (a, sa, b, sb, out) => {
    for (let i = 0, ia = 0, ib = 0; i < out.length; i++, ia += sa, ib += sb)
      out[i] = f(a[ia] as number, b[ib] as number);
  };
function binary(float: TwoToOne, integer: TwoToOne = float): ElementwiseKernel {
  const [floats, integers] = [loopOf(float), loopOf(integer)];
  return binaryLoop(({ dtype }) => (isFloat(dtype) ? floats : integers));
}
const comparison = (holds: (a: number, b: number) => boolean): ElementwiseKernel =>
  binary((a, b) => (holds(a, b) ? 1 : 0));

// The commonest four are written out: a call for each element would be most of their time.
const addLoop: Loop = (a, sa, b, sb, out) => {
  for (let i = 0, ia = 0, ib = 0; i < out.length; i++, ia += sa, ib += sb)
    out[i] = (a[ia] as number) + (b[ib] as number);
};
const subLoop: Loop = (a, sa, b, sb, out) => {
  for (let i = 0, ia = 0, ib = 0; i < out.length; i++, ia += sa, ib += sb)
    out[i] = (a[ia] as number) - (b[ib] as number);
};
const mulLoop: Loop = (a, sa, b, sb, out) => {
  for (let i = 0, ia = 0, ib = 0; i < out.length; i++, ia += sa, ib += sb)
    out[i] = (a[ia] as number) * (b[ib] as number);
};
const divLoop: Loop = (a, sa, b, sb, out) => {
  for (let i = 0, ia = 0, ib = 0; i < out.length; i++, ia += sa, ib += sb)
    out[i] = (a[ia] as number) / (b[ib] as number);
};
const integerMulLoop = loopOf(Math.imul);
// As XLA: anything by zero is -1 (all bits set).
const integerDivLoop = loopOf((a, b) => (b === 0 ? -1 : Math.trunc(a / b)));

// C's pow, where JavaScript says nan: 1^nan is 1, (-1)^(+-inf) is 1.
function floatPower(a: number, b: number): number {
  if (a === 1 || (a === -1 && !Number.isFinite(b) && !Number.isNaN(b))) return 1;
  return a ** b;
}
// By squaring, wrapping at 32 bits. Negative powers are 0 except of 1 and -1, as XLA.
function integerPower(a: number, b: number): number {
  if (b < 0) return a === 1 ? 1 : a === -1 ? (b % 2 === 0 ? 1 : -1) : 0;
  let result = 1;
  for (let base = a, rest = b; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, base);
    base = Math.imul(base, base);
  }
  return result;
}

// Shifts see the amount as unsigned: a negative or too large one moves every bit out, as XLA.
function shift(f: (bits: number) => TwoToOne): ElementwiseKernel {
  return binaryLoop(({ dtype }) => loopOf(f(bitsOf(dtype))));
}
const movesAllOut = (amount: number, bits: number): boolean => amount < 0 || amount >= bits;

const where: ElementwiseKernel = (inputs, _, avals) => {
  const aval = outOf(avals);
  const [c, a, b] = inputs.map((x) => stepped(x, aval.shape)) as [Stepped, Stepped, Stepped];
  const out = scratch(aval, sizeOf(aval.shape));
  for (let i = 0; i < out.length; i++) {
    out[i] = (c.data[i * c.step] !== 0 ? a.data[i * a.step] : b.data[i * b.step]) as number;
  }
  return finish(aval, out);
};

const not: ElementwiseKernel = (inputs, params, avals) =>
  unary((x) => (first(inputs).dtype === "bool" ? 1 - x : ~x))(inputs, params, avals);

const cast = (inputs: readonly HostArray[], { dtype }: elementwise.CastParams, avals: KernelAvals): HostArray => ({
  shape: outOf(avals).shape,
  dtype,
  data: castData(first(inputs).data, dtype, first(inputs).dtype),
});

/** The kernel of `primitives/bits.ts`: the same memory, seen as another dtype. */
export const bitcast: Kernel<"bitcast", HostArray> = (inputs, { dtype }) => {
  const { shape, data } = first(inputs);
  const memory = data.slice().buffer;
  const bits = dtype === "int32" ? new Int32Array(memory) : new Uint32Array(memory);
  return { shape, dtype, data: dtype === "float32" ? new Float32Array(memory) : bits };
};

/** Kernels of `primitives/elementwise.ts`. */
export const elementwiseKernels: Pick<KernelTable<HostArray>, keyof typeof elementwise & PrimitiveName> = {
  add: binaryLoop(() => addLoop),
  sub: binaryLoop(() => subLoop),
  mul: binaryLoop(({ dtype }) => (isFloat(dtype) ? mulLoop : integerMulLoop)),
  div: binaryLoop(({ dtype }) => (isFloat(dtype) ? divLoop : integerDivLoop)),
  rem: binary(
    (a, b) => a % b,
    (a, b) => (b === 0 ? a : a % b),
  ),
  pow: binary(floatPower, integerPower),
  max: binary(Math.max),
  min: binary(Math.min),
  atan2: binary(Math.atan2),
  and: binary((a, b) => a & b),
  or: binary((a, b) => a | b),
  xor: binary((a, b) => a ^ b),
  not,
  shiftLeft: shift((bits) => (x, by) => (movesAllOut(by, bits) ? 0 : x << by)),
  shiftRightLogical: shift(
    (bits) => (x, by) => (movesAllOut(by, bits) ? 0 : (bits === 32 ? x >>> 0 : x & (2 ** bits - 1)) >>> by),
  ),
  shiftRightArithmetic: shift((bits) => (x, by) => {
    const signed = (x << (32 - bits)) >> (32 - bits);
    return signed >> (movesAllOut(by, bits) ? 31 : by);
  }),
  equal: comparison((a, b) => a === b),
  notEqual: comparison((a, b) => a !== b),
  less: comparison((a, b) => a < b),
  lessEqual: comparison((a, b) => a <= b),
  greater: comparison((a, b) => a > b),
  greaterEqual: comparison((a, b) => a >= b),
  neg: unary((x) => -x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  exp: unary(Math.exp),
  expm1: unary(Math.expm1),
  log: unary(Math.log),
  log1p: unary(Math.log1p),
  sqrt: unary(Math.sqrt),
  rsqrt: unary((x) => 1 / Math.sqrt(x)),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  tan: unary(Math.tan),
  asin: unary(Math.asin),
  acos: unary(Math.acos),
  atan: unary(Math.atan),
  sinh: unary(Math.sinh),
  cosh: unary(Math.cosh),
  tanh: unary(Math.tanh),
  asinh: unary(Math.asinh),
  acosh: unary(Math.acosh),
  atanh: unary(Math.atanh),
  erf: unary(erf),
  erfInv: unary(erfInv),
  lgamma: unary(lgamma),
  digamma: unary(digamma),
  trigamma: unary(trigamma),
  logistic: unary((x) => 1 / (1 + Math.exp(-x))),
  floor: unary(Math.floor),
  ceil: unary(Math.ceil),
  round: unary(roundHalfEven),
  trunc: unary(Math.trunc),
  isFinite: unary((x) => (Number.isFinite(x) ? 1 : 0)),
  isNan: unary((x) => (Number.isNaN(x) ? 1 : 0)),
  stopGradient: (inputs) => ({ ...first(inputs) }),
  where,
  cast,
};
