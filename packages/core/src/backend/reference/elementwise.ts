// Elementwise kernels: numbers are computed in doubles and rounded once, to the output's dtype; integers wrap.
import {
  type Aval,
  bitsOf,
  castData,
  type HostArray,
  isFloat,
  roundHalfEven,
  sizeOf,
  type TypedArray,
} from "../../aval/index.ts";
import type * as elementwise from "../../primitives/elementwise.ts";
import type { Kernel, KernelAvals, KernelTable, PrimitiveName } from "../contract.ts";
import { finish, first, outOf, scratch } from "./arrays.ts";
import { broadcastRuns, chooseOver, type Loop, loopOf, loopOver, loops } from "./loops.ts";
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

// The loop is chosen by dtype once.
function binaryLoop(choose: (input: Aval) => Loop): ElementwiseKernel {
  return (inputs, _, avals) => {
    const aval = outOf(avals);
    const [a, b] = inputs as readonly [HostArray, HostArray];
    const out = scratch(aval, sizeOf(aval.shape));
    loopOver(choose(a), a.data, a.shape, b.data, b.shape, out, aval.shape);
    return finish(aval, out);
  };
}
const always = (loop: Loop): ElementwiseKernel => binaryLoop(() => loop);
function binary(float: TwoToOne, integer: TwoToOne = float): ElementwiseKernel {
  const [floats, integers] = [loopOf(float), loopOf(integer)];
  return binaryLoop(({ dtype }) => (isFloat(dtype) ? floats : integers));
}

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
  const out = scratch(aval, sizeOf(aval.shape));
  chooseOver(inputs, out, aval.shape);
  return finish(aval, out);
};

const not: ElementwiseKernel = (inputs, params, avals) =>
  unary((x) => (first(inputs).dtype === "bool" ? 1 - x : ~x))(inputs, params, avals);

const cast = (inputs: readonly HostArray[], { dtype }: elementwise.CastParams, avals: KernelAvals): HostArray => ({
  shape: outOf(avals).shape,
  dtype,
  data: castData(first(inputs).data, dtype, first(inputs).dtype),
});

/** The composite `multiplyAdd`: products of float32 are exact in doubles. Halves are rounded to float32 first, as its body does. */
export const multiplyAdd: Kernel<"multiplyAdd", HostArray> = (inputs, _, avals) => {
  const aval = outOf(avals);
  const [a, b, c] = inputs.map(({ data }) => data) as [TypedArray, TypedArray, TypedArray];
  const isWide = aval.dtype === "float64";
  const out = new (isWide ? Float64Array : Float32Array)(sizeOf(aval.shape));
  const shapes = inputs.map(({ shape }) => shape);
  broadcastRuns(aval.shape, shapes, (start, count, [ia = 0, ib = 0, ic = 0], [sa = 0, sb = 0, sc = 0]) => {
    for (let end = start + count; start < end; start++, ia += sa, ib += sb, ic += sc) {
      out[start] = (a[ia] as number) * (b[ib] as number) + (c[ic] as number);
    }
  });
  return finish(aval, out);
};

/** The kernel of `primitives/bits.ts`: the same memory, seen as another dtype. */
export const bitcast: Kernel<"bitcast", HostArray> = (inputs, { dtype }) => {
  const { shape, data } = first(inputs);
  const memory = data.slice().buffer;
  const bits = dtype === "int32" ? new Int32Array(memory) : new Uint32Array(memory);
  return { shape, dtype, data: dtype === "float32" ? new Float32Array(memory) : bits };
};

/** Kernels of `primitives/elementwise.ts`. */
export const elementwiseKernels: Pick<KernelTable<HostArray>, keyof typeof elementwise & PrimitiveName> = {
  add: always(loops.add),
  sub: always(loops.sub),
  mul: binaryLoop(({ dtype }) => (isFloat(dtype) ? loops.mul : loops.imul)),
  div: binaryLoop(({ dtype }) => (isFloat(dtype) ? loops.div : integerDivLoop)),
  rem: binary(
    (a, b) => a % b,
    (a, b) => (b === 0 ? a : a % b),
  ),
  pow: binary(floatPower, integerPower),
  max: always(loops.max),
  min: always(loops.min),
  atan2: binary(Math.atan2),
  and: always(loops.and),
  or: always(loops.or),
  xor: always(loops.xor),
  not,
  shiftLeft: shift((bits) => (x, by) => (movesAllOut(by, bits) ? 0 : x << by)),
  shiftRightLogical: shift(
    (bits) => (x, by) => (movesAllOut(by, bits) ? 0 : (bits === 32 ? x >>> 0 : x & (2 ** bits - 1)) >>> by),
  ),
  shiftRightArithmetic: shift((bits) => (x, by) => {
    const signed = (x << (32 - bits)) >> (32 - bits);
    return signed >> (movesAllOut(by, bits) ? 31 : by);
  }),
  equal: always(loops.equal),
  notEqual: always(loops.notEqual),
  less: always(loops.less),
  lessEqual: always(loops.lessEqual),
  greater: always(loops.greater),
  greaterEqual: always(loops.greaterEqual),
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
