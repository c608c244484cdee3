// Reading and writing at places.
import {
  bitsOf,
  broadcastShapes,
  isFloat,
  isInteger,
  isUnsigned,
  normalizeAxis,
  range,
  type Shape,
} from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showAval, showShape } from "../errors/index.ts";
import { type Index, Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo, toBool } from "./arithmetic-core.ts";
import { convertToTensor, promote, type TensorLike } from "./convert-core.ts";
import { getItemCore, safeIndices } from "./get-item.ts";
import { indexTensor, scatterInto } from "./indexing-core.ts";
import type { KerasTensor } from "./keras-tensor.ts";
import { type Op, op } from "./op.ts";
import { requireOutsideTrace } from "./outside-trace.ts";

/**
 * Python's `x[key]`.
 * Source: keras.ops.get_item.
 * @example await ops.getItem([[1, 2], [3, 4]], [[0, 2], 1]).array(); // [2, 4]
 */
export const getItem: Op<(x: TensorLike, key: readonly Index[]) => Tensor> = /* @__PURE__ */ op(
  "getItem",
  (x: TensorLike, key: readonly Index[]): Tensor => getItemCore(convertToTensor(x), key, "getItem"),
);

// What a read outside of the tensor gives: nan, or the extreme of the integers. Source: jax.numpy.take, mode "fill".
function outside(x: Tensor): number {
  if (isFloat(x.dtype)) return Number.NaN;
  if (x.dtype === "bool") return 1;
  return isUnsigned(x.dtype) ? 2 ** bitsOf(x.dtype) - 1 : -(2 ** (bitsOf(x.dtype) - 1));
}
/** False only if the indices are known now, and all are inside. */
function mayLeave(indices: Tensor, size: number): boolean {
  if (indices.source.kind !== "literal") return true;
  return indices.source.value.data.some((i: number) => i < -size || i >= size);
}
const inside = (indices: Tensor, size: number): Tensor => p.and(p.greaterEqual(indices, -size), p.less(indices, size));

export interface TakeOptions {
  readonly axis?: number | null;
}
/**
 * Elements of `x` along `axis` (of the flattened tensor by default) at `indices` of any shape; negative ones count from the end.
 * Places outside read as nan (or the extreme integer).
 * Source: keras.ops.take.
 * @example await ops.take([10, 20, 30], [2, 0]).array(); // [30, 10]
 */
export const take: Op<(x: TensorLike, indices: TensorLike, options?: TakeOptions) => Tensor> = /* @__PURE__ */ op(
  "take",
  (x: TensorLike, indices: TensorLike, { axis = null }: TakeOptions = {}): Tensor => {
    const given = convertToTensor(x);
    const t = axis === null ? p.reshape(given, { shape: [given.size] }) : given;
    const at = axis === null ? 0 : normalizeAxis(axis, t.ndim, "take");
    const i = indexTensor("take", indices);
    const n = t.shape[at] as number;
    const y = p.take(t, safeIndices(i, n), { axis: at });
    if (!mayLeave(i, n)) return y;
    const shape = [...range(at).map(() => 1), ...i.shape, ...range(t.ndim - at - 1).map(() => 1)];
    return p.where(p.reshape(inside(i, n), { shape }), y, outside(t));
  },
);
/**
 * `x[..., indices[...], ...]` along `axis`: sizes on other axes are equal or broadcast.
 * Source: keras.ops.take_along_axis.
 * @example await ops.takeAlongAxis([[10, 20], [30, 40]], [[1], [0]], { axis: 1 }).array(); // [[20], [30]]
 */
export const takeAlongAxis: Op<(x: TensorLike, indices: TensorLike, options?: TakeOptions) => Tensor> =
  /* @__PURE__ */ op(
    "takeAlongAxis",
    (x: TensorLike, indices: TensorLike, { axis = null }: TakeOptions = {}): Tensor => {
      const given = convertToTensor(x);
      const own = indexTensor("takeAlongAxis", indices);
      const t = axis === null ? p.reshape(given, { shape: [given.size] }) : given;
      const i = axis === null ? p.reshape(own, { shape: [own.size] }) : own;
      const at = axis === null ? 0 : normalizeAxis(axis, t.ndim, "takeAlongAxis");
      if (i.ndim !== t.ndim) {
        const got = `${showShape(t.shape)} and ${showShape(i.shape)}`;
        throw new ShapeError(
          complain("takeAlongAxis", {
            must: "x and indices must have as many dimensions",
            got,
            todo: "Use ops.expandDims",
          }),
        );
      }
      const without = (s: Shape): number[] => s.filter((_, j) => j !== at);
      const rest = broadcastShapes("takeAlongAxis", without(t.shape), without(i.shape));
      const wide = (y: Tensor): Tensor => {
        const shape = [...rest.slice(0, at), y.shape[at] as number, ...rest.slice(at)];
        return p.broadcastTo(y, { shape });
      };
      const n = t.shape[at] as number;
      const places = wide(i);
      const y = p.takeAlong(wide(t), safeIndices(places, n), at);
      return mayLeave(i, n) ? p.where(inside(places, n), y, outside(t)) : y;
    },
  );

type Choice = TensorLike | KerasTensor;
export interface WhereOp {
  (condition: TensorLike): Promise<Tensor[]>;
  (condition: TensorLike, x1: TensorLike, x2: TensorLike): Tensor;
  (condition: TensorLike | KerasTensor, x1: Choice, x2: Choice): KerasTensor;
}
/**
 * `x1` where the condition holds, else `x2`; shapes broadcast. With the condition alone it is `nonzero`, and awaited.
 * @throws ConfigError if only one of both is given. Source: keras.ops.where.
 * @example await where([true, false], [1, 2], 0).array(); // [1, 0]
 */
export const where: WhereOp = /* @__PURE__ */ op(
  "where",
  (condition: TensorLike, x1?: TensorLike | null, x2?: TensorLike | null): Tensor | Promise<Tensor[]> => {
    const [given1, given2] = [x1, x2].map((x) => x !== null && x !== undefined);
    if (!given1 && !given2) return nonzero(condition);
    if (!given1 || !given2) {
      const must = "both x1 and x2 must be given, or none";
      const got = `${given1 ? "an" : "no"} x1 and ${given2 ? "an" : "no"} x2`;
      throw new ConfigError(complain("where", { must, got, todo: "Pass both" }));
    }
    const [a, b] = promote(x1 as TensorLike, x2 as TensorLike) as [Tensor, Tensor];
    return p.where(toBool(condition), a, b);
  },
) as unknown as WhereOp;
/**
 * Where `x` is not 0 (nan is not): one int32 vector an axis, in row-major order. Their length depends on the values, so they are read.
 * They are what `x.at(...)` takes for a boolean mask. @throws StateError inside a trace. @throws ShapeError for a scalar.
 * Source: keras.ops.nonzero.
 * @example await (await nonzero([0, 5, 7]))[0]?.array(); // [1, 2]
 */
export const nonzero: Op<(x: TensorLike) => Promise<Tensor[]>> = /* @__PURE__ */ op(
  "nonzero",
  (x: TensorLike): Promise<Tensor[]> => {
    const t = convertToTensor(x);
    requireOutsideTrace("nonzero", "Use ops.where(mask, x, y), which keeps the shape");
    if (t.ndim === 0) {
      const todo = "Use ops.reshape(x, [1])";
      throw new ShapeError(complain("nonzero", { must: "x must have at least one axis", got: showAval(t), todo }));
    }
    return t.host().then(({ data }) => {
      const places: number[] = [];
      data.forEach((value: number, i: number) => {
        if (value !== 0) places.push(i);
      });
      let stride = t.size;
      return t.shape.map((n) => {
        stride /= Math.max(1, n);
        return convertToTensor(Int32Array.from(places, (i) => Math.floor(i / stride) % n));
      });
    });
  },
);
/**
 * The first choice whose condition holds, else `default`.
 * Source: keras.ops.select.
 * @example await ops.select([[true, false], [true, true]], [[1, 1], [2, 2]]).array(); // [1, 2]
 */
export const select: Op<
  (
    condlist: readonly TensorLike[],
    choicelist: readonly TensorLike[],
    options?: { readonly default?: TensorLike },
  ) => Tensor
> = /* @__PURE__ */ op(
  "select",
  (
    condlist: readonly TensorLike[],
    choicelist: readonly TensorLike[],
    options: { readonly default?: TensorLike } = {},
  ): Tensor => {
    if (condlist.length !== choicelist.length || condlist.length === 0) {
      const got = `${condlist.length} conditions and ${choicelist.length} choices`;
      throw new ShapeError(
        complain("select", { must: "there must be one choice for each condition", got, todo: "Check both lists" }),
      );
    }
    const [other, ...choices] = promote(options.default ?? 0, ...choicelist) as [Tensor, ...Tensor[]];
    return choices.reduceRight((rest, choice, i) => p.where(toBool(condlist[i] as TensorLike), choice, rest), other);
  },
);

export type Reduction = "add" | "max" | "min" | "mul";
const modes = { add: "add", max: "max", min: "min", mul: "multiply" } as const;

function updatesFor(where: string, x: Tensor, indices: Tensor, updates: Tensor): Tensor {
  const depth = indices.shape[indices.ndim - 1] ?? 0;
  if (indices.ndim < 1 || depth > x.ndim) {
    const must = "the last axis of indices must not be longer than the tensor has axes";
    throw new ShapeError(
      complain(where, { must, got: `${showShape(indices.shape)} for ${showShape(x.shape)}`, todo: "Check indices" }),
    );
  }
  return p.broadcastTo(castTo(updates, x.dtype), { shape: [...indices.shape.slice(0, -1), ...x.shape.slice(depth)] });
}
/**
 * Zeros of `shape` with `values` added at `indices` `[..., depth]`.
 * Source: keras.ops.scatter.
 * @example await ops.scatter([[1], [3]], [7, 8], [4]).array(); // [0, 7, 0, 8]
 */
export const scatter: Op<(indices: TensorLike, values: TensorLike, shape: Shape) => Tensor> = /* @__PURE__ */ op(
  "scatter",
  (indices: TensorLike, values: TensorLike, shape: Shape): Tensor => {
    const v = convertToTensor(values);
    const x = p.full(shape, 0, v.dtype);
    const i = indexTensor("scatter", indices);
    return scatterInto(x, i, updatesFor("scatter", x, i, v), "add");
  },
);
export interface ScatterUpdateOptions {
  /** Combine with what is there; replaced by default. */
  readonly reduction?: Reduction | null;
}
/**
 * `inputs` with `updates` at `indices` `[..., depth]`.
 * Source: keras.ops.scatter_update.
 * @example await ops.scatterUpdate([1, 2, 3], [[1]], [20]).array(); // [1, 20, 3]
 */
export const scatterUpdate: Op<
  (inputs: TensorLike, indices: TensorLike, updates: TensorLike, options?: ScatterUpdateOptions) => Tensor
> = /* @__PURE__ */ op(
  "scatterUpdate",
  (
    inputs: TensorLike,
    indices: TensorLike,
    updates: TensorLike,
    { reduction = null }: ScatterUpdateOptions = {},
  ): Tensor => {
    const mode = reduction === null ? "set" : modes[reduction];
    if (mode === undefined) {
      const must = 'reduction must be null, "add", "max", "min" or "mul"';
      throw new ConfigError(
        complain("scatterUpdate", { must, got: JSON.stringify(reduction), todo: "Use one of these" }),
      );
    }
    const x = convertToTensor(inputs);
    const i = indexTensor("scatterUpdate", indices);
    return scatterInto(x, i, updatesFor("scatterUpdate", x, i, convertToTensor(updates)), mode);
  },
);

/**
 * A block of static `shape` at `startIndices`, moved inside if it sticks out; -1 takes all that remains.
 * Source: keras.ops.slice.
 * @example await ops.slice([1, 2, 3, 4], [1], [2]).array(); // [2, 3]
 */
export const slice: Op<(inputs: TensorLike, startIndices: TensorLike, shape: Shape) => Tensor> = /* @__PURE__ */ op(
  "slice",
  (inputs: TensorLike, startIndices: TensorLike, shape: Shape): Tensor => {
    const x = convertToTensor(inputs);
    const starts = indexTensor("slice", startIndices);
    if (starts.size !== x.ndim || shape.length !== x.ndim) {
      const got = `${starts.size} starts and ${shape.length} sizes for ${showShape(x.shape)}`;
      throw new ShapeError(
        complain("slice", { must: "there must be a start and a size for each axis", got, todo: "Check both" }),
      );
    }
    if (starts.source.kind === "literal") {
      const data = starts.source.value.data;
      const sizes = shape.map((n, i) => (n === -1 ? (x.shape[i] as number) - (data[i] as number) : n));
      requireFit(x, sizes);
      const first = sizes.map((n, i) => Math.min(Math.max(0, data[i] as number), (x.shape[i] as number) - n));
      return p.slice(x, {
        starts: first,
        limits: first.map((s, i) => s + (sizes[i] as number)),
        strides: sizes.map(() => 1),
      });
    }
    requireFit(x, shape);
    return p.dynamicSlice(x, starts, { sizes: shape });
  },
);
function requireFit(x: Tensor, sizes: Shape): void {
  if (sizes.every((n, i) => n >= 0 && n <= (x.shape[i] as number))) return;
  const must = "the block must not be larger than the tensor (and -1 needs starts that are known)";
  throw new ShapeError(
    complain("slice", { must, got: `${showShape(sizes)} of ${showShape(x.shape)}`, todo: "Check shape" }),
  );
}
/**
 * `inputs` with the block at `startIndices` replaced by `updates`.
 * Source: keras.ops.slice_update.
 * @example await ops.sliceUpdate([1, 2, 3, 4], [1], [20, 30]).array(); // [1, 20, 30, 4]
 */
export const sliceUpdate: Op<(inputs: TensorLike, startIndices: TensorLike, updates: TensorLike) => Tensor> =
  /* @__PURE__ */ op("sliceUpdate", (inputs: TensorLike, startIndices: TensorLike, updates: TensorLike): Tensor => {
    const x = convertToTensor(inputs);
    return p.dynamicUpdateSlice(
      x,
      convertToTensor(updates, { dtype: x.dtype }),
      indexTensor("sliceUpdate", startIndices),
    );
  });

/**
 * Coordinates of flat `indices` in a tensor of `shape`, one tensor an axis.
 * Source: keras.ops.unravel_index.
 * @example await ops.unravelIndex([5], [2, 3])[1]?.array(); // [2]
 */
export const unravelIndex: Op<(indices: TensorLike, shape: Shape) => Tensor[]> = /* @__PURE__ */ op(
  "unravelIndex",
  (indices: TensorLike, shape: Shape): Tensor[] => {
    const total = shape.reduce((n, s) => n * s, 1);
    const given = indexTensor("unravelIndex", indices);
    const dtype = indices instanceof Tensor && isInteger(indices.dtype) ? indices.dtype : "int32";
    const flat = p.min(p.max(p.where(p.less(given, 0), p.add(given, total), given), 0), Math.max(0, total - 1));
    let stride = total;
    return shape.map((n) => {
      stride /= Math.max(1, n);
      return castTo(p.rem(p.div(flat, Math.max(1, stride)), Math.max(1, n)), dtype);
    });
  },
);
