// All golden cases that every engine must pass, and the part of them for engines on which compiling takes long.
import type { GoldenGroup } from "./case.ts";
import { dtypeGoldens } from "./dtypes.ts";
import { layerGoldens } from "./layers.ts";
import { activationGoldens, lossGoldens } from "./losses.ts";
import { opGoldens } from "./ops.ts";
import { randomGoldens } from "./random.ts";

/** Everything, by family; files are read when asked for. */
export function goldenGroups(): GoldenGroup[] {
  return [
    ...opGoldens(),
    ...dtypeGoldens(),
    ...randomGoldens(),
    ...activationGoldens(),
    ...lossGoldens(),
    ...layerGoldens(),
  ];
}
