// Where fit, evaluate and predict get their batches from: arrays, or anything that can be iterated.
import { type HostArray, sizeOf } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, ValueError } from "../errors/index.ts";
import { literal, Tensor } from "../graph/index.ts";
import { permutation } from "../random/index.ts";
import * as tree from "../tree/index.ts";
import {
  type Batch,
  type BatchSource,
  type ClassWeight,
  type HostData,
  hostArrays,
  leavesOf,
  mapHost,
  rowsOf,
  type SourceOptions,
} from "./batches.ts";

/** The batches of arrays or of a stream. @throws ShapeError if the numbers of samples differ. */
export async function batchSource(
  where: string,
  x: unknown,
  y: unknown,
  sampleWeight: unknown,
  options: SourceOptions,
): Promise<BatchSource> {
  if (isStream(x)) {
    for (const [name, value] of [
      ["y", y],
      ["sampleWeight", sampleWeight],
    ] as const) {
      if (value === undefined || value === null) continue;
      const must = `${name} must not be given when x is a stream of batches`;
      const todo = "Let the stream give [x, y, sampleWeight]; options come last: fit(data, undefined, { epochs: 2 })";
      throw new ConfigError(complain(where, { must, got: typeof value, todo }));
    }
    return new StreamSource(where, x, options.classWeight);
  }
  return new ArraySource(where, await hostArrays(where, x, y, sampleWeight, options.classWeight), options);
}

type Stream = AsyncIterable<unknown> | Iterable<unknown> | (() => AsyncIterable<unknown> | Iterable<unknown>);
function isStream(x: unknown): x is Stream {
  if (typeof x === "function") return true;
  if (typeof x !== "object" || x === null || Array.isArray(x) || ArrayBuffer.isView(x) || x instanceof Tensor)
    return false;
  return Symbol.asyncIterator in x || Symbol.iterator in x;
}

class ArraySource implements BatchSource {
  readonly numBatches: number;
  readonly #data: HostData;
  readonly #rows: number;
  readonly #batchSize: number;
  readonly #shuffle: boolean | "batch";
  readonly #gathered = new Map<HostArray, Gathered[]>();

  constructor(where: string, data: HostData, { batchSize, steps, shuffle = false }: SourceOptions) {
    this.#data = data;
    this.#rows = (leavesOf(data)[0] as HostArray).shape[0] as number;
    this.#batchSize = batchSize ?? (steps === undefined ? 32 : Math.ceil(this.#rows / steps));
    if (!Number.isInteger(this.#batchSize) || this.#batchSize < 1) {
      const must = "batchSize must be a positive integer";
      throw new ValueError(complain(where, { must, got: String(batchSize), todo: "Use for example 32" }));
    }
    this.numBatches = Math.ceil(this.#rows / this.#batchSize);
    this.#shuffle = shuffle;
  }

  // As in Keras, building draws a permutation of its own.
  async peek(): Promise<Batch | undefined> {
    for (const batch of this.epoch()) return batch;
    return undefined;
  }

  *epoch(): Iterable<Batch> {
    const order = this.#shuffle === true ? permutation(this.#rows) : undefined;
    for (let from = 0; from < this.#rows; from += this.#batchSize) {
      const to = Math.min(this.#rows, from + this.#batchSize);
      let rows = order === undefined ? undefined : order.subarray(from, to);
      if (this.#shuffle === "batch") rows = permutation(to - from).map((i) => i + from);
      const take = (d: tree.Tree<HostArray>): tree.Tree<Tensor> =>
        mapHost(d, (a) => (rows === undefined ? literal(rowsOf(a, from, to)) : this.#gather(a, rows)));
      const { x, y, sampleWeight } = this.#data;
      yield { x: take(x), y: y && take(y), sampleWeight: sampleWeight && take(sampleWeight) };
    }
  }

  // Rows in a new order. The memory of a batch whose step is done and whose tensor was freed is used again: arrays of that size in
  // every step would keep the garbage collector busy.
  #gather(from: HostArray, rows: Uint32Array | Int32Array): Tensor {
    const width = sizeOf(from.shape.slice(1));
    const latest = this.#gathered.get(from) ?? [];
    this.#gathered.set(from, latest);
    const oldest = latest.length < 3 ? undefined : latest.shift();
    const data =
      oldest !== undefined && isFree(oldest, rows.length * width) ? oldest.data : emptyLike(from, rows.length * width);
    for (let i = 0; i < rows.length; i++) {
      const start = (rows[i] as number) * width;
      data.set(from.data.subarray(start, start + width) as never, i * width);
    }
    const tensor = literal({ shape: [rows.length, ...from.shape.slice(1)], dtype: from.dtype, data });
    latest.push({ tensor, data });
    return tensor;
  }
}

/** A batch and the memory that it was uploaded from. */
interface Gathered {
  readonly tensor: Tensor;
  readonly data: HostArray["data"];
}
const isFree = ({ tensor: { source }, data }: Gathered, size: number): boolean =>
  data.length === size && source.kind === "value" && source.value.holding.released;

const emptyLike = ({ data }: HostArray, size: number): HostArray["data"] =>
  new (data.constructor as new (n: number) => HostArray["data"])(size);

// A stream of batches. What can be iterated only once is read on and on and left to its owner; everything else starts anew in each pass.
class StreamSource implements BatchSource {
  readonly numBatches: number | undefined;
  readonly #where: string;
  readonly #stream: Stream;
  readonly #classWeight: ClassWeight | undefined;
  #peeked: (Started & { readonly batch: Batch }) | undefined;

  constructor(where: string, stream: Stream, classWeight: ClassWeight | undefined) {
    this.#where = where;
    this.#stream = stream;
    this.#classWeight = classWeight;
    const sized = stream as { readonly numBatches?: unknown; readonly cardinality?: unknown };
    this.numBatches = [sized.numBatches, sized.cardinality].find(
      (n): n is number => Number.isInteger(n) && (n as number) > 0,
    );
  }

  #start(): Started {
    const stream = this.#stream;
    const iterable = typeof stream === "function" ? stream() : stream;
    const items = iteratorOf(this.#where, iterable);
    return { items, owned: typeof stream === "function" || (items as unknown) !== iterable };
  }
  async #next(items: Items): Promise<Batch | undefined> {
    const { done, value } = await items.next();
    return done === true ? undefined : toBatch(this.#where, value, this.#classWeight);
  }

  async peek(): Promise<Batch | undefined> {
    if (this.#peeked !== undefined) return this.#peeked.batch;
    const started = this.#start();
    const batch = await this.#next(started.items);
    if (batch !== undefined) this.#peeked = { ...started, batch };
    return batch;
  }

  async *epoch(): AsyncGenerator<Batch> {
    const peeked = this.#peeked;
    this.#peeked = undefined;
    const { items, owned } = peeked ?? this.#start();
    let done = false;
    try {
      if (peeked !== undefined) yield peeked.batch;
      for (let batch = await this.#next(items); batch !== undefined; batch = await this.#next(items)) yield batch;
      done = true;
    } finally {
      if (owned && !done) await items.return?.();
    }
  }
}

type Items = AsyncIterator<unknown> | Iterator<unknown>;
interface Started {
  readonly items: Items;
  /** True if nobody else can go on with it. */
  readonly owned: boolean;
}
function iteratorOf(where: string, iterable: AsyncIterable<unknown> | Iterable<unknown>): Items {
  if (typeof iterable === "object" && iterable !== null) {
    if (Symbol.asyncIterator in iterable) return iterable[Symbol.asyncIterator]();
    if (Symbol.iterator in iterable) return iterable[Symbol.iterator]();
  }
  const must = "a function given as data must return something that can be iterated";
  throw new ConfigError(
    complain(where, { must, got: typeof iterable, todo: "Pass a generator function: function* () { yield [x, y]; }" }),
  );
}

const parts = new Set(["x", "y", "sampleWeight"]);

// A stream gives [x], [x, y] or [x, y, sampleWeight], or { x, y, sampleWeight }, or x alone if that is no array.
async function toBatch(where: string, item: unknown, classWeight: ClassWeight | undefined): Promise<Batch> {
  const [x, y, sampleWeight] = partsOf(where, item);
  const data = await hostArrays(where, x, y, sampleWeight, classWeight);
  const take = (d: tree.Tree<HostArray>): tree.Tree<Tensor> => mapHost(d, literal);
  return { x: take(data.x), y: data.y && take(data.y), sampleWeight: data.sampleWeight && take(data.sampleWeight) };
}
function partsOf(where: string, item: unknown): readonly unknown[] {
  if (Array.isArray(item)) {
    if (item.length >= 1 && item.length <= 3 && typeof item[0] !== "number") return item;
    const got = typeof item[0] === "number" ? "an array of numbers" : `${item.length} entries`;
    const todo = "Put x into an array of its own: yield [x]; several inputs are [[x1, x2], y]";
    throw new ShapeError(complain(where, { must: "a batch must be [x], [x, y] or [x, y, sampleWeight]", got, todo }));
  }
  if (item === null || item === undefined) {
    const must = "a batch must be [x], [x, y], [x, y, sampleWeight] or { x, y, sampleWeight }";
    throw new ShapeError(complain(where, { must, got: String(item), todo: "Check what the stream gives" }));
  }
  if (!tree.isBranch(item) || !("x" in item) || Object.keys(item).some((key) => !parts.has(key))) return [item];
  const { x, y, sampleWeight } = item as Readonly<Record<string, unknown>>;
  return [x, y, sampleWeight];
}
