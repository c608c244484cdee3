// What CI runs: the preparation, everything of `npm test`, then the slow proofs in tools/ci/*.ts. One closing line sums all.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { run, runScript } from "./lib/process.ts";
import {
  CLOSING,
  close,
  fromClosingLine,
  type Outcome,
  printTable,
  runSections,
  type Section,
} from "./lib/sections.ts";
import { display, files, isTest, root } from "./lib/workspace.ts";
import { preparePython } from "./python.ts";

const environment = { KERAS_TS_CI: "1" };
const limitMs = 25 * 60_000;

const python: Section = {
  name: "python side",
  run: async () => {
    const found = await preparePython();
    return "python" in found
      ? { passed: 1, failed: 0 }
      : { passed: 0, failed: 1, failures: [`python side: ${found.reason}`] };
  },
};

const npmTest: Section = {
  name: "npm test",
  run: async (): Promise<Outcome> => {
    const folder = mkdtempSync(join(tmpdir(), "keras-ts-ci-"));
    const counts = join(folder, "counts.json");
    try {
      const { code } = await run("npm", ["test"], { env: { ...environment, KERAS_TS_COUNTS: counts } });
      if (!existsSync(counts)) return { passed: 0, failed: 1, failures: [`npm test: no counts, exit code ${code}`] };
      const outcome = JSON.parse(readFileSync(counts, "utf8")) as Outcome;
      return code === 0 || outcome.failed
        ? outcome
        : { ...outcome, failed: 1, failures: [`npm test: exit code ${code}`] };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

const proofs = files(join(root, "tools", "ci"), (path) => path.endsWith(".ts") && !isTest(path)).map(
  (path): Section => {
    const name = `ci ${basename(path, ".ts")}`;
    return {
      name,
      run: async () =>
        fromClosingLine(
          name,
          await runScript(display(path), [], { env: environment, hide: CLOSING, timeoutMs: limitMs }),
        ),
    };
  },
);

const rows = await runSections([python, npmTest, ...proofs]);
printTable(rows);
close(rows);
