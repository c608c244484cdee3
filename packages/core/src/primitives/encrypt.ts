// The cipher behind all random numbers, with a key of its own for each element; `randomBits` has one key for all. A composite: engines
// that compute on the host have a kernel, programs take a loop, which is a third of what its rounds are written out.
import type { Aval, Shape } from "../aval/index.ts";
import { complain, ShapeError, showAval } from "../errors/index.ts";
import {
  apply1,
  type Configured,
  type Definition,
  Graph,
  literal,
  marked,
  placeholder,
  type Tensor,
} from "../graph/index.ts";
import { scan } from "./control.ts";
import { add, mul, shiftRightLogical, xor } from "./elementwise.ts";
import { concat, iota, reshape, slice, spread } from "./structural.ts";

export type EncryptParams = {
  /** Counters `(0, 0)` to `(0, count - 1)`. */
  readonly count: number;
};

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;
const GROUPS = 5;
const PARITY = 0x1bd11bda;

const definition: Definition<EncryptParams> = {
  name: "encrypt",
  infer: ([keys], { count }) => {
    const { shape, dtype } = keys as Aval;
    if (dtype !== "uint32" || shape[0] !== 2) {
      const must = "keys must be uint32 [2, ...], both words first";
      throw new ShapeError(
        complain("encrypt", { must, got: showAval(keys as Aval), todo: "Stack the words of the keys" }),
      );
    }
    return [{ shape: [count, ...shape], dtype }];
  },
  vjp: "none",
  body: ([keys], { count }) => [encrypted(keys as Tensor, count)],
};
/**
 * Both words of threefry2x32 (20 rounds) for each of the keys `[2, S]` and each counter: uint32 `[count, 2, S]`. Counter `i` is the `i`th
 * new key that JAX' `split` makes of a key; exclusive or of both words under counter 0 is what `randomBits` draws for the shape [].
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
 */
export const encrypt: Configured<EncryptParams, "composite"> = marked(
  (keys: Tensor, params: EncryptParams) => apply1(definition, [keys], params),
  "composite",
  definition,
);

function encrypted(keys: Tensor, count: number): Tensor {
  const own = keys.shape.slice(1);
  const out: Shape = [count, ...own];
  const word = (i: number): Tensor => {
    const starts = keys.shape.map((_, axis) => (axis === 0 ? i : 0));
    const limits = keys.shape.map((n, axis) => (axis === 0 ? i + 1 : n));
    return reshape(slice(keys, { starts, limits, strides: keys.shape.map(() => 1) }), { shape: own });
  };
  const [k0, k1] = [word(0), word(1)];
  const counters = iota({ shape: [count, ...own.map(() => 1)], axis: 0, dtype: "uint32" });
  const carry = [spread(k0, [0], out), add(counters, k1), k1, xor(xor(k0, k1), PARITY), k0];
  const [high, low] = scan([...carry, ...sequences()], {
    body: groupOf(carry),
    numConsts: 0,
    numCarry: carry.length,
    length: GROUPS,
    reverse: false,
  }) as readonly Tensor[];
  const both = [high, low].map((x) => reshape(x as Tensor, { shape: [count, 1, ...own] }));
  return concat(both, { axis: 1 });
}

// For each group: what its rotations to the left multiply by and shift by, and its number.
function sequences(): Tensor[] {
  const rotations = Array.from({ length: GROUPS }, (_, group) => ROTATIONS[group % 2] as readonly number[]);
  const rows = [0, 1, 2, 3].flatMap((i) => [
    rotations.map((row) => 2 ** (row[i] as number)),
    rotations.map((row) => 32 - (row[i] as number)),
  ]);
  return [...rows, rotations.map((_, group) => group + 1)].map((values) =>
    literal({ shape: [GROUPS], dtype: "uint32", data: Uint32Array.from(values) }),
  );
}

// Four rounds and two key words: those of the next group are the next ones round. A product and a sum stand for a shift and a logical or,
// since many engines run those on vectors, and these not.
function groupOf(carry: readonly Tensor[]): Graph {
  const state = carry.map((x) => placeholder(x));
  const numbers = Array.from({ length: 9 }, () => placeholder({ shape: [], dtype: "uint32" }));
  let [high, low, ...keys] = state as [Tensor, Tensor, Tensor, Tensor, Tensor];
  for (let i = 0; i < 4; i++) {
    high = add(high, low);
    const rotated = add(mul(low, numbers[2 * i] as Tensor), shiftRightLogical(low, numbers[2 * i + 1] as Tensor));
    low = xor(rotated, high);
  }
  const [first, second, third] = keys;
  const next = [add(high, first), add(low, add(second, numbers[8] as Tensor)), second, third, first];
  return new Graph([...state, ...numbers], next);
}
