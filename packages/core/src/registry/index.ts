export * from "./registry.ts";
export * from "./spelling.ts";
