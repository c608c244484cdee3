// Movement ops and reductions by sum are each other's transposes, so they live together.
import { type Aval, type DType, dropAxes, range, type Shape, sameShape, sizeOf } from "../aval/index.ts";
import { complain, DtypeError, ShapeError, showShape } from "../errors/index.ts";
import {
  apply1,
  type Configured,
  type Definition,
  type Marked,
  marked,
  type Params,
  scalar,
  type Tensor,
  type VjpRule,
} from "../graph/index.ts";
import { add, div, equal, less, mul, requireOrdered, where } from "./elementwise.ts";

const one = (inputs: readonly Tensor[]): Tensor => inputs[0] as Tensor;

function structural<P extends Params>(
  name: string,
  infer: (x: Aval, params: P) => Shape,
  vjp: VjpRule<P> | "none",
  isNoop: (x: Aval, params: P) => boolean = () => false,
): Configured<P> {
  const definition: Definition<P> = {
    name,
    infer: ([x], params) => [{ shape: infer(x as Aval, params), dtype: (x as Aval).dtype }],
    vjp,
  };
  return marked(
    (x: Tensor, params: P) => (isNoop(x, params) ? x : apply1(definition, [x], params)),
    "primitive",
    definition,
  );
}

function refuse(where: string, must: string, got: string, todo: string): never {
  throw new ShapeError(complain(where, { must, got, todo }));
}

export type ShapeParams = { readonly shape: Shape };
/** The same elements in row-major order under another shape. */
export const reshape: Configured<ShapeParams> = structural<ShapeParams>(
  "reshape",
  (x, { shape }) => {
    if (sizeOf(shape) !== sizeOf(x.shape)) {
      const got = `${showShape(x.shape)} (${sizeOf(x.shape)}) to ${showShape(shape)} (${sizeOf(shape)})`;
      refuse("reshape", "the number of elements must stay the same", got, "Check the new shape; one size may be -1");
    }
    return shape;
  },
  ({ g, inputs }) => [reshape(g, { shape: one(inputs).shape })],
  (x, { shape }) => sameShape(x.shape, shape),
);

export type PermutationParams = { readonly permutation: readonly number[] };
/** Output axis `i` is input axis `permutation[i]`. */
export const transpose: Configured<PermutationParams> = structural<PermutationParams>(
  "transpose",
  (x, { permutation }) => {
    const sorted = [...permutation].sort((a, b) => a - b);
    if (!sameShape(sorted, range(x.shape.length))) {
      const got = `${showShape(permutation)} for shape ${showShape(x.shape)}`;
      refuse("transpose", "the permutation must name each axis once", got, "List every axis from 0 to ndim - 1");
    }
    return permutation.map((axis) => x.shape[axis] as number);
  },
  ({ g, params }) => [transpose(g, { permutation: invert(params.permutation) })],
  (_, { permutation }) => permutation.every((axis, i) => axis === i),
);
const invert = (permutation: readonly number[]): number[] =>
  range(permutation.length).map((i) => permutation.indexOf(i));

/** NumPy's broadcast: sizes of 1 and missing leading axes are repeated. */
export const broadcastTo: Configured<ShapeParams> = structural<ShapeParams>(
  "broadcastTo",
  (x, { shape }) => {
    const lead = shape.length - x.shape.length;
    const fits = lead >= 0 && x.shape.every((size, i) => size === 1 || size === shape[i + lead]);
    if (!fits) {
      const got = `${showShape(x.shape)} to ${showShape(shape)}`;
      refuse(
        "broadcastTo",
        "each size must be 1 or equal the target's, counted from the last axis",
        got,
        "Reshape first",
      );
    }
    return shape;
  },
  ({ g, inputs }) => [unbroadcast(g, one(inputs).shape)],
  (x, { shape }) => sameShape(x.shape, shape),
);

/** The transpose of broadcasting: sums `g` down to `shape`. */
export function unbroadcast(g: Tensor, shape: Shape): Tensor {
  if (sameShape(g.shape, shape)) return g;
  const lead = g.shape.length - shape.length;
  const axes = range(g.shape.length).filter((i) => i < lead || (shape[i - lead] === 1 && g.shape[i] !== 1));
  return reshape(reduceSum(g, { axes }), { shape });
}

export type SliceParams = {
  readonly starts: readonly number[];
  readonly limits: readonly number[];
  readonly strides: readonly number[];
};
/** Static slice `starts:limits:strides` on every axis; strides are at least 1, bounds inside the shape. */
export const slice: Configured<SliceParams> = structural<SliceParams>(
  "slice",
  (x, { starts, limits, strides }) => {
    const rank = x.shape.length;
    const fits =
      starts.length === rank &&
      limits.length === rank &&
      strides.length === rank &&
      x.shape.every((size, i) => {
        const [start, limit, stride] = [starts[i] as number, limits[i] as number, strides[i] as number];
        return start >= 0 && start <= limit && limit <= size && stride >= 1;
      });
    if (!fits) {
      const got = `${showShape(starts)}:${showShape(limits)}:${showShape(strides)} of ${showShape(x.shape)}`;
      refuse("slice", "0 <= start <= limit <= size and stride >= 1 must hold on every axis", got, "Clip the bounds");
    }
    return x.shape.map((_, i) => Math.ceil(((limits[i] as number) - (starts[i] as number)) / (strides[i] as number)));
  },
  ({ g, inputs, params: { starts, strides } }) => {
    const { shape } = one(inputs);
    const interior = strides.map((s) => s - 1);
    const high = shape.map((size, i) => {
      const count = g.shape[i] as number;
      const extent = count === 0 ? 0 : (count - 1) * (strides[i] as number) + 1;
      return size - (starts[i] as number) - extent;
    });
    return [pad(g, { low: starts, high, interior })];
  },
  (x, { starts, limits, strides }) =>
    starts.every((s) => s === 0) && sameShape(limits, x.shape) && strides.every((s) => s === 1),
);

export type PadParams = {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly interior: readonly number[];
};
/** Zeros before, after and between elements. Negative `low` and `high` crop. */
export const pad: Configured<PadParams> = structural<PadParams>(
  "pad",
  (x, { low, high, interior }) => {
    const shape = x.shape.map((size, i) => {
      const between = Math.max(0, size - 1) * (interior[i] as number);
      return size + between + (low[i] as number) + (high[i] as number);
    });
    if (low.length !== x.shape.length || shape.some((size) => !(size >= 0)) || interior.some((n) => n < 0)) {
      const got = `low ${showShape(low)}, high ${showShape(high)}, interior ${showShape(interior)} for ${showShape(x.shape)}`;
      refuse("pad", "there must be one amount for each axis and no size below 0", got, "Check the padding");
    }
    return shape;
  },
  ({ g, inputs, params: { low, high, interior } }) => {
    const { shape } = one(inputs);
    const zero = low.map(() => 0);
    const cropped = pad(g, { low: low.map((n) => -n), high: high.map((n) => -n), interior: zero });
    if (sizeOf(shape) === 0) return [reshape(slice(cropped, crop(cropped.shape, shape)), { shape })];
    return [slice(cropped, { starts: zero, limits: cropped.shape, strides: interior.map((n) => n + 1) })];
  },
  (_, { low, high, interior }) => [...low, ...high, ...interior].every((n) => n === 0),
);
const crop = (shape: Shape, target: Shape): SliceParams => ({
  starts: shape.map(() => 0),
  limits: shape.map((size, i) => Math.min(size, target[i] as number)),
  strides: shape.map(() => 1),
});

export type AxesParams = { readonly axes: readonly number[] };
/** Backwards along `axes`. */
export const reverse: Configured<AxesParams> = structural<AxesParams>(
  "reverse",
  (x) => x.shape,
  ({ g, params }) => [reverse(g, params)],
  (_, { axes }) => axes.length === 0,
);

export type ConcatParams = { readonly axis: number };
export type ConcatFn = ((inputs: readonly Tensor[], params: ConcatParams) => Tensor) &
  Marked<ConcatParams, "primitive">;
const concatDefinition: Definition<ConcatParams> = {
  name: "concat",
  infer: (inputs, { axis }) => {
    const [first] = inputs as readonly [Aval];
    for (const x of inputs) {
      const fits = x.shape.length === first.shape.length && x.shape.every((n, i) => i === axis || n === first.shape[i]);
      if (!fits || x.dtype !== first.dtype) {
        const got = inputs.map((a) => `${a.dtype} ${showShape(a.shape)}`).join(" and ");
        const must = `shapes must be equal except on axis ${axis}, and dtypes equal`;
        refuse("concatenate", must, got, "Reshape or cast the inputs, or choose another axis");
      }
    }
    const total = inputs.reduce((sum, x) => sum + (x.shape[axis] as number), 0);
    return [{ shape: first.shape.map((n, i) => (i === axis ? total : n)), dtype: first.dtype }];
  },
  vjp: ({ g, inputs, params: { axis } }) => {
    let start = 0;
    return inputs.map((x) => {
      const end = start + (x.shape[axis] as number);
      const part = slice(g, {
        starts: g.shape.map((_, i) => (i === axis ? start : 0)),
        limits: g.shape.map((n, i) => (i === axis ? end : n)),
        strides: g.shape.map(() => 1),
      });
      start = end;
      return part;
    });
  },
};
/** Inputs one after the other along `axis`. */
export const concat: ConcatFn = marked(
  (inputs: readonly Tensor[], params: ConcatParams) =>
    inputs.length === 1 ? (inputs[0] as Tensor) : apply1(concatDefinition, inputs, params),
  "primitive",
  concatDefinition,
);

export type IotaParams = { readonly shape: Shape; readonly axis: number; readonly dtype: DType };
const iotaDefinition: Definition<IotaParams> = {
  name: "iota",
  infer: (_, { shape, dtype }) => [{ shape, dtype }],
  vjp: "none",
};
/** `0, 1, 2, ...` along `axis`, repeated along the others. */
export const iota: ((params: IotaParams) => Tensor) & Marked<IotaParams, "primitive"> = marked(
  (params: IotaParams) => apply1(iotaDefinition, [], params),
  "primitive",
  iotaDefinition,
);

/** A tensor full of one number. */
export const full = (shape: Shape, value: number, dtype: DType): Tensor => broadcastTo(scalar(value, dtype), { shape });

function reduction(
  name: string,
  vjp: VjpRule<AxesParams> | "none",
  accepts: "number" | "any" | "bool" = "number",
): Configured<AxesParams> {
  const definition: Definition<AxesParams> = {
    name,
    infer: ([x], { axes }) => {
      const { shape, dtype } = x as Aval;
      const fits = accepts === "any" || (accepts === "bool" ? dtype === "bool" : dtype !== "bool");
      if (!fits) {
        const must = accepts === "bool" ? "the input must be bool" : "the input must be a number dtype";
        throw new DtypeError(complain(name, { must, got: `${dtype} ${showShape(shape)}`, todo: "Cast it first" }));
      }
      return [{ shape: dropAxes(shape, axes), dtype }];
    },
    vjp,
  };
  return marked(
    (x: Tensor, params: AxesParams) => (params.axes.length === 0 ? x : apply1(definition, [x], params)),
    "primitive",
    definition,
  );
}

/** `g` of a reduction spread over the reduced axes again. */
export function spread(g: Tensor, axes: readonly number[], shape: Shape): Tensor {
  const kept = shape.map((size, i) => (axes.includes(i) ? 1 : size));
  return broadcastTo(reshape(g, { shape: kept }), { shape });
}

export const reduceSum: Configured<AxesParams> = reduction("reduceSum", ({ g, inputs, params: { axes } }) => [
  spread(g, axes, one(inputs).shape),
]);
/** Of complex numbers by real parts, then by imaginary parts, as NumPy orders them; `reduceMin` and `sort` too. */
export const reduceMax: Configured<AxesParams> = reduction(
  "reduceMax",
  ({ g, inputs, out, params }) => [shareAmongTies(g, one(inputs), out, params.axes)],
  "any",
);
export const reduceMin: Configured<AxesParams> = reduction(
  "reduceMin",
  ({ g, inputs, out, params }) => [shareAmongTies(g, one(inputs), out, params.axes)],
  "any",
);
// All places that reach the extremum share the gradient equally (as JAX).
function shareAmongTies(g: Tensor, x: Tensor, out: Tensor, axes: readonly number[]): Tensor {
  const hit = where(equal(x, spread(out, axes, x.shape)), full([], 1, x.dtype), 0);
  return mul(hit, spread(div(g, reduceSum(hit, { axes })), axes, x.shape));
}
export const reduceProd: Configured<AxesParams> = reduction("reduceProd", ({ g, inputs, params: { axes } }) => {
  // The product of all others, from running products of both sides, so that zeros are right.
  const x = one(inputs);
  const kept = range(x.shape.length).filter((i) => !axes.includes(i));
  const permutation = [...kept, ...axes];
  const count = sizeOf(axes.map((i) => x.shape[i] as number));
  const flat = reshape(transpose(x, { permutation }), { shape: [...kept.map((i) => x.shape[i] as number), count] });
  const others = mul(runningProduct(flat, "before"), runningProduct(flat, "after"));
  const back = reshape(others, { shape: permutation.map((i) => x.shape[i] as number) });
  return [mul(spread(g, axes, x.shape), transpose(back, { permutation: invert(permutation) }))];
});
// Product of what stands before (after) each element of the last axis, in log2(n) doubling steps.
function runningProduct(x: Tensor, side: "before" | "after"): Tensor {
  const last = x.shape.length - 1;
  const count = x.shape[last] as number;
  const shifted = (y: Tensor, by: number): Tensor => {
    const zero = y.shape.map(() => 0);
    const at = (n: number): number[] => zero.map((_, i) => (i === last ? n : 0));
    const [low, high] = side === "before" ? [by, -by] : [-by, by];
    const moved = pad(y, { low: at(low), high: at(high), interior: zero });
    const index = iota({ shape: y.shape, axis: last, dtype: "int32" });
    const edge = side === "before" ? less(index, by) : less(scalar(count - 1 - by, "int32"), index);
    return where(edge, 1, moved);
  };
  if (count === 0) return x;
  let product = shifted(x, 1);
  for (let by = 1; by < count; by *= 2) product = mul(product, shifted(product, by));
  return product;
}

export const reduceAnd: Configured<AxesParams> = reduction("reduceAnd", "none", "bool");
export const reduceOr: Configured<AxesParams> = reduction("reduceOr", "none", "bool");

export type ArgReduceParams = { readonly axis: number };
function argReduction(name: string): Configured<ArgReduceParams> {
  const definition: Definition<ArgReduceParams> = {
    name,
    infer: ([x], { axis }) => {
      const { shape } = x as Aval;
      requireOrdered(name, x as Aval);
      if (shape[axis] === 0) refuse(name, "the axis must not be empty", showShape(shape), "Check the input's size");
      return [{ shape: dropAxes(shape, [axis]), dtype: "int32" }];
    },
    vjp: "none",
  };
  return marked((x: Tensor, params: ArgReduceParams) => apply1(definition, [x], params), "primitive", definition);
}
/** int32 position of the first maximum; the first nan wins. */
export const argMax: Configured<ArgReduceParams> = argReduction("argMax");
/** int32 position of the first minimum; the first nan wins. */
export const argMin: Configured<ArgReduceParams> = argReduction("argMin");

export type CumulativeParams = { readonly axis: number; readonly reverse: boolean };
function cumulative(name: string, vjp: VjpRule<CumulativeParams>, ordered = false): Configured<CumulativeParams> {
  const definition: Definition<CumulativeParams> = {
    name,
    infer: ([x]) => {
      const { shape, dtype } = x as Aval;
      if (ordered) requireOrdered(name, x as Aval);
      return [{ shape, dtype }];
    },
    vjp,
  };
  return marked((x: Tensor, params: CumulativeParams) => apply1(definition, [x], params), "primitive", definition);
}
/** Running sum, from the end if `reverse`. */
export const cumSum: Configured<CumulativeParams> = cumulative("cumSum", ({ g, params }) => [
  cumSum(g, { ...params, reverse: !params.reverse }),
]);
/** Running product. */
export const cumProd: Configured<CumulativeParams> = cumulative("cumProd", ({ g, inputs, params }) => [
  cumulativeProductVjp(g, one(inputs), params),
]);
// d out_j / d x_i = prod of x_k over k <= j, k != i: exact at zeros, quadratic in the axis length.
function cumulativeProductVjp(g: Tensor, x: Tensor, { axis, reverse: backwards }: CumulativeParams): Tensor {
  const n = x.shape[axis] as number;
  const wide = [...x.shape.slice(0, axis), n, n, ...x.shape.slice(axis + 1)];
  const i = iota({ shape: wide, axis, dtype: "int32" });
  const k = iota({ shape: wide, axis: axis + 1, dtype: "int32" });
  const repeated = broadcastTo(reshape(x, { shape: [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)] }), {
    shape: wide,
  });
  const products = cumProd(where(equal(i, k), 1, repeated), { axis: axis + 1, reverse: backwards });
  const gWide = reshape(g, { shape: [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)] });
  const reached = backwards ? less(k, add(i, 1)) : less(i, add(k, 1));
  return reduceSum(where(reached, mul(products, gWide), 0), { axes: [axis + 1] });
}
/** Running maximum. */
export const cumMax: Configured<CumulativeParams> = cumulative(
  "cumMax",
  ({ g, inputs, out, params }) => [cumulativeExtremeVjp(g, one(inputs), out, params)],
  true,
);
/** Running minimum. */
export const cumMin: Configured<CumulativeParams> = cumulative(
  "cumMin",
  ({ g, inputs, out, params }) => [cumulativeExtremeVjp(g, one(inputs), out, params)],
  true,
);
// Each output's gradient is shared by the elements so far that reach the running extremum.
function cumulativeExtremeVjp(
  g: Tensor,
  x: Tensor,
  out: Tensor,
  { axis, reverse: backwards }: CumulativeParams,
): Tensor {
  const n = x.shape[axis] as number;
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const wide = [...before, n, n, ...after];
  const i = iota({ shape: wide, axis, dtype: "int32" });
  const j = iota({ shape: wide, axis: axis + 1, dtype: "int32" });
  const reached = backwards ? less(j, add(i, 1)) : less(i, add(j, 1));
  const column = (t: Tensor): Tensor => reshape(t, { shape: [...before, n, 1, ...after] });
  const row = (t: Tensor): Tensor => reshape(t, { shape: [...before, 1, n, ...after] });
  const hit = where(reached, where(equal(column(x), row(out)), full([], 1, x.dtype), 0), 0);
  const share = div(g, reduceSum(hit, { axes: [axis] }));
  return reduceSum(mul(hit, row(share)), { axes: [axis + 1] });
}
