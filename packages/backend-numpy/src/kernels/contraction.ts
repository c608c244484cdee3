import type { Aval, KernelTable } from "../core.ts";
import { inOrder } from "./structural.ts";
import { pairs, tuple } from "./text.ts";

export type ContractionName =
  | "dotGeneral"
  | "conv"
  | "convInputGrad"
  | "convFilterGrad"
  | "maxPool"
  | "sumPool"
  | "maxPoolGrad"
  | "maxPoolGather"
  | "sumPoolGrad";

type Windowed = {
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
};
const convArguments = (p: Windowed & { readonly dilation: readonly number[]; readonly groups: number }): string =>
  `${tuple(p.strides)}, ${pairs(p.padding)}, ${tuple(p.dilation)}, ${p.groups}`;
const poolArguments = (p: Windowed & { readonly window: readonly number[] }): string =>
  `${tuple(p.window)}, ${tuple(p.strides)}, ${pairs(p.padding)}`;

export const contraction: { readonly [N in ContractionName]: KernelTable<string>[N] } = {
  dotGeneral: ([a, b], { lhsContract, rhsContract, lhsBatch, rhsBatch }, { ins }) => {
    const [x, y] = ins as readonly [Aval, Aval];
    const [m, n, batch] = [x.shape.length, y.shape.length, lhsBatch.length];
    const stacked = inOrder(lhsBatch) && inOrder(rhsBatch) && m === batch + 2 && n === batch + 2;
    const [i, j] = [lhsContract[0] as number, rhsContract[0] as number];
    // What "@" means as it stands, and a transposed matrix beside it, which BLAS takes without a copy.
    if (stacked && lhsContract.length === 1) {
      const left = i === m - 1 ? a : `${a}.swapaxes(-1, -2)`;
      const right = j === n - 2 ? b : `${b}.swapaxes(-1, -2)`;
      return `${left} @ ${right}`;
    }
    const axes = [lhsContract, rhsContract, lhsBatch, rhsBatch].map(tuple).join(", ");
    return `kt.dot_general(${a}, ${b}, ${axes})`;
  },
  conv: ([x, kernel], p) => `kt.conv(${x}, ${kernel}, ${convArguments(p)})`,
  convInputGrad: ([g, kernel], p) =>
    `kt.conv_input_grad(${g}, ${kernel}, ${convArguments(p)}, ${tuple(p.inputSpatial)})`,
  convFilterGrad: ([x, g], p) => `kt.conv_filter_grad(${x}, ${g}, ${convArguments(p)}, ${tuple(p.kernelSpatial)})`,
  maxPool: ([x], p) => `kt.max_pool(${x}, ${poolArguments(p)})`,
  sumPool: ([x], p) => `kt.sum_pool(${x}, ${poolArguments(p)})`,
  maxPoolGrad: ([x, g], p) => `kt.max_pool_grad(${x}, ${g}, ${poolArguments(p)})`,
  maxPoolGather: ([x, values], p) => `kt.max_pool_gather(${x}, ${values}, ${poolArguments(p)})`,
  sumPoolGrad: ([g], p) => `kt.sum_pool_grad(${g}, ${poolArguments(p)}, ${tuple(p.inputSpatial)})`,
};
