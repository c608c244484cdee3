// `npm test`: every suite of the repository. `npm test -- unit backend-onnx` runs only the named sections.
import { checkDocTypes } from "./doctest/types.ts";
import { runScript } from "./lib/process.ts";
import { close, fromClosingLine, printTable, runSections, type Section } from "./lib/sections.ts";
import { lint, rooms, types } from "./lib/steps.ts";
import { runVitest } from "./lib/vitest.ts";
import { packages } from "./lib/workspace.ts";

const ids = packages().map(({ id }) => id);
const isEngine = (id: string): boolean => /^(backend|bridge)-/.test(id);
/** Suites, with their Vitest projects. All that are wanted are one run: while one has a long file others go on. */
const suites: Readonly<Record<string, readonly string[]>> = {
  unit: ["core", "data", "tools"],
  conformance: ["conformance"],
  ...Object.fromEntries(ids.filter(isEngine).map((id) => [id, [id]])),
  docs: ["docs"],
  examples: ["examples"],
};
const wanted = process.argv.slice(2);
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
const projects = Object.entries(suites).flatMap(([name, list]) => (isWanted(name) ? list : []));

const others: Section[] = [
  types,
  rooms,
  lint,
  { name: "docs", run: checkDocTypes },
  {
    name: "browser",
    run: async () =>
      fromClosingLine("browser", await runScript("tools/browser-test.ts", [], { hide: /passed, \d+ failed$/ })),
  },
];
const sections = others.filter(({ name }) => isWanted(name));
if (projects.length > 0) sections.push({ name: "tests", run: () => runVitest(projects) });

const names = [...others.map(({ name }) => name), ...Object.keys(suites).filter((name) => name !== "docs")];
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length) {
  console.error(`test: sections must be among ${names.join(", ")}, got ${unknown.join(", ")}.`);
  process.exit(1);
}
const rows = await runSections(sections);
printTable(rows);
close(rows);
