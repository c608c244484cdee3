import { random, StateError, type Tensor, type tree } from "@keras-ts/core";
import { complain } from "@keras-ts/core/backend";
import { type Element, slicesOf, stack, toTensors, truth } from "./elements.ts";
import { refuse, requireCount } from "./errors.ts";
import { ahead, isOneShot, shuffled } from "./streams.ts";
import type { Table } from "./table.ts";

type Stream<T> = AsyncIterable<T> | Iterable<T>;

export interface ShuffleOptions {
  /** A whole number in [0, 2^32): the same order each time the program runs. Drawn by `setRandomSeed` otherwise. */
  readonly seed?: number;
  /** False to give the same order in every epoch. */
  readonly reshuffleEachIteration?: boolean;
}
export interface GeneratorOptions {
  /** How many elements the generator gives, if that is known: progress bars and `fit` then know where an epoch ends. */
  readonly length?: number;
}

/**
 * A stream of elements that can be started again for each epoch, in the manner of `tf.data`. Each method gives a new dataset; nothing is
 * computed before somebody iterates. `fit`, `evaluate` and `predict` take a dataset of batches `x`, `[x, y]` or `[x, y, sampleWeight]`.
 * @example
 * const data = await Dataset.fromArrays([[1], [2], [3]], [0, 1, 1]);
 * const batches = data.shuffle(3, { seed: 1 }).batch(2);
 * batches.numBatches; // 2
 * for await (const [x, y] of batches) console.log(x?.shape, y?.shape);
 */
export class Dataset<T = unknown> implements AsyncIterable<T> {
  readonly #open: () => Stream<T>;
  /** The number of elements: `Infinity` if it never ends, undefined if only the end tells. */
  readonly cardinality: number | undefined;

  /** Internal: use `Dataset.from...`. */
  constructor(open: () => Stream<T>, cardinality: number | undefined) {
    this.#open = open;
    this.cardinality = cardinality;
  }

  /**
   * Rows of arrays that belong together: `[x, y]`, or `[x, y, sampleWeight]`, one row of each.
   * @throws ShapeError if the numbers of rows differ. @example await Dataset.fromArrays([[1, 2], [3, 4]], [0, 1])
   */
  static fromArrays(...arrays: readonly [Element, Element, ...Element[]]): Promise<Dataset<Tensor[]>> {
    return sliced<Tensor[]>("Dataset.fromArrays", arrays.map(toTensors));
  }
  /**
   * Rows of one array, or of several in any structure, cut along the first axis.
   * @throws ShapeError if the numbers of rows differ. @example await Dataset.fromTensorSlices({ image: [[1], [2]], label: [0, 1] })
   */
  static fromTensorSlices<T = tree.Tree<Tensor>>(data: Element): Promise<Dataset<T>> {
    return sliced<T>("Dataset.fromTensorSlices", toTensors(data));
  }
  /**
   * Rows of a table: `[features, target]`, or the features alone.
   * @throws ConfigError for unknown or text columns.
   * @example await Dataset.fromTable(await parseCsv("a,b,c\n1,2,3"), { features: ["a", "b"], target: "c" })
   */
  static fromTable(table: Table, options: Parameters<Table["toArrays"]>[0] = {}): Promise<Dataset<Tensor[]>> {
    const { x, y } = table.toArrays(options);
    return sliced<Tensor[]>("Dataset.fromTable", toTensors(y === undefined ? [x] : [x, y]));
  }
  /**
   * What a function of yours generates: it is called again for each epoch.
   * @example Dataset.fromGenerator(function* () { yield [1, 0]; yield [2, 1]; }, { length: 2 })
   */
  static fromGenerator<T>(generate: () => Stream<T>, { length }: GeneratorOptions = {}): Dataset<T> {
    if (typeof generate !== "function") {
      const todo = "Pass the generator function itself, not the generator that it returns; or use Dataset.from";
      throw refuse("Dataset.fromGenerator", "the argument must be a function", typeof generate, todo);
    }
    return new Dataset(generate, length);
  }
  /**
   * The elements of anything iterable. A generator can be gone through once only.
   * @throws StateError if a generator is started a second time. @example Dataset.from([1, 2, 3])
   */
  static from<T>(items: Stream<T>): Dataset<T> {
    let used = false;
    const open = (): Stream<T> => {
      if (used && isOneShot(items)) {
        const must = "a generator can be gone through once only";
        const todo = "Use Dataset.fromGenerator(() => generator()), which starts it again for each epoch";
        throw new StateError(complain("Dataset", { must, got: "a second start", todo }));
      }
      used = true;
      return items;
    };
    return new Dataset(open, Array.isArray(items) ? items.length : undefined);
  }
  /** `start, start + step, ...` below `stop`. @example await Dataset.range(0, 6, 2).toArray(); // [0, 2, 4] */
  static range(start: number, stop: number, step = 1): Dataset<number> {
    const count = Math.max(0, Math.ceil((stop - start) / step));
    return new Dataset(() => Array.from({ length: count }, (_, i) => start + i * step), count);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    yield* this.#open();
  }

  /** `cardinality` by the name under which `fit` knows it. */
  get numBatches(): number | undefined {
    return this.cardinality;
  }

  #derive<R>(open: (source: Dataset<T>) => Stream<R>, cardinality: (n: number) => number | undefined): Dataset<R> {
    return new Dataset(() => open(this), this.cardinality === undefined ? undefined : cardinality(this.cardinality));
  }

  /**
   * `size` elements as one, leaves stacked along a new first axis; the last batch may be smaller.
   * @throws ShapeError while iterating if shapes differ. @example (await Dataset.range(0, 5).batch(2).toArray()).length; // 3
   */
  batch(size: number, { dropRemainder = false }: { readonly dropRemainder?: boolean } = {}): Dataset<Batched<T>> {
    requireCount("Dataset.batch", "size", size, 1);
    async function* open(source: Dataset<T>): AsyncGenerator<Batched<T>> {
      let rows: T[] = [];
      for await (const element of source) {
        rows.push(element);
        if (rows.length < size) continue;
        yield (await stack(rows, "Dataset.batch")) as Batched<T>;
        rows = [];
      }
      if (rows.length > 0 && !dropRemainder) yield (await stack(rows, "Dataset.batch")) as Batched<T>;
    }
    return this.#derive(open, (n) => (dropRemainder ? Math.floor(n / size) : Math.ceil(n / size)));
  }

  /**
   * Draws from a buffer of `bufferSize` elements that is refilled from the stream: a full shuffle if everything fits.
   * @example await Dataset.range(0, 4).shuffle(4, { seed: 3 }).toArray()
   */
  shuffle(bufferSize: number, { seed, reshuffleEachIteration = true }: ShuffleOptions = {}): Dataset<T> {
    requireCount("Dataset.shuffle", "bufferSize", bufferSize, 1);
    const first = seed ?? random.drawPythonSeed();
    let state = new random.NumpyRandomState(first);
    const open = (source: Dataset<T>): Stream<T> => {
      if (!reshuffleEachIteration) state = new random.NumpyRandomState(first);
      return shuffled(source, bufferSize, state);
    };
    return this.#derive(open, (n) => n);
  }

  /** Each element as `f` gives it, which may be async. @example await Dataset.range(0, 3).map((n) => n * 2).toArray(); // [0, 2, 4] */
  map<R>(f: (element: T, index: number) => R | Promise<R>): Dataset<R> {
    async function* open(source: Dataset<T>): AsyncGenerator<R> {
      let index = 0;
      for await (const element of source) yield await f(element, index++);
    }
    return this.#derive<R>(open, (n) => n);
  }
  /** The elements for which `f` says yes. @example await Dataset.range(0, 5).filter((n) => n % 2 === 0).toArray(); // [0, 2, 4] */
  filter(f: (element: T) => boolean | Tensor | Promise<boolean | Tensor>): Dataset<T> {
    async function* open(source: Dataset<T>): AsyncGenerator<T> {
      for await (const element of source) if (await truth(f(element))) yield element;
    }
    return this.#derive(open, () => undefined);
  }
  /** The first `count` elements. @example await Dataset.range(0, 5).take(2).toArray(); // [0, 1] */
  take(count: number): Dataset<T> {
    requireCount("Dataset.take", "count", count, 0);
    async function* open(source: Dataset<T>): AsyncGenerator<T> {
      if (count === 0) return;
      let taken = 0;
      for await (const element of source) {
        yield element;
        if (++taken === count) return;
      }
    }
    return this.#derive(open, (n) => Math.min(n, count));
  }
  /** All but the first `count` elements. @example await Dataset.range(0, 5).skip(3).toArray(); // [3, 4] */
  skip(count: number): Dataset<T> {
    requireCount("Dataset.skip", "count", count, 0);
    async function* open(source: Dataset<T>): AsyncGenerator<T> {
      let skipped = 0;
      for await (const element of source) if (skipped++ >= count) yield element;
    }
    return this.#derive(open, (n) => Math.max(0, n - count));
  }
  /** Goes through it `count` times; without a count for ever (give `fit` a `stepsPerEpoch` then). */
  repeat(count?: number): Dataset<T> {
    if (count !== undefined) requireCount("Dataset.repeat", "count", count, 0);
    async function* open(source: Dataset<T>): AsyncGenerator<T> {
      for (let round = 0; round < (count ?? Number.POSITIVE_INFINITY); round++) {
        let any = false;
        for await (const element of source) {
          any = true;
          yield element;
        }
        if (!any) return; // an empty dataset stays empty, however often it is repeated
      }
    }
    return this.#derive(open, (n) => (n === 0 || count === 0 ? 0 : n * (count ?? Number.POSITIVE_INFINITY)));
  }
  /** This dataset, then another. @example await Dataset.range(0, 2).concatenate(Dataset.range(5, 7)).toArray(); // [0, 1, 5, 6] */
  concatenate(other: Dataset<T>): Dataset<T> {
    async function* open(source: Dataset<T>): AsyncGenerator<T> {
      yield* source;
      yield* other;
    }
    return this.#derive(open, (n) => (other.cardinality === undefined ? undefined : n + other.cardinality));
  }
  /** Prepares up to `count` elements while the one before is in use. */
  prefetch(count = 2): Dataset<T> {
    requireCount("Dataset.prefetch", "count", count, 1);
    return this.#derive(
      (source) => ahead(source, count),
      (n) => n,
    );
  }
  /** Keeps the elements of the first complete pass in memory and gives those afterwards. */
  cache(): Dataset<T> {
    let kept: readonly T[] | undefined;
    async function* open(source: Dataset<T>): AsyncGenerator<T> {
      if (kept !== undefined) return yield* kept;
      const seen: T[] = [];
      for await (const element of source) {
        seen.push(element);
        yield element;
      }
      kept = seen;
    }
    return this.#derive(open, (n) => n);
  }

  /** All elements. @throws StateError if it never ends. @example await Dataset.range(0, 3).toArray(); // [0, 1, 2] */
  async toArray(): Promise<T[]> {
    if (this.cardinality === Number.POSITIVE_INFINITY) {
      const must = "only a dataset that ends can be made an array";
      throw new StateError(
        complain("Dataset.toArray", { must, got: "an endless one", todo: "Call take(count) first" }),
      );
    }
    const all: T[] = [];
    for await (const element of this) all.push(element);
    return all;
  }
}

/** An element after `batch`: the same structure, every leaf a tensor. */
export type Batched<T> = T extends number | boolean | Tensor
  ? Tensor
  : T extends Tensor[]
    ? Tensor[]
    : T extends readonly number[]
      ? Tensor
      : T extends readonly unknown[]
        ? { [K in keyof T]: Batched<T[K]> }
        : T extends object
          ? { [K in keyof T]: Batched<T[K]> }
          : Tensor;

async function sliced<T>(where: string, data: tree.Tree<Tensor>): Promise<Dataset<T>> {
  const { length, at } = await slicesOf(where, data);
  function* open(): Generator<T> {
    for (let i = 0; i < length; i++) yield at(i) as T;
  }
  return new Dataset(open, length);
}
