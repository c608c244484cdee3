export {
  drawPythonSeed,
  drawSeed,
  NumpyRandomState,
  permutation,
  type Seed,
  SeedGenerator,
  type SeedGeneratorOptions,
  setRandomSeed,
  splitKey,
} from "../ops/seeds/index.ts";
export * from "./draw.ts";
