// Several tensors into one, and one into several.

import { normalizeAxis, range, resultType, type Shape } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { sliceAxis } from "./get-item.ts";
import type { KerasTensor } from "./keras-tensor.ts";
import { type Op, op } from "./op.ts";
import { requireOutsideTrace } from "./outside-trace.ts";

type Many = readonly TensorLike[] | Tensor;
/** Tensors of a list, of one dtype; the rows of a tensor count as a list. @throws ShapeError for an empty list. */
function together(where: string, xs: Many): Tensor[] {
  const list = Array.isArray(xs)
    ? (xs as readonly TensorLike[]).map((x) => convertToTensor(x))
    : unstackAxis(convertToTensor(xs as Tensor), 0);
  if (list.length === 0) {
    throw new ShapeError(
      complain(where, { must: "there must be at least one tensor", got: "none", todo: "Check the list" }),
    );
  }
  const dtype = resultType(...list.map((x) => x.dtype));
  return list.map((x) => castTo(x, dtype));
}
export interface AxisOption {
  readonly axis?: number;
}
export type JoinOp = Op<(xs: readonly TensorLike[] | Tensor, options?: AxisOption) => Tensor>;

/**
 * Tensors one after the other along `axis`.
 * Source: keras.ops.concatenate.
 * @example await ops.concatenate([[1, 2], [3]]).array(); // [1, 2, 3]
 */
export const concatenate: JoinOp = /* @__PURE__ */ op(
  "concatenate",
  (xs: Many, { axis = 0 }: AxisOption = {}): Tensor => {
    const list = together("concatenate", xs);
    return p.concat(list, { axis: normalizeAxis(axis, (list[0] as Tensor).ndim, "concatenate") });
  },
);
/**
 * Tensors of one shape side by side along a new axis.
 * Source: keras.ops.stack.
 * @example await ops.stack([[1, 2], [3, 4]]).array(); // [[1, 2], [3, 4]]
 */
export const stack: JoinOp = /* @__PURE__ */ op("stack", (x: Many, { axis = 0 }: AxisOption = {}): Tensor => {
  const list = together("stack", x);
  const first = list[0] as Tensor;
  const at = normalizeAxis(axis, first.ndim + 1, "stack");
  return p.concat(
    list.map((t) => p.reshape(t, { shape: [...t.shape.slice(0, at), 1, ...t.shape.slice(at)] })),
    { axis: at },
  );
});
const atLeast = (x: Tensor, shape: (s: Shape) => Shape): Tensor => p.reshape(x, { shape: shape(x.shape) });
type PlainJoin = Op<(xs: readonly TensorLike[] | Tensor) => Tensor>;
/**
 * Joined along the second axis; vectors along the first.
 * Source: keras.ops.hstack.
 * @example await ops.hstack([[1, 2], [3]]).array(); // [1, 2, 3]
 */
export const hstack: PlainJoin = /* @__PURE__ */ op("hstack", (xs: Many): Tensor => {
  const list = together("hstack", xs).map((x) => atLeast(x, (s) => (s.length === 0 ? [1] : s)));
  return p.concat(list, { axis: (list[0] as Tensor).ndim === 1 ? 0 : 1 });
});
/**
 * Joined along the first axis; vectors are rows.
 * Source: keras.ops.vstack.
 * @example await ops.vstack([[1, 2], [3, 4]]).array(); // [[1, 2], [3, 4]]
 */
export const vstack: PlainJoin = /* @__PURE__ */ op("vstack", (xs: Many): Tensor => {
  const list = together("vstack", xs).map((x) => atLeast(x, (s) => (s.length < 2 ? [1, s[0] ?? 1] : s)));
  return p.concat(list, { axis: 0 });
});
/**
 * Joined along the third axis.
 * Source: keras.ops.dstack.
 * @example await ops.dstack([[1, 2], [3, 4]]).array(); // [[[1, 3], [2, 4]]]
 */
export const dstack: PlainJoin = /* @__PURE__ */ op("dstack", (xs: Many): Tensor => {
  const deep = (s: Shape): Shape => (s.length < 2 ? [1, s[0] ?? 1, 1] : s.length === 2 ? [...s, 1] : s);
  return p.concat(
    together("dstack", xs).map((x) => atLeast(x, deep)),
    { axis: 2 },
  );
});
/**
 * Vectors as the columns of a matrix; matrices side by side.
 * Source: keras.ops.column_stack (3.16).
 * @example await ops.columnStack([[1, 2], [3, 4]]).array(); // [[1, 3], [2, 4]]
 */
export const columnStack: PlainJoin = /* @__PURE__ */ op("columnStack", (xs: Many): Tensor => {
  const column = (s: Shape): Shape => (s.length < 2 ? [s[0] ?? 1, 1] : s);
  return p.concat(
    together("columnStack", xs).map((x) => atLeast(x, column)),
    { axis: 1 },
  );
});
/**
 * `x2` after `x1` along `axis`; flattened by default.
 * Source: keras.ops.append.
 * @example await ops.append([1, 2], [3]).array(); // [1, 2, 3]
 */
export const append: Op<(x1: TensorLike, x2: TensorLike, options?: { readonly axis?: number | null }) => Tensor> =
  /* @__PURE__ */ op(
    "append",
    (x1: TensorLike, x2: TensorLike, { axis = null }: { readonly axis?: number | null } = {}): Tensor => {
      const [a, b] = together("append", [x1, x2]) as [Tensor, Tensor];
      if (axis !== null) return p.concat([a, b], { axis: normalizeAxis(axis, a.ndim, "append") });
      return p.concat([p.reshape(a, { shape: [a.size] }), p.reshape(b, { shape: [b.size] })], { axis: 0 });
    },
  );

function unstackAxis(x: Tensor, axis: number): Tensor[] {
  return range(x.shape[axis] as number).map((i) =>
    p.reshape(sliceAxis(x, axis, i, 1, 1), { shape: x.shape.filter((_, j) => j !== axis) }),
  );
}
export interface UnstackOptions {
  /** How many there are, as a check. */
  readonly num?: number | null;
  readonly axis?: number;
}
/**
 * The slices along `axis`, without that axis.
 * Source: keras.ops.unstack.
 * @example await ops.unstack([[1, 2], [3, 4]])[1]?.array(); // [3, 4]
 */
export const unstack: Op<(x: TensorLike, options?: UnstackOptions) => Tensor[]> = /* @__PURE__ */ op(
  "unstack",
  (x: TensorLike, { num = null, axis = 0 }: UnstackOptions = {}): Tensor[] => {
    const t = convertToTensor(x);
    const at = normalizeAxis(axis, t.ndim, "unstack");
    if (num !== null && num !== t.shape[at]) {
      const must = `num must be the size of axis ${axis} (${t.shape[at]})`;
      throw new ShapeError(complain("unstack", { must, got: String(num), todo: "Leave num out" }));
    }
    return unstackAxis(t, at);
  },
);

type Sections = number | readonly number[];
function cut(x: Tensor, axis: number, bounds: readonly number[]): Tensor[] {
  const n = x.shape[axis] as number;
  const clip = (i: number): number => Math.min(n, Math.max(0, i < 0 ? i + n : i));
  const edges = [0, ...bounds.map(clip), n];
  return edges
    .slice(1)
    .map((end, i) => sliceAxis(x, axis, edges[i] as number, Math.max(0, end - (edges[i] as number)), 1));
}
function splitAxis(where: string, x: Tensor, sections: Sections, axis: number, uneven = false): Tensor[] {
  if (typeof sections !== "number") return cut(x, axis, sections);
  const n = x.shape[axis] as number;
  if (!Number.isInteger(sections) || sections < 1 || (!uneven && n % sections !== 0)) {
    const must = uneven ? "the number of parts must be at least 1" : "the axis must divide into that many equal parts";
    const todo = uneven ? "Pass a positive number" : "Use ops.arraySplit, or pass the positions of the cuts";
    throw new ShapeError(
      complain(where, { must, got: `${sections} parts of ${showShape(x.shape)} along axis ${axis}`, todo }),
    );
  }
  const [base, extra] = [Math.floor(n / sections), n % sections];
  return cut(
    x,
    axis,
    range(sections - 1).map((i) => (i + 1) * base + Math.min(i + 1, extra)),
  );
}
export type SplitOp = Op<
  (x: TensorLike, indicesOrSections: number | readonly number[], options?: AxisOption) => Tensor[]
>;
/**
 * Equal parts along `axis`, or parts between cuts.
 * Source: keras.ops.split.
 * @example await ops.split([1, 2, 3, 4], 2)[1]?.array(); // [3, 4]
 */
export const split: SplitOp = /* @__PURE__ */ op(
  "split",
  (x: TensorLike, sections: Sections, { axis = 0 }: AxisOption = {}): Tensor[] => {
    const t = convertToTensor(x);
    return splitAxis("split", t, sections, normalizeAxis(axis, t.ndim, "split"));
  },
);
/**
 * Like `split`, but the first parts may be larger by one.
 * Source: keras.ops.array_split.
 * @example await ops.arraySplit([1, 2, 3], 2)[0]?.array(); // [1, 2]
 */
export const arraySplit: SplitOp = /* @__PURE__ */ op(
  "arraySplit",
  (x: TensorLike, sections: Sections, { axis = 0 }: AxisOption = {}): Tensor[] => {
    const t = convertToTensor(x);
    return splitAxis("arraySplit", t, sections, normalizeAxis(axis, t.ndim, "arraySplit"), true);
  },
);
type PlainSplit = Op<(x: TensorLike, indicesOrSections: number | readonly number[]) => Tensor[]>;
const splitAt = (name: string, axis: (ndim: number) => number): PlainSplit =>
  op(name, (x: TensorLike, sections: Sections): Tensor[] => {
    const t = convertToTensor(x);
    return splitAxis(name, t, sections, normalizeAxis(axis(t.ndim), t.ndim, name));
  });
/**
 * `split` along the second axis; vectors along the first.
 * Source: keras.ops.hsplit.
 * @example await ops.hsplit([[1, 2], [3, 4]], 2)[1]?.array(); // [[2], [4]]
 */
export const hsplit: PlainSplit = /* @__PURE__ */ splitAt("hsplit", (ndim) => (ndim === 1 ? 0 : 1));
/**
 * `split` along the first axis.
 * Source: keras.ops.vsplit.
 * @example await ops.vsplit([[1, 2], [3, 4]], 2)[1]?.array(); // [[3, 4]]
 */
export const vsplit: PlainSplit = /* @__PURE__ */ splitAt("vsplit", () => 0);
/**
 * `split` along the third axis.
 * Source: keras.ops.dsplit.
 * @example await ops.dsplit([[[1, 2]]], 2)[1]?.array(); // [[[2]]]
 */
export const dsplit: PlainSplit = /* @__PURE__ */ splitAt("dsplit", () => 2);

/**
 * `x` repeated as a whole, `repeats` times along each axis.
 * Source: keras.ops.tile.
 * @example await ops.tile([1, 2], 2).array(); // [1, 2, 1, 2]
 */
export const tile: Op<(x: TensorLike, repeats: number | readonly number[]) => Tensor> = /* @__PURE__ */ op(
  "tile",
  (x: TensorLike, repeats: Sections): Tensor => {
    const t = convertToTensor(x);
    const times = typeof repeats === "number" ? [repeats] : repeats;
    const ndim = Math.max(t.ndim, times.length);
    const shape = [...new Array<number>(ndim - t.ndim).fill(1), ...t.shape];
    const counts = [...new Array<number>(ndim - times.length).fill(1), ...times];
    // Each axis n becomes (count, n), and is merged again.
    const split = p.reshape(t, { shape: shape.flatMap((n) => [1, n]) });
    const wide = p.broadcastTo(split, { shape: shape.flatMap((n, i) => [counts[i] as number, n]) });
    return p.reshape(wide, { shape: shape.map((n, i) => n * (counts[i] as number)) });
  },
);
export interface RepeatOptions {
  readonly axis?: number | null;
}
export interface RepeatOp {
  (x: KerasTensor, repeats: number | readonly number[], options?: RepeatOptions): KerasTensor;
  (x: TensorLike, repeats: Tensor, options?: RepeatOptions): Promise<Tensor>;
  (x: TensorLike, repeats: number | readonly number[], options?: RepeatOptions): Tensor;
}
/**
 * Each element repeated in place along `axis`; of the flattened tensor by default. `repeats`: one count, or one for each. With a tensor of
 * counts the shape of the result depends on values, so it is awaited. @throws StateError for a tensor of counts inside a trace.
 * Source: keras.ops.repeat.
 * @example await repeat([1, 2], [2, 1]).array(); // [1, 1, 2]
 */
export const repeat: RepeatOp = /* @__PURE__ */ op(
  "repeat",
  (x: TensorLike, repeats: Sections | Tensor, { axis = null }: RepeatOptions = {}): Tensor | Promise<Tensor> => {
    const t = convertToTensor(x);
    if (!(repeats instanceof Tensor)) return repeatEach(t, typeof repeats === "number" ? [repeats] : repeats, axis);
    requireOutsideTrace("repeat", "Pass the counts as numbers");
    return repeats.data().then((counts) => repeatEach(t, Array.from(counts), axis));
  },
) as unknown as RepeatOp;
function repeatEach(x: Tensor, counts: readonly number[], axis: number | null): Tensor {
  const t = axis === null ? p.reshape(x, { shape: [x.size] }) : x;
  const at = axis === null ? 0 : normalizeAxis(axis, t.ndim, "repeat");
  const n = t.shape[at] as number;
  if (counts.some((count) => !Number.isInteger(count) || count < 0)) {
    const must = "counts must be whole numbers, at least 0";
    throw new ShapeError(complain("repeat", { must, got: showShape(counts), todo: "Check repeats" }));
  }
  if (counts.length === 1) {
    const [count] = counts as [number];
    const [before, after] = [t.shape.slice(0, at), t.shape.slice(at + 1)];
    const split = p.reshape(t, { shape: [...before, n, 1, ...after] });
    const wide = p.broadcastTo(split, { shape: [...before, n, count, ...after] });
    return p.reshape(wide, { shape: [...before, n * count, ...after] });
  }
  if (counts.length !== n) {
    const must = `there must be one count, or one for each of ${n} elements`;
    throw new ShapeError(complain("repeat", { must, got: `${counts.length} counts`, todo: "Check repeats" }));
  }
  const indices = Int32Array.from(counts.flatMap((count, i) => new Array<number>(count).fill(i)));
  return p.take(t, convertToTensor(indices), { axis: at });
}
/**
 * Coordinate grids of vectors. `indexing`: "xy" swaps the first two axes, "ij" does not.
 * Source: keras.ops.meshgrid.
 * @example await ops.meshgrid([1, 2], [3, 4])[0]?.array(); // [[1, 2], [1, 2]]
 */
export const meshgrid: Op<(...args: (TensorLike | { readonly indexing?: "xy" | "ij" })[]) => Tensor[]> =
  /* @__PURE__ */ op("meshgrid", (...args: (TensorLike | { readonly indexing?: "xy" | "ij" })[]): Tensor[] => {
    const last = args[args.length - 1];
    const hasOptions = typeof last === "object" && last !== null && "indexing" in last;
    const indexing = hasOptions ? ((last as { readonly indexing?: string }).indexing ?? "xy") : "xy";
    const xs = (hasOptions ? args.slice(0, -1) : args).map((x) => convertToTensor(x as TensorLike));
    if (xs.some((x) => x.ndim > 1) || (indexing !== "xy" && indexing !== "ij")) {
      const must = 'inputs must be vectors and indexing "xy" or "ij"';
      const got = `${xs.map((x) => showShape(x.shape)).join(", ")} and "${indexing}"`;
      throw new ShapeError(complain("meshgrid", { must, got, todo: "Use ops.ravel" }));
    }
    const place = (i: number): number => (indexing === "xy" && xs.length > 1 && i < 2 ? 1 - i : i);
    const sizes = range(xs.length).map((axis) => (xs[place(axis)] as Tensor).size);
    return xs.map((x, i) => {
      const thin = sizes.map((n, axis) => (axis === place(i) ? n : 1));
      return p.broadcastTo(p.reshape(x, { shape: thin }), { shape: sizes });
    });
  });
