// The same elements under another shape or in another order.
import { normalizeAxes, normalizeAxis, range, type Shape, sizeOf } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { sliceAxis } from "./get-item.ts";
import { type Op, op } from "./op.ts";
import { moveAxes } from "./shape-core.ts";

/** A shape with at most one -1, which takes what is left. @throws ShapeError if the sizes do not fit. */
function resolveShape(where: string, from: Shape, to: Shape): number[] {
  const open = to.filter((n) => n === -1).length;
  const known = sizeOf(to.filter((n) => n !== -1));
  const size = sizeOf(from);
  const valid = to.every((n) => Number.isInteger(n) && n >= -1) && open <= 1;
  if (!valid || (open === 0 ? known !== size : known === 0 ? size !== 0 : size % known !== 0)) {
    const must = "the new shape must hold as many elements, with at most one size -1";
    const got = `${showShape(from)} (${size}) to ${showShape(to)}`;
    throw new ShapeError(complain(where, { must, got, todo: "Check the new shape" }));
  }
  return to.map((n) => (n === -1 ? (known === 0 ? 0 : size / known) : n));
}

/**
 * The same elements, row-major, under `newshape`; one size may be -1.
 * Source: keras.ops.reshape.
 * @example await ops.reshape([1, 2, 3, 4], [2, -1]).array(); // [[1, 2], [3, 4]]
 */
export const reshape: Op<(x: TensorLike, newshape: Shape | number) => Tensor> = /* @__PURE__ */ op(
  "reshape",
  (x: TensorLike, newshape: Shape | number): Tensor => {
    const t = convertToTensor(x);
    return p.reshape(t, {
      shape: resolveShape("reshape", t.shape, typeof newshape === "number" ? [newshape] : newshape),
    });
  },
);
/**
 * One axis.
 * Source: keras.ops.ravel.
 * @example await ops.ravel([[1, 2], [3, 4]]).array(); // [1, 2, 3, 4]
 */
export const ravel: Op<(x: TensorLike) => Tensor> = /* @__PURE__ */ op("ravel", (x: TensorLike): Tensor => {
  const t = convertToTensor(x);
  return p.reshape(t, { shape: [t.size] });
});

/** Axes in another order. */
export interface TransposeOptions {
  /** Output axis `i` is input axis `axes[i]`; all reversed by default. */
  readonly axes?: readonly number[] | null;
}
/**
 * Axes in another order; reversed by default.
 * Source: keras.ops.transpose.
 * @example await ops.transpose([[1, 2], [3, 4]]).array(); // [[1, 3], [2, 4]]
 */
export const transpose: Op<(x: TensorLike, options?: TransposeOptions) => Tensor> = /* @__PURE__ */ op(
  "transpose",
  (x: TensorLike, { axes = null }: TransposeOptions = {}): Tensor => {
    const t = convertToTensor(x);
    const permutation =
      axes === null ? range(t.ndim).reverse() : axes.map((a) => normalizeAxis(a, t.ndim, "transpose"));
    return p.transpose(t, { permutation });
  },
);
/**
 * Two axes exchanged.
 * Source: keras.ops.swapaxes.
 * @example await ops.swapaxes([[1, 2]], 0, 1).array(); // [[1], [2]]
 */
export const swapaxes: Op<(x: TensorLike, axis1: number, axis2: number) => Tensor> = /* @__PURE__ */ op(
  "swapaxes",
  (x: TensorLike, axis1: number, axis2: number): Tensor => {
    const t = convertToTensor(x);
    const [a, b] = [normalizeAxis(axis1, t.ndim, "swapaxes"), normalizeAxis(axis2, t.ndim, "swapaxes")];
    return p.transpose(t, { permutation: range(t.ndim).map((i) => (i === a ? b : i === b ? a : i)) });
  },
);
const listed = (axis: number | readonly number[]): readonly number[] => (typeof axis === "number" ? [axis] : axis);
type Axes = number | readonly number[];
/**
 * Axes moved to other places.
 * Source: keras.ops.moveaxis.
 * @example await ops.moveaxis([[1, 2]], 0, 1).array(); // [[1], [2]]
 */
export const moveaxis: Op<(x: TensorLike, source: Axes, destination: Axes) => Tensor> = /* @__PURE__ */ op(
  "moveaxis",
  (x: TensorLike, source: Axes, destination: Axes): Tensor =>
    moveAxes(convertToTensor(x), listed(source), listed(destination)),
);

/**
 * New axes of size 1 at the places that `axis` names in the result.
 * Source: keras.ops.expand_dims.
 * @example await ops.expandDims([1, 2], -1).array(); // [[1], [2]]
 */
export const expandDims: Op<(x: TensorLike, axis: Axes) => Tensor> = /* @__PURE__ */ op(
  "expandDims",
  (x: TensorLike, axis: Axes): Tensor => {
    const t = convertToTensor(x);
    const many = listed(axis);
    const axes = normalizeAxes(many, t.ndim + many.length, "expandDims");
    const sizes = [...t.shape];
    return p.reshape(t, {
      shape: range(t.ndim + axes.length).map((i) => (axes.includes(i) ? 1 : (sizes.shift() as number))),
    });
  },
);
/**
 * Axes of size 1 removed: all of them, or those in `axis`.
 * Source: keras.ops.squeeze.
 * @throws ShapeError if a named axis has another size.
 * @example await ops.squeeze([[1, 2]]).array(); // [1, 2]
 */
export const squeeze: Op<(x: TensorLike, options?: { readonly axis?: Axes | null }) => Tensor> = /* @__PURE__ */ op(
  "squeeze",
  (x: TensorLike, { axis = null }: { readonly axis?: Axes | null } = {}): Tensor => {
    const t = convertToTensor(x);
    const axes = axis === null ? range(t.ndim).filter((i) => t.shape[i] === 1) : normalizeAxes(axis, t.ndim, "squeeze");
    if (axes.some((i) => t.shape[i] !== 1)) {
      const got = `axis ${showShape(axes)} of ${showShape(t.shape)}`;
      throw new ShapeError(
        complain("squeeze", { must: "only axes of size 1 can be removed", got, todo: "Check axis" }),
      );
    }
    return p.reshape(t, { shape: t.shape.filter((_, i) => !axes.includes(i)) });
  },
);

/**
 * Sizes of 1 and missing leading axes repeated up to `shape`.
 * Source: keras.ops.broadcast_to.
 * @example await ops.broadcastTo([1, 2], [2, 2]).array(); // [[1, 2], [1, 2]]
 */
export const broadcastTo: Op<(x: TensorLike, shape: Shape) => Tensor> = /* @__PURE__ */ op(
  "broadcastTo",
  (x: TensorLike, shape: Shape): Tensor => p.broadcastTo(convertToTensor(x), { shape }),
);

/**
 * Backwards along `axis`, along all axes by default.
 * Source: keras.ops.flip.
 * @example await ops.flip([1, 2, 3]).array(); // [3, 2, 1]
 */
export const flip: Op<(x: TensorLike, options?: { readonly axis?: Axes | null }) => Tensor> = /* @__PURE__ */ op(
  "flip",
  (x: TensorLike, { axis = null }: { readonly axis?: Axes | null } = {}): Tensor => {
    const t = convertToTensor(x);
    return p.reverse(t, { axes: normalizeAxes(axis, t.ndim, "flip") });
  },
);
/**
 * Backwards along the second axis.
 * Source: keras.ops.fliplr.
 * @example await ops.fliplr([[1, 2], [3, 4]]).array(); // [[2, 1], [4, 3]]
 */
export const fliplr: Op<(x: TensorLike) => Tensor> = /* @__PURE__ */ op("fliplr", (x: TensorLike): Tensor => {
  const t = convertToTensor(x);
  return p.reverse(t, { axes: [normalizeAxis(1, t.ndim, "fliplr")] });
});
/**
 * Backwards along the first axis.
 * Source: keras.ops.flipud.
 * @example await ops.flipud([[1, 2], [3, 4]]).array(); // [[3, 4], [1, 2]]
 */
export const flipud: Op<(x: TensorLike) => Tensor> = /* @__PURE__ */ op("flipud", (x: TensorLike): Tensor => {
  const t = convertToTensor(x);
  return p.reverse(t, { axes: [normalizeAxis(0, t.ndim, "flipud")] });
});

/**
 * Elements moved along `axis`, those pushed out enter on the other side; the flattened tensor by default.
 * Source: keras.ops.roll.
 * @example await ops.roll([1, 2, 3], 1).array(); // [3, 1, 2]
 */
export const roll: Op<(x: TensorLike, shift: Axes, options?: { readonly axis?: Axes | null }) => Tensor> =
  /* @__PURE__ */ op(
    "roll",
    (x: TensorLike, shift: Axes, { axis = null }: { readonly axis?: Axes | null } = {}): Tensor => {
      const t = convertToTensor(x);
      if (axis === null) {
        const by = listed(shift).reduce((a, b) => a + b, 0);
        return p.reshape(rollAxis(p.reshape(t, { shape: [t.size] }), 0, by), { shape: t.shape });
      }
      const axes = listed(axis);
      const shifts = listed(shift);
      if (axes.length !== shifts.length && axes.length !== 1 && shifts.length !== 1) {
        const got = `${shifts.length} shifts and ${axes.length} axes`;
        throw new ShapeError(
          complain("roll", { must: "there must be one shift for each axis", got, todo: "Check shift and axis" }),
        );
      }
      let y = t;
      for (let i = 0; i < Math.max(axes.length, shifts.length); i++) {
        const at = normalizeAxis((axes[i] ?? axes[0]) as number, t.ndim, "roll");
        y = rollAxis(y, at, (shifts[i] ?? shifts[0]) as number);
      }
      return y;
    },
  );
function rollAxis(x: Tensor, axis: number, shift: number): Tensor {
  const n = x.shape[axis] as number;
  if (n === 0 || shift % n === 0) return x;
  const by = ((shift % n) + n) % n;
  return p.concat([sliceAxis(x, axis, n - by, by, 1), sliceAxis(x, axis, 0, n - by, 1)], { axis });
}

/**
 * `x` turned by `k` times 90 degrees in the plane of `axes`, from the first toward the second.
 * Source: keras.ops.rot90.
 * @example await ops.rot90([[1, 2], [3, 4]]).array(); // [[2, 4], [1, 3]]
 */
export const rot90: Op<
  (array: TensorLike, options?: { readonly k?: number; readonly axes?: readonly [number, number] }) => Tensor
> = /* @__PURE__ */ op(
  "rot90",
  (
    array: TensorLike,
    { k = 1, axes = [0, 1] }: { readonly k?: number; readonly axes?: readonly [number, number] } = {},
  ): Tensor => {
    const t = convertToTensor(array);
    const [a, b] = axes.map((i) => normalizeAxis(i, t.ndim, "rot90")) as [number, number];
    if (a === b) {
      const must = "axes must be two different axes";
      throw new ShapeError(complain("rot90", { must, got: showShape(axes), todo: "Choose another plane" }));
    }
    const turns = ((k % 4) + 4) % 4;
    const swap = { permutation: range(t.ndim).map((i) => (i === a ? b : i === b ? a : i)) };
    if (turns === 0) return t;
    if (turns === 2) return p.reverse(t, { axes: [a, b] });
    return turns === 1
      ? p.transpose(p.reverse(t, { axes: [b] }), swap)
      : p.reverse(p.transpose(t, swap), { axes: [b] });
  },
);

export type PadWidth = number | readonly number[] | readonly (readonly [number, number])[];
export interface PadOptions {
  readonly mode?: "constant" | "reflect" | "symmetric" | "edge" | "wrap" | "empty";
  /** For mode "constant": what to fill with, 0 by default. */
  readonly constantValues?: number | null;
}
/**
 * Elements added before and after: `padWidth` is `[before, after]` for each axis (or one for all).
 * Source: keras.ops.pad.
 * @example await ops.pad([1, 2], [[1, 2]]).array(); // [0, 1, 2, 0, 0]
 */
export const pad: Op<(x: TensorLike, padWidth: PadWidth, options?: PadOptions) => Tensor> = /* @__PURE__ */ op(
  "pad",
  (x: TensorLike, padWidth: PadWidth, { mode = "constant", constantValues = null }: PadOptions = {}): Tensor => {
    const t = convertToTensor(x);
    const widths = padWidths(padWidth, t.ndim);
    if (constantValues !== null && mode !== "constant") {
      const must = 'constantValues is only for mode "constant"';
      throw new ShapeError(complain("pad", { must, got: `mode "${mode}"`, todo: "Leave one of them out" }));
    }
    if (mode === "constant" || mode === "empty") return padConstant(t, widths, constantValues ?? 0);
    return widths.reduce((y, [low, high], axis) => padByIndex(y, axis, low, high, mode), t);
  },
);
function padWidths(padWidth: PadWidth, ndim: number): readonly (readonly [number, number])[] {
  const refuse = (): never => {
    const must = `padWidth must be [before, after] for each of ${ndim} axes, whole numbers`;
    throw new ShapeError(complain("pad", { must, got: JSON.stringify(padWidth), todo: "Give a pair for each axis" }));
  };
  const all = (low: number, high: number): (readonly [number, number])[] => range(ndim).map(() => [low, high] as const);
  if (typeof padWidth === "number") return all(padWidth, padWidth);
  const list = padWidth as readonly (number | readonly number[])[];
  if (list.every((w) => typeof w === "number")) {
    if (list.length === 1) return all(list[0] as number, list[0] as number);
    return list.length === 2 ? all(list[0] as number, list[1] as number) : refuse();
  }
  const pairs = list.map(
    (w) => (typeof w === "number" ? [w, w] : w.length === 1 ? [w[0], w[0]] : w) as readonly [number, number],
  );
  if (pairs.some((w) => w.length !== 2 || !w.every((n) => Number.isInteger(n)))) refuse();
  if (pairs.length === 1 && ndim !== 1) return all(...(pairs[0] as readonly [number, number]));
  return pairs.length === ndim ? pairs : refuse();
}
function padConstant(x: Tensor, widths: readonly (readonly [number, number])[], value: number): Tensor {
  const sizes = {
    low: widths.map(([low]) => low),
    high: widths.map(([, high]) => high),
    interior: widths.map(() => 0),
  };
  if (value === 0 && x.dtype !== "bool") return p.pad(x, sizes);
  if (x.dtype === "bool" && value === 0) return p.pad(x, sizes);
  const inside = p.pad(p.full(x.shape, 1, "bool"), sizes);
  return p.where(inside, p.pad(x, sizes), value);
}
function padByIndex(x: Tensor, axis: number, low: number, high: number, mode: string): Tensor {
  if (low === 0 && high === 0) return x;
  const n = x.shape[axis] as number;
  const source = range(n + low + high).map((i) => sourceOf(i - low, n, mode));
  const pieces = range(source.length).map((i) => source[i] as number);
  const indices = convertToTensor(Int32Array.from(pieces));
  return p.take(x, indices, { axis });
}
function sourceOf(i: number, n: number, mode: string): number {
  const wrap = (value: number, period: number): number => ((value % period) + period) % period;
  switch (mode) {
    case "edge":
      return Math.min(n - 1, Math.max(0, i));
    case "wrap":
      return wrap(i, n);
    case "symmetric": {
      const j = wrap(i, 2 * n);
      return j < n ? j : 2 * n - 1 - j;
    }
    case "reflect": {
      if (n === 1) return 0;
      const j = wrap(i, 2 * n - 2);
      return j < n ? j : 2 * n - 2 - j;
    }
    default: {
      const must = 'mode must be "constant", "reflect", "symmetric", "edge", "wrap" or "empty"';
      throw new ShapeError(complain("pad", { must, got: `"${mode}"`, todo: "Choose one of these" }));
    }
  }
}
