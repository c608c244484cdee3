// Movement, reductions, running reductions.
import { range, sizeOf } from "@keras-ts/core/backend";
import { type Builder, infoOf, isFloatType } from "../builder.ts";
import type { OnnxType } from "../proto.ts";
import { select } from "./elementwise.ts";
import { hasZero, isWorthABranch, mayHaveNan, separate, unlessRare, unseparated } from "./rare.ts";
import type { Rows } from "./table.ts";

type Names =
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

const one = (inputs: readonly string[]): string => inputs[0] as string;

export function structural(b: Builder): Rows<Names> {
  return {
    reshape: (inputs, { shape }) => b.reshape(one(inputs), shape),
    transpose: (inputs, { permutation }) => b.transpose(one(inputs), permutation),
    broadcastTo: (inputs, { shape }) => b.expand(one(inputs), shape),
    slice: (inputs, { starts, limits, strides }) => b.slice(one(inputs), starts, limits, strides),
    pad: (inputs, { low, high, interior }) => b.pad(dilate(b, one(inputs), interior), low, high),
    reverse: (inputs, { axes }) => reverse(b, one(inputs), axes),
    concat: (inputs, { axis }) => {
      const filled = inputs.filter((x) => b.shape(x)[axis] !== 0);
      return filled.length === 0 ? one(inputs) : b.concat(filled, axis);
    },
    iota: (_, { axis }, { outs }) => iota(b, infoOf(outs[0] as (typeof outs)[number]), axis),
    reduceSum: (inputs, { axes }) => reduce(b, "ReduceSum", one(inputs), axes, 0),
    reduceMax: (inputs, { axes }) => reduce(b, "ReduceMax", one(inputs), axes, "lowest"),
    reduceMin: (inputs, { axes }) => reduce(b, "ReduceMin", one(inputs), axes, "highest"),
    reduceProd: (inputs, { axes }) => reduce(b, "ReduceProd", one(inputs), axes, 1),
    reduceAnd: (inputs, { axes }) => reduce(b, "ReduceMin", one(inputs), axes, "highest"),
    reduceOr: (inputs, { axes }) => reduce(b, "ReduceMax", one(inputs), axes, "lowest"),
    argMax: (inputs, { axis }) => argReduce(b, "ArgMax", one(inputs), axis),
    argMin: (inputs, { axis }) => argReduce(b, "ArgMin", one(inputs), axis),
    cumSum: (inputs, { axis, reverse: backwards }) => {
      const x = one(inputs);
      const { type, shape } = b.info(x);
      if (sizeOf(shape) === 0) return x;
      const sum = b.op(
        "CumSum",
        [widened(b, x), b.scalar(axis, "int64")],
        { type: wideOf(type), shape },
        { reverse: backwards ? 1 : 0 },
      );
      return b.cast(sum, type);
    },
    cumProd: (inputs, params) => running(b, "Mul", one(inputs), params, 1),
    cumMax: (inputs, params) => running(b, "Max", one(inputs), params, "lowest"),
    cumMin: (inputs, params) => running(b, "Min", one(inputs), params, "highest"),
  };
}

// uint32 has few reduction kernels, bool none. Sums and products of the same bits as int32 wrap alike.
const wideOf = (type: OnnxType): OnnxType => (type === "uint32" || type === "bool" ? "int32" : type);
const widened = (b: Builder, x: string): string => b.cast(x, wideOf(b.info(x).type));

// uint32 in the order of int32, and back: the top bit flipped. (int64 would do, but the native build compares its low halves.)
function ordered(b: Builder, x: string): string {
  const { type } = b.info(x);
  return type === "uint32" ? b.cast(b.map("BitwiseXor", [x, b.scalar(2 ** 31, "uint32")]), "int32") : widened(b, x);
}
function unordered(b: Builder, x: string, type: OnnxType): string {
  return type === "uint32" ? b.map("BitwiseXor", [b.cast(x, type), b.scalar(2 ** 31, "uint32")]) : b.cast(x, type);
}

/** Lowest and highest values of the element types. */
export function extremes(type: OnnxType): readonly [lowest: number, highest: number] {
  if (isFloatType(type)) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (type === "bool") return [0, 1];
  return type === "int32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
}
type Identity = number | "lowest" | "highest";
const identityOf = (type: OnnxType, identity: Identity): number =>
  typeof identity === "number" ? identity : (extremes(type)[identity === "lowest" ? 0 : 1] as number);

/** Zeros between elements: each is padded to a row of its own. */
export function dilate(b: Builder, x: string, interior: readonly number[]): string {
  return interior.reduce((y, zeros, axis) => {
    const shape = b.shape(y);
    const n = shape[axis] as number;
    if (zeros === 0 || n < 2) return y;
    const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)];
    const rows = b.reshape(y, [...before, n, 1, ...after]);
    const none = b.shape(rows).map(() => 0);
    const padded = b.pad(
      rows,
      none,
      none.map((_, i) => (i === axis + 1 ? zeros : 0)),
    );
    const flat = b.reshape(padded, [...before, n * (zeros + 1), ...after]);
    const limits = shape.map((size, i) => (i === axis ? (n - 1) * (zeros + 1) + 1 : size));
    return b.slice(
      flat,
      shape.map(() => 0),
      limits,
    );
  }, x);
}

function reverse(b: Builder, x: string, axes: readonly number[]): string {
  const info = b.info(x);
  if (axes.length === 0 || sizeOf(info.shape) === 0) return x;
  const repeat = (value: number): string => b.ints(axes.map(() => value));
  return b.op("Slice", [x, repeat(-1), repeat(-(2 ** 31)), b.ints(axes), repeat(-1)], info);
}

function iota(
  b: Builder,
  { type, shape }: { readonly type: OnnxType; readonly shape: readonly number[] },
  axis: number,
): string {
  const n = shape[axis] as number;
  const counter: OnnxType = type === "uint32" || type === "bool" ? "int32" : type;
  const line =
    n <= 1024
      ? b.constant(type, [n], range(n))
      : b.cast(
          b.op("Range", [b.scalar(0, counter), b.scalar(n, counter), b.scalar(1, counter)], {
            type: counter,
            shape: [n],
          }),
          type,
        );
  return b.expand(
    b.reshape(
      line,
      shape.map((_, i) => (i === axis ? n : 1)),
    ),
    shape,
  );
}

function reduce(b: Builder, op: string, x: string, axes: readonly number[], identity: Identity): string {
  const { type, shape } = b.info(x);
  const out = shape.filter((_, i) => !axes.includes(i));
  if (sizeOf(shape) === 0) return b.full({ type, shape: out }, identityOf(type, identity));
  const single = axes.every((i) => shape[i] === 1);
  if (single) return b.reshape(x, out);
  if (op === "ReduceProd" && !isFloatType(type)) return integerProduct(b, x, axes);
  if (op === "ReduceSum" && !isFloatType(type)) return b.cast(b.reduce(op, b.cast(x, "int64"), axes), type);
  if (op === "ReduceSum" || op === "ReduceProd") return b.reduce(op, x, axes);
  if (type === "uint32") return unordered(b, b.reduce(op, ordered(b, x), axes), type);
  // The bytes of bool are reduced three times faster as numbers.
  if (type === "bool") return b.cast(b.reduce(op, b.cast(x, "uint8"), axes), "bool");
  const result = b.reduce(op, x, axes);
  if (!isFloatType(type)) return result;
  // The operators pass over nan.
  const withNan = (inner: Builder): string => {
    const anyNan = reduce(inner, "ReduceMax", inner.map("IsNaN", [x], "bool"), axes, "lowest");
    return select(inner, anyNan, inner.scalar(Number.NaN, type), result);
  };
  if (!isWorthABranch(b, x)) return withNan(b);
  return unlessRare(b, mayHaveNan(b, x), [result], (inner) => [withNan(inner)])[0] as string;
}

// The operators saturate integers where XLA wraps: sums go through int64, products fold halves onto each other.
function integerProduct(b: Builder, x: string, axes: readonly number[]): string {
  const kept = range(b.shape(x).length).filter((i) => !axes.includes(i));
  const out = kept.map((i) => b.shape(x)[i] as number);
  const flat = b.transpose(x, [...kept, ...axes]);
  let n = sizeOf(b.shape(x)) / sizeOf(out);
  let rest = b.reshape(flat, [sizeOf(out), n]);
  while (n > 1) {
    const half = Math.ceil(n / 2);
    const even = b.pad(rest, [0, 0], [0, 2 * half - n], 1);
    const rows = sizeOf(out);
    rest = b.map("Mul", [b.slice(even, [0, 0], [rows, half]), b.slice(even, [0, half], [rows, 2 * half])]);
    n = half;
  }
  return b.reshape(rest, out);
}

// The first nan wins, before any other extremum. Where no extremum is a zero, it does not matter whether zeros are separated.
function argReduce(b: Builder, op: "ArgMax" | "ArgMin", x: string, axis: number): string {
  const { type, shape } = b.info(x);
  const out = shape.filter((_, i) => i !== axis);
  if (sizeOf(out) === 0) return b.full({ type: "int32", shape: out }, 0);
  const find = (inner: Builder, kind: string, y: string): string =>
    inner.op(kind, [y], { type: "int64", shape: out }, { axis, keepdims: 0, select_last_index: 0 });
  if (!isFloatType(type)) return b.cast(find(b, op, ordered(b, x)), "int32");
  const exact = (inner: Builder, y: string): string => {
    const isNan = inner.map("IsNaN", [y], "bool");
    const anyNan = reduce(inner, "ReduceMax", isNan, [axis], "lowest");
    const first = find(inner, "ArgMax", inner.cast(isNan, "uint8"));
    return inner.cast(select(inner, anyNan, first, find(inner, op, y)), "int32");
  };
  if (!isWorthABranch(b, x)) return exact(b, x);
  const source = unseparated(b, x);
  const plain = find(b, op, source ?? x);
  const isOdd = mayHaveNan(b, source ?? x);
  const extremes = (from: string): string =>
    b.op("GatherElements", [from, b.reshape(plain, line)], { type, shape: line }, { axis });
  const line = shape.map((n, i) => (i === axis ? 1 : n));
  const isRare = source === undefined ? isOdd : b.map("Or", [isOdd, hasZero(b, extremes(source))], "bool");
  const rare = (inner: Builder): string[] => [exact(inner, source === undefined ? x : separate(inner, source))];
  return unlessRare(b, isRare, [b.cast(plain, "int32")], rare)[0] as string;
}

// Doubling: after step k each element holds the result of the 2^k elements up to it.
function running(
  b: Builder,
  op: string,
  x: string,
  { axis, reverse: backwards }: { readonly axis: number; readonly reverse: boolean },
  identity: Identity,
): string {
  const { type, shape } = b.info(x);
  if (sizeOf(shape) === 0) return x;
  const n = shape[axis] as number;
  let result = type === "bool" ? widened(b, x) : x;
  const fill = identityOf(type, identity);
  for (let by = 1; by < n; by *= 2) {
    const at = (amount: number): number[] => shape.map((_, i) => (i === axis ? amount : 0));
    const [low, high] = backwards ? [-by, by] : [by, -by];
    result = b.map(op, [result, b.pad(result, at(low), at(high), fill)]);
  }
  return b.cast(result, type);
}
