import { checkFileSizes } from "../file-size.ts";
import { checkRooms } from "../rooms.ts";
import { runBin } from "./process.ts";
import { fromExit, fromProblems, type Section, sum } from "./sections.ts";

// Biome colours its output on CI even into a file, which is unreadable there.
const colors = process.stdout.isTTY ? [] : ["--colors=off"];

/** Format and lint. */
export const lint: Section = {
  name: "lint",
  run: async () => fromExit("biome", await runBin("biome", ["ci", "--error-on-warnings", ...colors, "."])),
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
