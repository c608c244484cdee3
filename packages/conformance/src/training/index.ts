export * from "./check-curve.ts";
export * from "./check-eager.ts";
export * from "./curve-data.ts";
export * from "./curve-models.ts";
export * from "./mixed.ts";
