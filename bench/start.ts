// What a cache of programs saves at the start: the first step of fit without one, with an empty one, and with one that an earlier process filled.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchModel } from "./models.ts";

/** Milliseconds from building the model until its first step is done, the best of the rounds. */
export interface Start {
  readonly without: number;
  readonly cold: number;
  readonly warm: number;
}

export function firstSteps(engine: "node" | "web", model: BenchModel, rounds: number): Start {
  const script = fileURLToPath(new URL("first-step.ts", import.meta.url));
  const start = (...folder: string[]): number => {
    const args = [...process.execArgv, script, engine, model.name, ...folder];
    return (JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as { readonly first: number }).first;
  };
  const best = { without: Number.POSITIVE_INFINITY, cold: Number.POSITIVE_INFINITY, warm: Number.POSITIVE_INFINITY };
  for (let round = 0; round < rounds; round++) {
    const folder = mkdtempSync(join(tmpdir(), "keras-ts-bench-"));
    try {
      best.without = Math.min(best.without, start());
      best.cold = Math.min(best.cold, start(folder));
      best.warm = Math.min(best.warm, start(folder));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return best;
}
