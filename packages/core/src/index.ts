export * from "./errors/index.ts";
export * as tree from "./tree/index.ts";
export * as losses from "./losses/index.ts";
export * as optimizers from "./optimizers/index.ts";
