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
export * as losses from "./losses/index.ts";
export * as metrics from "./metrics/index.ts";
export * as optimizers from "./optimizers/index.ts";
export * as tree from "./tree/index.ts";
