export * from "./cosine.ts";
export * from "./decays.ts";
export * from "./get.ts";
export * from "./learning-rate-schedule.ts";
