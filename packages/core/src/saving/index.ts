export { hasFiles, readFile, saveBlob, writeFileAtomic } from "./atomic-file.ts";
export {
  type Exporter,
  type ExportOptions,
  exportModel,
  exportTrainingStep,
  registerExporter,
  type TrainingStepOptions,
} from "./exporters.ts";
export { readWeightsH5, type WeightGroup, writeWeightsH5 } from "./h5.ts";
export {
  type KerasFile,
  type KerasMetadata,
  kerasMetadata,
  kerasVersion,
  packKerasFile,
  unpackKerasFile,
} from "./keras-file.ts";
export { assignWeights, bytesOf, type FileSource, type LoadWeightsOptions, loadWeights } from "./load-weights.ts";
export { parsePythonJson, stringifyPythonJson } from "./python-json.ts";
export { readSafetensors, type Safetensors, writeSafetensors } from "./safetensors.ts";
export { modelConfig, modelToBytes, saveModel, saveWeights, weightGroups, weightsToBytes } from "./save-model.ts";
export { describeBytes, startsWith } from "./sniff.ts";
export {
  type SavedObject,
  type SavedWeight,
  type SavesOwnWeights,
  savedObjects,
  savedVariable,
} from "./weights-tree.ts";
