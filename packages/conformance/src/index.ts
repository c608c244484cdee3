export * from "./describe-backend.ts";
export * from "./describe-goldens.ts";
export * from "./describe-primitives.ts";
export * from "./describe-training.ts";
export * from "./goldens/index.ts";
export * from "./limitations.ts";
export * from "./primitives/index.ts";
export * from "./training/index.ts";
