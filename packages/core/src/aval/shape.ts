import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { DType } from "./dtype.ts";

export type Shape = readonly number[];
/** A shape in which `null` stands for a size not known yet. */
export type SymbolicShape = readonly (number | null)[];

/** What is known of a tensor before it has values. */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
}

export const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);
export const sameShape = (a: SymbolicShape, b: SymbolicShape): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i]);

/** `0..count-1`. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Row-major strides. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i] as number;
  }
  return strides;
}

/** An axis counted from the front. @throws ShapeError outside `[-ndim, ndim)`. */
export function normalizeAxis(axis: number, ndim: number, where: string): number {
  if (Number.isInteger(axis) && axis >= -ndim && axis < ndim) return axis < 0 ? axis + ndim : axis;
  throw new ShapeError(
    complain(where, {
      must: ndim === 0 ? "a scalar has no axis" : `axis must be an integer in [${-ndim}, ${ndim})`,
      got: `axis ${axis} for ${ndim} dimension${ndim === 1 ? "" : "s"}`,
      todo: "Check the axis against the shape of the input",
    }),
  );
}

/** Sorted axes counted from the front; `null` means all. @throws ShapeError out of range or twice the same. */
export function normalizeAxes(axis: number | readonly number[] | null, ndim: number, where: string): number[] {
  if (axis === null) return range(ndim);
  const axes = (typeof axis === "number" ? [axis] : axis).map((a) => normalizeAxis(a, ndim, where));
  if (new Set(axes).size !== axes.length) {
    const todo = "Name each axis once";
    throw new ShapeError(complain(where, { must: "axes must differ", got: showShape(axes), todo }));
  }
  return axes.sort((a, b) => a - b);
}

/** NumPy broadcasting of any number of shapes. @throws ShapeError if two sizes differ and neither is 1. */
export function broadcastShapes(where: string, ...shapes: readonly Shape[]): number[] {
  const ndim = Math.max(0, ...shapes.map((s) => s.length));
  return range(ndim).map((i) => {
    let size = 1;
    for (const shape of shapes) {
      const own = shape[i - ndim + shape.length];
      if (own === undefined || own === 1 || own === size) continue;
      if (size !== 1) {
        throw new ShapeError(
          complain(where, {
            must: "shapes must be equal or broadcast (sizes equal, or one of them 1, counted from the last axis)",
            got: shapes.map(showShape).join(" and "),
            todo: "Reshape one input, or insert axes of size 1 with expandDims",
          }),
        );
      }
      size = own;
    }
    return size;
  });
}

/** A shape without `axes`. */
export const dropAxes = (shape: Shape, axes: readonly number[]): number[] => shape.filter((_, i) => !axes.includes(i));
/** A shape with `axes` kept at size 1. */
export const keepAxes = (shape: Shape, axes: readonly number[]): number[] =>
  shape.map((size, i) => (axes.includes(i) ? 1 : size));
