// One pass over batches: the part that fit, evaluate and predict share.
import type { HostArray } from "../aval/index.ts";
import { literal, type Tensor } from "../graph/index.ts";
import { dispose, readAll, whenReady } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";
import { type Batch, tensorsOf } from "./batches.ts";
import type { CallbackList, Logs } from "./callbacks.ts";
import type { EpochStream } from "./epoch-stream.ts";
import type { StepLogs } from "./options.ts";
import { Grouped, type Pace } from "./pace.ts";
import type { ProgressLogger } from "./progress-logger.ts";

/** One step on a batch, compiled or not. */
export interface Step {
  (batch: Batch): StepLogs;
  /** Several steps in one program, on batches stacked along a new first axis; so are the logs. Compiled steps have it. */
  readonly many?: (count: number, stacked: Batch) => StepLogs;
  /** How long steps take, and how many of them go into one program. */
  readonly pace?: Pace;
}

export interface StepLoop {
  readonly stream: EpochStream;
  readonly step: Step;
  readonly kind: "train" | "test";
  readonly callbacks: CallbackList;
  readonly progress: ProgressLogger | undefined;
  readonly signal: AbortSignal | undefined;
  /** True if nobody else holds what a step gives: compiled steps give tensors of their own. */
  readonly owned: boolean;
  /** Batches between two calls of the hooks. */
  readonly every: number;
  /** Asked after each hook. */
  readonly stopped: () => boolean;
  /** Hears all logs that are read. */
  readonly watch?: (logs: Logs) => void;
}

/**
 * Runs the steps of one epoch and gives the last logs; undefined if there was no batch. One step is in flight while the next batch
 * is made, and values are read only when somebody looks. Where nobody looks at each step, short steps go into one program by groups.
 */
export async function runSteps({
  stream,
  step,
  kind,
  callbacks,
  progress,
  signal,
  owned,
  every,
  stopped,
  watch,
}: StepLoop): Promise<Logs | undefined> {
  const [begin, end] =
    kind === "train"
      ? (["onTrainBatchBegin", "onTrainBatchEnd"] as const)
      : (["onTestBatchBegin", "onTestBatchEnd"] as const);
  const heard = callbacks.hears(end);
  let running: Running | undefined;
  let index = 0;
  const pause = new Breather();
  const groups = new Grouped({ stream, step, every, heard: heard || callbacks.hears(begin) });
  const tell = async (done: Running): Promise<void> => {
    const last = Math.ceil(index / every) * every - 1;
    if (!heard && progress?.isDue(kind) !== true) {
      progress?.progress(kind, last, {});
      return;
    }
    const logs = await readLogs(done.logs, done.count);
    watch?.(logs);
    if (heard) await callbacks.call(end, last, logs);
    progress?.progress(kind, last, logs);
  };
  await stream.begin();
  try {
    for (let group = await groups.next(0, signal); group !== undefined; group = await groups.next(index, signal)) {
      const { batch, count } = group;
      if (index % every === 0) await callbacks.call(begin, index);
      const before: Running | undefined = running;
      const logs = count === 1 ? step(batch) : (step.many as NonNullable<Step["many"]>)(count, batch);
      running = { logs, batch, count, owned };
      if (before !== undefined) await retire(before);
      step.pace?.note(before?.count);
      index += count;
      if (index % every === 0) await tell(running);
      await pause.maybe();
      if (stopped()) break;
    }
    if (running !== undefined && index % every !== 0) await tell(running);
    signal?.throwIfAborted();
    return running === undefined ? undefined : await readLogs(running.logs, running.count);
  } finally {
    if (running !== undefined) await retire(running);
  }
}

interface Running {
  readonly logs: StepLogs;
  readonly batch: Batch;
  /** Steps in the program. */
  readonly count: number;
  readonly owned: boolean;
}

/** Waits for a step and frees its batch and its results. */
export async function retire({ logs, batch, owned }: Running): Promise<void> {
  const results = Object.values(logs);
  await whenReady(results);
  for (const tensor of [...tensorsOf(batch), ...(owned ? results : [])]) dispose(tensor);
}

/** Numbers of a step, of the last one of several, names sorted. */
export async function readLogs(results: StepLogs, count = 1): Promise<Logs> {
  const names = Object.keys(results).sort();
  const hosts = await readAll(names.map((name) => results[name] as Tensor));
  const last = ({ data }: HostArray): number => data[(data.length / count) * (count - 1)] as number;
  return Object.fromEntries(names.map((name, i) => [name, last(hosts[i] as HostArray)]));
}

// Parts one below the other.
function joinRows(parts: readonly HostArray[]): HostArray {
  const first = parts[0] as HostArray;
  if (parts.length === 1) return first;
  const rows = parts.reduce((n, part) => n + (part.shape[0] ?? 1), 0);
  const data = new (first.data.constructor as new (n: number) => typeof first.data)(
    parts.reduce((n, part) => n + part.data.length, 0),
  );
  let offset = 0;
  for (const part of parts) {
    data.set(part.data as never, offset);
    offset += part.data.length;
  }
  return { shape: [rows, ...first.shape.slice(1)], dtype: first.dtype, data };
}

/** Lets timers, signals and the page breathe now and then: synchronous engines never wait by themselves. */
export class Breather {
  #last = performance.now();
  async maybe(): Promise<void> {
    if (performance.now() - this.#last < 30) return;
    // A timer waits a millisecond and more; Node has a door without a wait.
    const { setImmediate = setTimeout } = globalThis as { readonly setImmediate?: (f: () => void) => unknown };
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#last = performance.now();
  }
}

/** Outputs of one batch: their structure and values. */
export interface Part {
  readonly outputs: unknown;
  readonly hosts: readonly HostArray[];
}
/** Outputs of several batches as one. */
export function joined(parts: readonly Part[]): unknown {
  const { outputs, hosts } = parts[0] as Part;
  const whole = hosts.map((_, i) => literal(joinRows(parts.map((part) => part.hosts[i] as HostArray))));
  return tree.packAs(outputs as tree.Tree<unknown>, whole);
}

/** One warning in each fit, at the first loss that is no number. */
export function nonFiniteWatch(name: string): (epoch: number, logs: Logs) => void {
  let told = false;
  return (epoch, { loss }) => {
    if (told || loss === undefined || Number.isFinite(loss)) return;
    told = true;
    const what = Number.isNaN(loss) ? "nan" : "infinite";
    const todo =
      "Try a lower learning rate or clipnorm, check the data for nan and inf, and the loss for logits or probabilities it does not expect.";
    console.warn(`keras-ts: The loss of "${name}" became ${what} in epoch ${epoch + 1}. ${todo}`);
  };
}
