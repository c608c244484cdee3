// Code that finds elements in tensors of any number of axes. Sizes and strides are numbers that it reads, so that one program serves
// all shapes with as many axes.
import { range, type Shape } from "@keras-ts/core/backend";
import type { Engine, NativeDType, Tensor } from "../engine.ts";
import { runProgram } from "./program.ts";

/** `c0`, `c1` ... from `rest`, a number of an element in row-major order, which is used up. Sizes are `uniforms.name0` ... */
export const coordinates = (rank: number, name: string, own = "c"): string =>
  range(rank)
    .reverse()
    .map((d) => `let ${own}${d} = rest % uniforms.${name}${d}; rest = rest / uniforms.${name}${d};`)
    .join(" ");
/** Numbers `name0`, `name1` ... */
export const listed = (name: string, values: readonly number[]): Readonly<Record<string, number>> =>
  Object.fromEntries(values.map((value, d) => [`${name}${d}`, value]));
/** The sum of coordinates times `uniforms.name0` ... */
export const weighted = (rank: number, name: string, own = "c"): string =>
  ["0", ...range(rank).map((d) => `${own}${d} * uniforms.${name}${d}`)].join(" + ");
/** The number of an element in row-major order, sizes as in `coordinates`. */
export const address = (rank: number, coordinate: (d: number) => string, name: string): string =>
  range(rank).reduce((sum, d) => (d === 0 ? coordinate(0) : `(${sum}) * uniforms.${name}${d} + ${coordinate(d)}`), "0");

/** Elements of `x` in another order: with each coordinate the place moves by a stride, which may be 0 or less. */
export function strided(e: Engine, x: Tensor, shape: Shape, strides: readonly number[], offset = 0): Tensor {
  const rank = shape.length;
  return runProgram(e, {
    name: `strided ${rank}`,
    inputs: { x },
    numbers: { offset, ...listed("size", shape), ...listed("stride", strides) },
    out: { shape, dtype: x.dtype as NativeDType },
    code: `var rest = index; ${coordinates(rank, "size")} result[index] = x[uniforms.offset + ${weighted(rank, "stride")}];`,
  });
}
