// Short steps go into one program by groups: what a program costs beside its work (results copied out of the engine, a turn of the event
// loop) is then paid once for all of them.
import { type HostArray, sameShape } from "../aval/index.ts";
import { getBackend } from "../backend/index.ts";
import { literal, type Tensor } from "../graph/index.ts";
import * as tree from "../tree/index.ts";
import { type Batch, tensorsOf } from "./batches.ts";
import type { EpochStream } from "./epoch-stream.ts";
import type { Step } from "./run-loop.ts";

/** A group should be done within this many milliseconds, so that pages, timers and abort signals get their turn. */
const TURN = 30;
/** Steps that are looked at before groups are made: short trainings never compile a second program. */
const TRIAL = 24;
const MOST = 32;
const MOST_BYTES = 64 * 2 ** 20;

/** How long a step takes, at best. */
export class Pace {
  #best = Number.POSITIVE_INFINITY;
  #steps = 0;
  #last: number | undefined;
  #size: number | undefined;

  /** `count` steps are done; undefined at the beginning of an epoch. */
  note(count: number | undefined): void {
    const now = performance.now();
    if (count !== undefined && this.#last !== undefined) {
      this.#best = Math.min(this.#best, (now - this.#last) / count);
      this.#steps += count;
    }
    this.#last = now;
  }

  /** How many steps to do in one program, once that is known; it stays, since each number is a program of its own. */
  groupSize(batchBytes: number, stepsPerEpoch: number): number {
    if (this.#size !== undefined) return this.#size;
    if (this.#steps < TRIAL) return 1;
    const most = Math.min(MOST, stepsPerEpoch, Math.floor(MOST_BYTES / Math.max(1, batchBytes)));
    this.#size = Math.max(1, Math.min(most, Math.floor(TURN / this.#best)));
    return this.#size;
  }
}

/** Batches for one program. */
export interface Group {
  /** Stacked along a new first axis if there are several. */
  readonly batch: Batch;
  readonly count: number;
}

interface GroupingOptions {
  readonly stream: EpochStream;
  readonly step: Step;
  /** Batches between two calls of the hooks. */
  readonly every: number;
  /** True if somebody listens to each step. */
  readonly heard: boolean;
}

/** Batches of an epoch, by groups where that pays and nobody can tell. */
export class Grouped {
  readonly #options: GroupingOptions;
  #waiting: Batch[] = [];
  #ended = false;

  constructor(options: GroupingOptions) {
    this.#options = options;
  }

  /**
   * The next group, after `done` batches; undefined at the end of the epoch.
   * @throws the signal's reason as soon as it is aborted.
   */
  async next(done: number, signal?: AbortSignal): Promise<Group | undefined> {
    signal?.throwIfAborted();
    const first = await this.#pull(0, signal);
    if (first === undefined) return undefined;
    const size = this.#sizeFor(first, done);
    for (let i = 1; i < size; i++) {
      const more = await this.#pull(i, signal);
      if (more === undefined || !alike(first, more)) break;
      if (i === size - 1) return { batch: stacked(this.#waiting.splice(0, size)), count: size };
    }
    return { batch: this.#waiting.shift() as Batch, count: 1 };
  }

  // The batch at a place of the queue, which grows by what the stream gives.
  async #pull(at: number, signal: AbortSignal | undefined): Promise<Batch | undefined> {
    while (this.#waiting.length <= at && !this.#ended) {
      const batch = await this.#options.stream.next(signal);
      if (batch === undefined) this.#ended = true;
      else this.#waiting.push(batch);
    }
    return this.#waiting[at];
  }

  #sizeFor(batch: Batch, done: number): number {
    const { stream, step, every, heard } = this.#options;
    const { length } = stream;
    const fits = step.many !== undefined && getBackend().prefersLoops === true && hostsOf(batch) !== undefined;
    if (!fits) return 1;
    if (every > 1) return done % every === 0 ? every : 1;
    if (heard || length === undefined || this.#ended) return 1;
    const bytes = (hostsOf(batch) ?? []).reduce((sum, { data }) => sum + data.byteLength, 0);
    return step.pace?.groupSize(bytes, length) ?? 1;
  }
}

/** The values of a batch, if all of them are still on the host. */
function hostsOf(batch: Batch): HostArray[] | undefined {
  const hosts = tensorsOf(batch).flatMap(({ source }) => (source.kind === "literal" ? [source.value] : []));
  return hosts.length === tensorsOf(batch).length ? hosts : undefined;
}

function alike(a: Batch, b: Batch): boolean {
  const [one, other] = [tensorsOf(a), tensorsOf(b)];
  const same = (x: Tensor, y: Tensor | undefined): boolean => x.dtype === y?.dtype && sameShape(x.shape, y.shape);
  return one.length === other.length && one.every((x, i) => same(x, other[i])) && hostsOf(b) !== undefined;
}

function stacked(batches: readonly Batch[]): Batch {
  const rows = batches.map((batch) => hostsOf(batch) as HostArray[]);
  const parts = (rows[0] as HostArray[]).map(({ shape, dtype, data }, i): Tensor => {
    const all = new (data.constructor as new (n: number) => HostArray["data"])(data.length * rows.length);
    rows.forEach((row, k) => void all.set(row[i]?.data as never, k * data.length));
    return literal({ shape: [rows.length, ...shape], dtype, data: all });
  });
  let next = 0;
  const pack = (part: tree.Tree<Tensor>): tree.Tree<Tensor> => tree.map(part, () => parts[next++] as Tensor);
  const [{ x, y, sampleWeight }] = batches as readonly [Batch];
  return { x: pack(x), y: y && pack(y), sampleWeight: sampleWeight && pack(sampleWeight) };
}
