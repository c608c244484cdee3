// Tensors as sets of elements.
import { normalizeAxis, range } from "../aval/index.ts";
import { ConfigError, complain } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, promote, type TensorLike } from "./convert-core.ts";
import type { KerasTensor } from "./keras-tensor.ts";
import { type Op, op } from "./op.ts";
import { requireOutsideTrace } from "./outside-trace.ts";

export interface IsinOptions {
  /** A hint that no element occurs twice. */
  readonly assumeUnique?: boolean;
  /** True where an element is not among the others. */
  readonly invert?: boolean;
}
/**
 * Whether each element of `x1` is among the elements of `x2`: bool of the shape of `x1`. nan is among nothing.
 * Source: keras.ops.isin.
 * @example await isin([1, 2, 3], [3, 1]).array(); // [true, false, true]
 */
export const isin: Op<(x1: TensorLike, x2: TensorLike, options?: IsinOptions) => Tensor> = /* @__PURE__ */ op(
  "isin",
  (x1: TensorLike, x2: TensorLike, { assumeUnique: _hint = false, invert = false }: IsinOptions = {}): Tensor => {
    const [a, b] = promote(convertToTensor(x1), convertToTensor(x2)) as [Tensor, Tensor];
    // Keras gives this for no test elements, whatever `invert` is for no elements.
    if (a.size === 0 || b.size === 0) return p.full(a.shape, invert ? 1 : 0, "bool");
    const among = p.equal(p.reshape(a, { shape: [...a.shape, 1] }), p.reshape(b, { shape: [b.size] }));
    const found = p.reduceOr(among, { axes: [a.ndim] });
    return invert ? p.not(found) : found;
  },
);

export interface UniqueOptions {
  /** Accepted for compatibility: results are always sorted. */
  readonly sorted?: boolean;
  /** Also the position of the first of each. */
  readonly returnIndex?: boolean;
  /** Also, for each element of `x`, its place among the results. */
  readonly returnInverse?: boolean;
  /** Also how often each occurs. */
  readonly returnCounts?: boolean;
  /** Compare slices along this axis; elements of the flattened tensor by default. */
  readonly axis?: number | null;
  /** How many results there shall be: then nothing is read, and it works inside a trace. Others are cut off, missing ones filled. */
  readonly size?: number | null;
  /** What stands behind the last result if `size` is larger than needed; the smallest one by default. */
  readonly fillValue?: number | null;
}
type More = { readonly returnIndex: true } | { readonly returnInverse: true } | { readonly returnCounts: true };
type UniqueResult<O, T> = O extends More ? T[] : T;
export interface UniqueOp {
  <const O extends UniqueOptions>(x: KerasTensor, options?: O): UniqueResult<O, KerasTensor>;
  <const O extends UniqueOptions & { readonly size: number }>(x: TensorLike, options: O): UniqueResult<O, Tensor>;
  <const O extends UniqueOptions & { readonly size?: null }>(
    x: TensorLike,
    options?: O,
  ): Promise<UniqueResult<O, Tensor>>;
}

interface Groups {
  /** `[n, ...]`, equal ones side by side. */
  readonly sorted: Tensor;
  /** Which of the given ones each is, `[n]`. */
  readonly order: Tensor;
  /** True for the first of each group, `[n]`. */
  readonly isFirst: Tensor;
  /** The number of its group, `[n]` int32. */
  readonly group: Tensor;
  readonly axis: number;
}
// Rows sorted by their first column, then the second ...: sorted by the last one first, as sorting keeps the order of equal ones.
function lexicographic(rows: Tensor): Tensor {
  const [n, columns] = rows.shape as readonly [number, number];
  let order = p.iota({ shape: [n], axis: 0, dtype: "int32" });
  for (const column of range(columns).reverse()) {
    const part = p.slice(rows, { starts: [0, column], limits: [n, column + 1], strides: [1, 1] });
    const values = p.take(p.reshape(part, { shape: [n] }), order, { axis: 0 });
    order = p.take(order, p.argSort(values, { axis: 0 }), { axis: 0 });
  }
  return order;
}
function groupsOf(x: Tensor, axis: number | null): Groups {
  const given = axis === null ? p.reshape(x, { shape: [x.size] }) : x;
  const at = axis === null ? 0 : normalizeAxis(axis, x.ndim, "unique");
  const front = p.transpose(given, { permutation: [at, ...range(given.ndim).filter((i) => i !== at)] });
  const n = front.shape[0] as number;
  const rows = p.reshape(front, { shape: [n, front.size / Math.max(1, n)] });
  const order = lexicographic(rows);
  const sorted = p.take(front, order, { axis: 0 });
  const flat = p.take(rows, order, { axis: 0 });
  const width = rows.shape[1] as number;
  const part = (from: number, to: number): Tensor =>
    p.slice(flat, { starts: [from, 0], limits: [to, width], strides: [1, 1] });
  const differs = p.reduceOr(p.notEqual(part(1, n), part(0, n - 1)), { axes: [1] });
  const isFirst = p.concat([p.full([1], 1, "bool"), differs], { axis: 0 });
  const group = p.sub(p.cumSum(castTo(isFirst, "int32"), { axis: 0, reverse: false }), 1);
  return { sorted, order, isFirst, group, axis: at };
}
// Positions of the first of each group, `[size]`; what is missing gets `otherwise`.
function firsts({ isFirst, group }: Groups, size: number, otherwise: number): Tensor {
  const n = group.size;
  const place = p.where(p.and(isFirst, p.less(group, size)), group, size);
  const column = p.reshape(place, { shape: [n, 1] });
  const positions = p.iota({ shape: [n], axis: 0, dtype: "int32" });
  const all = p.scatterNd(p.full([size + 1], otherwise, "int32"), column, positions, { mode: "set" });
  return p.slice(all, { starts: [0], limits: [size], strides: [1] });
}

const numberOf = ({ group }: Groups): Tensor =>
  p.add(p.slice(group, { starts: [group.size - 1], limits: [group.size], strides: [1] }), 1);

function uniqueOf(x: Tensor, groups: Groups, size: number, options: UniqueOptions): Tensor | Tensor[] {
  const { sorted, order, group, axis } = groups;
  const n = group.size;
  const places = firsts(groups, size, 0);
  let values = p.take(sorted, places, { axis: 0 });
  if (options.fillValue !== null && options.fillValue !== undefined) {
    const index = p.iota({ shape: [size, ...sorted.shape.slice(1).map(() => 1)], axis: 0, dtype: "int32" });
    const count = p.reshape(numberOf(groups), { shape: [] });
    values = p.where(p.less(index, count), values, convertToTensor(options.fillValue, { dtype: values.dtype }));
  }
  const back = range(values.ndim).map((i) => (i === axis ? 0 : i < axis ? i + 1 : i));
  const results = [p.transpose(values, { permutation: back })];
  if (options.returnIndex === true) results.push(p.take(order, places, { axis: 0 }));
  if (options.returnInverse === true) {
    const column = p.reshape(order, { shape: [n, 1] });
    const inverse = p.scatterNd(p.full([n], 0, "int32"), column, group, { mode: "set" });
    results.push(
      options.axis === null || options.axis === undefined ? p.reshape(inverse, { shape: x.shape }) : inverse,
    );
  }
  if (options.returnCounts === true) {
    const ends = firsts(groups, size + 1, n);
    const part = (from: number): Tensor => p.slice(ends, { starts: [from], limits: [from + size], strides: [1] });
    results.push(p.sub(part(1), part(0)));
  }
  return results.length === 1 ? (results[0] as Tensor) : results;
}
// No elements: no results, or fill values only.
function uniqueOfNothing(x: Tensor, size: number | null, options: UniqueOptions): Tensor | Tensor[] {
  const { axis = null, fillValue = null } = options;
  const at = axis === null ? 0 : normalizeAxis(axis, x.ndim, "unique");
  const shape = axis === null ? [0] : x.shape;
  const n = shape[at] as number;
  if (n === 0 && size !== null && size > 0 && fillValue === null) {
    const must = "an empty x with a size must come with a fillValue";
    throw new ConfigError(complain("unique", { must, got: `size ${size}`, todo: "Pass the option fillValue" }));
  }
  // Slices without elements are all equal.
  const groups = Math.min(n, 1);
  const count = n === 0 ? (size ?? 0) : 1;
  const whole = (length: number, value = 0): Tensor => p.full([length], value, "int32");
  const values = p.full(
    shape.map((s, i) => (i === at ? count : s)),
    fillValue ?? 0,
    x.dtype,
  );
  const results = [values];
  if (options.returnIndex === true) results.push(whole(groups));
  if (options.returnInverse === true) results.push(axis === null ? p.full(x.shape, 0, "int32") : whole(n));
  if (options.returnCounts === true) results.push(whole(groups, n));
  return results.length === 1 ? values : results;
}

/**
 * The different elements of `x`, ascending (nan counts as different from nan), or the different slices along `axis`. With `returnIndex`,
 * `returnInverse`, `returnCounts`: a list of them and int32 tensors. How many there are depends on the values, so it is awaited outside of
 * a trace; with `size` nothing is read. Gradients flow to the first of equal ones (in Keras with `size` only). @throws StateError inside a trace without `size`. Source: keras.ops.unique.
 * @example await (await unique([3, 1, 3])).array(); // [1, 3]
 */
export const unique: UniqueOp = /* @__PURE__ */ op(
  "unique",
  (x: TensorLike, options: UniqueOptions = {}): Tensor | Tensor[] | Promise<Tensor | Tensor[]> => {
    const { sorted: _sorted = true, axis = null, size = null, fillValue = null } = options;
    const { returnIndex = false, returnInverse = false, returnCounts = false } = options;
    const wanted = { axis, fillValue, returnIndex, returnInverse, returnCounts };
    const t = convertToTensor(x);
    if (size === null) requireOutsideTrace("unique", "Pass the option size");
    else if (!Number.isInteger(size) || size < 0) {
      const must = "size must be a whole number, at least 0";
      throw new ConfigError(complain("unique", { must, got: String(size), todo: "Pass how many results to expect" }));
    }
    if (t.size === 0) {
      const result = uniqueOfNothing(t, size, wanted);
      return size === null ? Promise.resolve(result) : result;
    }
    const groups = groupsOf(t, axis);
    if (size !== null) return uniqueOf(t, groups, size, wanted);
    return numberOf(groups)
      .item()
      .then((count) => uniqueOf(t, groups, count, wanted));
  },
) as unknown as UniqueOp;
