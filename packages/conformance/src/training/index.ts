export * from "./check-curve.ts";
export * from "./check-precision.ts";
export * from "./curve-data.ts";
export * from "./curve-models.ts";
