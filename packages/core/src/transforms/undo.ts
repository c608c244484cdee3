// Steps of which nothing counts if a part of them failed, with and without a program of their own.
import type { Tensor, Value } from "../graph/index.ts";
import { realise } from "./realise.ts";
import { type StateCell, withWitness } from "./state.ts";

/** What a run that failed was to replace, by what it gave instead. */
const replaced = new WeakMap<Tensor, Tensor>();

/** Variables go back to the last values that were computed: the run before may have failed as well, and been found out later. */
export function undo(cells: readonly StateCell[], after: readonly Tensor[], before: readonly Tensor[]): void {
  after.forEach((tensor, i) => {
    let known = before[i] as Tensor;
    for (let older = replaced.get(known); older !== undefined; older = replaced.get(known)) known = older;
    replaced.set(tensor, known);
    const cell = cells[i] as StateCell;
    if (cell.tensor === tensor) cell.tensor = known;
  });
}

/** What one step assigned, while its values are being computed. */
interface Journal {
  readonly before: Map<StateCell, Tensor>;
  readonly after: Map<StateCell, Tensor>;
  /** What it gave, as far as nobody else had it before. */
  results: readonly Value[];
  /** The step that began meanwhile, on values of this one. */
  next: Journal | undefined;
  failed: boolean;
}

/** The newest step of which something is still being computed. */
let last: Journal | undefined;

/**
 * Runs a step operation by operation, as one that is a program of its own: if anything that it assigned cannot be computed, at once or
 * later, all variables are as before it, and reading its results throws. So it is for steps that began meanwhile.
 */
export function allOrNothing<R extends Readonly<Record<string, Tensor>>>(step: () => R): R {
  const journal: Journal = { before: new Map(), after: new Map(), results: [], next: undefined, failed: false };
  const written: Tensor[] = [];
  const note = (cell: StateCell, value: Tensor): void => {
    if (!journal.before.has(cell)) journal.before.set(cell, cell.tensor);
    journal.after.set(cell, value);
    written.push(value);
  };
  if (last !== undefined) last.next = journal;
  last = journal;
  try {
    const results = withWitness(note, step);
    const values = realise(written);
    const own = Object.values(results).filter((x) => x.source.kind === "op" || written.includes(x));
    journal.results = realise(own);
    watch(journal, values);
    return results;
  } catch (error) {
    fail(journal, error);
    throw error;
  }
}

function watch(journal: Journal, values: readonly Value[]): void {
  const wrong = values.find(({ failure }) => failure !== undefined);
  const pending = values.filter(({ ready }) => ready !== undefined);
  if (wrong !== undefined) fail(journal, wrong.failure);
  const looked = pending.map(async (value) => {
    await value.ready;
    if (value.failure !== undefined) fail(journal, value.failure);
  });
  const settle = (): void => {
    if (last === journal) last = undefined;
  };
  if (pending.length === 0) settle();
  else void Promise.all(looked).then(settle);
}

function fail(journal: Journal, error: unknown): void {
  if (journal.failed) return;
  journal.failed = true;
  undo([...journal.after.keys()], [...journal.after.values()], [...journal.before.values()]);
  for (const value of journal.results) value.failure = error;
  if (last === journal) last = undefined;
  if (journal.next !== undefined) fail(journal.next, error);
}
