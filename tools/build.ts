import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { isMain, runBin } from "./lib/process.ts";
import { close, fromExit, type Outcome } from "./lib/sections.ts";
import { packages, root } from "./lib/workspace.ts";

/** Builds every package into its `dist/` and puts the licence beside it, ready to publish. */
export async function build(): Promise<Outcome> {
  const outcome = fromExit("tsc -b", await runBin("tsc", ["-b"]));
  for (const { folder, manifest } of packages()) {
    if (!manifest.private) copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  }
  return outcome;
}

if (isMain(import.meta)) close([{ name: "build", seconds: 0, ...(await build()) }]);
