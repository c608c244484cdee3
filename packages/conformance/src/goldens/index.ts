export * from "./case.ts";
export * from "./check.ts";
export * from "./groups.ts";
export * from "./layer-models.ts";
export * from "./stored.ts";
