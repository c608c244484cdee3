export * from "./dtype-policy.ts";
export * from "./variable.ts";
