import type { Tensor } from "../graph/index.ts";
import { realise, type StateCell, withScope, writeCell } from "../transforms/index.ts";
import { Variable } from "../weights/index.ts";

/** Runs `f` with assignments kept back, computes them in one program and then makes them. */
export function allAtOnce(f: () => void): void {
  const written = new Map<StateCell, Tensor>();
  const write = (cell: StateCell, value: Tensor): boolean => {
    written.set(cell, value);
    return true;
  };
  withScope({ read: (cell) => written.get(cell), write }, f);
  realise([...written.values()]);
  for (const [cell, value] of written) {
    if (cell instanceof Variable) cell.assign(value);
    else if (!writeCell(cell, value)) cell.tensor = value;
  }
}
