import { type Aval, type KernelAvals, type KernelTable, range } from "../core.ts";
import { bool, constant, dtypeName, tuple } from "./text.ts";

export type StructuralName =
  | "reshape"
  | "transpose"
  | "broadcastTo"
  | "slice"
  | "pad"
  | "reverse"
  | "concat"
  | "iota"
  | "reduceSum"
  | "reduceMax"
  | "reduceMin"
  | "reduceProd"
  | "reduceAnd"
  | "reduceOr"
  | "argMax"
  | "argMin"
  | "cumSum"
  | "cumProd"
  | "cumMax"
  | "cumMin";

type Row<P> = (inputs: readonly string[], params: P, avals: KernelAvals) => string;
type Reduction = Row<{ readonly axes: readonly number[] }>;
type Cumulative = Row<{ readonly axis: number; readonly reverse: boolean }>;

// NumPy sums narrow integers in 64 bits unless told not to.
const summing =
  (name: string): Reduction =>
  ([x], { axes }, { outs }) =>
    `${name}(${x}, axis=${tuple(axes)}, dtype=${dtypeName((outs[0] as Aval).dtype)})`;
const plain =
  (name: string): Reduction =>
  ([x], { axes }) =>
    `${name}(${x}, axis=${tuple(axes)})`;
// Only an empty reduction needs a start, and NumPy refuses it without one.
const extreme =
  (name: string, sign: 1 | -1): Reduction =>
  ([x], { axes }, { ins }) => {
    const { shape, dtype } = ins[0] as Aval;
    const empty = axes.some((axis) => shape[axis] === 0);
    return `${name}(${x}, axis=${tuple(axes)}${empty ? `, initial=${lowest(dtype, sign)}` : ""})`;
  };
function lowest(dtype: Aval["dtype"], sign: 1 | -1): string {
  if (dtype === "bool") return bool(sign < 0);
  if (dtype.startsWith("float")) return constant(sign * Number.NEGATIVE_INFINITY, dtype);
  return `np.iinfo(${dtypeName(dtype)}).${sign > 0 ? "min" : "max"}`;
}
const running =
  (ufunc: string): Cumulative =>
  ([x], { axis, reverse }) =>
    `kt.cumulative(${ufunc}, ${x}, ${axis}, ${bool(reverse)})`;

export const structural: { readonly [N in StructuralName]: KernelTable<string>[N] } = {
  reshape: ([x], { shape }) => `${x}.reshape(${tuple(shape)})`,
  transpose: ([x], { permutation }) => `${x}.transpose(${tuple(permutation)})`,
  broadcastTo: ([x], { shape }) => `np.broadcast_to(${x}, ${tuple(shape)})`,
  slice: ([x], { starts, limits, strides }, { ins }) => {
    const { shape } = ins[0] as Aval;
    const parts = shape.map((size, i) => {
      const [start, limit, stride] = [starts[i] as number, limits[i] as number, strides[i] as number];
      const text = `${start === 0 ? "" : start}:${limit === size ? "" : limit}`;
      return stride === 1 ? text : `${text}:${stride}`;
    });
    return `${x}[${parts.join(", ") || "()"}]`;
  },
  pad: ([x], { low, high, interior }) => `kt.pad(${x}, ${tuple(low)}, ${tuple(high)}, ${tuple(interior)})`,
  reverse: ([x], { axes }) => `np.flip(${x}, ${tuple(axes)})`,
  concat: (inputs, { axis }) => `np.concatenate(${tuple(inputs)}, axis=${axis})`,
  iota: (_, { shape, axis, dtype }) => `kt.iota(${tuple(shape)}, ${axis}, ${dtypeName(dtype)})`,
  reduceSum: summing("np.sum"),
  reduceMax: extreme("np.max", 1),
  reduceMin: extreme("np.min", -1),
  reduceProd: summing("np.prod"),
  reduceAnd: plain("np.all"),
  reduceOr: plain("np.any"),
  argMax: ([x], { axis }) => `np.argmax(${x}, axis=${axis}).astype(np.int32)`,
  argMin: ([x], { axis }) => `np.argmin(${x}, axis=${axis}).astype(np.int32)`,
  cumSum: running("np.add"),
  cumProd: running("np.multiply"),
  cumMax: running("np.maximum"),
  cumMin: running("np.minimum"),
};

/** Axes of a shape, all of them in order. */
export const inOrder = (axes: readonly number[]): boolean => range(axes.length).every((i) => axes[i] === i);
