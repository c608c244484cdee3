export * from "./composites.ts";
export * from "./contraction.ts";
export * from "./control.ts";
export * from "./differentiate.ts";
export * from "./elementwise.ts";
export * from "./indexing.ts";
export * from "./linalg.ts";
export * from "./structural.ts";
