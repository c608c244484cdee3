import { random, StateError, type Tensor, type tree } from "@keras-ts/core";
import { complain } from "@keras-ts/core/backend";
import { stack } from "./elements.ts";
import { refuse, requireCount } from "./errors.ts";
import { isOneShot } from "./streams.ts";

/** A dataset that is asked for one element at a time, in any order. */
export interface IndexedDataset<T = unknown> {
  readonly length: number;
  get(index: number): T | Promise<T>;
}
type Items<T> = IndexedDataset<T> | readonly T[] | AsyncIterable<T> | Iterable<T>;

export interface DataLoaderOptions<T, B> {
  /** Elements in a batch. */
  readonly batchSize?: number;
  /** True for another order in each epoch. */
  readonly shuffle?: boolean;
  /** A whole number in [0, 2^32) that fixes the orders; without it they follow `setRandomSeed`. */
  readonly seed?: number;
  /** True to leave out a last batch that is not full. */
  readonly dropLast?: boolean;
  /** Indices to use, instead of all. */
  readonly sampler?: Iterable<number>;
  /** Makes a batch of elements; stacks their leaves by default. */
  readonly collate?: (elements: readonly T[]) => B | Promise<B>;
}

/**
 * Batches of a dataset, in the manner of PyTorch's `DataLoader`, with its defaults. The dataset has `length` and `get(index)`, or is an array,
 * or is iterable (then the order is its own). If an element is `[x, y]` with plain arrays of one shape, make them tensors: `[[1], [2]]` is one
 * tensor.
 * @throws ConfigError if an iterable dataset is to be shuffled or sampled.
 * @example
 * const squares = { length: 5, get: (i: number) => [[i], i * i] };
 * const loader = new DataLoader(squares, { batchSize: 2, shuffle: true, seed: 0 });
 * loader.numBatches; // 3
 * for await (const batch of loader) console.log(batch);
 */
export class DataLoader<T = unknown, B = tree.Tree<Tensor>> implements AsyncIterable<B> {
  readonly dataset: Items<T>;
  readonly batchSize: number;
  readonly dropLast: boolean;
  readonly #shuffle: boolean;
  readonly #sampler: readonly number[] | undefined;
  readonly #collate: (elements: readonly T[]) => B | Promise<B>;
  readonly #state: random.NumpyRandomState | undefined;
  #started = false;

  constructor(dataset: Items<T>, options: DataLoaderOptions<T, B> = {}) {
    const { batchSize = 1, shuffle = false, seed, dropLast = false, sampler, collate } = options;
    requireCount("DataLoader", "batchSize", batchSize, 1);
    if (!isIndexed(dataset) && !isIterable(dataset)) {
      const must = "the dataset must have length and get(index), or be iterable";
      throw refuse(
        "DataLoader",
        must,
        dataset === null ? "null" : typeof dataset,
        "Write get(index), or pass an array",
      );
    }
    if (!isIndexed(dataset) && (shuffle || sampler !== undefined)) {
      const todo = "Leave shuffle and sampler out, or use Dataset.from(items).shuffle(bufferSize)";
      throw refuse(
        "DataLoader",
        "an iterable dataset has its own order",
        shuffle ? "shuffle: true" : "a sampler",
        todo,
      );
    }
    if (shuffle && sampler !== undefined) {
      throw refuse("DataLoader", "only one of shuffle and sampler can be set", "both", "Shuffle in the sampler");
    }
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.dropLast = dropLast;
    this.#shuffle = shuffle;
    this.#sampler = sampler === undefined ? undefined : [...sampler];
    this.#collate = collate ?? ((elements) => stack(elements, "DataLoader") as Promise<B>);
    this.#state = seed === undefined ? undefined : new random.NumpyRandomState(seed);
  }

  /** Batches in an epoch; undefined for an iterable dataset. */
  get numBatches(): number | undefined {
    if (!isIndexed(this.dataset)) return undefined;
    const count = (this.#sampler?.length ?? this.dataset.length) / this.batchSize;
    return this.dropLast ? Math.floor(count) : Math.ceil(count);
  }
  /** `numBatches` as PyTorch's `len(loader)`. */
  get length(): number | undefined {
    return this.numBatches;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<B, void, undefined> {
    let elements: T[] = [];
    for await (const element of this.#elements()) {
      elements.push(element);
      if (elements.length < this.batchSize) continue;
      yield await this.#collate(elements);
      elements = [];
    }
    if (elements.length > 0 && !this.dropLast) yield await this.#collate(elements);
  }

  async *#elements(): AsyncGenerator<T> {
    const { dataset } = this;
    if (!isIndexed(dataset)) {
      if (this.#started && isOneShot(dataset)) {
        const must = "a generator can be gone through once only";
        const todo = "Pass an object whose [Symbol.iterator]() starts anew";
        throw new StateError(complain("DataLoader", { must, got: "a second epoch", todo }));
      }
      this.#started = true;
      return yield* dataset;
    }
    for (const index of this.#order(dataset.length)) yield await itemOf(dataset, index);
  }

  #order(length: number): Iterable<number> {
    if (this.#sampler !== undefined) return this.#sampler;
    if (this.#shuffle) return this.#state?.permutation(length) ?? random.permutation(length);
    return Array.from({ length }, (_, i) => i);
  }
}

const isIndexed = <T>(x: Items<T>): x is IndexedDataset<T> | readonly T[] =>
  Array.isArray(x) ||
  (typeof x === "object" && x !== null && typeof (x as IndexedDataset).get === "function" && "length" in x);
const isIterable = (x: unknown): boolean =>
  typeof x === "object" && x !== null && (Symbol.asyncIterator in x || Symbol.iterator in x);

function itemOf<T>(dataset: IndexedDataset<T> | readonly T[], index: number): T | Promise<T> {
  const { length } = dataset;
  if (!Number.isInteger(index) || index < 0 || index >= length) {
    throw refuse("DataLoader", `an index must be a whole number below ${length}`, String(index), "Check the sampler");
  }
  return Array.isArray(dataset) ? ((dataset as readonly T[])[index] as T) : (dataset as IndexedDataset<T>).get(index);
}
