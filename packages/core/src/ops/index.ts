export * from "./catalog.ts";
export * from "./config.ts";
export * from "./convert.ts";
export * from "./keras-tensor.ts";
export * from "./naming.ts";
export * from "./op.ts";
export * from "./operation.ts";
export * from "./python.ts";
