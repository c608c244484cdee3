export * from "./grad.ts";
export * from "./jit.ts";
export * from "./realise.ts";
export * from "./remat.ts";
export * from "./state.ts";
export * from "./trace.ts";
export * from "./undo.ts";
