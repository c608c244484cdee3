export * from "./errors/index.ts";
export * as tree from "./tree/index.ts";
