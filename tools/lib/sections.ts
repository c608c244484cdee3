import { writeFileSync } from "node:fs";
import type { Finished } from "./process.ts";

/** What one section of a run found. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** Why something was not run, one line each. */
  readonly notRun?: readonly string[];
  /** What failed, one line each, repeated at the end where people look. */
  readonly failures?: readonly string[];
  /** What is counted above, by where it comes from. */
  readonly parts?: readonly Part[];
}

/** A part of a section. Parts may have run at the same time. */
export interface Part {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
}

/** One step of a run. */
export interface Section {
  readonly name: string;
  readonly run: () => Promise<Outcome>;
}

interface Row extends Outcome {
  readonly name: string;
  readonly seconds: number;
}

/** A command as a section: one pass or one fail. */
export function fromExit(name: string, { code }: Finished): Outcome {
  return code === 0
    ? { passed: 1, failed: 0 }
    : { passed: 0, failed: 1, failures: [`${name}: ${code === 124 ? "took too long" : `exit code ${code}`}`] };
}

/** A list of problems as a section: one pass when there is none. */
export function fromProblems(name: string, problems: readonly string[]): Outcome {
  for (const problem of problems) console.log(`  ${problem}`);
  return problems.length === 0
    ? { passed: 1, failed: 0 }
    : { passed: 0, failed: 1, failures: [`${name}: ${problems.length} problem${problems.length > 1 ? "s" : ""}`] };
}

/** The closing line that scripts print: `3 passed, 0 failed`. */
export const CLOSING: RegExp = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

/** Counts a script by its closing line, or as one pass or fail when it prints none. */
export function fromClosingLine(name: string, finished: Finished): Outcome {
  const lines = finished.tail.split("\n").map((line) => line.trimEnd());
  const closing = lines.reverse().find((line) => CLOSING.test(line));
  const notRun = lines.flatMap((line) => {
    const reason = /^not run: (.+)$/.exec(line)?.[1];
    return reason ? [`${name}: ${reason}`] : [];
  });
  const [, passed = "0", failed = "0"] = closing === undefined ? [] : (CLOSING.exec(closing) ?? []);
  if (closing === undefined)
    return notRun.length && finished.code === 0 ? { passed: 0, failed: 0, notRun } : fromExit(name, finished);
  const failures = Number(failed) || finished.code ? [`${name}: ${failed} failed, exit code ${finished.code}`] : [];
  return {
    passed: Number(passed),
    failed: Math.max(Number(failed), finished.code === 0 ? 0 : 1),
    notRun,
    failures,
  };
}

/** Adds outcomes up. */
export function sum(outcomes: readonly Outcome[]): Outcome {
  return {
    passed: outcomes.reduce((total, { passed }) => total + passed, 0),
    failed: outcomes.reduce((total, { failed }) => total + failed, 0),
    notRun: outcomes.flatMap(({ notRun }) => notRun ?? []),
    failures: outcomes.flatMap(({ failures }) => failures ?? []),
  };
}

/** Runs sections one after the other, each under its name and with its time. */
export async function runSections(sections: readonly Section[], stopAtFailure = false): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [index, { name, run }] of sections.entries()) {
    console.log(`\n[${index + 1}/${sections.length}] ${name}`);
    const start = performance.now();
    let outcome: Outcome;
    try {
      outcome = await run();
    } catch (error) {
      console.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
      outcome = { passed: 0, failed: 1, failures: [`${name}: ${error instanceof Error ? error.message : error}`] };
    }
    const seconds = (performance.now() - start) / 1000;
    console.log(`[${index + 1}/${sections.length}] ${name}: ${verdict(outcome)} (${seconds.toFixed(1)} s)`);
    rows.push({ name, seconds, ...outcome });
    if (stopAtFailure && outcome.failed) break;
  }
  return rows;
}

function verdict({ passed, failed, notRun }: Outcome): string {
  if (failed) return `${failed} FAILED, ${passed} ok`;
  if (passed) return `${passed} ok`;
  return notRun?.length ? "not run" : "nothing to run";
}

/** Prints the table, what was not run and what failed; the caller prints the closing line. */
export function printTable(rows: readonly Row[]): void {
  const lines = rows.flatMap((row) => [row, ...(row.parts ?? []).map((part) => ({ ...part, name: `  ${part.name}` }))]);
  const width = Math.max(...lines.map(({ name }) => name.length), 7);
  console.log(`\n${"section".padEnd(width)}  ${"ok".padStart(6)}  ${"failed".padStart(6)}  ${"time".padStart(8)}`);
  for (const { name, passed, failed, seconds } of lines) {
    const time = `${seconds.toFixed(1)} s`;
    console.log(
      `${name.padEnd(width)}  ${String(passed).padStart(6)}  ${String(failed).padStart(6)}  ${time.padStart(8)}`,
    );
  }
  const { notRun = [], failures = [] } = sum(rows);
  if (notRun.length) console.log(`\nnot run:\n${notRun.map((line) => `  ${line}`).join("\n")}`);
  if (failures.length) console.log(`\nfailures:\n${failures.map((line) => `  ${line}`).join("\n")}`);
}

/**
 * Ends a run: the closing line alone on the last line, and the exit code.
 * Inside another run (`KERAS_TS_COUNTS` names a file) the counts go into the file, so that only the outermost run closes.
 */
export function close(rows: readonly Row[]): void {
  const total = sum(rows);
  const countsFile = process.env["KERAS_TS_COUNTS"];
  process.exitCode = total.failed ? 1 : 0;
  if (countsFile) writeFileSync(countsFile, JSON.stringify(total));
  else console.log(`\n${total.passed} passed, ${total.failed} failed`);
}
