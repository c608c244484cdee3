// What an earlier run gave, to be read beside today's figures. Nothing is asserted: machines differ, and so do their neighbours.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";

export interface Baseline {
  readonly commit: string;
  /** Day of the run, as in 2026-11-24. */
  readonly date: string;
  readonly machine: string;
  /** Ratios (kilobytes for bundles) by part and line. */
  readonly results: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Milliseconds of one fit step of ours on ONNX Runtime, to which the ratios of models are, by part. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

const file = new URL("baseline.json", import.meta.url);

/** The saved figures, if there are any. */
export function readBaseline(): Baseline | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Baseline) : undefined;
}

/** Saves figures; parts that were not run keep what they had. */
export function writeBaseline(
  commit: string,
  results: Baseline["results"],
  milliseconds: Baseline["milliseconds"],
): Baseline {
  const machine = `${platform()} ${arch()}, ${cpus().length} cores, Node ${process.versions.node}`;
  const before = readBaseline();
  const baseline = {
    commit,
    date: new Date().toISOString().slice(0, 10),
    machine,
    results: { ...before?.results, ...results },
    milliseconds: { ...before?.milliseconds, ...milliseconds },
  };
  writeFileSync(file, `${JSON.stringify(baseline, null, 2)}\n`);
  return baseline;
}
