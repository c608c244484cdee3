// `npm test`: every suite of the repository, one at a time. `npm test -- unit backend-onnx` runs only the named sections.
import { checkDocTypes } from "./doctest/types.ts";
import { runScript } from "./lib/process.ts";
import { close, fromClosingLine, printTable, runSections, type Section, sum } from "./lib/sections.ts";
import { lint, rooms, types } from "./lib/steps.ts";
import { runVitest } from "./lib/vitest.ts";
import { packages } from "./lib/workspace.ts";

const suite = (name: string, ...projects: string[]): Section => ({ name, run: () => runVitest(projects) });

const ids = packages().map(({ id }) => id);
const sections: Section[] = [
  types,
  rooms,
  lint,
  suite("unit", "core", "data", "tools"),
  suite("conformance", "conformance"),
  ...ids.filter((id) => id.startsWith("backend-")).map((id) => suite(id, id)),
  ...ids.filter((id) => id.startsWith("bridge-")).map((id) => suite(id, id)),
  { name: "docs", run: async () => sum([await checkDocTypes(), await runVitest(["docs"])]) },
  suite("examples", "examples"),
  {
    name: "browser",
    run: async () =>
      fromClosingLine("browser", await runScript("tools/browser-test.ts", [], { hide: /passed, \d+ failed$/ })),
  },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !sections.some((section) => section.name === name));
if (unknown.length) {
  console.error(
    `test: sections must be among ${sections.map(({ name }) => name).join(", ")}, got ${unknown.join(", ")}.`,
  );
  process.exit(1);
}
const rows = await runSections(wanted.length ? sections.filter(({ name }) => wanted.includes(name)) : sections);
printTable(rows);
close(rows);
