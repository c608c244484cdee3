import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkFileSizes } from "../file-size.ts";
import { checkRooms } from "../rooms.ts";
import { runBin } from "./process.ts";
import { fromExit, fromProblems, type Outcome, type Section, sum } from "./sections.ts";
import { root } from "./workspace.ts";

/** Format and lint. */
export const lint: Section = {
  name: "lint",
  run: async () => fromExit("biome", await runBin("biome", ["ci", "--error-on-warnings", "."])),
};

/** Order of rooms, direction of packages, import cycles, length of files. */
export const rooms: Section = {
  name: "rooms",
  run: async () => sum([fromProblems("rooms", checkRooms()), fromProblems("file sizes", checkFileSizes())]),
};

/** Types of what is shipped (each package by itself) and of what is not (tests, tools, examples). */
export const types: Section = {
  name: "types",
  run: async () => {
    const shipped = fromExit("tsc -b", await runBin("tsc", ["-b"]));
    const rest = fromExit("tsc -p tsconfig.test.json", await runBin("tsc", ["-p", "tsconfig.test.json"]));
    return sum([shipped, rest]);
  },
};

/** A section that says that it has nothing to do, since a file is not there. */
export function missing(path: string): Outcome | undefined {
  return existsSync(join(root, path)) ? undefined : { passed: 0, failed: 0, notRun: [`${path} does not exist`] };
}
