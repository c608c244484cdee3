export * from "./load-model.ts";
export * from "./model.ts";
export * from "./sequential.ts";
export type { SummaryOptions } from "./summary.ts";
