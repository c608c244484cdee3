// Random bits in uint32 operators: threefry's, or those of a hash. Streams with keys of their own are rows of one computation.
import { type Definition, literal, primitives as p, range, scalar, sizeOf, type Tensor } from "@keras-ts/core/backend";

/** What makes random bits: the cipher of JAX, so that numbers are those of Keras, or a hash that takes a tenth of the operators. */
export type RandomBits = "threefry" | "fast";
export const randomBitsKinds: readonly RandomBits[] = ["threefry", "fast"];

/** The two words of the keys of `R` rows, each `[R, 1]`, and the counters of each row: `start` `[R, 1]` and on. */
interface Rows {
  readonly key: readonly [Tensor, Tensor];
  readonly start: Tensor | undefined;
  readonly width: number;
}
/** Words `[R, W]`. */
interface Words {
  readonly high: Tensor;
  readonly low: Tensor;
}

/** What the rounds of threefry2x32 rotate by, in two groups by turns. */
export const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;
export const PARITY = 0x1bd11bda;

// A product and a sum in the places of a shift and a logical or: those run on vectors, these do not.
const rotate = (x: Tensor, by: number): Tensor =>
  p.add(p.mul(x, scalar(2 ** by, "uint32")), p.shiftRightLogical(x, 32 - by));

const columns = (width: number): Tensor => p.iota({ shape: [1, width], axis: 1, dtype: "uint32" });
const plus = (x: Tensor, start: Tensor | undefined): Tensor => (start === undefined ? x : p.add(x, start));

/**
 * Twenty rounds of the cipher over the counters `(0, i)`, five groups of four with a key word injected after each.
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
 */
function threefry({ key: [k0, k1], start, width }: Rows): Words {
  const keys = [k0, k1, p.xor(p.xor(k0, k1), PARITY)] as const;
  let low = p.add(columns(width), plus(k1, start));
  let high: Tensor = k0;
  for (let group = 0; group < 5; group++) {
    for (const by of ROTATIONS[group % 2] as readonly number[]) {
      high = p.add(high, low);
      low = p.xor(rotate(low, by), high);
    }
    high = p.add(high, keys[(group + 1) % 3] as Tensor);
    low = p.add(low, p.add(keys[(group + 2) % 3] as Tensor, group + 1));
  }
  return { high, low };
}

const folded = (x: Tensor, by: number): Tensor => p.xor(x, p.shiftRightLogical(x, by));
const times = (x: Tensor, factor: number): Tensor => p.mul(x, scalar(factor, "uint32"));
const firstRound = (x: Tensor): Tensor => times(folded(x, 17), 0xed5ad4bb);
const otherRounds = (x: Tensor): Tensor => folded(times(folded(times(folded(x, 11), 0xac4c1b51), 15), 0x31848bab), 14);
/** A permutation of 32 bits in which each bit flips each other one with a chance of almost exactly a half. */
const mix = (x: Tensor): Tensor => otherRounds(firstRound(x));

/**
 * Hashed counters. Both words of a key go through the hash first, since seeds and counters of calls are small numbers side by side; then
 * one is added to the counters and the other one after the first of three rounds, so that streams are no shifted copies of each other.
 * Two rounds would do for most, but not for counters that are 1024 apart. Source: Chris Wellons, "Prospecting for Hash Functions", 2018:
 * triple32.
 */
function hashed({ key: [k0, k1], start, width }: Rows): Tensor {
  const first = mix(p.add(k0, mix(p.add(k1, 0x9e3779b9))));
  const second = times(p.add(first, k1), 0x85ebca6b);
  return otherRounds(p.add(firstRound(p.add(columns(width), plus(first, start))), second));
}

/** How the counters of streams of these sizes lie in rows: `counts` rows for each, the last of them filled up with some that nobody needs. */
interface Layout {
  readonly width: number;
  readonly counts: readonly number[];
  /** All counters, and what rows cost, in counters. */
  readonly cost: number;
}
/** A row costs as much as so many counters: keys are added row by row. */
const ROW = 16;

/** The layout that costs least. One stream alone is one row. */
export function rowLayout(sizes: readonly number[]): Layout {
  const powers = sizes.length === 1 ? [] : range(10).map((i) => 2 ** (i + 5));
  const layouts = [...sizes, ...powers].map((width): Layout => {
    const counts = sizes.map((n) => (n === width ? 1 : Math.ceil(n / width)));
    return { width, counts, cost: counts.reduce((sum, n) => sum + n, 0) * (width + ROW) };
  });
  return layouts.reduce((best, one) => (one.cost < best.cost ? one : best));
}

/** How many counters a draw takes: of a hash, which has one word for each, two counters for two words. */
export const countersOf = ({ shape, words }: p.BitsParams, random: RandomBits): number =>
  sizeOf(shape) * (random === "fast" ? words : 1);

/** The bits of each stream under its key `[2]`, all computed at once. */
function drawTogether(keys: readonly Tensor[], { streams, random, part }: StreamsParams): Tensor[] {
  const sizes = streams.map((stream) => countersOf(stream, random));
  const { width, counts } = rowLayout(sizes);
  const owners = counts.flatMap((n, i) => new Array<number>(n).fill(i));
  const table = p.concat(
    keys.map((key) => p.reshape(key, { shape: [1, 2] })),
    { axis: 0 },
  );
  const rows = owners.every((owner, i) => owner === i) ? table : p.take(table, integers("int32", owners), { axis: 0 });
  const word = (i: number): Tensor =>
    p.slice(rows, { starts: [0, i], limits: [owners.length, i + 1], strides: [1, 1] });
  const key = [word(0), word(1)] as const;
  const starts = counts.flatMap((n) => range(n).map((i) => i * width));
  const drawn = wordsOf({ key, starts, width }, random, part);
  let from = 0;
  return streams.map(({ shape, words }, i) => {
    const [first, count, size] = [from, counts[i] as number, sizes[i] as number];
    from += count;
    const own = (x: Tensor): Tensor => {
      const mine = p.slice(x, { starts: [first, 0], limits: [first + count, width], strides: [1, 1] });
      const flat = p.reshape(mine, { shape: [count * width] });
      return count * width === size ? flat : p.slice(flat, { starts: [0], limits: [size], strides: [1] });
    };
    if (words === 1) return p.reshape(own(drawn.bits), { shape });
    if (drawn.pair === undefined) return p.reshape(own(drawn.bits), { shape: [...shape, 2] });
    const columns = drawn.pair.map((x) => p.reshape(own(x), { shape: [...shape, 1] }));
    return p.concat(columns, { axis: shape.length });
  });
}

/** A word for each counter, of the cipher also both that it is made of. Rows wider than `part` are computed in parts. */
function wordsOf(
  { key, starts, width }: { readonly key: Rows["key"]; readonly starts: readonly number[]; readonly width: number },
  random: RandomBits,
  part: number = Math.max(1, width),
): { readonly bits: Tensor; readonly pair?: readonly [Tensor, Tensor] } {
  const parts = range(Math.max(1, Math.ceil(width / part))).map((i): Rows => {
    const begin = starts.map((n) => n + i * part);
    const start = begin.some((n) => n > 0)
      ? p.reshape(integers("uint32", begin), { shape: [starts.length, 1] })
      : undefined;
    return { key, start, width: Math.min(part, width - i * part) };
  });
  const whole = (xs: readonly Tensor[]): Tensor => (xs.length === 1 ? (xs[0] as Tensor) : p.concat(xs, { axis: 1 }));
  if (random === "fast") return { bits: whole(parts.map(hashed)) };
  const words = parts.map(threefry);
  const bits = whole(words.map(({ high, low }) => p.xor(high, low)));
  return { bits, pair: [whole(words.map(({ high }) => high)), whole(words.map(({ low }) => low))] };
}

const integers = (dtype: "int32" | "uint32", values: readonly number[]): Tensor =>
  literal({
    shape: [values.length],
    dtype,
    data: dtype === "int32" ? Int32Array.from(values) : Uint32Array.from(values),
  });

/** The kernel of one draw alone. */
export const randomBits = ([key]: readonly Tensor[], params: p.BitsParams): Tensor =>
  drawTogether([key as Tensor], { streams: [params], random: "threefry" })[0] as Tensor;

/** The draws of one computation. */
export type StreamsParams = {
  readonly random: RandomBits;
  readonly streams: readonly p.BitsParams[];
  /** So many counters are computed at once, if not all. */
  readonly part?: number;
};
/** Several draws in one computation, or hashed ones: the inputs are their keys. */
export const randomStreams: Definition<StreamsParams> = {
  name: "randomStreams",
  infer: (_, { streams }) =>
    streams.map(({ shape, words }) => ({ shape: words === 2 ? [...shape, 2] : shape, dtype: "uint32" })),
  vjp: "none",
  body: drawTogether,
};
