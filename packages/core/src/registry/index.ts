export * from "./registry.ts";
export { withSharedObjects } from "./sharing.ts";
export * from "./spelling.ts";
