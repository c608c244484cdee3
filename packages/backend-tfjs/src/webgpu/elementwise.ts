// Pairs of numbers: whole ones, which are exact and wrap here, and what TensorFlow.js has wrong of floats.
import { type Aval, isFloat, type Kernel, type KernelAvals, type Shape, sizeOf } from "@keras-ts/core/backend";
import type { Programs } from "../additions.ts";
import { type Engine, type NativeDType, nativeDtype, type Tensor } from "../engine.ts";
import { REMAINDER } from "../functions/floats.ts";
import { SPECIAL } from "../functions/special.ts";
import { strided } from "./places.ts";
import { runProgram } from "./program.ts";

/** Where an operand is read: element `(i / inner) % size`. */
interface Reading {
  readonly x: Tensor;
  readonly inner: number;
  readonly size: number;
}

// Operands of which one block of neighbouring axes is not repeated (numbers, rows, columns) are read in place.
function readingOf(e: Engine, x: Tensor, shape: Shape): Reading {
  const sizes = [...Array.from({ length: shape.length - x.rank }, () => 1), ...x.shape];
  const isRepeated = (axis: number): boolean => sizes[axis] === 1 && shape[axis] !== 1;
  let end = shape.length;
  while (end > 0 && isRepeated(end - 1)) end--;
  let start = end;
  while (start > 0 && !isRepeated(start - 1)) start--;
  const size = sizeOf(sizes.slice(start, end));
  if (size === x.size) return { x, inner: sizeOf(shape.slice(end)), size };
  const strides = sizes.map((_, axis) => (isRepeated(axis) ? 0 : sizeOf(sizes.slice(axis + 1))));
  return { x: strided(e, x, shape, strides), inner: 1, size: sizeOf(shape) };
}

const NAMES = ["x", "y", "z"] as const;
/** `code` for all elements of operands that broadcast: `x`, `y` and `z` there. */
export function elementByElement(
  e: Engine,
  name: string,
  operands: readonly Tensor[],
  out: { readonly shape: Shape; readonly dtype: NativeDType },
  code: string,
  before = "",
): Tensor {
  return e.scoped(() => {
    const readings = operands.map((x) => readingOf(e, x, out.shape));
    const own = readings.map((_, i) => `operand${i}`);
    return runProgram(e, {
      name,
      inputs: Object.fromEntries(readings.map(({ x }, i) => [own[i], x])),
      numbers: Object.fromEntries(
        readings.flatMap(({ inner, size }, i) => [
          [`inner${i}`, inner],
          [`size${i}`, size],
        ]),
      ),
      out,
      before,
      code: `${own.map((array, i) => `let ${NAMES[i]} = ${array}[(index / uniforms.inner${i}) % uniforms.size${i}];`).join(" ")} ${code}`,
    });
  });
}

type Binary = (inputs: readonly Tensor[], params: unknown, avals: KernelAvals) => Tensor;
const binary =
  (e: Engine, name: string, code: string, before = ""): Binary =>
  (inputs, _, { outs }) =>
    elementByElement(e, name, inputs, outs[0] as Aval & { readonly dtype: NativeDType }, code, before);

// By squaring. Negative powers are 0 except of 1 and -1, as XLA.
const POWER = `
  fn power(x : i32, y : i32) -> i32 {
    if (y < 0) {
      if (x == 1) { return 1; }
      if (x == -1) { return select(1, -1, (y & 1) != 0); }
      return 0;
    }
    var product = 1;
    var base = x;
    for (var rest = y; rest > 0; rest = rest >> 1u) {
      if ((rest & 1) == 1) { product = product * base; }
      base = base * base;
    }
    return product;
  }`;

/** The remainder with the sign of the dividend; pairs of floats or of whole numbers. */
function rem(e: Engine): Binary {
  const whole = binary(e, "rem of integers", "if (y == 0) { result[index] = x; } else { result[index] = x % y; }");
  const float = binary(e, "rem of floats", "result[index] = remainder(x, y);", REMAINDER);
  return (inputs, params, avals) => (isFloat((avals.ins[0] as Aval).dtype) ? float : whole)(inputs, params, avals);
}

// The amount counts as unsigned: a negative or too large one moves every bit out.
const shift = (e: Engine, name: string, code: string, beyond: string): Binary =>
  binary(e, name, `if (u32(y) > 31u) { result[index] = ${beyond}; } else { result[index] = ${code}; }`);

export function elementwisePrograms(e: Engine): Programs {
  return {
    // Anything by zero is -1, as XLA.
    div: binary(e, "div", "if (y == 0) { result[index] = -1; } else { result[index] = x / y; }"),
    rem: rem(e),
    pow: binary(e, "pow", "result[index] = power(x, y);", POWER),
    and: binary(e, "and", "result[index] = x & y;"),
    or: binary(e, "or", "result[index] = x | y;"),
    xor: binary(e, "xor", "result[index] = x ^ y;"),
    shiftLeft: shift(e, "shift left", "x << u32(y)", "0"),
    shiftRightLogical: shift(e, "shift right logical", "bitcast<i32>(bitcast<u32>(x) >> u32(y))", "0"),
    shiftRightArithmetic: shift(e, "shift right arithmetic", "x >> u32(y)", "x >> 31u"),
  };
}

/** The same bits as another dtype. */
export const bitcastOn =
  (e: Engine): Kernel<"bitcast", Tensor> =>
  ([x], _, { outs }) => {
    const { shape, dtype } = outs[0] as Aval;
    const type = isFloat(dtype) ? "f32" : "i32";
    const out = { shape, dtype: nativeDtype(dtype) };
    return elementByElement(e, `bitcast ${type}`, [x as Tensor], out, `result[index] = bitcast<${type}>(x);`);
  };

export function specialPrograms(e: Engine): Programs {
  const unary =
    (name: keyof typeof SPECIAL) =>
    (inputs: readonly Tensor[]): Tensor => {
      const [code, before] = SPECIAL[name];
      const { shape } = inputs[0] as Tensor;
      return elementByElement(e, name, inputs, { shape, dtype: "float32" }, `result[index] = ${code};`, before);
    };
  return {
    sign: unary("sign"),
    trunc: unary("trunc"),
    erfInv: unary("erfInv"),
    lgamma: unary("lgamma"),
    digamma: unary("digamma"),
    trigamma: unary("trigamma"),
  };
}
