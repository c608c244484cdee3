export * from "./compile.ts";
export * from "./contract.ts";
export { carrierOf } from "./passes/dtypes.ts";
export { type GraphPass, graphPasses } from "./passes/index.ts";
export { reference } from "./reference/index.ts";
export * from "./runtime.ts";
