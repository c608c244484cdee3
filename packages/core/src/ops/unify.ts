// Unknown sizes that meet known ones: `[null, 3] + [2, 3]` holds if the unknown size is 2, so it is declared as Keras declares it.
import { ShapeError } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import * as tree from "../tree/index.ts";
import { isSymbolic } from "./keras-tensor.ts";
import { type Filling, inferSpec, unknownPlaces } from "./operation.ts";

// Calls that no filling makes possible are given up after so many tries.
const MOST_TRIES = 400;
// Divides by all whole numbers up to 10, for ops that cut an axis into equal parts.
const DIVISIBLE = 2520;

/**
 * Output specs as `inferSpec` gives them with all unknown sizes alike; if such sizes do not fit, with the first sizes that do: ones
 * that divide evenly, 1, those of the other tensors, small ones, for one unknown size, then for two.
 * @throws ShapeError of the first try if none fits.
 */
export function unifiedSpec(f: (...args: unknown[]) => unknown, args: readonly unknown[]): unknown {
  try {
    return inferSpec(f, args);
  } catch (error) {
    const places = unknownPlaces(args);
    if (!(error instanceof ShapeError) || places === 0) throw error;
    let tries = 0;
    for (const filling of fillings(places, candidates(args))) {
      if (++tries > MOST_TRIES) break;
      try {
        return inferSpec(f, args, filling);
      } catch (again) {
        if (!(again instanceof ShapeError)) throw again;
      }
    }
    throw error;
  }
}

// The negative ones are multiples of the stand-in: they stay unknown.
function candidates(args: readonly unknown[]): number[] {
  const leaves = tree.flatten(args as tree.Tree<unknown>);
  const sizes = leaves.flatMap((x) => (isSymbolic(x) || x instanceof Tensor ? [...x.shape] : [x]));
  const whole = sizes.filter((n): n is number => typeof n === "number" && Number.isInteger(n) && n > 0);
  return [...new Set([-DIVISIBLE, 1, ...whole, 2, 3, 4])];
}

function* fillings(places: number, sizes: readonly number[]): Generator<Filling> {
  const size = (chosen: number, standIn: number): number => (chosen < 0 ? -chosen * standIn : chosen);
  for (let a = 0; a < places; a++)
    for (const one of sizes) yield (place, standIn) => (place === a ? size(one, standIn) : standIn);
  for (let a = 0; a < places; a++)
    for (let b = a + 1; b < places; b++)
      for (const one of sizes)
        for (const two of sizes)
          yield (place, standIn) => (place === a ? size(one, standIn) : place === b ? size(two, standIn) : standIn);
}
