export type { DType, HostArray, Shape } from "./aval/index.ts";
export { getBackend, setBackend, settle } from "./backend/index.ts";
export * from "./errors/index.ts";
export { type Complex, type NestedArray, Tensor } from "./graph/index.ts";
export * as activations from "./layers/activations.ts";
export { input } from "./layers/core/input-layer.ts";
export * as layers from "./layers/index.ts";
export { Layer } from "./layers/layer.ts";
export { type RematMode, RematScope, type RematScopeConfig } from "./layers/remat-scope.ts";
export * as losses from "./losses/index.ts";
export * as metrics from "./metrics/index.ts";
export {
  cloneModel,
  Model,
  type ModelConfig,
  Sequential,
  type SequentialConfig,
  type SummaryOptions,
} from "./models/index.ts";
export * as saving from "./models/public-saving.ts";
export * as ops from "./ops/catalog.ts";
export {
  convertToTensor,
  epsilon,
  floatx,
  imageDataFormat,
  KerasTensor,
  setEpsilon,
  setFloatx,
  setImageDataFormat,
  type TensorLike,
  tensor,
} from "./ops/index.ts";
export * as optimizers from "./optimizers/index.ts";
export * as random from "./random/index.ts";
export { setRandomSeed } from "./random/index.ts";
export type { Config } from "./registry/index.ts";
export type { Predictor } from "./training/predictor.ts";
export * as callbacks from "./training/public-callbacks.ts";
export { grad, gradients, jit, readAll, remat, valueAndGrad, vjp } from "./transforms/index.ts";
export * as tree from "./tree/index.ts";
export * as constraints from "./weights/constraints.ts";
export {
  DTypePolicy,
  dtypePolicy,
  StatelessScope,
  setDtypePolicy,
  Variable,
  type VariableOptions,
} from "./weights/index.ts";
export * as initializers from "./weights/initializers.ts";
export * as dtypePolicies from "./weights/public-dtype-policies.ts";
export * as regularizers from "./weights/regularizers.ts";
