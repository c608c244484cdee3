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
export { binomial } from "./binomial.ts";
export * from "./draw.ts";
export { beta, gamma } from "./gamma.ts";
