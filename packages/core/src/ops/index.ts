export * from "./binary.ts";
export * from "./creation.ts";
export { convertToTensor } from "./convert.ts";
export * from "./elementwise.ts";
export * from "./joining.ts";
export * from "./reduction.ts";
export * from "./shape.ts";
