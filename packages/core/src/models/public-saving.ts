// The namespace `saving`.
export {
  registerKerasSerializable,
  type SerializableClass,
  type SerializedObject,
  serializeKerasObject,
} from "../registry/index.ts";
export { loadWeights, modelToBytes, saveModel, saveWeights, weightsToBytes } from "../saving/index.ts";
export { deserializeObject as deserializeKerasObject } from "./builtins.ts";
export { type LoadModelOptions, loadModel, modelFromJSON } from "./load-model.ts";
