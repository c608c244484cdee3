export * from "./errors/index.ts";
export { getBackend, setBackend, settle } from "./backend/index.ts";
export { Tensor } from "./graph/index.ts";
export {
  epsilon,
  floatx,
  imageDataFormat,
  KerasTensor,
  setEpsilon,
  setFloatx,
  setImageDataFormat,
  convertToTensor,
  tensor,
  type TensorLike,
} from "./ops/index.ts";
export * as ops from "./ops/catalog.ts";
export * as random from "./random/index.ts";
export { setRandomSeed } from "./random/index.ts";
export { grad, gradients, jit, readAll, valueAndGrad, vjp } from "./transforms/index.ts";
export * as tree from "./tree/index.ts";
export * as activations from "./layers/activations.ts";
export * as constraints from "./weights/constraints.ts";
export * as initializers from "./weights/initializers.ts";
export { input } from "./layers/core/input-layer.ts";
export * as layers from "./layers/index.ts";
export * as regularizers from "./weights/regularizers.ts";
