import { runBin } from "./lib/process.ts";

const { code } = await runBin("biome", ["check", "--write", "."]);
process.exitCode = code;
