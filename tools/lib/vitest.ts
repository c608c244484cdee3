import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runBin } from "./process.ts";
import type { Outcome } from "./sections.ts";
import type { VitestReport } from "./vitest-reporter.ts";

/** Runs the named Vitest projects and counts their tests. */
export async function runVitest(projects: readonly string[], extra: readonly string[] = []): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "keras-ts-"));
  const reportPath = join(folder, "report.json");
  const args = ["run", "--passWithNoTests", "--reporter=default", "--reporter=./tools/lib/vitest-reporter.ts"];
  for (const project of projects) args.push("--project", project);
  try {
    const { code } = await runBin("vitest", [...args, ...extra], { env: { KERAS_TS_VITEST_REPORT: reportPath } });
    const report = readReport(reportPath);
    if (!report) {
      const failures = [`vitest ${projects.join(", ")}: no report, exit code ${code}`];
      return code === 0 ? { passed: 0, failed: 0 } : { passed: 0, failed: 1, failures };
    }
    const outcome = { ...report, parts: projects.length > 1 ? report.parts : [] };
    if (code === 0 || report.failed) return outcome;
    return { ...outcome, failed: 1, failures: [`vitest ${projects.join(", ")}: exit code ${code}`] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(path: string): VitestReport | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as VitestReport;
  } catch {
    return undefined; // no test file matched, or Vitest ended before it could report
  }
}
