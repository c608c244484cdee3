// Masks travel with tensors: bool `[batch, time]`, true where there is data.
import type { Tensor } from "../graph/index.ts";
import type { KerasTensor } from "../ops/index.ts";
import * as tree from "../tree/index.ts";

const masks = new WeakMap<object, Tensor | KerasTensor>();

/** The mask of a tensor, if it has one. */
export const maskOf = (x: unknown): Tensor | KerasTensor | undefined =>
  typeof x === "object" && x !== null ? masks.get(x) : undefined;

/** Attaches a mask to a tensor. */
export function setMask(x: Tensor | KerasTensor, mask: Tensor | KerasTensor): void {
  masks.set(x, mask);
}

/** The masks of nested tensors in their structure (null where there is none), or undefined if nobody has one. */
export function masksOf(x: unknown): unknown {
  if (!tree.isBranch(x)) return maskOf(x);
  const found = tree.map(x as tree.Tree<unknown>, (leaf) => maskOf(leaf) ?? null);
  return tree.flatten(found).some((mask) => mask !== null) ? found : undefined;
}
