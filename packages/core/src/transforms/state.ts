// Variables as tracing sees them: cells that are read and written. Whoever traces decides what a read gives and where a write goes.
import type { DType, Shape } from "../aval/index.ts";
import type { Tensor } from "../graph/index.ts";

/** Something that holds a tensor and may be given another: a `Variable`. */
export interface StateCell {
  readonly shape: Shape;
  readonly dtype: DType;
  /** The value outside of any scope. */
  tensor: Tensor;
}

/** A place where reads and writes of cells go while it is open. */
export interface StateScope {
  /** The value to use, or undefined to ask the scope around. */
  read(cell: StateCell): Tensor | undefined;
  /** True if the write was taken, false to hand it to the scope around. */
  write(cell: StateCell, value: Tensor): boolean;
}

const scopes: StateScope[] = [];

/** Runs `f` with `scope` innermost. */
export function withScope<R>(scope: StateScope, f: () => R): R {
  scopes.push(scope);
  try {
    return f();
  } finally {
    scopes.pop();
  }
}

/** The current value of a cell, and whether it came from a scope. */
export function readCell(cell: StateCell): { readonly tensor: Tensor; readonly scoped: boolean } {
  for (let i = scopes.length - 1; i >= 0; i--) {
    const tensor = (scopes[i] as StateScope).read(cell);
    if (tensor !== undefined) return { tensor, scoped: true };
  }
  return { tensor: cell.tensor, scoped: false };
}

/** Hands a write to the innermost scope that takes it. False if nobody did: the caller then changes the cell itself, at once. */
export function writeCell(cell: StateCell, value: Tensor): boolean {
  for (let i = scopes.length - 1; i >= 0; i--) if ((scopes[i] as StateScope).write(cell, value)) return true;
  noteWrite(cell, value);
  return false;
}

type Witness = (cell: StateCell, value: Tensor) => void;
let witness: Witness | undefined;

/** Runs `f`; `see` hears of each value that a cell is about to get, outside of any scope. */
export function withWitness<R>(see: Witness, f: () => R): R {
  const outer = witness;
  witness = see;
  try {
    return f();
  } finally {
    witness = outer;
  }
}

/** To be said before a cell gets a value itself. */
export function noteWrite(cell: StateCell, value: Tensor): void {
  witness?.(cell, value);
}

/** True while some scope is open. */
export const insideScope = (): boolean => scopes.length > 0;
