import { warnOnce } from "../errors/index.ts";
import type { Batch, BatchSource } from "./batches.ts";

type BatchIterator = AsyncIterator<Batch> | Iterator<Batch>;

/**
 * Batches of one epoch after the other. Without a number of steps each epoch is one pass; with one, an epoch goes on where the
 * last one stopped. Source: keras/src/trainers/epoch_iterator.py.
 */
export class EpochStream {
  readonly #source: BatchSource;
  readonly #steps: number | undefined;
  #iterator: BatchIterator | undefined;
  /** Batches taken from the present iterator. */
  #taken = 0;
  /** Batches given in this epoch. */
  #given = 0;

  constructor(source: BatchSource, steps: number | undefined) {
    this.#source = source;
    this.#steps = steps;
  }

  /** Batches in an epoch, if that is known. */
  get length(): number | undefined {
    return this.#steps ?? this.#source.numBatches;
  }

  /** Begins an epoch. */
  async begin(): Promise<void> {
    this.#given = 0;
    if (this.#steps === undefined) await this.close();
  }

  /** The next batch of this epoch; undefined at its end. @throws the signal's reason as soon as it is aborted. */
  async next(signal?: AbortSignal): Promise<Batch | undefined> {
    signal?.throwIfAborted();
    if (this.#steps !== undefined) {
      if (this.#given >= this.#steps) return this.#endPass();
      const { numBatches } = this.#source;
      if (this.#iterator !== undefined && numBatches !== undefined && this.#taken >= numBatches) return this.#runOut();
    }
    this.#iterator ??= iteratorOf(this.#source.epoch());
    const next = await unlessAborted(this.#iterator.next(), signal);
    if (next.done === true) {
      this.#forget();
      return this.#steps === undefined ? undefined : this.#runOut();
    }
    this.#taken++;
    this.#given++;
    return next.value;
  }

  // An epoch that ends with the data leaves the next one a new pass.
  #endPass(): undefined {
    const { numBatches } = this.#source;
    if (numBatches !== undefined && this.#taken >= numBatches) this.#forget();
    return undefined;
  }
  #runOut(): undefined {
    this.#forget();
    const got = `${this.#given} of ${this.#steps} steps`;
    warnOnce(`The data ran out before an epoch was done (${got}); give more data, or fewer stepsPerEpoch.`);
    return undefined;
  }
  #forget(): void {
    this.#iterator = undefined;
    this.#taken = 0;
  }

  /** Lets the source clean up. */
  async close(): Promise<void> {
    const iterator = this.#iterator;
    this.#forget();
    await iterator?.return?.();
  }
  /** As `close`, for a source that may never answer. */
  abandon(): void {
    void this.close().catch(() => {});
  }
}

const iteratorOf = (source: AsyncIterable<Batch> | Iterable<Batch>): BatchIterator =>
  Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();

/** What `work` gives, or a rejection as soon as the signal is aborted. */
async function unlessAborted<T>(work: T | Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined || !(work instanceof Promise)) return work;
  let refuse: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    refuse = () => reject(signal.reason);
    signal.addEventListener("abort", refuse, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", refuse);
  }
}
