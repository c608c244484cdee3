export * from "./bits.ts";
export { NumpyRandomState } from "./mersenne/index.ts";
export { drawPythonSeed, permutation, setRandomSeed } from "./python-state.ts";
export { drawSeed, type Seed, SeedGenerator, type SeedGeneratorOptions, splitKey } from "./seed-generator.ts";
