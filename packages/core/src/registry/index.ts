export * from "./class-name.ts";
export { layerOptions, lossOptions, metricOptions, optimizerOptions } from "./option-names.ts";
export { checkNames, checkOptions } from "./options.ts";
export * from "./registry.ts";
export { withSharedObjects } from "./sharing.ts";
export * from "./spelling.ts";
