// What the programs of linear algebra share: parts of matrices `[B, m, n]`, and loops over them.
import { Graph, literal, primitives as p, placeholder, scalar, type Tensor } from "@keras-ts/core/backend";

/** Numbers of rows (axis 1) or columns (axis 2). */
export const index = (like: { readonly shape: readonly number[] }, axis: number): Tensor =>
  p.iota({ shape: like.shape, axis, dtype: "int32" });
/** `[B, n]` as `[B, n, 1]`. */
export const asColumn = (x: Tensor): Tensor => p.reshape(x, { shape: [...x.shape, 1] });
/** `[B, n]` as `[B, 1, n]`. */
export const asRow = (x: Tensor): Tensor =>
  p.reshape(x, { shape: [...x.shape.slice(0, -1), 1, x.shape[x.ndim - 1] as number] });
export const zeros = (shape: readonly number[]): Tensor => p.full(shape, 0, "float64");
export const identity = (batch: number, n: number): Tensor => {
  const like = { shape: [batch, n, n] };
  return p.where(p.equal(index(like, 1), index(like, 2)), scalar(1, "float64"), 0);
};
export const transposed = (x: Tensor): Tensor => p.transpose(x, { permutation: [0, 2, 1] });
/** Whole numbers known beforehand. */
export const places = (shape: readonly number[], data: readonly number[]): Tensor =>
  literal({ shape, dtype: "int32", data: Int32Array.from(data) });

/** Rows `from` to `to` of matrices `[B, m, n]`, or columns (axis 2). */
export function part(x: Tensor, from: number, to: number, axis: 1 | 2): Tensor {
  if (from === 0 && to === x.shape[axis]) return x;
  return p.slice(x, {
    starts: [0, axis === 1 ? from : 0, axis === 2 ? from : 0],
    limits: x.shape.map((size, i) => (i === axis ? to : size)),
    strides: [1, 1, 1],
  });
}
/** `x` with zeros after its last rows and columns. */
export const padded = (x: Tensor, rows: number, columns: number): Tensor =>
  rows === 0 && columns === 0 ? x : p.pad(x, { low: [0, 0, 0], high: [0, rows, columns], interior: [0, 0, 0] });

/** Rows of `x` `[B, m, n]` in the order `order` `[B, k]`. */
export function rowsAt(x: Tensor, order: Tensor): Tensor {
  const [batch, count] = order.shape as [number, number];
  if (batch === 1) return p.take(x, p.reshape(order, { shape: [count] }), { axis: 1 });
  return p.gatherNd(x, p.concat([asColumn(index(order, 0)), asColumn(order)], { axis: 2 }));
}

/** What a step sees: constants, the carry, its own rows of the sequences, and its number `[1]`. */
export type Step = (
  carry: readonly Tensor[],
  at: Tensor,
  consts: readonly Tensor[],
  rows: readonly Tensor[],
) => readonly Tensor[];
/** `length` steps over a carry. Outputs beyond the carry are stacked. */
export function loop(
  length: number,
  carry: readonly Tensor[],
  step: Step,
  {
    consts = [],
    sequences = [],
    reverse = false,
  }: {
    readonly consts?: readonly Tensor[];
    readonly sequences?: readonly Tensor[];
    readonly reverse?: boolean;
  } = {},
): readonly Tensor[] {
  const constants = consts.map((x) => placeholder(x));
  const state = carry.map((x) => placeholder(x));
  const rows = sequences.map(({ shape, dtype }) => placeholder({ shape: shape.slice(1), dtype }));
  const at = placeholder({ shape: [1], dtype: "int32" });
  const body = new Graph([...constants, ...state, ...rows, at], step(state, at, constants, rows));
  const steps = p.iota({ shape: [length, 1], axis: 0, dtype: "int32" });
  return p.scan([...consts, ...carry, ...sequences, steps], {
    body,
    numConsts: consts.length,
    numCarry: carry.length,
    length,
    reverse,
  });
}
