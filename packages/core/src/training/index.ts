export * from "./batches.ts";
export * from "./callbacks.ts";
export * from "./compile-loss.ts";
export * from "./compile-metrics.ts";
export * from "./progress-bar.ts";
export * from "./progress-logger.ts";
export * from "./stopping.ts";
export * from "./trainer.ts";
