export * from "./class-name.ts";
export {
  callbackOptions,
  constraintOptions,
  initializerOptions,
  layerOptions,
  lossOptions,
  metricOptions,
  optimizerOptions,
  regularizerOptions,
  scheduleOptions,
} from "./option-names.ts";
export { checkNames, checkOptions, withDefaults } from "./options.ts";
export * from "./registry.ts";
export { withSharedObjects } from "./sharing.ts";
export * from "./spelling.ts";
