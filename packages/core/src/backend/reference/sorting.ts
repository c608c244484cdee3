// Sorting by the bits of the numbers: linear in the length, stable, and without a function call for each comparison.
import { type HostArray, sizeOf, type TypedArray } from "../../aval/index.ts";
import type { KernelTable } from "../contract.ts";
import { finish, first, linesOf, outOf, scratch } from "./arrays.ts";

const NAN = 0xffffffff;
const TOP = 0x80000000;

/** Whole numbers in the order of the values, as words of 32 bits, the lowest first: nan last, 0 and -0 equal; or in the reverse order. */
function keysOf(data: TypedArray, isDescending = false): readonly [Uint32Array, ...Uint32Array[]] {
  const n = data.length;
  const high = new Uint32Array(n);
  const all = isDescending ? NAN : 0;
  if (data instanceof Float32Array) {
    const bits = new Int32Array(data.buffer, data.byteOffset, n);
    for (let i = 0; i < n; i++) {
      const b = bits[i] as number;
      // Negative numbers count down; what is above infinity is nan.
      high[i] = (b << 1 === 0 ? TOP : (b & 0x7fffffff) > 0x7f800000 ? NAN : b ^ ((b >> 31) | TOP)) ^ all;
    }
    return [high];
  }
  if (!(data instanceof Float64Array)) {
    const isSigned = data instanceof Int32Array || data instanceof Int16Array || data instanceof Int8Array;
    const flip = isSigned ? TOP : 0;
    for (let i = 0; i < n; i++) high[i] = (data[i] as number) ^ flip ^ all;
    return [high];
  }
  const low = new Uint32Array(n);
  const one = new Float64Array(1);
  const words = new Int32Array(one.buffer);
  // Which half comes first in memory depends on the machine.
  one[0] = 1;
  const [l, h] = words[0] === 0 ? [0, 1] : [1, 0];
  for (let i = 0; i < n; i++) {
    const x = data[i] as number;
    one[0] = x === 0 ? 0 : x;
    const b = words[h] as number;
    high[i] = (Number.isNaN(x) ? NAN : b ^ ((b >> 31) | TOP)) ^ all;
    low[i] = (Number.isNaN(x) ? NAN : (words[l] as number) ^ (b >> 31)) ^ all;
  }
  return [low, high];
}

/** Below this length shifting elements beats counting digits. */
const SHORT = 32;

/** Orders lines of one length, again and again. */
class Sorter {
  readonly #size: number;
  readonly #bits: number;
  readonly #counts: Uint32Array;
  #order: Uint32Array;
  #next: Uint32Array;
  #keys: Uint32Array;
  #moved: Uint32Array;
  constructor(size: number) {
    this.#size = size;
    this.#bits = size > 4096 ? 11 : 8;
    this.#counts = new Uint32Array(2 ** this.#bits);
    this.#order = new Uint32Array(size);
    this.#next = new Uint32Array(size);
    this.#keys = new Uint32Array(size);
    this.#moved = new Uint32Array(size);
  }

  /** Positions in ascending order of the keys, of equal ones the first first; good until the next call. */
  order(words: readonly Uint32Array[]): Uint32Array {
    for (let i = 0; i < this.#size; i++) this.#order[i] = i;
    const [only] = words as readonly [Uint32Array];
    if (words.length === 1 && this.#size <= SHORT) this.#insert(only);
    else for (const word of words) this.#passes(word);
    return this.#order;
  }

  #insert(keys: Uint32Array): void {
    const order = this.#order;
    for (let i = 1; i < order.length; i++) {
      const key = keys[i] as number;
      let at = i;
      for (; at > 0 && (keys[order[at - 1] as number] as number) > key; at--) order[at] = order[at - 1] as number;
      order[at] = i;
    }
  }

  // Sorts by one word, digit by digit; what earlier passes did stays within equal digits. Keys move along with their positions:
  // reading them where they were would miss the caches.
  #passes(word: Uint32Array): void {
    const [counts, mask, size] = [this.#counts, this.#counts.length - 1, this.#size];
    let [order, next, keys, moved] = [this.#order, this.#next, this.#keys, this.#moved];
    for (let i = 0; i < size; i++) keys[i] = word[order[i] as number] as number;
    for (let shift = 0; shift < 32; shift += this.#bits) {
      counts.fill(0);
      for (let i = 0; i < size; i++) {
        const digit = ((keys[i] as number) >>> shift) & mask;
        counts[digit] = (counts[digit] as number) + 1;
      }
      if (counts[((keys[0] as number) >>> shift) & mask] === size) continue;
      for (let digit = 0, start = 0; digit <= mask; digit++) {
        const count = counts[digit] as number;
        counts[digit] = start;
        start += count;
      }
      for (let i = 0; i < size; i++) {
        const key = keys[i] as number;
        const digit = (key >>> shift) & mask;
        const to = counts[digit] as number;
        counts[digit] = to + 1;
        next[to] = order[i] as number;
        moved[to] = key;
      }
      [order, next, keys, moved] = [next, order, moved, keys];
    }
    [this.#order, this.#next, this.#keys, this.#moved] = [order, next, keys, moved];
  }
}

/** Calls `put` with the order of each line along `axis`: element `k` of the line stands at `start + k step`. */
function orderLines(x: HostArray, axis: number, put: (order: Uint32Array, start: number, step: number) => void): void {
  const { outers, size, inners } = linesOf(x.shape, axis);
  const words = keysOf(x.data);
  const sorter = new Sorter(size);
  const line = words.map(() => new Uint32Array(inners === 1 ? 0 : size));
  for (let outer = 0; outer < outers; outer++) {
    for (let inner = 0; inner < inners; inner++) {
      const start = outer * size * inners + inner;
      const own = words.map((word, w) => {
        if (inners === 1) return word.subarray(start, start + size);
        const to = line[w] as Uint32Array;
        for (let k = 0; k < size; k++) to[k] = word[start + k * inners] as number;
        return to;
      });
      put(sorter.order(own), start, inners);
    }
  }
}

const sort: KernelTable<HostArray>["sort"] = (inputs, { axis }, avals) => {
  const x = first(inputs);
  const out = scratch(outOf(avals), x.data.length);
  orderLines(x, axis, (order, start, step) => {
    for (let k = 0; k < order.length; k++)
      out[start + k * step] = x.data[start + (order[k] as number) * step] as number;
  });
  return finish(outOf(avals), out);
};

const argSort: KernelTable<HostArray>["argSort"] = (inputs, { axis }, avals) => {
  const x = first(inputs);
  const out = new Int32Array(x.data.length);
  orderLines(x, axis, (order, start, step) => {
    for (let k = 0; k < order.length; k++) out[start + k * step] = order[k] as number;
  });
  return finish(outOf(avals), out);
};

/**
 * Positions of the `k` smallest keys, in any order; of equal ones the first. A heap with the worst of those kept so far at its top:
 * most keys are only compared with it.
 */
function smallest(keys: Uint32Array, k: number): Uint32Array {
  const heap = new Uint32Array(k);
  const isWorse = (a: number, b: number): boolean => {
    const [p, q] = [keys[a] as number, keys[b] as number];
    return p > q || (p === q && a > b);
  };
  const sink = (from: number, position: number): void => {
    let at = from;
    for (let child = 2 * at + 1; child < k; child = 2 * at + 1) {
      if (child + 1 < k && isWorse(heap[child + 1] as number, heap[child] as number)) child++;
      if (!isWorse(heap[child] as number, position)) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = position;
  };
  for (let i = 0; i < k; i++) heap[i] = i;
  for (let i = (k >> 1) - 1; i >= 0; i--) sink(i, heap[i] as number);
  let worst = keys[heap[0] as number] as number;
  for (let i = k; i < keys.length; i++) {
    if ((keys[i] as number) >= worst) continue;
    sink(0, i);
    worst = keys[heap[0] as number] as number;
  }
  return heap;
}

// Descending, nan first (as JAX), by a stable order: of equal ones the first comes first.
const topK: KernelTable<HostArray>["topK"] = (inputs, { k }, avals) => {
  const x = first(inputs);
  const [valueAval, indexAval] = avals.outs as readonly [Parameters<typeof finish>[0], Parameters<typeof finish>[0]];
  const size = x.shape[x.shape.length - 1] as number;
  const values = scratch(valueAval, sizeOf(valueAval.shape));
  const indices = new Int32Array(values.length);
  const words = keysOf(x.data, true);
  const isPartial = words.length === 1 && k > 0 && k < size / 8;
  const sorter = new Sorter(isPartial ? k : size);
  for (let start = 0, at = 0; start < x.data.length; start += size) {
    const line = words.map((word) => word.subarray(start, start + size));
    const kept = isPartial ? smallest(line[0] as Uint32Array, k).sort() : undefined;
    const order = sorter.order(kept === undefined ? line : [kept.map((i) => words[0][start + i] as number)]);
    for (let rank = 0; rank < k; rank++, at++) {
      const place = order[rank] as number;
      const position = kept === undefined ? place : (kept[place] as number);
      values[at] = x.data[start + position] as number;
      indices[at] = position;
    }
  }
  return [finish(valueAval, values), finish(indexAval, indices)];
};

/** Kernels of the sorting ops of `primitives/indexing.ts`. */
export const sortingKernels: Pick<KernelTable<HostArray>, "sort" | "argSort" | "topK"> = { sort, argSort, topK };
