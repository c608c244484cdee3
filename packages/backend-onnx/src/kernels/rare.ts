// What holds for almost all values by a short way, and for the others by a long one: nan, and signs of zeros.
import { Graph, primitives as p, placeholder, sizeOf } from "@keras-ts/core/backend";
import type { Builder } from "../builder.ts";
import { nested } from "../control.ts";

/** From so many numbers on a branch costs less than the passes over memory that it spares. */
const LARGE = 2 ** 15;

/** True where branches may be written, and `x` is large enough for one. */
export const isWorthABranch = (b: Builder, x: string): boolean =>
  b.shared.operators.branches === true && b.info(x).type === "float32" && sizeOf(b.shape(x)) >= LARGE;

/** What `write` gives if the condition `[]` holds, else `usual`, which are there already. */
export function unlessRare(
  b: Builder,
  condition: string,
  usual: readonly string[],
  write: (inner: Builder) => readonly string[],
): string[] {
  return b.ops(
    "If",
    [condition],
    usual.map((x) => b.info(x)),
    {
      then_branch: nested(b, "rare", [], write),
      else_branch: nested(b, "usual", [], () => usual),
    },
  );
}

/**
 * True if there may be a nan in `x`: there is one in its sum then. Infinities of both signs look like one. A product with ones adds up
 * columns more than twice as fast as the reduction does.
 */
export function mayHaveNan(b: Builder, x: string): string {
  const size = sizeOf(b.shape(x));
  const rows = rowsOf(size);
  const ones = b.full({ type: "float32", shape: [1, rows] }, 1);
  const matrix = b.reshape(x, [rows, size / rows]);
  const sums = rows === 1 ? x : b.op("MatMul", [ones, matrix], { type: "float32", shape: [1, size / rows] });
  return b.map("IsNaN", [b.op("ReduceSum", [sums], { type: "float32", shape: [] }, { keepdims: 0 })], "bool");
}
// Of a matrix with `size` numbers that is nearly as wide as long, if there is one; else 1.
function rowsOf(size: number): number {
  for (let rows = Math.floor(Math.sqrt(size)); rows >= 8; rows--) if (size % rows === 0) return rows;
  return 1;
}

/** True if one of the numbers is a zero. */
export function hasZero(b: Builder, x: string): string {
  const least = b.op("ReduceMin", [b.map("Abs", [x])], { type: "float32", shape: [] }, { keepdims: 0 });
  return b.map("Equal", [least, b.scalar(0)], "bool");
}

/** The composite `separateZeros`, noted, so that what is short without it can be: see `unseparated`. */
export function separateZeros(b: Builder, x: string): string | undefined {
  if (!isWorthABranch(b, x)) return undefined;
  const separated = separate(b, x);
  b.shared.separated.set(separated, x);
  return separated;
}
/** What zeros were separated of, if they were. */
export const unseparated = (b: Builder, x: string): string | undefined => b.shared.separated.get(x);

/** -0 as the number next below 0. */
export function separate(b: Builder, x: string): string {
  const place = placeholder({ shape: b.shape(x), dtype: "float32" });
  const [body] = p.separateZeros.definition.body?.([place], {}) ?? [];
  return b.inline(new Graph([place], [body ?? place]), [x])[0] as string;
}
