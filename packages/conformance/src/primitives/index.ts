export * from "./check.ts";
export * from "./control.ts";
export * from "./run.ts";
export * from "./sample.ts";
export * from "./samples.ts";
