export { withChecks } from "./arguments.ts";
export * from "./catalog.ts";
export * from "./class-names.ts";
export * from "./config.ts";
export * from "./convert.ts";
// Inside of core the function without the checks of an op.
export { convertToTensor } from "./convert.ts";
export * from "./keras-tensor.ts";
export * from "./naming.ts";
export * from "./op.ts";
export * from "./operation.ts";
export * from "./python.ts";
