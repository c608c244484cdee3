export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export { type GroupInput, Optimizer, type OptimizerState, type ParameterGroup } from "./optimizer.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
