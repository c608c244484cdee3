export * from "./describe-backend.ts";
export * from "./primitives/index.ts";
