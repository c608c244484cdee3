export { type ApplyOptions, type ModelState, type Params, type PureModel, type Seed, toPure } from "./pure.ts";
export * from "./transformations.ts";
