export * from "./compile.ts";
export * from "./contract.ts";
export { carrierOf } from "./passes/dtypes.ts";
export * from "./runtime.ts";
