// Python's `x[...]`: basic slicing first, then index arrays.
import { broadcastShapes, isInteger, range } from "../aval/index.ts";
import { complain, DtypeError, ShapeError, showAval, showShape } from "../errors/index.ts";
import { type Index, Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";

type Slice = readonly [start: number | null, stop: number | null, step?: number | null];

/** Python's `slice(start, stop, step).indices(size)` as start, number of elements, and step. */
export function resolveSlice(
  [start, stop, step = null]: Slice,
  size: number,
  where: string,
): readonly [number, number, number] {
  const by = step ?? 1;
  if (!Number.isInteger(by) || by === 0) {
    const todo = "Use a positive or negative step";
    throw new ShapeError(
      complain(where, { must: "the step of a slice must be an integer other than 0", got: String(by), todo }),
    );
  }
  const [low, high] = by > 0 ? [0, size] : [-1, size - 1];
  const bound = (value: number | null, open: number): number =>
    value === null ? open : Math.min(high, Math.max(low, value < 0 ? value + size : value));
  const from = bound(start, by > 0 ? low : high);
  const to = bound(stop, by > 0 ? high : low);
  return [from, Math.max(0, Math.ceil((to - from) / by)), by];
}

/** A static slice of one axis with any step. */
export function sliceAxis(x: Tensor, axis: number, first: number, count: number, step: number): Tensor {
  const last = first + (count - 1) * step;
  const [low, high] = count === 0 ? [0, 0] : step > 0 ? [first, last + 1] : [last, first + 1];
  const pick = (own: number, other: (n: number) => number): number[] =>
    x.shape.map((n, i) => (i === axis ? own : other(n)));
  const part = p.slice(x, {
    starts: pick(low, () => 0),
    limits: pick(high, (n) => n),
    strides: pick(Math.abs(step), () => 1),
  });
  return step < 0 ? p.reverse(part, { axes: [axis] }) : part;
}

/** int32 indices in `[0, size)`: negative ones count from the end, those outside are moved to the edge. */
export function safeIndices(indices: Tensor, size: number): Tensor {
  const i = indices.dtype === "int32" ? indices : castTo(indices, "int32");
  const wrapped = p.where(p.less(i, 0), p.add(i, size), i);
  return p.min(p.max(wrapped, 0), Math.max(0, size - 1));
}

/** `x[indices]`. */
export function getItemCore(x: Tensor, indices: readonly Index[], where = "Tensor.at"): Tensor {
  const used = indices.filter((i) => i !== "..." && i !== "newaxis").length;
  const dots = indices.filter((i) => i === "...").length;
  if (used > x.ndim || dots > 1) {
    const must = dots > 1 ? 'there can be one "..." only' : `there can be at most ${x.ndim} indices`;
    const got = dots > 1 ? `${dots} of them` : `${used} for shape ${showShape(x.shape)}`;
    throw new ShapeError(complain(where, { must, got, todo: "Remove some of the indices" }));
  }
  const fill = new Array<Index>(x.ndim - used).fill([null, null]);
  const full = dots === 1 ? indices.flatMap((i) => (i === "..." ? fill : [i])) : [...indices, ...fill];

  // One pass over the axes: positions become slices of one that are dropped at the end.
  let y = x;
  let axis = 0;
  const shape: number[] = [];
  const arrays: { readonly place: number; readonly indices: Tensor }[] = [];
  const places: number[] = [];
  full.forEach((index, order) => {
    if (index === "newaxis") return void shape.push(1);
    const size = x.shape[axis] as number;
    if (index instanceof Tensor) {
      arrays.push({ place: shape.length, indices: requireIndices(index, where) });
      places.push(order);
      shape.push(size);
    } else if (typeof index === "number") {
      y = sliceAxis(y, axis, position(index, size, x, where), 1, 1);
    } else {
      const [first, count, step] = resolveSlice(index as Slice, size, where);
      y = sliceAxis(y, axis, first, count, step);
      shape.push(count);
    }
    axis++;
  });
  y = p.reshape(y, { shape });
  if (arrays.length === 0) return y;
  if (arrays.length === 1) {
    const [only] = arrays as [(typeof arrays)[0]];
    return p.take(y, safeIndices(only.indices, y.shape[only.place] as number), { axis: only.place });
  }
  return takeTogether(y, arrays, places, full);
}

function position(index: number, size: number, x: Tensor, where: string): number {
  if (Number.isInteger(index) && index >= -size && index < size) return index < 0 ? index + size : index;
  const must = `an index must be an integer in [${-size}, ${size})`;
  throw new ShapeError(
    complain(where, { must, got: `${index} for shape ${showShape(x.shape)}`, todo: "Check the index" }),
  );
}

function requireIndices(index: Tensor, where: string): Tensor {
  if (isInteger(index.dtype)) return index;
  const must = "index arrays must be integers (the shape of a boolean mask's result depends on its values)";
  const todo = "Use ops.where(mask, x, y), or x.at(...(await ops.nonzero(mask)))";
  throw new DtypeError(complain(where, { must, got: showAval(index), todo }));
}

// Several index arrays broadcast together. Their common axes stand where the first was if they are neighbours, else in front.
function takeTogether(
  x: Tensor,
  arrays: readonly { readonly place: number; readonly indices: Tensor }[],
  orders: readonly number[],
  full: readonly Index[],
): Tensor {
  const shape = broadcastShapes("Tensor.at", ...arrays.map((a) => a.indices.shape));
  const wide = [...shape, 1];
  const columns = arrays.map(({ place, indices }) => {
    const safe = safeIndices(indices, x.shape[place] as number);
    return p.reshape(p.broadcastTo(safe, { shape }), { shape: wide });
  });
  const places = arrays.map((a) => a.place);
  const rest = range(x.ndim).filter((i) => !places.includes(i));
  const front = p.transpose(x, { permutation: [...places, ...rest] });
  const y = p.gatherNd(front, p.concat(columns, { axis: shape.length }));
  const neighbours = isRun(orders) && !separated(full, orders);
  const before = neighbours ? rest.filter((i) => i < (places[0] as number)).length : 0;
  const head = range(before).map((i) => shape.length + i);
  const tail = range(rest.length - before).map((i) => shape.length + before + i);
  return p.transpose(y, { permutation: [...head, ...range(shape.length), ...tail] });
}
const isRun = (orders: readonly number[]): boolean =>
  orders.every((o, i) => i === 0 || o === (orders[i - 1] as number) + 1);
// NumPy counts a single position beside index arrays as one of them.
const separated = (full: readonly Index[], orders: readonly number[]): boolean => {
  const first = orders[0] as number;
  const last = orders[orders.length - 1] as number;
  return full.some((index, i) => typeof index === "number" && (i < first - 1 || i > last + 1));
};
