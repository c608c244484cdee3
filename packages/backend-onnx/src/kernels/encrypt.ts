// The cipher with a key for each element, as a loop over its five groups of rounds: written out it would be five times the operators.
import { range, sizeOf } from "@keras-ts/core/backend";
import type { Builder } from "../builder.ts";
import { nested } from "../control.ts";
import { PARITY, ROTATIONS } from "./random.ts";

const GROUPS = 5;

/** The composite `encrypt`: both words for each of the keys `[2, S]` and each counter, `[count, 2, S]`. Nothing for no keys. */
export function encrypt(b: Builder, keys: string, count: number): string | undefined {
  const shape = b.shape(keys);
  if (sizeOf(shape) === 0 || count === 0) return undefined;
  const own = shape.slice(1);
  const zeros = own.map(() => 0);
  const word = (i: number): string => b.reshape(b.slice(keys, [i, ...zeros], [i + 1, ...own]), [1, ...own]);
  const [k0, k1] = [word(0), word(1)];
  const third = b.map("BitwiseXor", [b.map("BitwiseXor", [k0, k1]), b.scalar(PARITY, "uint32")]);
  const column = (values: readonly number[]): string =>
    b.constant("uint32", [values.length, ...own.map(() => 1)], values);
  // For each group: the words of the key that it ends with, and what its rotations to the left multiply by and shift by.
  const injected = b.concat([k1, third, k0, k1, third], 0);
  const counted = b.map("Add", [b.concat([third, k0, k1, third, k0], 0), column(range(GROUPS).map((i) => i + 1))]);
  const rotations = range(4).map((i) => range(GROUPS).map((group) => ROTATIONS[(group % 2) as 0 | 1][i as 0]));
  const numbers = rotations.flatMap((row) => [
    b.constant(
      "uint32",
      [GROUPS],
      row.map((by) => 2 ** by),
    ),
    b.constant(
      "uint32",
      [GROUPS],
      row.map((by) => 32 - by),
    ),
  ]);
  const start = [b.expand(k0, [count, ...own]), b.map("Add", [column(range(count)), k1])];
  const sequences = [injected, counted, ...numbers];
  const state = start.map((x) => b.name(b.info(x), "state"));
  const rows = sequences.map((x) => b.name({ type: "uint32", shape: b.shape(x).slice(1) }, "row"));
  const body = nested(b, "group", [...state, ...rows], (inner) => {
    let [high, low] = state as [string, string];
    const [first, second, ...by] = rows as [string, string, ...string[]];
    for (const i of range(4)) {
      high = inner.map("Add", [high, low]);
      const left = inner.map("Mul", [low, by[2 * i] as string]);
      const right = inner.map("BitShift", [low, by[2 * i + 1] as string], undefined, { direction: "RIGHT" });
      low = inner.map("BitwiseXor", [inner.map("Add", [left, right]), high]);
    }
    return [inner.map("Add", [high, first]), inner.map("Add", [low, second])];
  });
  const ends = b.ops(
    "Scan",
    [...start, ...sequences],
    start.map((x) => b.info(x)),
    {
      body,
      num_scan_inputs: sequences.length,
    },
  );
  return b.concat(
    ends.map((x) => b.reshape(x, [count, 1, ...own])),
    1,
  );
}
