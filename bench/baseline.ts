// What an earlier run gave, to be read beside today's figures. Nothing is asserted: machines differ, and so do their neighbours.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";

export interface Baseline {
  readonly commit: string;
  readonly machine: string;
  /** Ratios (kilobytes for bundles) by part and line. */
  readonly results: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const file = new URL("baseline.json", import.meta.url);

/** The saved figures, if there are any. */
export function readBaseline(): Baseline | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Baseline) : undefined;
}

/** Saves figures; parts that were not run keep what they had. */
export function writeBaseline(commit: string, results: Baseline["results"]): Baseline {
  const machine = `${platform()} ${arch()}, ${cpus().length} cores, Node ${process.versions.node}`;
  const baseline = { commit, machine, results: { ...readBaseline()?.results, ...results } };
  writeFileSync(file, `${JSON.stringify(baseline, null, 2)}\n`);
  return baseline;
}
