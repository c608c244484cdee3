export * from "./adam.ts";
export * from "./adaptive.ts";
export * from "./get.ts";
export * from "./loss-scale.ts";
export * from "./optimizer.ts";
export type { Gradient, LearningRate, OptimizerConfig, OptimizerVariableOptions } from "./optimizer-config.ts";
export * as schedules from "./schedules/index.ts";
export * from "./sgd.ts";
