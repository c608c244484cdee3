export * from "./crossentropy.ts";
export * from "./get.ts";
export * from "./hinge.ts";
export * from "./loss.ts";
export * from "./overlap.ts";
export * from "./probabilistic.ts";
export { applyMask, type Reduction, reduceWeightedValues, squeezeOrExpandToSameRank } from "./reduce.ts";
export * from "./regression.ts";
