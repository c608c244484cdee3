// Images between their places. Each output place is a weighted sum of input places, one axis after the other: jax/_src/image/scale.py.
import { type Aval, isFloat, range, sizeOf } from "../aval/index.ts";
import { complain, DtypeError, ShapeError, showAval } from "../errors/index.ts";
import { apply1, type Configured, type Definition, literal, marked, type Params, type Tensor } from "../graph/index.ts";
import { bodyVjp } from "./composites.ts";
import { dotGeneral } from "./contraction.ts";
import {
  abs,
  add,
  and,
  cast,
  div,
  greater,
  greaterEqual,
  lessEqual,
  max,
  mul,
  notEqual,
  sub,
  where,
} from "./elementwise.ts";
import { take } from "./indexing.ts";
import { iota, reduceSum, reshape, transpose } from "./structural.ts";

/** The weight of an input place at distance `x >= 0`, in units of input places. */
export type SamplingKernel = (x: Tensor) => Tensor;

/** Linear between two places. */
export const triangle: SamplingKernel = (x) => max(sub(1, x), 0);

type Amount = Tensor | number;
export interface Sampling {
  /** Input places for one output place. */
  readonly step: Amount;
  /** Where the output starts, in input places. */
  readonly shift: Amount;
  readonly kernel: SamplingKernel;
  /** Wider kernels when places are left out. */
  readonly antialias: boolean;
}

/** Weights `[m, n]` of `n` input places for `m` output places; each row adds up to 1, or is 0 where it reads outside. */
export function samplingWeights(n: number, m: number, { step, shift, kernel, antialias }: Sampling): Tensor {
  const places = (size: number, axis: number): Tensor =>
    iota({ shape: axis === 0 ? [size, 1] : [1, size], axis, dtype: "float32" });
  const from = sub(sub(mul(add(places(m, 0), 0.5), step), shift), 0.5);
  const widest = typeof step === "number" ? Math.max(step, 1) : max(step, 1);
  const distance = div(abs(sub(from, places(n, 1))), antialias ? widest : 1);
  const weights = kernel(distance);
  const total = reshape(reduceSum(weights, { axes: [1] }), { shape: [m, 1] });
  const normal = div(weights, where(notEqual(total, 0), total, 1));
  const reads = and(greater(abs(total), 1000 * 2 ** -23), and(greaterEqual(from, -0.5), lessEqual(from, n - 0.5)));
  return where(reads, normal, 0);
}

/** `axis` of `x`, of size n, replaced by weighted sums of it, weights `[m, n]`: one product of matrices. */
export function resample(x: Tensor, axis: number, weights: Tensor): Tensor {
  const [m, n] = weights.shape as [number, number];
  const [before, after] = [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis + 1))];
  const shape = x.shape.map((size, i) => (i === axis ? m : size));
  const w = weights.dtype === x.dtype ? weights : cast(weights, { dtype: x.dtype });
  const plain = { lhsBatch: [], rhsBatch: [] };
  if (after === 1) {
    const rows = reshape(x, { shape: [before, n] });
    return reshape(dotGeneral(rows, w, { lhsContract: [1], rhsContract: [1], ...plain }), { shape });
  }
  const blocks = reshape(x, { shape: [before, n, after] });
  const mixed = dotGeneral(w, blocks, { lhsContract: [1], rhsContract: [1], ...plain });
  return reshape(transpose(mixed, { permutation: [1, 0, 2] }), { shape });
}

/** The new height and width. */
export interface ResizeParams extends Params {
  readonly size: readonly [height: number, width: number];
}

const resizeBody = (x: Tensor, { size }: ResizeParams): Tensor =>
  size.reduce((y, m, i) => {
    const n = y.shape[i + 1] as number;
    if (n === m) return y;
    return resample(y, i + 1, samplingWeights(n, m, { step: n / m, shift: 0, kernel: triangle, antialias: false }));
  }, x);

type ResizeBody = (x: Tensor, params: ResizeParams) => Tensor;
function resizing(name: string, body: ResizeBody): Configured<ResizeParams, "composite"> {
  const definition: Definition<ResizeParams> = {
    name,
    infer: ([x], { size }) => {
      const { shape, dtype } = x as Aval;
      if (shape.length !== 4) {
        const must = "images must be [N, H, W, C]";
        throw new ShapeError(complain(name, { must, got: showAval(x as Aval), todo: "Reshape them" }));
      }
      if (!isFloat(dtype)) {
        const must = "images must have a float dtype";
        throw new DtypeError(complain(name, { must, got: showAval(x as Aval), todo: "Cast them first" }));
      }
      return [{ shape: [shape[0] as number, ...size, shape[3] as number], dtype }];
    },
    vjp: ({ g, inputs, params }) => bodyVjp(([x], given: ResizeParams) => body(x as Tensor, given), g, inputs, params),
    body: ([x], params) => [body(x as Tensor, params)],
  };
  return marked((x: Tensor, params: ResizeParams) => apply1(definition, [x], params), "composite", definition);
}

/**
 * Images `[N, H, W, C]` as `[N, height, width, C]`, linear between two places of each axis; places are centred at `i + 1/2`, and what
 * lies outside is read at the edge. No wider kernel when images get smaller.
 */
export const resizeBilinear: Configured<ResizeParams, "composite"> = resizing("resizeBilinear", resizeBody);

/** For each of `m` output places the input place of `n` in which its centre lies, in float32 as JAX has it. */
export function nearestPlaces(n: number, m: number): Int32Array {
  const f32 = Math.fround;
  return Int32Array.from(range(m), (i) => Math.floor(f32(f32((i + 0.5) * n) / m)));
}

/** Images `[N, H, W, C]` as `[N, height, width, C]`, each place the one of `nearestPlaces`. */
export const resizeNearest: Configured<ResizeParams, "composite"> = resizing("resizeNearest", (x, { size }) =>
  size.reduce((y, m, i) => {
    const n = y.shape[i + 1] as number;
    if (n === m) return y;
    return take(y, literal({ shape: [m], dtype: "int32", data: nearestPlaces(n, m) }), { axis: i + 1 });
  }, x),
);
