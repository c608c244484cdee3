// The namespace `callbacks`.
export { Callback, History, LambdaCallback, type LambdaHooks, type Logs } from "./callbacks.ts";
export { ProgressLogger as ProgbarLogger } from "./progress-logger.ts";
export {
  EarlyStopping,
  type EarlyStoppingConfig,
  ModelCheckpoint,
  type ModelCheckpointConfig,
} from "./stopping.ts";
