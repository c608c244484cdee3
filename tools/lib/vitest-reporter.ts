import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** What `tools/lib/vitest.ts` reads back. */
export interface VitestReport {
  readonly passed: number;
  readonly failed: number;
  readonly notRun: readonly string[];
  readonly failures: readonly string[];
}

/** Writes counts, failed names and the reasons of skips to the file that `KERAS_TS_VITEST_REPORT` names. */
class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const path = process.env["KERAS_TS_VITEST_REPORT"];
    if (!path) return;
    let passed = 0;
    const failures: string[] = [];
    const notRun: string[] = [];
    for (const module of modules) {
      const file = module.relativeModuleId;
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
    }
    for (const error of errors) failures.push(`unhandled: ${error instanceof Error ? error.message : String(error)}`);
    const report: VitestReport = { passed, failed: failures.length, notRun, failures };
    writeFileSync(path, JSON.stringify(report));
  }
}

// Vitest loads a reporter from a file only by its default export.
// biome-ignore lint/style/noDefaultExport: see above
export default CountReporter;
