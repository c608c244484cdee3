// `npm run check`: the whole gate, cheapest first, stopping at the first step that fails (`--all` goes on).
import { affectedPackages } from "./affected.ts";
import { build } from "./build.ts";
import { checkDocLinks } from "./doc-links.ts";
import { checkDocTypes } from "./doctest/types.ts";
import { checkGenerated } from "./generated.ts";
import { runBin } from "./lib/process.ts";
import { close, fromExit, fromProblems, printTable, runSections, type Section, sum } from "./lib/sections.ts";
import { lint, rooms, types } from "./lib/steps.ts";
import { runVitest } from "./lib/vitest.ts";
import { packages } from "./lib/workspace.ts";
import { checkSizes } from "./sizes.ts";

/** Runs a command for each package that is published. */
const forEachPackage = (name: string, command: (folder: string) => [string, ...string[]]): Section => ({
  name,
  run: async () => {
    const outcomes = [];
    for (const { id, folder, manifest } of packages()) {
      if (manifest.private) continue;
      const [bin, ...args] = command(folder);
      outcomes.push(fromExit(`${name} ${id}`, await runBin(bin, args, { quiet: true })));
    }
    return sum(outcomes);
  },
});

const sections: Section[] = [
  { ...lint, name: "format + lint" },
  rooms,
  { name: "doc links", run: async () => fromProblems("doc links", checkDocLinks()) },
  types,
  { name: "knip", run: async () => fromExit("knip", await runBin("knip", ["--no-progress", "--no-config-hints"])) },
  { name: "unit tests", run: () => runVitest(["core", "data", "tools", "conformance"]) },
  { name: "doc examples", run: async () => sum([await checkDocTypes(), await runVitest(["docs"])]) },
  {
    name: "affected engines",
    run: async () => {
      const ids = await affectedPackages(["type:backend", "type:bridge"]);
      console.log(ids.length ? `affected: ${ids.join(", ")}` : "no backend or bridge is affected by what changed");
      return ids.length ? runVitest(ids) : { passed: 0, failed: 0 };
    },
  },
  { name: "build", run: build },
  forEachPackage("publint", (folder) => ["publint", "--strict", folder]),
  forEachPackage("attw", (folder) => ["attw", "--pack", folder, "--profile", "esm-only"]),
  { name: "size budgets", run: checkSizes },
  { name: "generated files", run: checkGenerated },
];

const rows = await runSections(sections, !process.argv.includes("--all"));
printTable(rows);
if (rows.length < sections.length) {
  console.log(
    `\nstopped at the first failure; \`npm run check -- --all\` runs the other ${sections.length - rows.length} steps too`,
  );
}
close(rows);
