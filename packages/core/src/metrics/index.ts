export * from "./accuracy.ts";
export * from "./accuracy-metrics.ts";
export * from "./get.ts";
export * from "./loss-metrics.ts";
export * from "./metric.ts";
export * from "./reduction.ts";
export * from "./wrapper.ts";
