// `npm run goldens`: writes the golden files again with real Keras. `-- name` runs only scripts whose name contains it.
import { basename, join } from "node:path";
import { close, printTable, runSections } from "./lib/sections.ts";
import { display, files, root } from "./lib/workspace.ts";
import { preparePython, runPython } from "./python.ts";

const side = await preparePython();
if ("reason" in side) {
  console.error(`goldens: ${side.reason}`);
  process.exit(1);
}
const args = process.argv.slice(2);
if (!args.includes("--prepare")) {
  const scripts = files(
    join(root, "tools", "goldens"),
    (path) => path.endsWith(".py") && !basename(path).startsWith("_"),
  )
    .map((path) => display(path))
    .filter((path) => args.length === 0 || args.some((name) => path.includes(name)));
  const rows = await runSections(
    scripts.map((script) => ({
      name: script,
      run: async () => {
        const code = await runPython(script);
        return code === 0
          ? { passed: 1, failed: 0 }
          : { passed: 0, failed: 1, failures: [`${script}: exit code ${code}`] };
      },
    })),
  );
  printTable(rows);
  close(rows);
}
