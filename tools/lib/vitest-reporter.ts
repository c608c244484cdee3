import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";
import type { Part } from "./sections.ts";

/** What `tools/lib/vitest.ts` reads back. */
export interface VitestReport {
  readonly passed: number;
  readonly failed: number;
  readonly notRun: readonly string[];
  readonly failures: readonly string[];
  /** By project. Times are sums over files, of which several run at once. */
  readonly parts: readonly Part[];
}

/** Writes counts, failed names and the reasons of skips to the file that `KERAS_TS_VITEST_REPORT` names. */
class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const path = process.env["KERAS_TS_VITEST_REPORT"];
    if (!path) return;
    let passed = 0;
    const failures: string[] = [];
    const notRun: string[] = [];
    const parts = new Map<string, Part>();
    for (const module of modules) {
      const file = module.relativeModuleId;
      const before = { passed, failed: failures.length };
      // A file that fails to load has no tests to count, yet it is a failure.
      if (module.errors().length) failures.push(`${file}: ${module.errors()[0]?.message ?? "failed to load"}`);
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") passed++;
        else if (result.state === "failed") failures.push(`${file} > ${test.fullName}`);
        else
          notRun.push(
            `${file} > ${test.fullName}: ${(result.state === "skipped" && result.note) || "no reason given"}`,
          );
      }
      const { name } = module.project;
      const part = parts.get(name) ?? { name, passed: 0, failed: 0, seconds: 0 };
      parts.set(name, {
        name,
        passed: part.passed + passed - before.passed,
        failed: part.failed + failures.length - before.failed,
        seconds: part.seconds + module.diagnostic().duration / 1000,
      });
    }
    for (const error of errors) failures.push(`unhandled: ${error instanceof Error ? error.message : String(error)}`);
    const report: VitestReport = { passed, failed: failures.length, notRun, failures, parts: [...parts.values()] };
    writeFileSync(path, JSON.stringify(report));
  }
}

// Vitest loads a reporter from a file only by its default export.
// biome-ignore lint/style/noDefaultExport: see above
export default CountReporter;
