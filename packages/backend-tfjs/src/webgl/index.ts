// Kernels that TensorFlow.js' WebGL device lacks, or has wrong, as programs for it. Whole numbers are floats there, exact up to 2^24.
import {
  type Aval,
  isFloat,
  type Kernel,
  type KernelAvals,
  type KernelTable,
  type Shape,
  sizeOf,
} from "@keras-ts/core/backend";
import type { Additions, Programs } from "../additions.ts";
import type { Engine, NativeDType, Tensor } from "../engine.ts";
import { REMAINDER } from "../functions/floats.ts";
import { SPECIAL } from "../functions/special.ts";
import { broadcast } from "../kernels/broadcast.ts";
import { contractions } from "../kernels/contraction.ts";
import { convolutions } from "../kernels/convolution-gradients.ts";
import { asInteger, joined, reshaped, sliced } from "../kernels/structural.ts";
import { fft } from "./fft.ts";
import { elementByElement } from "./program.ts";
import { sortingPrograms } from "./sorting.ts";

type Simple = (inputs: readonly Tensor[], params: unknown, avals: KernelAvals) => Tensor;
const outOf = ({ outs }: KernelAvals): Aval & { readonly dtype: NativeDType } =>
  outs[0] as Aval & { readonly dtype: NativeDType };

const expression =
  (e: Engine, code: string, before = ""): Simple =>
  (inputs, _, avals) =>
    elementByElement(e, inputs, outOf(avals), code, before);

// Quotients of whole numbers, put right by what they leave; anything by zero is -1. Powers by squaring.
const WHOLE = `
  fn quotient(x : f32, y : f32) -> f32 {
    if (y == 0.0) { return -1.0; }
    var q : f32 = trunc(x / y);
    let rest : f32 = x - q * y;
    let away : f32 = sign(x) * sign(y);
    if (abs(rest) >= abs(y)) { q = q + away; }
    if (rest * x < 0.0) { q = q - away; }
    return q;
  }
  fn power(x : f32, y : f32) -> f32 {
    if (x == 1.0 || y == 0.0) { return 1.0; }
    if (x == -1.0) { return select(1.0, -1.0, (i32(y) & 1) != 0); }
    if (y < 0.0) { return 0.0; }
    var product : f32 = 1.0;
    var base : f32 = x;
    for (var rest : i32 = i32(y); rest > 0; rest = rest >> 1u) {
      if ((rest & 1) == 1) { product = product * base; }
      base = base * base;
    }
    return product;
  }`;
// Of the 32 bits of a whole number those that stay, as a number again.
const SHIFTS = `
  fn isBeyond(by : f32) -> bool { return by < 0.0 || by > 31.0; }
  fn left(x : f32, by : f32) -> f32 {
    if (isBeyond(by)) { return 0.0; }
    let y : f32 = x * exp2(by);
    return y - 4294967296.0 * floor(y / 4294967296.0 + 0.5);
  }
  fn arithmetic(x : f32, by : f32) -> f32 { return floor(x / exp2(select(by, 31.0, isBeyond(by)))); }
  fn logical(x : f32, by : f32) -> f32 {
    if (isBeyond(by)) { return 0.0; }
    if (by == 0.0) { return x; }
    return floor(select(x, x + 4294967296.0, x < 0.0) / exp2(by));
  }`;

/** True while the values of a tensor have not gone to the device: a loop over them moves nothing, and keeps all their bits. */
function isStillHere(e: Engine, x: Tensor): boolean {
  const device = e.tf.engine().findBackend("webgl") as unknown as {
    readonly texData: { get(id: object): { readonly values?: unknown } };
  };
  return (device.texData.get(x.dataId).values ?? null) !== null;
}
type Shift = "shiftLeft" | "shiftRightLogical" | "shiftRightArithmetic";
const shift =
  (e: Engine, name: Shift, code: string): Simple =>
  (inputs, params, avals) => {
    const [x] = inputs as readonly [Tensor];
    if (isStillHere(e, x)) return e.onReference(name)(inputs, params as Record<never, never>, avals);
    return elementByElement(e, inputs, outOf(avals), code, SHIFTS);
  };

/** Products of whole numbers as those of floats. */
function throughFloats<N extends "dotGeneral" | "conv" | "convInputGrad" | "convFilterGrad">(
  e: Engine,
  kernelsOf: () => Pick<KernelTable<Tensor>, N>,
  name: N,
): KernelTable<Tensor>[N] {
  const kernel = (inputs: readonly Tensor[], params: unknown, avals: KernelAvals): Tensor =>
    e.scoped(() => {
      const asFloats = (list: readonly Aval[]): Aval[] => list.map(({ shape }) => ({ shape, dtype: "float32" }));
      const floats = inputs.map((x) => e.run("Cast", { x }, { dtype: "float32" }));
      const inner = kernelsOf()[name] as unknown as (...args: unknown[]) => Tensor;
      const x = inner(floats, params, { ins: asFloats(avals.ins), outs: asFloats(avals.outs) });
      const { dtype } = outOf(avals);
      if (dtype === "bool") return e.run("NotEqual", { a: x, b: e.fill([], 0, "float32") });
      return e.run("Cast", { x }, { dtype });
    });
  return kernel as unknown as KernelTable<Tensor>[N];
}

// a + b - (a & b), and a + b - 2 (a & b)
function bitwise(e: Engine): Pick<KernelTable<Tensor>, "and" | "or" | "xor"> {
  const common = ([a, b]: readonly Tensor[], shape: Shape): Tensor =>
    e.run("BitwiseAnd", { a: broadcast(e, a as Tensor, shape), b: broadcast(e, b as Tensor, shape) });
  const sum = ([a, b]: readonly Tensor[]): Tensor => e.run("Add", { a: a as Tensor, b: b as Tensor });
  const less = (a: Tensor, b: Tensor): Tensor => e.run("Sub", { a, b });
  return {
    and: (inputs, _, avals) => e.scoped(() => common(inputs, outOf(avals).shape)),
    or: (inputs, _, avals) => e.scoped(() => less(sum(inputs), common(inputs, outOf(avals).shape))),
    xor: (inputs, _, avals) =>
      e.scoped(() => {
        const both = common(inputs, outOf(avals).shape);
        return less(sum(inputs), sum([both, both]));
      }),
  };
}

// Running extremes: each element with the one a step before it, for steps of 1, 2, 4 ... it then knows twice as many.
function extremes(e: Engine, name: "Maximum" | "Minimum"): Kernel<"cumMax", Tensor> & Kernel<"cumMin", Tensor> {
  return (inputs, { axis, reverse }) =>
    asInteger(e, inputs[0] as Tensor, (x) =>
      e.scoped(() => {
        const [outer, size] = [sizeOf(x.shape.slice(0, axis)), x.shape[axis] as number];
        const inner = sizeOf(x.shape.slice(axis + 1));
        let lines = reshaped(e, x, [outer, size * inner]);
        const part = (from: number, to: number): Tensor =>
          sliced(e, lines, [0, from * inner], [outer, (to - from) * inner], [1, 1]);
        for (let step = 1; step < size; step *= 2) {
          const met = e.run(name, { a: part(0, size - step), b: part(step, size) });
          lines = joined(e, reverse ? [met, part(size - step, size)] : [part(0, step), met], 1);
        }
        return reshaped(e, lines, x.shape);
      }),
    );
}

function own(e: Engine): Programs {
  const remainder = expression(e, "remainder(x, y)", REMAINDER);
  const special = Object.entries(SPECIAL).map(([name, [code, before]]) => [name, expression(e, code, before)]);
  return {
    ...(Object.fromEntries(special) as Pick<KernelTable<Tensor>, keyof typeof SPECIAL>),
    rem: (inputs, params, avals) =>
      isFloat((avals.ins[0] as Aval).dtype)
        ? remainder(inputs, params, avals)
        : elementByElement(e, inputs, outOf(avals), "(y == 0.0 ? x : remainder(x, y))", REMAINDER),
    div: expression(e, "quotient(x, y)", WHOLE),
    pow: expression(e, "power(x, y)", WHOLE),
    shiftLeft: shift(e, "shiftLeft", "left(x, y)"),
    shiftRightLogical: shift(e, "shiftRightLogical", "logical(x, y)"),
    shiftRightArithmetic: shift(e, "shiftRightArithmetic", "arithmetic(x, y)"),
    dotGeneral: throughFloats(e, () => contractions(e), "dotGeneral"),
    conv: throughFloats(e, () => convolutions(e), "conv"),
    convInputGrad: throughFloats(e, () => convolutions(e), "convInputGrad"),
    convFilterGrad: throughFloats(e, () => convolutions(e), "convFilterGrad"),
    ...bitwise(e),
    cumMax: extremes(e, "Maximum"),
    cumMin: extremes(e, "Minimum"),
    ...sortingPrograms(e),
    fft: fft(e),
  };
}

/** All programs of an engine on WebGL. */
export const additions = (e: Engine): Additions => ({ own: own(e), natives: {} });
