export * from "./model.ts";
export * from "./sequential.ts";
