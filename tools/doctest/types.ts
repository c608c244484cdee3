import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runBin } from "../lib/process.ts";
import { fromExit, type Outcome } from "../lib/sections.ts";
import { writeExamples } from "./write.ts";

/** Type-checks every example of the documentation. Errors name files such as `README-md-12.ts`: page and line. */
export async function checkDocTypes(): Promise<Outcome> {
  const { folder, written } = writeExamples("types");
  if (written.length === 0) return { passed: 0, failed: 0 };
  const config = {
    extends: "../../../tsconfig.test.json",
    // Short examples name things that they do not use.
    compilerOptions: { incremental: false, tsBuildInfoFile: null, noUnusedLocals: false, noUnusedParameters: false },
    include: ["*.ts"],
    exclude: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  return fromExit("types of the documentation's examples", await runBin("tsc", ["-p", folder]));
}
