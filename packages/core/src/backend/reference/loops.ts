// Elementwise loops over operands that broadcast, without copies of the operands. They are written out: a call for each element
// would be most of their time.
import { type Shape, stridesOf, type TypedArray } from "../../aval/index.ts";

/** Computes `count` elements from `out[to]` on; the operands are read from `ia` and `ib` on, in steps of `sa` and `sb`. */
export type Loop = (
  a: TypedArray,
  ia: number,
  sa: number,
  b: TypedArray,
  ib: number,
  sb: number,
  out: TypedArray,
  to: number,
  count: number,
) => void;

/** A run of an output: where it starts, its length, and where each operand is read, in which steps. */
type Run = (start: number, count: number, places: readonly number[], steps: readonly number[]) => void;

/** Calls `run` for each innermost run of `target`, row-major, of operands that broadcast to it. */
export function broadcastRuns(target: Shape, operands: readonly Shape[], run: Run): void {
  if (target.includes(0)) return;
  const strides = operands.map((shape) => {
    const own = stridesOf(shape);
    const lead = target.length - shape.length;
    return target.map((_, i) => (i < lead || shape[i - lead] === 1 ? 0 : (own[i - lead] as number)));
  });
  // Neighbouring axes that are one run in every operand are joined.
  const sizes: number[] = [];
  const steps: number[][] = [];
  target.forEach((size, i) => {
    if (size === 1) return;
    const own = strides.map((stride) => stride[i] as number);
    const before = steps.at(-1);
    if (before?.every((step, k) => step === (own[k] as number) * size)) {
      sizes.push((sizes.pop() as number) * size);
      steps[steps.length - 1] = own;
    } else {
      sizes.push(size);
      steps.push(own);
    }
  });
  const count = sizes.pop() ?? 1;
  const inner = steps.pop() ?? operands.map(() => 0);
  const places = operands.map(() => 0);
  const index = sizes.map(() => 0);
  const runs = sizes.reduce((n, size) => n * size, 1);
  for (let i = 0; i < runs; i++) {
    run(i * count, count, places, inner);
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const [size, step] = [sizes[axis] as number, steps[axis] as readonly number[]];
      const next = (index[axis] as number) + 1;
      const isOver = next === size;
      index[axis] = isOver ? 0 : next;
      const moved = isOver ? 1 - size : 1;
      for (let k = 0; k < places.length; k++) places[k] = (places[k] as number) + moved * (step[k] as number);
      if (!isOver) break;
    }
  }
}

/** Runs a loop over two operands that broadcast to `shape`. */
export function loopOver(
  loop: Loop,
  a: TypedArray,
  aShape: Shape,
  b: TypedArray,
  bShape: Shape,
  out: TypedArray,
  shape: Shape,
): void {
  broadcastRuns(shape, [aShape, bShape], (start, count, at, by) =>
    loop(a, at[0] as number, by[0] as number, b, at[1] as number, by[1] as number, out, start, count),
  );
}

/** `out = condition ? a : b` over operands that broadcast to `shape`. */
export function chooseOver(
  operands: readonly { readonly data: TypedArray; readonly shape: Shape }[],
  out: TypedArray,
  shape: Shape,
): void {
  const [c, a, b] = operands.map(({ data }) => data) as [TypedArray, TypedArray, TypedArray];
  const shapes = operands.map((one) => one.shape);
  broadcastRuns(shape, shapes, (start, count, [ic = 0, ia = 0, ib = 0], [sc = 0, sa = 0, sb = 0]) => {
    if (sc === 0) {
      if (c[ic] !== 0) copyRun(a, ia, sa, out, start, count);
      else copyRun(b, ib, sb, out, start, count);
      return;
    }
    for (let end = start + count; start < end; start++, ic += sc, ia += sa, ib += sb) {
      out[start] = (c[ic] !== 0 ? a[ia] : b[ib]) as number;
    }
  });
}

function copyRun(x: TypedArray, at: number, step: number, out: TypedArray, start: number, count: number): void {
  if (step === 0) out.fill(x[at] as number, start, start + count);
  else if (step === 1 && count > 16) out.set(x.subarray(at, at + count), start);
  else for (let i = 0; i < count; i++) out[start + i] = x[at + i * step] as number;
}

/** `out = x` repeated to `shape`. */
export function repeatOver(x: TypedArray, own: Shape, out: TypedArray, shape: Shape): void {
  broadcastRuns(shape, [own], (start, count, at, by) =>
    copyRun(x, at[0] as number, by[0] as number, out, start, count),
  );
}

/** The loop of a function: for functions that take long themselves. */
export const loopOf =
  (f: (a: number, b: number) => number): Loop =>
  (a, ia, sa, b, ib, sb, out, to, count) => {
    for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = f(a[ia] as number, b[ib] as number);
  };

const add: Loop = (a, ia, sa, b, ib, sb, out, to, count) => {
  for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = (a[ia] as number) + (b[ib] as number);
};
const sub: Loop = (a, ia, sa, b, ib, sb, out, to, count) => {
  for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = (a[ia] as number) - (b[ib] as number);
};
const mul: Loop = (a, ia, sa, b, ib, sb, out, to, count) => {
  for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = (a[ia] as number) * (b[ib] as number);
};
const imul: Loop = (a, ia, sa, b, ib, sb, out, to, count) => {
  for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = Math.imul(a[ia] as number, b[ib] as number);
};
const div: Loop = (a, ia, sa, b, ib, sb, out, to, count) => {
  for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = (a[ia] as number) / (b[ib] as number);
};
const max: Loop = (a, ia, sa, b, ib, sb, out, to, count) => {
  for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = Math.max(a[ia] as number, b[ib] as number);
};
const min: Loop = (a, ia, sa, b, ib, sb, out, to, count) => {
  for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = Math.min(a[ia] as number, b[ib] as number);
};
const and: Loop = (a, ia, sa, b, ib, sb, out, to, count) => {
  for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = (a[ia] as number) & (b[ib] as number);
};
const or: Loop = (a, ia, sa, b, ib, sb, out, to, count) => {
  for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = (a[ia] as number) | (b[ib] as number);
};
const xor: Loop = (a, ia, sa, b, ib, sb, out, to, count) => {
  for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = (a[ia] as number) ^ (b[ib] as number);
};
const equal: Loop = (a, ia, sa, b, ib, sb, out, to, count) => {
  for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = +(a[ia] === b[ib]);
};
const notEqual: Loop = (a, ia, sa, b, ib, sb, out, to, count) => {
  for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = +(a[ia] !== b[ib]);
};
const less: Loop = (a, ia, sa, b, ib, sb, out, to, count) => {
  for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = +((a[ia] as number) < (b[ib] as number));
};
const lessEqual: Loop = (a, ia, sa, b, ib, sb, out, to, count) => {
  for (let end = to + count; to < end; to++, ia += sa, ib += sb) out[to] = +((a[ia] as number) <= (b[ib] as number));
};
const greater: Loop = (a, ia, sa, b, ib, sb, out, to, count) => less(b, ib, sb, a, ia, sa, out, to, count);
const greaterEqual: Loop = (a, ia, sa, b, ib, sb, out, to, count) => lessEqual(b, ib, sb, a, ia, sa, out, to, count);

// `+(a < b)` has no branch, which random numbers would make the processor guess wrong.
/** The commonest functions of two numbers. Integers wrap as they are written, but for products, which have their own. */
export const loops: Readonly<
  Record<
    | "add"
    | "sub"
    | "mul"
    | "imul"
    | "div"
    | "max"
    | "min"
    | "and"
    | "or"
    | "xor"
    | "equal"
    | "notEqual"
    | "less"
    | "lessEqual"
    | "greater"
    | "greaterEqual",
    Loop
  >
> = {
  add,
  sub,
  mul,
  imul,
  div,
  max,
  min,
  and,
  or,
  xor,
  equal,
  notEqual,
  less,
  lessEqual,
  greater,
  greaterEqual,
};
