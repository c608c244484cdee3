export type { Nested } from "./cells.ts";
export { type JaxArray, type JaxDevice, type JaxModule, type JaxOptions, loadJax } from "./jax-js/library.ts";
export { limitations } from "./jax-js/limitations.ts";
export { type JaxApplyOptions, type JaxFunctions, type JaxParams, type JaxState, toJax } from "./jax-js/to-jax.ts";
export { type ApplyOptions, type ModelState, type Params, type PureModel, type Seed, toPure } from "./pure.ts";
export * from "./transformations.ts";
