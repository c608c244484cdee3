// Images read at places between pixels: coordinates, affine and perspective maps. Source: jax/_src/scipy/ndimage.py.
import { isFloat, isInteger, range, resultType, type Shape, stridesOf } from "../../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../../errors/index.ts";
import { Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { castTo, modCore } from "../arithmetic-core.ts";
import { convertToTensor, type TensorLike, toFloat } from "../convert-core.ts";
import { type Op, op } from "../op.ts";
import { asBatch, type FormatOption, imageLayout, requireChoice } from "./layout.ts";

/** What stands outside of an image `a b c d`: `constant` k k | k k; `nearest` a a | d d; `wrap` c d | a b; `mirror` c b | c b; `reflect` b a | d c. */
export type FillMode = "constant" | "nearest" | "wrap" | "mirror" | "reflect";
const fillModes: readonly FillMode[] = ["constant", "nearest", "wrap", "mirror", "reflect"];
const orders = { nearest: 0, bilinear: 1 } as const;

/** How to read between places (0: the nearest one, 1: linear between the two beside) and outside. */
export interface Reading {
  readonly order: 0 | 1;
  readonly mode: FillMode;
  readonly fill: number;
}

// Zigzag with turning points 0 and size - 1.
function mirrored(index: Tensor, size: number): Tensor {
  if (size === 1) return p.mul(index, 0);
  const last = size - 1;
  return p.abs(p.sub(modCore(p.add(index, last), 2 * last), last));
}
function inside(index: Tensor, size: number, mode: FillMode): Tensor {
  if (mode === "wrap") return modCore(index, size);
  if (mode === "mirror") return mirrored(index, size);
  if (mode === "reflect") return p.div(p.sub(mirrored(p.add(p.mul(index, 2), 1), 2 * size + 1), 1), 2);
  return p.min(p.max(index, 0), size - 1);
}

/** Halves away from zero, exactly. */
function roundAway(x: Tensor): Tensor {
  const whole = p.trunc(x);
  const up = p.greaterEqual(p.abs(p.sub(x, whole)), 0.5);
  return p.where(up, p.add(whole, p.sign(x)), whole);
}

interface Node {
  readonly index: Tensor;
  /** Null: always inside. */
  readonly valid: Tensor | null;
  /** Null: 1. */
  readonly weight: Tensor | null;
}
function nodesOf(coordinate: Tensor, size: number, { order, mode }: Reading): Node[] {
  const node = (index: Tensor, weight: Tensor | null): Node => {
    const valid = mode === "constant" ? p.and(p.greaterEqual(index, 0), p.less(index, size)) : null;
    return { index: inside(index, size, mode), valid, weight };
  };
  if (order === 0) {
    const index = isFloat(coordinate.dtype) ? roundAway(coordinate) : coordinate;
    return [node(castTo(index, "int32"), null)];
  }
  const x = toFloat(coordinate);
  const lower = p.floor(x);
  const upperWeight = p.sub(x, lower);
  const index = castTo(lower, "int32");
  return [node(index, p.sub(1, upperWeight)), node(p.add(index, 1), upperWeight)];
}
const times = (a: Tensor | null, b: Tensor | null): Tensor | null => (a === null ? b : b === null ? a : p.mul(a, b));
const both = (a: Tensor | null, b: Tensor | null): Tensor | null => (a === null ? b : b === null ? a : p.and(a, b));

/**
 * Rows of `table` `[R, ...F]` read at coordinates, one tensor of shape S for each axis of the grid whose rows they are: `[...S, ...F]`.
 * A grid place `(i, j ...)` is row `base + i strides[0] + j strides[1] ...`.
 */
function readGrid(
  table: Tensor,
  coordinates: readonly Tensor[],
  grid: { readonly sizes: Shape; readonly strides: Shape; readonly base: Tensor | null },
  reading: Reading,
): Tensor {
  const { sizes, strides, base } = grid;
  let corners: Node[] = [];
  coordinates.forEach((coordinate, axis) => {
    const nodes = nodesOf(coordinate, sizes[axis] as number, reading).map((node): Node => {
      const index = p.mul(node.index, strides[axis] as number);
      return { ...node, index: axis === 0 && base !== null ? p.add(index, base) : index };
    });
    const joined = corners.flatMap((corner) =>
      nodes.map((node) => ({
        index: p.add(corner.index, node.index),
        valid: both(corner.valid, node.valid),
        weight: times(corner.weight, node.weight),
      })),
    );
    corners = axis === 0 ? nodes : joined;
  });
  const fill = convertToTensor(isInteger(table.dtype) ? Math.trunc(reading.fill) : reading.fill, {
    dtype: table.dtype,
  });
  const parts = corners.map(({ index, valid, weight }) => {
    const values = p.take(table, index, { axis: 0 });
    const over = (t: Tensor): Tensor =>
      p.reshape(t, { shape: [...t.shape, ...range(values.ndim - t.ndim).map(() => 1)] });
    const known = valid === null ? values : p.where(over(valid), values, fill);
    if (weight === null) return known;
    const dtype = resultType(weight.dtype, known.dtype);
    return p.mul(castTo(over(weight), dtype), castTo(known, dtype));
  });
  const total = parts.reduce((a, b) => p.add(a, b));
  const whole = isInteger(table.dtype) && isFloat(total.dtype) ? roundAway(total) : total;
  return castTo(whole, table.dtype);
}

export interface MapCoordinatesOptions {
  /** `constant`, `nearest`, `wrap`, `mirror` or `reflect`. */
  readonly fillMode?: string;
  readonly fillValue?: number;
}
/**
 * `inputs` (any rank R) at `coordinates` `[R, ...S]`: `[...S]`, in the dtype of `inputs`. `order` 0 takes the nearest place (halves away from
 * zero), 1 mixes the places around linearly.
 * @throws ShapeError unless there is a coordinate for each axis. @throws ConfigError for another order or fill mode.
 * Source: keras.ops.image.map_coordinates; jax.scipy.ndimage.map_coordinates.
 * @example await ops.image.mapCoordinates([0, 10, 20], [[0.5, 1.25]], 1).array(); // [5, 12.5]
 */
export const mapCoordinates: Op<
  (inputs: TensorLike, coordinates: TensorLike, order: number, options?: MapCoordinatesOptions) => Tensor
> = /* @__PURE__ */ op(
  "mapCoordinates",
  (
    inputs: TensorLike,
    coordinates: TensorLike,
    order: number,
    { fillMode = "constant", fillValue = 0 }: MapCoordinatesOptions = {},
  ): Tensor => {
    const [x, at] = [convertToTensor(inputs), convertToTensor(coordinates)];
    if (at.ndim < 2 || at.shape[0] !== x.ndim) {
      const must = `coordinates must have 2 axes or more, the first of size ${x.ndim} (one for each axis of inputs)`;
      const got = `${showShape(at.shape)} for ${showShape(x.shape)}`;
      throw new ShapeError(complain("mapCoordinates", { must, got, todo: "Stack the coordinates on axis 0" }));
    }
    requireChoice("mapCoordinates", "fillMode", fillMode, fillModes);
    if (order !== 0 && order !== 1) {
      const todo = "Use 0 for the nearest place, or 1 for linear";
      throw new ConfigError(complain("mapCoordinates", { must: "order must be 0 or 1", got: String(order), todo }));
    }
    const parts = range(x.ndim).map((i) => {
      const part = p.slice(at, {
        starts: at.shape.map((_, axis) => (axis === 0 ? i : 0)),
        limits: at.shape.map((n, axis) => (axis === 0 ? i + 1 : n)),
        strides: at.shape.map(() => 1),
      });
      return p.reshape(part, { shape: at.shape.slice(1) });
    });
    const grid = { sizes: x.shape, strides: stridesOf(x.shape), base: null };
    return readGrid(p.reshape(x, { shape: [x.size] }), parts, grid, { order, mode: fillMode, fill: fillValue });
  },
);

/** Images `[N, H, W, C]` at rows and columns `[N, ...S]`: `[N, ...S, C]`. */
export function readImages(images: Tensor, rows: Tensor, columns: Tensor, reading: Reading): Tensor {
  const [n, h, w, c] = images.shape as readonly [number, number, number, number];
  const table = p.reshape(images, { shape: [n * h * w, c] });
  const base = startsOf(n, h * w, rows.ndim);
  return readGrid(table, [rows, columns], { sizes: [h, w], strides: [w, 1], base }, reading);
}
// The first row of each image, as `[N, 1, ...]`.
const startsOf = (n: number, size: number, ndim: number): Tensor | null =>
  n === 1 ? null : p.mul(p.iota({ shape: [n, ...range(ndim - 1).map(() => 1)], axis: 0, dtype: "int32" }), size);

export interface TransformOptions extends FormatOption {
  /** `"bilinear"` or `"nearest"`. */
  readonly interpolation?: string;
  readonly fillValue?: number;
}
export function readingOf(where: string, interpolation: string, mode: string, fill: number): Reading {
  requireChoice(where, "interpolation", interpolation, Object.keys(orders) as (keyof typeof orders)[]);
  requireChoice(where, "fillMode", mode, fillModes);
  return { order: orders[interpolation], mode, fill };
}
// One map for all images, or one for each.
function requireCount(where: string, count: number, images: number): void {
  if (count === 1 || count === images) return;
  const must = "there must be one transform, or one for each image";
  throw new ShapeError(complain(where, { must, got: `${count} for ${images} images`, todo: "Repeat or cut them" }));
}
const grid = (shape: Shape, axis: number): Tensor =>
  p.iota({ shape: shape.map((n, i) => (i === axis ? n : 1)), axis, dtype: "float32" });

export interface AffineTransformOptions extends TransformOptions {
  readonly fillMode?: string;
}
/**
 * Images moved by affine maps: the result at `(x, y)` is the image at `(a0 x + a1 y + a2, b0 x + b1 y + b2)`, for
 * `transform` `[a0, a1, a2, b0, b1, b2, c0, c1]`, one of `[8]` or one for each image, `[N, 8]`. As in Keras on JAX, `c0` and `c1` count
 * with the channel. Images `[N, H, W, C]` or `[H, W, C]` (or channels first) keep shape and dtype.
 * @throws ShapeError for a wrong rank or number of transforms. @throws ConfigError for an unknown interpolation or fill mode.
 * Source: keras.ops.image.affine_transform.
 * @example
 * const shifted = ops.image.affineTransform(ops.ones([4, 4, 1]), [1, 0, 1, 0, 1, 0, 0, 0]);
 * shifted.shape; // [4, 4, 1]
 */
export const affineTransform: Op<
  (images: TensorLike, transform: TensorLike, options?: AffineTransformOptions) => Tensor
> = /* @__PURE__ */ op(
  "affineTransform",
  (images: TensorLike, transform: TensorLike, options: AffineTransformOptions = {}): Tensor => {
    const { interpolation = "bilinear", fillMode = "constant", fillValue = 0, dataFormat = null } = options;
    const x = convertToTensor(images);
    const layout = imageLayout("affineTransform", x.shape, dataFormat);
    const reading = readingOf("affineTransform", interpolation, fillMode, fillValue);
    const given = toFloat(transform);
    if ((given.ndim !== 1 && given.ndim !== 2) || given.shape[given.ndim - 1] !== 8) {
      const must = "transform must be [8], or [N, 8] for a batch";
      throw new ShapeError(
        complain("affineTransform", { must, got: showShape(given.shape), todo: "Pass [a0, a1, a2, b0, b1, b2, 0, 0]" }),
      );
    }
    const maps = p.reshape(given, { shape: [given.size / 8, 8] });
    // Plain numbers cannot be differentiated: where they say that channels do not count, whole pixels are read at once.
    const values = transform instanceof Tensor || given.source.kind !== "literal" ? null : given.source.value.data;
    const perChannel = values === null || values.some((v: number, i: number) => i % 8 >= 6 && v !== 0);
    return asBatch(x, layout, (y) => affine(y, maps, reading, perChannel));
  },
);
function affine(images: Tensor, maps: Tensor, reading: Reading, perChannel: boolean): Tensor {
  const [n, h, w, c] = images.shape as readonly [number, number, number, number];
  const count = maps.shape[0] as number;
  requireCount("affineTransform", count, n);
  const sizes = perChannel ? [n, h, w, c] : [n, h, w];
  const entry = (i: number): Tensor =>
    p.reshape(p.slice(maps, { starts: [0, i], limits: [count, i + 1], strides: [1, 1] }), {
      shape: [count, ...sizes.slice(1).map(() => 1)],
    });
  const [row, column] = [grid(sizes, 1), grid(sizes, 2)];
  const coordinate = (forRow: number, forColumn: number, forChannel: number, offset: number): Tensor => {
    const plane = p.add(p.mul(row, entry(forRow)), p.mul(column, entry(forColumn)));
    const all = perChannel ? p.add(plane, p.mul(grid(sizes, 3), entry(forChannel))) : plane;
    return p.broadcastTo(p.add(all, entry(offset)), { shape: sizes });
  };
  const [rows, columns] = [coordinate(4, 3, 6, 5), coordinate(1, 0, 7, 2)];
  if (!perChannel) return readImages(images, rows, columns, reading);
  const channel = p.iota({ shape: [1, 1, 1, c], axis: 3, dtype: "int32" });
  const starts = startsOf(n, h * w * c, 4);
  const base = starts === null ? channel : p.add(starts, channel);
  const table = p.reshape(images, { shape: [images.size] });
  return readGrid(table, [rows, columns], { sizes: [h, w], strides: [w * c, c], base }, reading);
}

/**
 * Images seen from elsewhere: the map that takes `endPoints` to `startPoints` (four corners `(x, y)` each, `[4, 2]` or `[N, 4, 2]`)
 * says where each place of the result is read. Images `[N, H, W, C]` or `[H, W, C]` (or channels first) keep shape and dtype.
 * @throws ShapeError for wrong shapes. @throws ConfigError for an unknown interpolation. Source: keras.ops.image.perspective_transform.
 * @example
 * const corners = [[0, 0], [0, 3], [3, 0], [3, 3]];
 * ops.image.perspectiveTransform(ops.ones([4, 4, 1]), corners, [[1, 0], [0, 3], [3, 0], [3, 3]]).shape; // [4, 4, 1]
 */
export const perspectiveTransform: Op<
  (images: TensorLike, startPoints: TensorLike, endPoints: TensorLike, options?: TransformOptions) => Tensor
> = /* @__PURE__ */ op(
  "perspectiveTransform",
  (images: TensorLike, startPoints: TensorLike, endPoints: TensorLike, options: TransformOptions = {}): Tensor => {
    const { interpolation = "bilinear", fillValue = 0, dataFormat = null } = options;
    const x = convertToTensor(images);
    const layout = imageLayout("perspectiveTransform", x.shape, dataFormat);
    const reading = readingOf("perspectiveTransform", interpolation, "constant", fillValue);
    const points = [startPoints, endPoints].map((t) => convertToTensor(t, { dtype: "float32" })) as [Tensor, Tensor];
    const [start, end] = points;
    const fits = ({ ndim, shape }: Tensor): boolean =>
      (ndim === 2 || ndim === 3) && shape[ndim - 2] === 4 && shape[ndim - 1] === 2;
    if (!points.every(fits) || String(start.shape) !== String(end.shape)) {
      const must = "startPoints and endPoints must both be [4, 2], or [N, 4, 2] for a batch";
      const got = points.map((t) => showShape(t.shape)).join(" and ");
      throw new ShapeError(complain("perspectiveTransform", { must, got, todo: "Pass the four corners (x, y)" }));
    }
    const [from, to] = points.map((t) => p.reshape(t, { shape: [t.size / 8, 4, 2] })) as [Tensor, Tensor];
    return asBatch(x, layout, (y) => perspective(y, homography(from, to), reading));
  },
);
function perspective(images: Tensor, maps: Tensor, reading: Reading): Tensor {
  const [n, h, w] = images.shape as readonly [number, number, number];
  const count = maps.shape[0] as number;
  requireCount("perspectiveTransform", count, n);
  const entry = (i: number): Tensor =>
    p.reshape(p.slice(maps, { starts: [0, i], limits: [count, i + 1], strides: [1, 1] }), { shape: [count, 1, 1] });
  const [row, column] = [grid([n, h, w], 1), grid([n, h, w], 2)];
  const combine = (i: number): Tensor => p.add(p.mul(entry(i), column), p.mul(entry(i + 1), row));
  const below = p.add(combine(6), 1);
  const [columns, rows] = [0, 3].map((i) =>
    p.broadcastTo(p.div(p.add(combine(i), entry(i + 2)), below), { shape: [n, h, w] }),
  ) as [Tensor, Tensor];
  return readImages(images, rows, columns, reading);
}
/** The 8 numbers of the projective map from `end` to `start`, corners `[N, 4, 2]`: `[N, 8]`. Source: Hartley and Zisserman 2004, 4.1. */
function homography(start: Tensor, end: Tensor): Tensor {
  const n = start.shape[0] as number;
  const part = (t: Tensor, i: number): Tensor =>
    p.slice(t, { starts: [0, 0, i], limits: [n, 4, i + 1], strides: [1, 1, 1] });
  const [x, y] = [part(end, 0), part(end, 1)];
  const [zero, one] = [p.full(x.shape, 0, "float32"), p.full(x.shape, 1, "float32")];
  const products = (target: Tensor): Tensor[] => [p.neg(p.mul(target, x)), p.neg(p.mul(target, y))];
  const [u, v] = [part(start, 0), part(start, 1)];
  const upper = p.concat([x, y, one, zero, zero, zero, ...products(u)], { axis: 2 });
  const lower = p.concat([zero, zero, zero, x, y, one, ...products(v)], { axis: 2 });
  const solution = solve(p.concat([upper, lower], { axis: 1 }), p.concat([u, v], { axis: 1 }));
  return p.reshape(solution, { shape: [n, 8] });
}
// From the factors of P a = L U.
function solve(a: Tensor, b: Tensor): Tensor {
  const [factors, , permutation] = p.lu(a);
  const order = p.reshape(permutation, { shape: [...permutation.shape, 1] });
  const plain = { transposeA: false };
  const half = p.triangularSolve(factors, p.takeAlong(b, order, 1), { ...plain, lower: true, unitDiagonal: true });
  return p.triangularSolve(factors, half, { ...plain, lower: false, unitDiagonal: false });
}
